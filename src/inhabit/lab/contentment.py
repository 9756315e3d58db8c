"""CaSiNo: how satisfied is a person after the talk, and how much does it like its partner?

Ratings from 1 to 5 of lives whose dialogue was never learned from, foretold from their circumstances; R² is pooled out
of fold, with intervals over dialogues. Both sides of a dialogue are always in one fold; everything learned or chosen
is learned or chosen on the other folds. No rating of either side enters what the other is foretold from.

The set has 846 people in 2,060 lives; who is who shows only in their traits. `recognised` adds how a person felt in
*other* dialogues of the training folds (and how others felt who met the same partner): not a stranger any more.
`strangers` goes the other way and learns from nobody who is asked about.

Source:
    Chawla et al. (2021), CaSiNo. NAACL; published R² by cross-validation: satisfaction .235, likeness .247.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inhabit.learning.boosting import Growth
from inhabit.learning.circumstances import GROUPS, Circumstances, circumstances
from inhabit.learning.contentment import Foretold, Table, acquaintance, blend, heard, line, trees
from inhabit.learning.contentment import folds as dealt
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.maths.scores import r_squared
from inhabit.records.reading import read
from inhabit.types import Life

FILES = ("casino_train.json", "casino_valid.json", "casino_test.json")
GROWTH = Growth()
"""How trees are grown; their number is chosen in each fold."""
RESAMPLES = 1000
"""Bootstrap resamples of dialogues."""
TASKS = ("satisfaction", "likeness")
PUBLISHED: Mapping[str, float] = {"satisfaction": 0.235, "likeness": 0.247, "satisfaction own points": 0.137}


def contentment(
    data: Path, *, folds: int = 10, seed: int = 0
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Foretell every life once, in folds of whole dialogues, and again in the five published folds where they lie beside.

    Args:
        data: Folder with the files of `FILES` (and `data_splits_seeds.json`).
        folds: By dialogue.
        seed: Of the folds and of the fits.

    Returns:
        R² (`"satisfaction r2"`, that of the readable line alone, without each group of causes, recognised, among
        strangers, five folds) with 95 % intervals over dialogues; those of the baselines; and one line a prediction.

    Raises:
        FileNotFoundError: A file is missing.
    """
    lives = _lives(data)
    log = circumstances(lives)
    dialogues = np.array([life.outcome["dialogue"] for life in lives])
    ten = [(dealt(dialogues, folds, seed) == fold) for fold in range(folds)]
    answers = _answers(lives, log, dialogues, ten, seed, _everything)
    measured, baselines = _scored(lives, dialogues, answers, "")
    five = [np.isin(dialogues, names) for names in _published_folds(data)]
    if five:
        again = _answers(lives, log, dialogues, five, seed, _main)
        more, plain = _scored(lives, dialogues, again, " five folds")
        measured.update(more)
        baselines.update(plain)
    baselines.update({f"{name} r2 published": Estimate(value, value, value) for name, value in PUBLISHED.items()})
    return measured, baselines, list(_lines(lives, answers, ten))


def coefficients(data: Path, *, seed: int = 0) -> dict[str, list[tuple[str, float]]]:
    """The readable line fitted to all lives: rating for one standard deviation of each circumstance, largest first."""
    lives = _lives(data)
    dialogues = np.array([life.outcome["dialogue"] for life in lives])
    log, everyone, found = circumstances(lives), np.arange(len(lives)), {}
    for task in TASKS:
        rating = np.array([life.outcome[task] for life in lives], float)
        table = heard(log, rating, everyone, everyone, dialogues, seed=seed)
        weights = line(table, rating).coefficients
        found[task] = [(table.names[i], float(weights[i])) for i in np.argsort(-abs(weights))]
    return found


