"""Who answers the questions of USS: hearing, and the plain rivals that it must beat."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np
from jaxtyping import Int

from inhabit.learning.deciding import (
    best_lifts,
    decide,
    decide_for_kappa,
    furthest_strength,
    lifted,
    reachable_kappa,
)
from inhabit.learning.hearing import Settings, believe, fit
from inhabit.learning.regression import balanced, features, history, regress
from inhabit.learning.regression import believe as regression_belief
from inhabit.learning.stacking import Beliefs, fit_pool
from inhabit.learning.turns import SCALE, Rows, rows, told, turns
from inhabit.maths import scores
from inhabit.types import Life

HELD = 3
"""Parts of the training dialogues; each is believed something of by models that were fitted without it."""
_STEPS = 20


def _below(ratings: Any) -> Any:
    """Say whether the user is dissatisfied."""
    return np.asarray(ratings) < 3


MEASURES: Mapping[str, Mapping[str, Callable[[Any, Any], float]]] = {
    "act": {"accuracy": scores.accuracy, "macro_f1": scores.macro_f1},
    "satisfaction": {
        "uar": lambda true, predicted: scores.unweighted_recall(true, predicted, SCALE),
        "kappa": scores.kappa,
        "rho": scores.rank_correlation,
        "f1": lambda true, predicted: scores.f1(_below(true), _below(predicted)),
    },
}
"""How each task is scored, over the predictions of all folds together; `f1` is that of dissatisfaction (below 3)."""


def modal(ratings: np.ndarray) -> np.ndarray:
    """Index of the rating that most annotators gave; of tied ones the lowest."""
    return np.argmax(ratings, axis=-1)


@dataclasses.dataclass(frozen=True)
class Fold:
    """A log with the lives to learn from, those to answer for, and the fold's seed."""

    lives: tuple[Life, ...]
    train: np.ndarray
    test: np.ndarray
    seed: int

    @functools.cached_property
    def rows(self) -> Rows:
        """The log as rows of turns, with vocabularies of the training lives."""
        return rows(self.lives, self.train)


Answers: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By model and task, in the order of `rows.of(test)`."""

Answer: TypeAlias = Callable[[Fold, Sequence[str]], Answers]
"""From a fold and the names of the tasks to the answers of one or more models."""


def same(rows: Rows) -> Rows:
    """The rows as they are."""
    return rows


_TASKS = ("act", "satisfaction")
"""In the order in which hearing answers."""
PARTS: Mapping[str, Callable[[str], bool]] = {
    "": lambda name: True,
    "hearing alone": lambda name: name == "hearing",
    "without hearing": lambda name: name != "hearing",
}
"""The believers that each model pools: all, and what is left when a part is taken away."""

FOR_KAPPA = "decided for kappa"
"""The model that pools all and answers as one who is told that kappa alone will be counted."""


@dataclasses.dataclass(frozen=True)
class Ours:
    """Hearing beside linear models of the words, pooled.

    The training dialogues are cut into `HELD` parts; a hearing and the linear models are fitted without each part and
    believe something of it. On these beliefs the pool is fitted and the way to decide is chosen. New dialogues are
    heard by all hearings (the mean of their log beliefs), and by linear models fitted again to all training dialogues.

    Attributes:
        rows_of: What the log tells.
        settings: How hearing is fitted.
        ear: Optional; from texts to vectors, whose linear model is one more believer.
    """

    rows_of: Callable[[Rows], Rows] = same
    settings: Settings = dataclasses.field(default_factory=Settings)
    ear: Callable[[Sequence[str]], np.ndarray] | None = None

    def __call__(self, fold: Fold, tasks: Sequence[str]) -> Answers:
        """Fit to a fold's training lives, and answer for its test lives."""
        log = self.rows_of(fold.rows)
        tables = {"words": features(log), "talk": history(log)}
        if self.ear is not None:
            tables["meaning"] = meanings(fold.lives, log, self.ear)

        def hear(train: np.ndarray, seed: int) -> Callable[[np.ndarray], Beliefs]:
            hearing = fit(log, train, self.settings, key=jax.random.key(seed))
            return lambda lives: dict(zip(_TASKS, believe(hearing, log, lives)))

        return crossfitted(log, tables, fold.train, fold.test, tasks, seed=fold.seed, hear=hear, of=log.of)


