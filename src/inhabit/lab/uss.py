"""USS: from the words of the turns alone, what will the user do next, and how content is it before it speaks.

Asked of each user turn before it is said, as the annotators were asked ("satisfaction is assessed before the user's
sentence"); ten folds by dialogue; everything learned or chosen is learned or chosen on the training dialogues. A
turn's satisfaction is its annotators' mode (of tied ones the lowest, as the authors' code has it). The dialogue-level
line `OVERALL` is not a turn: the published runs counted it as one, with an act of its own that is easy to predict,
and it is left out here. ReDial's acts are those of `ReDial-action.txt`.

Source:
    Sun et al. (2021), Simulating user satisfaction for the evaluation of task-oriented dialogue systems. SIGIR.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inhabit.lab.uss_models import MEASURES, MODELS, Answer, Fold, Ours, modal
from inhabit.learning.turns import with_partner_acts
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.records.reading import read
from inhabit.senses.sentences import remembering, sentence_ear
from inhabit.types import Life

FILES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "SGD": {"SGD.txt": ("act", "satisfaction")},
    "MWOZ": {"MWOZ.txt": ("act", "satisfaction")},
    "ReDial": {"ReDial-action.txt": ("act",), "ReDial.txt": ("satisfaction",)},
}
"""The files of each set, and what each is asked about."""


PUBLISHED: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "SGD": {"HiGRU act": (0.643, 0.507), "BERT act": (0.661, 0.560), "HiGRU satisfaction": (0.293, 0.118)},
    "MWOZ": {
        "HiGRU act": (0.518, 0.167),
        "BERT act": (0.519, 0.191),
        "HiGRU satisfaction kappa": (0.143,),
        "BERT satisfaction uar": (0.256,),
    },
    "ReDial": {
        "HiGRU act": (0.622, 0.534),
        "HiGRU+ATTN satisfaction uar": (0.261,),
        "BERT satisfaction kappa": (0.122,),
    },
}
"""Published figures: accuracy and macro-F1 of acts, UAR and kappa of satisfaction; best epoch by the test fold."""


def uss(
    data: Path, *, sets: Sequence[str] = tuple(FILES), folds: int = 10, seed: int = 0, models: Sequence[Answer] = MODELS
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Fit hearing and its rivals on every fold of the sets.

    Args:
        data: Folder with the files of `FILES`.
        sets: Which sets.
        folds: By dialogue.
        seed: Of the folds and of the fits.
        models: Who answers.

    Returns:
        Figures of hearing, `"SGD act accuracy"` and so on, with 95 % intervals that resample dialogues; those of the
        others (`"SGD act accuracy tf-idf"`, `"... without hearing"`, `"... published HiGRU"`); and one line a
        prediction of hearing, `turn` counting the user's turns of a session from 0.

    Raises:
        ReadError: A file is missing.
    """
    measured: dict[str, Estimate] = {}
    baselines: dict[str, Estimate] = {}
    lines: list[dict[str, Any]] = []
    for name in sets:
        for file, tasks in FILES[name].items():
            found = predictions(sessions(data / file, tasks), name, tasks, models, folds=folds, seed=seed)
            for model, predicted in found.items():
                (baselines if model else measured).update(scored(predicted, name, tasks, model))
            lines += found[""]
        baselines.update(published(name))
    return measured, baselines, lines


TOLD = Ours(rows_of=with_partner_acts)
"""Hearing that is also told the partner's acts as the log labels them."""


def hears_better() -> Ours:
    """Hearing beside a pretrained sentence encoder; a sentence is encoded once in a run.

    Raises:
        FileNotFoundError: The encoder's package is missing; the message says how to get it.
    """
    return Ours(ear=remembering(sentence_ear()))


def sessions(path: Path, tasks: Sequence[str]) -> tuple[Life, ...]:
    """Read a USS file, one life a session; of several acts the first counts, and none where acts are not asked."""
    return tuple(_asked(life, "act" in tasks) for life in read(path, format="uss").lives)


def _asked(life: Life, acts: bool) -> Life:
    messages = (
        dataclasses.replace(one, act=one.act.split(",")[0].strip() if one.act and acts else None)
        for one in life.messages
    )
    return dataclasses.replace(life, messages=tuple(messages))


def predictions(
    lives: tuple[Life, ...],
    name: str,
    tasks: Sequence[str],
    models: Sequence[Answer],
    *,
    folds: int,
    seed: int,
    only: Sequence[int] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Prediction lines of every model, fold after fold, of all folds or of `only` some."""
    fold_of = np.random.default_rng(seed).permutation(len(lives)) % folds
    lines: dict[str, list[dict[str, Any]]] = {}
    for number in range(folds) if only is None else only:
        fold = Fold(lives, np.flatnonzero(fold_of != number), np.flatnonzero(fold_of == number), seed * folds + number)
        for model, predicted in [pair for answer in models for pair in answer(fold, tasks).items()]:
            lines.setdefault(model, []).extend(
                {"task": task, "set": name, "fold": number, **line}
                for task in tasks
                if task in predicted
                for line in _lines(fold, predicted[task], task)
            )
    return lines


def _lines(fold: Fold, predicted: Sequence, task: str) -> Iterator[dict[str, Any]]:
    """Where each turn of the fold's test lives is, what was predicted, and what is true."""
    log = fold.rows
    if task == "act":
        true = [
            message.act or "" for life in fold.test for message in fold.lives[life].messages if message.role == "user"
        ]
    else:
        true = list(1 + modal(log.ratings[log.of(fold.test)]))
    places = [(life, turn) for life in fold.test for turn in range(int((log.places[life] > 0).sum()))]
    for (session, turn), guess, truth in zip(places, predicted, true, strict=True):
        yield {"session": int(session), "turn": turn, "predicted": _plain(guess), "true": _plain(truth)}


def _plain(value: Any) -> str | int:
    return str(value) if isinstance(value, str) else int(value)


def scored(lines: Sequence[dict[str, Any]], name: str, tasks: Sequence[str], model: str) -> dict[str, Estimate]:
    """Each measure of each task that was answered with its interval."""
    figures = {}
    for task in tasks:
        mine = [line for line in lines if line["task"] == task]
        if not mine:
            continue
        true, predicted = _numbered([[line[side] for line in mine] for side in ("true", "predicted")])
        groups = [line["session"] for line in mine]
        for measure, score in MEASURES[task].items():
            label = " ".join(filter(None, (name, task, measure, model)))
            figures[label] = bootstrap(_at(score, true, predicted), groups, resamples=200)
    return figures


def _numbered(sides: Sequence[Sequence[str | int]]) -> tuple[np.ndarray, ...]:
    """Acts as numbers, which compare faster; ratings as they are."""
    together = np.array(sides)
    return tuple(
        np.unique(together, return_inverse=True)[1].reshape(together.shape) if together.dtype.kind == "U" else together
    )


def _at(score: Callable, true: np.ndarray, predicted: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda index: score(true[index], predicted[index])


def published(name: str) -> dict[str, Estimate]:
    """Published figures of a set; their intervals are not known and have no width."""
    figures = {}
    for title, values in PUBLISHED[name].items():
        model, task, *measure = title.split()
        for measured, value in zip(measure or tuple(MEASURES[task]), values):
            figures[f"{name} {task} {measured} published {model}"] = Estimate(value, value, value)
    return figures
