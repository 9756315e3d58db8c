"""CaSiNo: do values cause what minds ask and offer, and do minds who bargain with minds come out as people did?"""

import collections
import functools
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inhabit.learning.bargaining import fit_bargainer, sharpened, turns_of
from inhabit.learning.meeting import Meeting, as_unwilling, auc, figures, meet_as, met, pairs_of, summary, told_apart
from inhabit.learning.swapping import Swap, swaps, usual_shares
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.mind.bargainer.table import SPEAK
from inhabit.records.reading import read
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life

GOODS = ("Food", "Water", "Firewood")
ALONE = 5.0
"""Points of each side when there is no deal."""

MATCHED = 400
"""Training dialogues whose people minds learn to be as unwilling as."""

PUBLISHED = {
    "published people: deals": 1005 / 1030,
    "published people: points": 18.64,
    "published people: points, sd": 3.54,
    "published people: joint points": 37.27,
    "published, best language model (2026): plans changed by a swap": 0.015,
}

Prediction = dict[str, Any]
Figures = dict[str, Estimate]


def fold_of(lives: Sequence[Life], data: pathlib.Path, fold: int) -> dict[str, list[Life]]:
    """The published `train`, `val` and `test` lives of one fold."""
    split = json.loads((data / "data_splits_seeds.json").read_text("utf-8"))["cvs"][str(fold)]
    return {part: [life for life in lives if int(life.outcome["dialogue"]) in set(ids)] for part, ids in split.items()}


def casino(
    data: pathlib.Path, *, folds: Sequence[int] = (0, 1, 2, 3, 4), seed: int = 0, times: int = 2
) -> tuple[Figures, Figures, list[Prediction]]:
    """Swap values and let minds meet, on the test dialogues of each fold, with minds fitted on its training dialogues.

    Args:
        data: The folder of CaSiNo.
        folds: Which of the published folds.
        seed: Of all noise.
        times: How often the minds of each test dialogue meet.

    Returns:
        Measured, baselines (the people of the same dialogues, published figures), and raw predictions.
    """
    lives = read(data).lives
    swapped: dict[str, list[tuple[Swap, float]]] = collections.defaultdict(list)
    people: list[Meeting] = []
    minds: list[Meeting] = []
    names: tuple[list[str], list[str]] = ([], [])
    lines: list[Prediction] = []
    for fold in folds:
        parts = fold_of(lives, data, fold)
        lexicon = Lexicon.learn(GOODS, parts["train"])
        train = [turn for life in parts["train"] for turn in turns_of(life, lexicon)]
        test = [turn for life in parts["test"] for turn in turns_of(life, lexicon)]
        rng, usual = np.random.default_rng(seed + fold), usual_shares(train)
        told = [met(life, lexicon) for life in pairs_of(parts["train"])]
        mind = as_unwilling(sharpened(fit_bargainer(train, GOODS)), told[:MATCHED], rng=rng)
        for name, noise in (("drawn", seed + fold), ("likeliest", None)):
            swapped[name] += [(swap, swap.direction(usual)) for swap in swaps(mind, test, GOODS, seed=noise)]
        pairs = pairs_of(parts["test"])
        real = [met(life, lexicon) for life in pairs]
        ours = meet_as(mind, real, times=times, rng=rng)
        titles = [str(life.outcome["dialogue"]) for life in pairs]
        people, minds = people + real, minds + ours
        names[0].extend(titles * times)
        names[1].extend(titles)
        lines += [meeting_line(fold, title, meeting) for title, meeting in zip(titles * times, ours)]
    measured: Figures = {}
    for name, rows in swapped.items():
        measured |= swap_figures(name, rows, seed=seed)
    measured |= compared(minds, people, names, without=ALONE, seed=seed)
    baselines = {f"people: {k}": v for k, v in averages(people, names[1], without=ALONE, seed=seed).items()}
    baselines |= {name: Estimate(value, value, value) for name, value in PUBLISHED.items()}
    return measured, baselines, [swap.line(GOODS) for swap, _ in swapped["drawn"]] + lines


