"""Who answers the questions of USS: hearing, and the plain rivals that it must beat."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np
from jaxtyping import Float, Int

from inhabit.learning.deciding import STRENGTHS, best_strength, decide, smoothed_scores
from inhabit.learning.hearing import Settings, believe, fit
from inhabit.learning.regression import balanced, features, history, regress
from inhabit.learning.regression import believe as regression_belief
from inhabit.learning.turns import SCALE, Rows, rows
from inhabit.maths import scores
from inhabit.types import Life

_MEMBERS = 2
_STEPS = 40
_HELD_BACK = 5
_STRENGTHS = STRENGTHS[::2]


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


Answer: TypeAlias = Callable[[Fold, Sequence[str]], Mapping[str, Any]]
"""A model: from a fold and the names of the tasks to its answers, each in the order of `rows.of(test)`."""


def same(rows: Rows) -> Rows:
    """The rows as they are."""
    return rows


_Beliefs: TypeAlias = dict[str, Float[np.ndarray, "rows answers"]]


@dataclasses.dataclass(frozen=True)
class Ours:
    """Hearing beside linear models of the words, as a weighted geometric mean of their beliefs.

    Each of `_MEMBERS` hearings holds back other training dialogues; on these the weights (the mean of the best
    eighth of those tried), and how far to lean against what is common, are chosen. The linear models that answer are then fitted again to all training dialogues.
    """

    rows_of: Callable[[Rows], Rows]
    settings: Settings = dataclasses.field(default_factory=Settings)

    def __call__(self, fold: Fold, tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """Fit to a fold's training lives, and answer for its test lives."""
        log = self.rows_of(fold.rows)
        tables = {"words": features(log), "talk": history(log)}
        shuffled = np.random.default_rng(fold.seed).permutation(fold.train)
        size = len(shuffled) // _HELD_BACK
        backs = [shuffled[member * size : (member + 1) * size] for member in range(_MEMBERS)]
        test, where = log.of(fold.test), np.concatenate([log.of(back) for back in backs])
        new: dict[str, list] = {task: [] for task in tasks}
        held: dict[str, list[_Beliefs]] = {task: [] for task in tasks}
        for member, back in enumerate(backs):
            train = np.setdiff1d(shuffled, back)
            hearing = fit(log, train, self.settings, key=jax.random.key(fold.seed * _MEMBERS + member))
            heard_new, heard_back = (believe(hearing, log, lives) for lives in (fold.test, back))
            for task in tasks:
                plain = _linear(log, tables, log.of(train), task)(log.of(back))
                held[task].append({"hearing": heard_back[_ORDER[task]], **plain})
                new[task].append(heard_new[_ORDER[task]])
        answers = {}
        for task in tasks:
            again = _linear(log, tables, log.of(fold.train), task)(test)
            beliefs = {"hearing": np.mean(new[task], axis=0), **again}
            known = {name: np.concatenate([one[name] for one in held[task]]) for name in beliefs}
            answers[task] = _answers(log, log.of(fold.train), where, task)(known, beliefs)
        return answers


def _linear(
    log: Rows, tables: Mapping[str, Any], train: Int[np.ndarray, " rows"], task: str
) -> Callable[[Int[np.ndarray, " some"]], _Beliefs]:
    """Fit regressions of the words at some rows; give a function from rows to their beliefs."""
    target = log.act[train] if task == "act" else modal(log.ratings[train])
    classes = len(log.acts) if task == "act" else len(SCALE)
    weights = {"": np.ones(len(train))}
    if task == "satisfaction":
        weights = {" balanced": balanced(target, classes), **weights}
    fitted = {
        name + kind: (table, regress(table[train], target, classes, weight, steps=_STEPS))
        for name, table in tables.items()
        for kind, weight in weights.items()
    }
    return lambda where: {name: regression_belief(table[where], *found) for name, (table, found) in fitted.items()}


_ORDER = {"act": 0, "satisfaction": 1}


def _answers(log: Rows, train: np.ndarray, where: np.ndarray, task: str) -> Callable[[_Beliefs, _Beliefs], Any]:
    """From beliefs about lives held back (at rows `where`) and about new ones, make answers for the new ones."""
    if task == "act":
        prior = np.bincount(log.act[train], minlength=len(log.acts)) / len(train)
        target, names = log.act[where], np.array(log.acts)
    else:
        prior = log.ratings[train].mean(0)
        target, names = modal(log.ratings[where]), 1 + np.arange(len(SCALE))
    prior = np.maximum(prior, 1 / (1 + len(train)))
    measures = tuple(MEASURES[task].values())

    def score(guess: np.ndarray) -> float:
        return sum(measure(names[target], names[guess]) for measure in measures)

    def answers(held: _Beliefs, new: _Beliefs) -> np.ndarray:
        known, asked = np.stack(list(held.values())), np.stack(list(new.values()))
        ways = shares(len(held))
        merit = [smoothed_scores(np.tensordot(way, known, 1), prior, score, _STRENGTHS).max() for way in ways]
        weights = ways[np.argsort(merit)[-max(1, len(ways) // 8) :]].mean(0)
        strength = best_strength(np.tensordot(weights, known, 1), prior, score, _STRENGTHS)
        return names[decide(np.tensordot(weights, asked, 1), prior, strength)]

    return answers


def shares(parts: int, steps: int = 4) -> Float[np.ndarray, "ways parts"]:
    """Every way to share one among some parts, in steps of `1 / steps`."""
    cuts = itertools.combinations(range(steps + parts - 1), parts - 1)
    rows = [np.diff([-1, *cut, steps + parts - 1]) - 1 for cut in cuts]
    return np.array(rows) / steps


def _regression(fold: Fold, tasks: Sequence[str]) -> dict[str, np.ndarray]:
    """Tf-idf regressions: acts unweighted, satisfaction with balanced classes."""
    log = fold.rows
    table = features(log)
    train, test = log.of(fold.train), log.of(fold.test)
    found = {}
    for task in tasks:
        target = log.act[train] if task == "act" else modal(log.ratings[train])
        names = np.array(log.acts) if task == "act" else 1 + np.arange(len(SCALE))
        weight = np.ones(len(train)) if task == "act" else balanced(target, len(names))
        coefficients, intercepts = regress(table[train], target, len(names), weight)
        found[task] = names[np.argmax(table[test] @ coefficients + intercepts, axis=1)]
    return found


def _commonest(fold: Fold, tasks: Sequence[str]) -> dict[str, np.ndarray]:
    """The commonest answer of the training lives, always."""
    log, train, size = fold.rows, fold.rows.of(fold.train), len(fold.rows.of(fold.test))
    act = log.acts[np.bincount(log.act[train]).argmax()]
    rating = 1 + np.bincount(modal(log.ratings[train])).argmax()
    every = {"act": np.array([act] * size), "satisfaction": np.array([rating] * size)}
    return {task: every[task] for task in tasks}


MODELS: Mapping[str, Answer] = {"": Ours(rows_of=same), "tf-idf": _regression, "commonest": _commonest}
