"""Contentment: how a life was felt, foretold from its circumstances.

First each view of the words is heard: a ridge regression on tf-idf phrases. What it says of the lives that it learned
from is said by ridges that did not see them (inner folds of whole dialogues). Then a line (ridge) and boosted trees
weigh the numbers and the heard words together; penalties, the number of trees and their share beside the line are
chosen by the same inner folds. The line is what can be read: one standardised coefficient a circumstance.

Source:
    Wolpert (1992), Stacked generalization.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from inhabit.learning.boosting import Growth, Trees, boost
from inhabit.learning.circumstances import VIEWS, Circumstances

INNER = 5
"""Inner folds."""
NOISES = (0.7, 1.5, 3.0)
"""Penalties of hearing, to choose from."""
PENALTIES = tuple(10 ** np.arange(0, 4.1, 0.5))
"""Penalties of the line, to choose from."""
FAR = 4.0
"""A standardised number further than this from the mean counts as this."""


@dataclasses.dataclass(frozen=True)
class Table:
    """Circumstances of lives with the words already heard, no gaps.

    Attributes:
        names: Of the columns.
        groups: The group of each column.
        known: One line a life that was learned from.
        new: One line a life to be foretold.
        inner: Inner fold of each known life.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    known: Float[np.ndarray, "known columns"]
    new: Float[np.ndarray, "new columns"]
    inner: Int[np.ndarray, " known"]

    def without(self, group: str) -> "Table":
        """The same with one group of causes left out."""
        kept = np.array([one != group for one in self.groups])
        if kept.all():
            raise ValueError(f"got the group {group!r}; accepted are {', '.join(dict.fromkeys(self.groups))}")
        names, groups = (tuple(np.array(one)[kept].tolist()) for one in (self.names, self.groups))
        return dataclasses.replace(self, names=names, groups=groups, known=self.known[:, kept], new=self.new[:, kept])

    def beside(self, group: str, name: str, known: np.ndarray, new: np.ndarray) -> "Table":
        """The same with one column more."""
        return dataclasses.replace(
            self,
            names=(*self.names, name),
            groups=(*self.groups, group),
            known=np.column_stack([self.known, known]),
            new=np.column_stack([self.new, new]),
        )


@dataclasses.dataclass(frozen=True)
class Foretold:
    """What was foretold of lives.

    Attributes:
        known: Of the lives learned from, each by a fit that did not see its inner fold.
        new: Of the new lives.
    """

    known: Float[np.ndarray, " known"]
    new: Float[np.ndarray, " new"]


def heard(
    log: Circumstances,
    rating: Float[np.ndarray, " known"],
    known: Int[np.ndarray, " known"],
    new: Int[np.ndarray, " new"],
    dialogues: Sequence[Any] | np.ndarray,
    *,
    seed: int = 0,
) -> Table:
    """Hear the words of some lives, having learned from others.

    Args:
        log: All lives; what is learned is learned from those numbered `known`.
        rating: How each of the known lives was felt.
        known: Lives to learn from.
        new: Lives to foretell.
        dialogues: The dialogue of each life of the log; inner folds never cut one in two.
        seed: Of the inner folds.
    """
    inner = folds(np.asarray(dialogues)[known], INNER, seed)
    first, second = _filled(log.numbers[known], log.numbers[new])
    table = Table(log.names, log.groups, first, second, inner)
    for view, counts in log.words.items():
        learned, asked = _weighted(counts, known, new)
        said = min((_hear(learned, asked, rating, inner, noise) for noise in NOISES), key=_error(rating))
        table = table.beside(VIEWS[view], f"{VIEWS[view]}: {view}, heard", said.known, said.new)
    return table


def folds(groups: np.ndarray, number: int, seed: int) -> Int[np.ndarray, " rows"]:
    """Deal whole groups at random to folds of about equal size."""
    names, codes = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % number)[codes]


@dataclasses.dataclass(frozen=True)
class Line:
    """A ridge regression on standardised columns: the part that can be read.

    Attributes:
        intercept: The mean rating.
        coefficients: Rating for one standard deviation of each column.
        foretold: What it says.
    """

    intercept: float
    coefficients: Float[np.ndarray, " columns"]
    foretold: Foretold


def line(table: Table, rating: Float[np.ndarray, " known"]) -> Line:
    """Fit a line, its penalty chosen by the inner folds."""
    mean, deviation = table.known.mean(0), table.known.std(0) + 1e-9
    known, new = (np.clip((one - mean) / deviation, -FAR, FAR) for one in (table.known, table.new))
    said = np.zeros((len(PENALTIES), len(rating)))
    for fold in range(INNER):
        out = table.inner == fold
        said[:, out] = rating[~out].mean() + _ridges(known[~out], rating[~out]) @ known[out].T
    best = int(((said - rating) ** 2).mean(1).argmin())
    coefficients = _ridges(known, rating)[best]
    return Line(float(rating.mean()), coefficients, Foretold(said[best], rating.mean() + new @ coefficients))


