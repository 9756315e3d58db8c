"""Priorities: hear a partner talk, know what the partner values. CaSiNo, five folds, both sides of each dialogue."""

import collections
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inhabit.learning.understanding import Acquaintance, LogPrior, attend, beliefs, falling, fit_speaker, uniform
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.records.reading import read
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.speaker import orders, ranks
from inhabit.types import Life

GOODS = ("Food", "Water", "Firewood")
TURNS = 5
GAINS = (24.0, 15.0, 8.0)
"""Gains of the published NDCG@3, for the truly best, second and worst good."""

PUBLISHED = {
    "chance": (16.7, 33.3, None),
    "n-gram logistic regression": (41.4, 64.7, 72.8),
    "RoBERTa 2022": (None, 70.0, 77.1),
    "8B fine-tuned 2026": (53.8, 76.2, 80.9),
    "human partners, after the talk": (53.9, 76.7, None),
}
"""k-weighted exact match, top-1 and NDCG@3 in per cent, as published."""

Prediction = dict[str, Any]


def read_lives(data: Path) -> list[Life]:
    """Both sides of every CaSiNo dialogue under `data`, as lives named `dialogue/agent`; deals have no words.

    Raises:
        ReadError: The folder lacks CaSiNo's files; the message names the first one missing.
    """
    parts = (read(data / f"casino_{part}.json", format="casino") for part in ("train", "valid", "test"))
    return [life for part in parts for life in part.lives]


def _dialogue(life: Life) -> int:
    return int(life.id.split("/")[0])


def _partners(lives: Sequence[Life]) -> dict[str, Life]:
    """The life at the other end of each life's wire."""
    sides = collections.defaultdict(list)
    for life in lives:
        sides[_dialogue(life)].append(life)
    return {life.id: other for pair in sides.values() for life, other in (pair, pair[::-1])}


def fold_lives(lives: Sequence[Life], data: Path, fold: int) -> dict[str, list[Life]]:
    """The published `train`, `val` and `test` lives of one fold."""
    split = json.loads((data / "data_splits_seeds.json").read_text("utf-8"))["cvs"][str(fold)]
    return {part: [life for life in lives if _dialogue(life) in set(ids)] for part, ids in split.items()}


def own_values_prior(train: Sequence[Life], partners: Mapping[str, Life]) -> LogPrior:
    """What the listener's own values tell of the partner's, counted on training dialogues."""
    known = Acquaintance.learn([(partners[life.id].values, life.values) for life in train], GOODS)
    return lambda life: known(partners[life.id].values, GOODS)


def scores(rows: Sequence[Prediction]) -> np.ndarray:
    """Exact match, top-1, rescaled NDCG@3 and plain NDCG@3 of each prediction in per cent, and its surprisal in nats.

    Rescaled NDCG is the published one: 0 for the truth reversed, 100 for the truth.
    """
    discount = 1 / np.log2(np.arange(2, len(GAINS) + 2))
    best, worst = float(np.dot(GAINS, discount)), float(np.dot(GAINS[::-1], discount))
    known = [tuple(GOODS[good] for good in order) for order in orders(len(GOODS))]
    table = []
    for row in rows:
        order, truth = tuple(row["order"]), tuple(row["truth"])
        gain = float(np.dot([GAINS[truth.index(good)] for good in order], discount))
        surprisal = -np.log(row["probabilities"][known.index(truth)])
        table.append(
            (100.0 * (order == truth), 100.0 * (order[0] == truth[0]),
             100 * (gain - worst) / (best - worst), 100 * gain / best, surprisal)
        )  # fmt: skip
    return np.array(table)


