"""USS beside HiGRU on equal terms: the same folds by dialogue, its epoch chosen on training dialogues held back.

The best published kappa of MultiWOZ is HiGRU's, of the best of a hundred epochs on the test folds. Here the same network answers twice:
at the epoch that held-back dialogues choose, and at the one that is best on the test fold, which is no measure of it but a bound.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from inhabit.lab import higru
from inhabit.lab.uss import FILES, predictions, published, scored, sessions
from inhabit.lab.uss_models import FOR_KAPPA, MEASURES, Answer, Answers, Fold, Ours, modal
from inhabit.learning.turns import SCALE
from inhabit.maths import scores
from inhabit.maths.intervals import Estimate, bootstrap

_TASK = "satisfaction"
_HELD = 10
"""The training dialogues are cut into so many parts; one of them chooses the epoch."""
FOLDS: Mapping[str, Sequence[int]] = {"MWOZ": (0, 1, 2), "ReDial": (0, 1, 2)}
"""Sets whose kappa was behind the best published one, and the folds of ten that are answered: four minutes of a core each."""


def uss_higru(
    data: Path, *, folds: Mapping[str, Sequence[int]] = FOLDS, seed: int = 0, models: Sequence[Answer] | None = None
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Foretell satisfaction by hearing and by HiGRU.

    Args:
        data: Folder with the files of `lab.uss.FILES`.
        folds: Of each set, those of ten that are answered.
        seed: Of the folds and of the fits.
        models: Who answers; hearing and HiGRU.

    Returns:
        Figures of hearing, and how far its kappa is ahead of HiGRU's over the same turns; figures of the others; and
        one line a prediction of each, with the `model` that made it.

    Raises:
        ReadError: A file is missing.
    """
    measured: dict[str, Estimate] = {}
    baselines: dict[str, Estimate] = {}
    lines: list[dict[str, Any]] = []
    for name, only in folds.items():
        ((file, asked),) = ((file, tasks) for file, tasks in FILES[name].items() if _TASK in tasks)
        said = predictions(
            sessions(data / file, asked), name, (_TASK,), models or (Ours(), HiGRU()), folds=10, seed=seed, only=only
        )
        for model, told in said.items():
            (baselines if model else measured).update(scored(told, name, (_TASK,), model))
            lines += [{"model": model or "hearing", **line} for line in told]
        for model in ("", FOR_KAPPA):
            title = " ".join(filter(None, (name, _TASK, "kappa ahead of HiGRU", model)))
            measured[title] = ahead(said[model], said["HiGRU"])
        baselines |= {title: value for title, value in published(name).items() if f" {_TASK} " in title}
    return measured, baselines, lines


def ahead(mine: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Estimate:
    """Difference of two kappas over the same turns, whole dialogues resampled."""
    true, first, second = (
        np.array([line[side] for line in lines])
        for lines, side in ((mine, "true"), (mine, "predicted"), (other, "predicted"))
    )
    kappa = MEASURES[_TASK]["kappa"]
    return bootstrap(
        lambda some: kappa(true[some], first[some]) - kappa(true[some], second[some]),
        [line["session"] for line in mine],
        resamples=200,
    )


@dataclasses.dataclass(frozen=True)
class HiGRU:
    """HiGRU as a rival: `HiGRU`, and `HiGRU, best epoch on the test fold`."""

    settings: higru.Settings = dataclasses.field(default_factory=higru.Settings)

    def __call__(self, fold: Fold, tasks: Sequence[str]) -> Answers:
        """Fit to a fold's training lives but for those held back, and answer for its test lives."""
        if tuple(tasks) != (_TASK,):
            raise ValueError(f"HiGRU was asked for {', '.join(tasks)}; it foretells {_TASK} alone")
        order = np.random.default_rng(fold.seed).permutation(fold.train)
        held, train = np.split(order, [max(1, len(order) // _HELD)])
        groups = _talks(fold, train, held, fold.test)
        said = [
            tuple(logits.argmax(1) for logits in asked)
            for asked in higru.passes(
                groups[0], groups[1:], self.settings, ratings=len(SCALE), key=jax.random.key(fold.seed)
            )
        ]
        chosen, best = (_best(groups[1 + group], [one[group] for one in said]) for group in (0, 1))
        return {
            "HiGRU": {_TASK: 1 + said[chosen][1]},
            "HiGRU, best epoch on the test fold": {_TASK: 1 + said[best][1]},
        }


def _talks(fold: Fold, train: np.ndarray, *others: np.ndarray) -> list[list[higru.Talk]]:
    """Dialogues in words that the training lives know."""
    known = higru.vocabulary([message.content for life in train for message in fold.lives[life].messages])
    return [[_talk(fold, life, known) for life in group] for group in (train, *others)]


def _talk(fold: Fold, life: int, known: dict[str, int]) -> higru.Talk:
    messages = fold.lives[life].messages
    asked = np.full(len(messages), -1, np.int32)
    asked[[message.role == "user" for message in messages]] = modal(fold.rows.ratings[fold.rows.of(np.array([life]))])
    return higru.Talk(tuple(higru.read(message.content, known) for message in messages), asked)


def _best(talks: Sequence[higru.Talk], said: Sequence[np.ndarray]) -> int:
    """The epoch of greatest kappa."""
    true = np.concatenate([talk.asked[talk.asked >= 0] for talk in talks])
    return int(np.argmax([scores.kappa(true, guess) for guess in said]))