def _lives(data: Path) -> tuple[Life, ...]:
    missing = [name for name in FILES if not (data / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{data}: expected {', '.join(missing)} of CaSiNo")
    return tuple(life for name in FILES for life in read(data / name).lives)


def _published_folds(data: Path) -> list[list[str]]:
    path = data / "data_splits_seeds.json"
    splits = json.loads(path.read_text("utf-8"))["cvs"] if path.is_file() else {}
    return [[str(dialogue) for dialogue in splits[fold]["test"]] for fold in sorted(splits)]


def _answers(lives, log, dialogues, tests, seed, answer) -> dict[tuple[str, str], np.ndarray]:
    """By task and model, what was foretold of each life; NaN for a life of no fold."""
    people = _people(lives)
    found: dict[tuple[str, str], np.ndarray] = {}
    for test in tests:
        known, new = np.flatnonzero(~test), np.flatnonzero(test)
        for task in TASKS:
            rating = np.array([life.outcome[task] for life in lives], float)
            for model, said in answer(log, rating, known, new, dialogues, people, seed):
                found.setdefault((task, model), np.full(len(lives), np.nan))[new] = said
    return found


def _main(log, rating, known, new, dialogues, people, seed) -> Iterator[tuple[str, np.ndarray]]:
    yield from _foretell(log, rating, known, new, dialogues, seed)[2]


def _everything(
    log: Circumstances,
    rating: np.ndarray,
    known: np.ndarray,
    new: np.ndarray,
    dialogues: np.ndarray,
    people: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> Iterator[tuple[str, np.ndarray]]:
    """The model, its line without each group, with people recognised, and learned from strangers only."""
    table, found, answers = _foretell(log, rating, known, new, dialogues, seed)
    yield from answers
    for group in GROUPS:
        yield f"line without {group}", line(table.without(group), rating[known]).foretold.new
    for name, who in zip(("self", "partner"), people):
        table = table.beside("acquaintance", name, *acquaintance(rating[known] - found.known, who[known], who[new]))
    yield "recognised", _stacked(table, rating[known], seed).new
    strangers = known[~np.isin(people[0][known], people[0][new])]
    yield "strangers", _foretell(log, rating, strangers, new, dialogues, seed)[1].new


def _foretell(log, rating, known, new, dialogues, seed) -> tuple[Table, Foretold, list[tuple[str, np.ndarray]]]:
    """Hear, foretell, and answer with the whole, its line, own points alone and the mean."""
    table = heard(log, rating[known], known, new, dialogues, seed=seed)
    found = _stacked(table, rating[known], seed)
    mean, points = rating[known].mean(), log.numbers[:, [log.names.index("values: points")]]
    design = np.column_stack([np.ones(len(points)), points])
    weights = np.linalg.lstsq(design[known], rating[known], rcond=None)[0]
    return (
        table,
        found,
        [
            ("", found.new),
            ("line", line(table, rating[known]).foretold.new),
            ("own points", design[new] @ weights),
            ("mean", np.full(len(new), mean)),
        ],
    )


def _stacked(table: Table, rating: np.ndarray, seed: int) -> Foretold:
    return blend(line(table, rating).foretold, trees(table, rating, GROWTH, seed=seed), rating)


def _people(lives: Sequence[Life]) -> tuple[np.ndarray, np.ndarray]:
    """Who lived each life, and whom it met: people are told apart by all their traits."""
    who = {life.id: str([(k, v) for k, v in sorted(life.traits.items()) if k != "reasons"]) for life in lives}
    return np.array(list(who.values())), np.array([who[life.outcome["partner"]] for life in lives])


def _scored(lives, dialogues, answers, suffix) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    measured: dict[str, Estimate] = {}
    baselines: dict[str, Estimate] = {}
    for (task, model), said in answers.items():
        on = np.flatnonzero(~np.isnan(said))
        rating = np.array([life.outcome[task] for life in lives], float)[on]
        label = f"{task} r2{' ' + model if model else ''}{suffix}"
        figures = baselines if model in ("own points", "mean") else measured
        figures[label] = bootstrap(_r_squared(rating, said[on]), dialogues[on], resamples=RESAMPLES)
    return measured, baselines


def _r_squared(rating: np.ndarray, said: np.ndarray):
    return lambda index: r_squared(rating[index], said[index])


def _lines(lives, answers, tests) -> Iterator[dict[str, Any]]:
    for task in TASKS:
        for fold, test in enumerate(tests):
            for row in np.flatnonzero(test):
                dialogue, of = lives[row].id.split("/")
                predicted, true = float(answers[task, ""][row]), float(lives[row].outcome[task])
                yield {
                    "task": task,
                    "fold": fold,
                    "dialogue_id": int(dialogue),
                    "of": of,
                    "predicted": predicted,
                    "true": true,
                }
