"""USS cut by turn: other turns of the dialogue that is asked about are learned from; `lab.uss` cuts by dialogue.

Only to see whether such a cut helps. The published runs were said to cut so; their code cuts the turns in file order into
ten runs, which splits nine dialogues at most.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from inhabit.lab.uss import FILES, published, scored, sessions
from inhabit.lab.uss_models import crossfitted, modal, regression
from inhabit.learning.hearing import Settings, believe, fit
from inhabit.learning.regression import features, history
from inhabit.learning.stacking import Beliefs
from inhabit.learning.turns import Rows, rows
from inhabit.maths.intervals import Estimate

_TASK = "satisfaction"


def uss_by_turn(
    data: Path, *, sets: Sequence[str] = ("MWOZ",), folds: int = 10, seed: int = 0
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Foretell satisfaction in folds by turn; see `lab.uss.uss` for what comes and goes.

    Raises:
        ReadError: A file is missing.
    """
    measured: dict[str, Estimate] = {}
    baselines: dict[str, Estimate] = {}
    lines: list[dict[str, Any]] = []
    for name in sets:
        (file,) = (file for file, tasks in FILES[name].items() if _TASK in tasks)
        log = rows(lives := sessions(data / file, (_TASK,)), np.arange(len(lives)))
        answers: dict[str, list[dict[str, Any]]] = {"": [], "tf-idf": []}
        for fold, (train, test) in enumerate(_cut(log, folds, seed)):
            plain = regression(log, features(log), train, test, _TASK)
            for model, said in (("", _heard(log, train, test, seed * folds + fold)), ("tf-idf", plain)):
                answers[model] += [
                    {"task": _TASK, "set": name, "fold": fold, **line} for line in _told(log, test, said)
                ]
        measured |= scored(answers[""], name, (_TASK,), "")
        baselines |= scored(answers["tf-idf"], name, (_TASK,), "tf-idf") | published(name)
        lines += answers[""]
    return measured, baselines, lines


def _cut(log: Rows, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to answer for, fold after fold."""
    every = log.places[log.places > 0]
    fold_of = np.random.default_rng(seed).permutation(len(every)) % folds
    return ((every[fold_of != fold], every[fold_of == fold]) for fold in range(folds))


def _heard(
    log: Rows, train: Int[np.ndarray, " rows"], test: Int[np.ndarray, " rows"], seed: int
) -> Int[np.ndarray, " turns"]:
    """Ratings as `uss_models.Ours` gives them, with turns left out in the place of dialogues."""
    tables = {"words": features(log), "talk": history(log)}

    def hear(shown: np.ndarray, seed: int) -> Callable[[np.ndarray], Beliefs]:
        felt = _felt(log, shown, seed)
        return lambda rows: {_TASK: felt[rows]}

    return crossfitted(log, tables, train, test, (_TASK,), seed=seed, hear=hear, of=lambda rows: rows)[""][_TASK]


def _felt(log: Rows, shown: Int[np.ndarray, " some"], seed: int) -> Float[np.ndarray, "rows ratings"]:
    """What a hearing of all dialogues, which was shown the ratings of some rows, believes of the rating of every row."""
    told = np.zeros_like(log.ratings)
    told[shown] = log.ratings[shown]
    every = np.arange(len(log.places))
    hearing = fit(dataclasses.replace(log, ratings=told), every, Settings(), key=jax.random.key(seed))
    felt = np.zeros_like(log.ratings)
    felt[log.of(every)] = believe(hearing, log, every)[1]
    return felt


def _told(log: Rows, test: np.ndarray, said: np.ndarray) -> Iterator[dict[str, Any]]:
    places = np.argwhere(log.places > 0)  # rows are numbered life after life, from 1 on
    for row, guess in zip(test, said, strict=True):
        session, turn = places[row - 1]
        true = 1 + modal(log.ratings[row])
        yield {"session": int(session), "turn": int(turn), "predicted": int(guess), "true": int(true)}
