"""Intervals: how far a measured figure can be trusted, resampling whole makers."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inhabit.maths.scores import rank_correlation


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A figure with its interval, as a record stores it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    groups: Sequence[Any] | np.ndarray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Percentile interval of `statistic` when whole groups (makers, dialogues) are resampled.

    Args:
        statistic: From an array of row indices to a number.
        groups: The group of each row; rows of one group are drawn together.
        resamples: Bootstrap resamples; 0 gives an interval of no width.
        level: Share of resamples inside the interval.
        seed: Same seed, same interval.

    Source:
        Efron & Tibshirani (1993), chapter 13.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    value = float(statistic(np.arange(len(codes))))
    rng = np.random.default_rng(seed)
    draws = [
        statistic(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]))
        for _ in range(resamples)
    ]
    if not draws:
        return Estimate(value, value, value)
    tail = (1 - level) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))


def bootstrap_mean(
    values: Sequence[float] | np.ndarray, groups: Sequence[Any] | np.ndarray, **settings: Any
) -> Estimate:
    """Interval of a mean over rows, resampling groups."""
    rows = np.asarray(values, float)
    return bootstrap(lambda index: float(rows[index].mean()), groups, **settings)


def bootstrap_ranks(
    true: np.ndarray, guessed: np.ndarray, groups: Sequence[Any] | np.ndarray, **settings: Any
) -> Estimate:
    """Interval of a rank correlation (`scores.rank_correlation`), resampling groups."""
    return bootstrap(lambda index: rank_correlation(true[index], guessed[index]), groups, **settings)
