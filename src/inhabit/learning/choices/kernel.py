"""The logit kernel of many people's choices under many draws of their tastes, in blocks that fit the cache."""

import numpy as np

from inhabit.learning.choices.mixing import Mixing
from inhabit.learning.choices.optimum import Scores
from inhabit.learning.choices.table import ChoiceTable

Block = tuple[np.ndarray, np.ndarray, int]
"""People with equally many rows: their numbers, the rows `people x (others * occasions) x attributes`, occasions."""


def pack(table: ChoiceTable, *, rows: int = 400) -> list[Block]:
    """Group people by how many choices they made; a block has about `rows` rows, so that it stays in the cache.

    A closed alternative becomes a row of zeros with a last column of -1e4, whose weight is always 1.
    """
    less = table.differences()
    closed = np.isnan(less[..., 0])
    less = np.where(closed[..., None], 0.0, less).astype(np.float32)
    less = np.concatenate([less, np.where(closed, -1e4, 0.0)[..., None].astype(np.float32)], axis=-1)
    bounds = np.append(np.flatnonzero(np.diff(table.person, prepend=-1)), len(table))
    counts = np.diff(bounds)
    blocks = []
    for count in np.unique(counts):
        members = np.flatnonzero(counts == count)
        step = max(1, rows // int(count * less.shape[1]))
        for first in range(0, len(members), step):
            some = members[first : first + step]
            index = bounds[some][:, None] + np.arange(count)
            shaped = less[index].transpose(0, 2, 1, 3)  # people x others x occasions x attributes
            blocks.append((some, np.ascontiguousarray(shaped.reshape(len(some), -1, less.shape[2])), int(count)))
    return blocks


def log_kernel(rows: np.ndarray, occasions: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of each draw, `people x draws`, and every other alternative's probability, `people x rows x draws`.

    Utilities are differences against the chosen alternative, clipped to +-80 so that single precision holds them.
    """
    odds = np.matmul(rows[..., :-1], weight)
    if rows[..., -1].any():
        odds += rows[..., -1:]
    np.clip(odds, -80, 80, out=odds)
    np.exp(odds, out=odds)
    people, _, draws = odds.shape
    shaped = odds.reshape(people, -1, occasions, draws)
    total = shaped.sum(axis=1)
    total += 1
    shaped /= total[:, None]
    return -np.log(total).sum(axis=1, dtype=np.float64), odds


def simulated(blocks: list[Block], mixing: Mixing, standard: np.ndarray, lean: np.ndarray | None = None) -> Scores:
    """Every person's simulated log-likelihood and score, as a function of the parameters.

    Args:
        blocks: The choices.
        mixing: What the parameters mean.
        standard: Standard draws, `people x tastes x draws`.
        lean: Log density of each draw in the population less that it was drawn with; 0 where drawn from the population.
    """
    people, _, draws = standard.shape
    size = len(mixing.names)
    lower, columns = mixing.entries
    varying = mixing.varying

    def scores(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, each = np.empty(people), np.empty((people, len(parameters)))
        for some, rows, occasions in blocks:
            own = standard[some]
            weight = mixing.weights(parameters, own)
            kernel, probability = log_kernel(rows, occasions, weight)
            if lean is not None:
                kernel += lean[some]
            top = kernel.max(axis=1, keepdims=True)
            share = np.exp(kernel - top)
            total = share.sum(axis=1, keepdims=True)
            value[some] = (top + np.log(total))[:, 0] - np.log(draws)
            slope = np.matmul(rows[..., :-1].transpose(0, 2, 1), probability)
            slope *= -(share / total).astype(np.float32)[:, None]
            for k in mixing.lognormal:
                slope[:, k] *= weight[:, k]
            each[some, :size] = slope.sum(axis=2)
            if len(lower):
                outer = np.matmul(slope[:, varying], own.transpose(0, 2, 1))
                each[some, size:] = outer[:, lower, columns]
        return value, each

    return scores