def swap_figures(name: str, rows: Sequence[tuple[Swap, float]], *, seed: int = 0) -> Figures:
    """Shares of plans that change, and of those that change the right way; by what the plan was, over dialogues."""
    found: Figures = {}
    words = np.array([swap.before.kind == SPEAK for swap, _ in rows])
    for label, mask in (("plans", words | True), ("plans in words", words), ("proposed deals", ~words)):
        some = [row for row, one in zip(rows, mask) if one]
        changed = [(swap, way) for swap, way in some if swap.changed]
        found[f"swap, {name}: {label} changed"] = _mean(
            [s.changed for s, _ in some], [_title(s) for s, _ in some], seed
        )
        found[f"swap, {name}: {label}, the right way"] = _mean(
            [way > 1e-9 for _, way in changed], [_title(s) for s, _ in changed], seed
        )
        found[f"swap, {name}: {label}, neither way"] = _mean(
            [abs(way) <= 1e-9 for _, way in changed], [_title(s) for s, _ in changed], seed
        )
    return found


def _title(swap: Swap) -> str:
    return str(swap.turn.life.outcome["dialogue"])


def _mean(values: Sequence[float], groups: Sequence[str], seed: int) -> Estimate:
    """Mean with an interval over groups; nothing to average is NaN."""
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    rows = np.asarray(values, float)
    return bootstrap(functools.partial(_mean_of, rows), groups, resamples=300, seed=seed)


def _mean_of(rows: np.ndarray, index: np.ndarray) -> float:
    return float(rows[index].mean())


def _spread_of(rows: np.ndarray, index: np.ndarray) -> float:
    return float(rows[index].std())


def averages(meetings: Sequence[Meeting], groups: Sequence[str], *, without: float, seed: int = 0) -> Figures:
    """Mean of each figure of some meetings, and the spread of points and of length, over dialogues."""
    table = [figures(meeting, without=without) for meeting in meetings]
    found = {name: _mean([row[name] for row in table], groups, seed) for name in table[0]}
    points = np.array([meeting.points(without) for meeting in meetings])
    words = np.array([row["messages in words"] for row in table])
    for name, rows in (("points, sd", points), ("messages in words, sd", words)):
        found[name] = bootstrap(functools.partial(_spread_of, rows), groups, resamples=300, seed=seed)
    return found


def compared(
    minds: Sequence[Meeting],
    people: Sequence[Meeting],
    names: tuple[Sequence[str], Sequence[str]],
    *,
    without: float,
    seed: int = 0,
) -> Figures:
    """Minds' figures, how many standard errors each is from the people's, and whether a judge can tell them apart."""
    ours, theirs = (averages(x, g, without=without, seed=seed) for x, g in zip((minds, people), names))
    found = {f"minds: {name}": one for name, one in ours.items()}
    for name, one in ours.items():
        away = (one.value - theirs[name].value) / max(np.hypot(_error(one), _error(theirs[name])), 1e-12)
        found[f"minds: {name}, standard errors from people"] = Estimate(away, away - 1.96, away + 1.96)
    rows = [np.stack([summary(meeting, without=without) for meeting in side]) for side in (minds, people)]
    scores, truth = told_apart(rows[0], rows[1], groups=(names[0], names[1]), seed=seed)
    groups = [*names[0], *names[1]]
    found["told apart, AUC"] = bootstrap(
        lambda index: auc(scores[index], truth[index]), groups, resamples=300, seed=seed
    )
    return found


def _error(one: Estimate) -> float:
    """Standard error from a 95 % interval."""
    return (one.high - one.low) / (2 * 1.96)


def meeting_line(fold: int, title: str, meeting: Meeting) -> Prediction:
    """A meeting of minds as a raw prediction."""
    record: Mapping[str, Any] = {
        "task": "meeting",
        "fold": fold,
        "dialogue_id": title,
        "values": meeting.worths,
        "moves": [[side, move.kind, list(move.stances), [_number(x) for x in move.share]] for side, move in meeting.moves],
        "deal": meeting.deal,
    }  # fmt: skip
    return dict(record)


def _number(share: float) -> float | None:
    return share if np.isfinite(share) else None