def crossfitted(
    log: Rows,
    tables: Mapping[str, Any],
    train: Int[np.ndarray, " many"],
    test: Int[np.ndarray, " some"],
    tasks: Sequence[str],
    *,
    seed: int,
    hear: Callable[[np.ndarray, int], Callable[[np.ndarray], Beliefs]],
    of: Callable[[np.ndarray], np.ndarray],
) -> Answers:
    """Pool hearing and linear models by what each believes of what it was fitted without, and answer for what is new.

    Args:
        log: The log.
        tables: Features of its rows, one linear model each.
        train: Numbers of what may be learned from: of lives or of rows.
        test: Of what is asked about, likewise.
        tasks: What is asked.
        seed: Of the parts and of the fits.
        hear: From numbers to learn from and a seed to a hearing, which goes from numbers to beliefs by task.
        of: From such numbers to rows.
    """
    parts = np.array_split(np.random.default_rng(seed).permutation(train), HELD)
    where = np.concatenate([of(part) for part in parts])
    known: dict[str, list] = {task: [] for task in tasks}
    new: dict[str, list] = {task: [] for task in tasks}
    for number, part in enumerate(parts):
        learned = np.setdiff1d(train, part)
        heard = hear(learned, seed * HELD + number)
        of_new, of_part = heard(test), heard(part)
        for task in tasks:
            linear = linear_models(log, tables, of(learned), task)(of(part))
            known[task].append({"hearing": of_part[task], **linear})
            new[task].append(of_new[task])
    answers: dict[str, dict[str, Any]] = {model: {} for model in PARTS}
    for task in tasks:
        held = {name: np.concatenate([one[name] for one in known[task]]) for name in known[task][0]}
        asked = {"hearing": np.mean(new[task], axis=0), **linear_models(log, tables, of(train), task)(of(test))}
        target = _target(log, where, task)
        for model, pooled in PARTS.items():
            pool = fit_pool({name: belief for name, belief in held.items() if pooled(name)}, target)
            beliefs = pool(held), pool(asked)
            answers[model][task] = _DECIDED[task](log, target, *beliefs)
            if not model and task == "satisfaction":
                answers[FOR_KAPPA] = {task: _rating_for_kappa(target, *beliefs)}
    return answers


def _target(log: Rows, where: Int[np.ndarray, " rows"], task: str) -> Int[np.ndarray, " rows"]:
    """Index of the true answer at some rows."""
    return log.act[where] if task == "act" else modal(log.ratings[where])


def meanings(lives: Sequence[Life], log: Rows, ear: Callable[[Sequence[str]], np.ndarray]) -> np.ndarray:
    """One line a row: the ear's vectors of what was heard and of what the maker said before, and the cues."""
    talks = [[told(turn) for turn in turns(life)] for life in lives]
    heard = ear([turn.heard for talk in talks for turn in talk])
    own = ear([text for talk in talks for text in ["", *(turn.own for turn in talk)][: len(talk)]])
    table = np.concatenate([heard, own], axis=1)
    table = np.concatenate([np.zeros_like(table[:1]), table])
    return np.concatenate([3 * table, log.cues], axis=1).astype(np.float32)


def linear_models(
    log: Rows, tables: Mapping[str, Any], train: Int[np.ndarray, " rows"], task: str
) -> Callable[[Int[np.ndarray, " some"]], dict[str, np.ndarray]]:
    """Fit regressions of the words at some rows; give a function from rows to their beliefs."""
    target, classes = _target(log, train, task), len(log.acts if task == "act" else SCALE)
    weight = np.ones(len(train)) if task == "act" else balanced(target, classes)
    fitted = {name: regress(table[train], target, classes, weight, steps=_STEPS) for name, table in tables.items()}
    return lambda where: {name: regression_belief(tables[name][where], *found) for name, found in fitted.items()}


def _act(log: Rows, target: np.ndarray, held: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Acts: the likeliest, leaning to the rare ones as far as that costs no accuracy."""
    prior = np.maximum(np.bincount(target, minlength=len(log.acts)), 0.5) / len(target)
    return np.array(log.acts)[decide(asked, prior, furthest_strength(held, prior, target))]


def _rating(log: Rows, target: np.ndarray, held: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Ratings: below and above the commonest are lifted so that the measures, kappa twice, are best."""
    common = int(np.bincount(target).argmax())
    measures = (*MEASURES["satisfaction"].values(), scores.kappa)
    lifts = best_lifts(held, common, lambda guess: sum(measure(1 + target, 1 + guess) for measure in measures))
    return 1 + lifted(asked, common, *lifts)


def _rating_for_kappa(target: np.ndarray, held: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Ratings by the same beliefs, where kappa is all that counts."""
    prior = np.bincount(target, minlength=len(SCALE)) / len(target)
    return 1 + decide_for_kappa(asked, prior, reachable_kappa(held, target))


_DECIDED = {"act": _act, "satisfaction": _rating}


def regression(
    log: Rows, table: Any, train: Int[np.ndarray, " rows"], test: Int[np.ndarray, " some"], task: str
) -> np.ndarray:
    """The answers of a tf-idf regression at some rows: acts unweighted, satisfaction with balanced classes."""
    target = _target(log, train, task)
    names = np.array(log.acts) if task == "act" else 1 + np.arange(len(SCALE))
    weight = np.ones(len(train)) if task == "act" else balanced(target, len(names))
    coefficients, intercepts = regress(table[train], target, len(names), weight)
    return names[np.argmax(table[test] @ coefficients + intercepts, axis=1)]


def _regression(fold: Fold, tasks: Sequence[str]) -> Answers:
    """Tf-idf regressions."""
    log = fold.rows
    table, train, test = features(log), log.of(fold.train), log.of(fold.test)
    return {"tf-idf": {task: regression(log, table, train, test, task) for task in tasks}}


def _commonest(fold: Fold, tasks: Sequence[str]) -> Answers:
    """The commonest answer of the training lives, always."""
    log, train, size = fold.rows, fold.rows.of(fold.train), len(fold.rows.of(fold.test))
    act = log.acts[np.bincount(log.act[train]).argmax()]
    rating = 1 + np.bincount(modal(log.ratings[train])).argmax()
    every = {"act": np.array([act] * size), "satisfaction": np.array([rating] * size)}
    return {"commonest": {task: every[task] for task in tasks}}


MODELS: tuple[Answer, ...] = (Ours(), _regression, _commonest)