def trees(table: Table, rating: Float[np.ndarray, " known"], growth: Growth, *, seed: int = 0) -> Foretold:
    """Grow trees, at most `growth.rounds`, their number chosen by the inner folds."""
    path = np.zeros((growth.rounds, len(rating)))
    for fold in range(INNER):
        out = table.inner == fold
        path[:, out] = boost(table.known[~out], rating[~out], growth, seed=seed).path(table.known[out])
    rounds = int(((path - rating) ** 2).mean(1).argmin())
    grown: Trees = boost(table.known, rating, growth, seed=seed)
    return Foretold(path[rounds], grown.path(table.new)[rounds])


def blend(one: Foretold, two: Foretold, rating: Float[np.ndarray, " known"]) -> Foretold:
    """Mix two foretellings, each share between 0 and 1, by least squares on the inner folds."""
    apart = two.known - one.known
    share = float(np.clip(apart @ (rating - one.known) / max(apart @ apart, 1e-12), 0, 1))
    return Foretold(one.known + share * apart, one.new + share * (two.new - one.new))


def acquaintance(
    missed: Float[np.ndarray, " known"],
    people: Sequence[Any] | np.ndarray,
    others: Sequence[Any] | np.ndarray,
    *,
    doubt: float = 3.0,
) -> tuple[Float[np.ndarray, " known"], Float[np.ndarray, " others"]]:
    """How much happier or sadder the same person was in other lives than was foretold, partially pooled.

    `sum(missed) / (lives + doubt)`, over the known lives of that person other than the one asked about; 0 for a stranger.

    Args:
        missed: Rating less foretold rating of each known life (foretold without seeing it).
        people: Who lived each known life (or whom its maker met).
        others: Who lived each new life.
        doubt: Variance of a life over the variance between people.
    """
    names, codes = np.unique(np.concatenate([people, others]), return_inverse=True)
    first, second = codes[: len(missed)], codes[len(missed) :]
    total = np.bincount(first, missed, len(names))
    lives = np.bincount(first, minlength=len(names))
    return (total[first] - missed) / (lives[first] - 1 + doubt), total[second] / (lives[second] + doubt)


def _filled(known: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the mean of the known lives where the log does not say; 0 where it never says."""
    there = ~np.isnan(known)
    mean = np.where(there, known, 0.0).sum(0) / np.maximum(there.sum(0), 1)
    return np.where(there, known, mean), np.where(np.isnan(new), mean, new)


def _error(rating: np.ndarray):
    return lambda said: float(((said.known - rating) ** 2).mean())


def _ridges(table: np.ndarray, rating: np.ndarray) -> np.ndarray:
    """Coefficients under every penalty."""
    values, vectors = np.linalg.eigh(table.T @ table)
    seen = vectors.T @ (table.T @ (rating - rating.mean()))
    return np.stack([vectors @ (seen / (np.maximum(values, 0) + penalty)) for penalty in PENALTIES])


def _weighted(counts: sparse.csr_matrix, known: np.ndarray, new: np.ndarray) -> tuple[sparse.csr_matrix, ...]:
    """Unit tf-idf of known and new lives; phrases of fewer than three known lives are not heard."""
    lives = np.bincount(counts[known].indices, minlength=counts.shape[1])
    idf = np.where(lives >= 3, np.log(len(known) / np.maximum(lives, 1)), 0.0)
    kept = np.flatnonzero(idf)
    place = np.zeros(counts.shape[1], int)
    place[kept] = np.arange(len(kept))
    found = []
    for rows in (known, new):
        some = counts[rows].tocoo()
        on = idf[some.col] > 0
        value = (1 + np.log(some.data[on])) * idf[some.col[on]]
        norm = np.sqrt(np.bincount(some.row[on], value**2, len(rows))) + 1e-9
        found.append(
            sparse.csr_matrix((value / norm[some.row[on]], (some.row[on], place[some.col[on]])), (len(rows), len(kept)))
        )
    return tuple(found)


def _hear(
    known: sparse.csr_matrix, new: sparse.csr_matrix, rating: np.ndarray, inner: np.ndarray, noise: float
) -> Foretold:
    said = np.zeros(len(rating))
    for fold in range(INNER):
        out = inner == fold
        said[out] = rating[~out].mean() + known[out] @ _phrases(known[~out], rating[~out], noise)
    return Foretold(said, rating.mean() + new @ _phrases(known, rating, noise))


def _phrases(table: sparse.csr_matrix, rating: np.ndarray, noise: float) -> np.ndarray:
    """Ridge weights of phrases, by conjugate gradients on `(T T' + noise) a = rating - mean`."""
    transposed = table.T.tocsr()
    left = rating - rating.mean()
    dual, step, size = np.zeros(len(left)), left.copy(), left @ left
    stop = 1e-8 * size
    for _ in range(100):
        if size <= stop:
            break
        moved = table @ (transposed @ step) + noise * step
        length = size / (step @ moved)
        dual, left = dual + length * step, left - length * moved
        before, size = size, left @ left
        step = left + size / before * step
    return transposed @ dual