def weighted(rows: Sequence[Prediction], *, seed: int = 0, resamples: int = 1000) -> dict[str, Estimate]:
    """`sum_k (6 - k)/15 x score after k utterances`, and each score after five, with intervals over dialogues."""
    table, turn = scores(rows), np.array([row["k"] for row in rows])
    sides = [(row["dialogue_id"], row["of"]) for row in rows]
    side = {name: number for number, name in enumerate(dict.fromkeys(sides))}
    cube = np.zeros((len(side), TURNS, table.shape[1]))
    for place, k, row in zip(sides, turn, table):
        cube[side[place], k - 1] = row
    groups = [dialogue for dialogue, _ in side]
    means = cube.transpose(0, 2, 1) @ falling(TURNS)
    found = {}
    for column, name in enumerate(("exact", "top-1", "NDCG rescaled", "NDCG", "nats")):
        for label, values in ((name, means[:, column]), (f"{name} at k = 5", cube[:, TURNS - 1, column])):
            found[label] = bootstrap(functools.partial(_mean, values), groups, resamples=resamples, seed=seed)
    return found


def _mean(values: np.ndarray, index: np.ndarray) -> float:
    return float(values[index].mean())


def predict(fold: int, lives: Sequence[Life], belief: np.ndarray) -> list[Prediction]:
    """One line a life and turn; the predicted order is the most believed one."""
    known = [[GOODS[good] for good in order] for order in orders(len(GOODS)).tolist()]
    return [
        {
            "task": "priorities",
            "fold": fold,
            "dialogue_id": _dialogue(life),
            "of": life.id.split("/")[1],
            "k": k + 1,
            "order": known[int(np.argmax(chances))],
            "probabilities": [round(float(chance), 6) for chance in chances],
            "truth": [GOODS[good] for good in np.argsort(ranks(life.values, GOODS))],
        }
        for life, after in zip(lives, belief)
        for k, chances in enumerate(after)
    ]


def run_fold(
    fold: int, lives: Sequence[Life], data: Path, priors: Mapping[str, Callable[..., LogPrior]]
) -> dict[str, list[Prediction]]:
    """Fit on one fold's training lives and hear its test lives, once for each prior."""
    parts, partners = fold_lives(lives, data, fold), _partners(lives)
    lexicon = Lexicon.learn(GOODS, parts["train"])
    train, test = (attend(parts[part], lexicon, turns=TURNS) for part in ("train", "test"))
    found = {}
    for name, make in priors.items():
        prior = make(parts["train"], partners)
        speaker = fit_speaker(train, log_prior=prior)
        found[name] = predict(fold, parts["test"], beliefs(speaker, test, log_prior=prior))
        silence = np.stack([prior(life) for life in parts["test"]])[:, None].repeat(TURNS, 1)
        chances = np.exp(silence) / np.exp(silence).sum(-1, keepdims=True)
        found[f"{name}, no talk heard"] = predict(fold, parts["test"], chances)
    return found


PRIORS: dict[str, Callable[[Sequence[Life], Mapping[str, Life]], LogPrior]] = {
    "talk alone": lambda train, partners: uniform,
    "talk and own values": own_values_prior,
}
"""What the listener knows before the talk; a mind knows its own values, the published models were not told them."""


def priorities(
    data: Path, *, folds: Sequence[int] = (0, 1, 2, 3, 4), seed: int = 0
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[Prediction]]:
    """Infer what a partner values from its first five utterances, over the published folds.

    An utterance is a message with words: submitting, accepting, rejecting a deal and walking away are none, and are
    not heard. A dialogue with fewer than k utterances of the partner is heard as far as it goes.

    Args:
        data: The folder of CaSiNo's files and of `data_splits_seeds.json`.
        folds: Which of the published folds.
        seed: Of the intervals; the fit draws nothing.

    Returns:
        Measured (the mind, which knows its own values, and the same without them), baselines (own values only), and
        the mind's predictions, a line each.
    """
    lives = read_lives(data)
    found: dict[str, list[Prediction]] = collections.defaultdict(list)
    for fold in folds:
        for name, rows in run_fold(fold, lives, data, PRIORS).items():
            found[name] += rows
    figures = {
        f"{name}: {measure}": estimate
        for name, rows in found.items()
        for measure, estimate in weighted(rows, seed=seed).items()
    }
    measured = {name: figure for name, figure in figures.items() if "no talk heard" not in name}
    baselines = {name: figure for name, figure in figures.items() if "no talk heard" in name}
    return measured, baselines, [_line(row) for row in found["talk and own values"]]


def _line(row: Prediction) -> Prediction:
    """The published keys only."""
    return {key: value for key, value in row.items() if key != "truth"}
