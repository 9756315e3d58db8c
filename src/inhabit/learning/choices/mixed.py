"""Mixed logit by simulation: tastes that vary among people, panel, exact gradient."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from inhabit.learning.choices.draws import DISTRIBUTIONS, halton, sobol
from inhabit.learning.choices.logit import multinomial
from inhabit.learning.choices.optimum import Optimum, Scores, maximise
from inhabit.learning.choices.table import ChoiceTable


@dataclasses.dataclass(frozen=True)
class Taste:
    """How the weight of one attribute varies among people.

    Attributes:
        name: Of the attribute.
        distribution: `normal`, `lognormal` (the exponential of a normal), `triangular` or `uniform` (both symmetric,
            the spread is half their width).
    """

    name: str
    distribution: str = "normal"

    def __post_init__(self) -> None:
        if self.distribution not in DISTRIBUTIONS:
            raise ValueError(f"taste of {self.name}: {self.distribution!r} is none of {', '.join(DISTRIBUTIONS)}")


@dataclasses.dataclass(frozen=True)
class Mixing:
    """Maps a parameter vector and standard draws to weights of attributes.

    The parameters are one location for each attribute, then the entries of a lower triangular factor for those that
    vary (its diagonal alone when tastes are independent).
    """

    names: tuple[str, ...]
    tastes: tuple[Taste, ...]
    correlated: bool

    def __post_init__(self) -> None:
        for taste in self.tastes:
            if taste.name not in self.names:
                raise ValueError(f"no attribute {taste.name!r} to vary; there are {', '.join(self.names)}")

    @property
    def varying(self) -> np.ndarray:
        """Index among the attributes of each taste."""
        return np.array([self.names.index(taste.name) for taste in self.tastes], int)

    @property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each free entry of the factor."""
        size = len(self.tastes)
        return np.tril_indices(size) if self.correlated else (np.arange(size), np.arange(size))

    @property
    def parameters(self) -> tuple[str, ...]:
        """What each parameter is called."""
        label = [taste.name for taste in self.tastes]
        spread = (f"sd {label[i]}" if i == j else f"chol {label[i]} {label[j]}" for i, j in zip(*self.entries))
        return (*self.names, *spread)

    def factor(self, parameters: np.ndarray) -> np.ndarray:
        """The lower triangular factor."""
        factor = np.zeros((len(self.tastes),) * 2)
        factor[self.entries] = parameters[len(self.names) :]
        return factor

    def weights(self, parameters: np.ndarray, standard: np.ndarray) -> np.ndarray:
        """Weights `people x attributes x draws` of standard draws `people x tastes x draws`, single precision."""
        moved = self.factor(parameters).astype(np.float32) @ standard
        weight = np.empty((len(standard), len(self.names), standard.shape[2]), np.float32)
        weight[:] = parameters[: len(self.names), None]
        weight[:, self.varying] += moved
        for k in self.lognormal:
            np.exp(weight[:, k], out=weight[:, k])
        return weight

    @property
    def lognormal(self) -> list[int]:
        """Attributes whose weight is the exponential of what the parameters say."""
        return [self.names.index(taste.name) for taste in self.tastes if taste.distribution == "lognormal"]


@dataclasses.dataclass(frozen=True)
class MixedLogit:
    """A fitted mixed logit.

    Attributes:
        optimum: The estimates and how they were reached.
        mixing: What they mean.
        draws: Draws for each person.
        seed: Of the draws.
    """

    optimum: Optimum
    mixing: Mixing
    draws: int
    seed: int

    @property
    def mean(self) -> np.ndarray:
        """Location of every attribute's weight (of its logarithm where it is lognormal)."""
        return self.optimum.parameters[: len(self.mixing.names)]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the standard tastes after the factor."""
        factor = self.mixing.factor(self.optimum.parameters)
        return factor @ factor.T


def mixed(
    table: ChoiceTable,
    tastes: Sequence[Taste],
    *,
    draws: int = 600,
    correlated: bool = False,
    seed: int = 0,
    sequence: str = "sobol",
    start: np.ndarray | None = None,
) -> MixedLogit:
    """Fit a mixed logit by maximum simulated likelihood; a person's choices share that person's draws.

    The search begins at the multinomial fit, climbs with few draws, and ends with all of them.

    Args:
        table: The choices; `table.each_occasion()` for no panel.
        tastes: Attributes whose weight varies; the others weigh the same for everyone.
        draws: For each person.
        correlated: Whether tastes have a full covariance.
        seed: Of the Sobol draws' scrambling.
        sequence: `sobol` (scrambled) or `halton` (as other packages draw, to compare with them).
        start: Where to begin; the multinomial fit with small spreads when left out.

    Source:
        Train (2009), chapters 6 and 10.
    """
    mixing = Mixing(table.names, tuple(tastes), correlated)
    at = begin(table, mixing) if start is None else np.asarray(start, float)
    shapes = tuple(taste.distribution for taste in mixing.tastes)
    people = len(np.unique(table.person))
    blocks = pack(table)
    few = min(draws, 64)
    if sequence not in ("sobol", "halton"):
        raise ValueError(f"draws are sobol or halton, got {sequence!r}")
    standard = sobol(people, draws, shapes, seed=seed) if sequence == "sobol" else halton(people, draws, shapes)
    if few < draws:
        at = maximise(
            simulated(blocks, mixing, np.ascontiguousarray(standard[:, :, :few])), at, mixing.parameters, rounds=2
        ).parameters
    found = maximise(simulated(blocks, mixing, standard), at, mixing.parameters)
    return MixedLogit(found, mixing, draws, seed)


def begin(table: ChoiceTable, mixing: Mixing) -> np.ndarray:
    """Multinomial weights, and spreads of a third of them (at least a tenth of a typical weight)."""
    weight = multinomial(table).parameters.copy()
    spread = np.maximum(np.abs(weight) / 3, 0.1 / np.maximum(table.attributes.std(axis=(0, 1)), 1e-6))
    for k in mixing.lognormal:
        weight[k], spread[k] = np.log(max(weight[k], 0.1)), 0.5
    rows, columns = mixing.entries
    return np.concatenate([weight, np.where(rows == columns, spread[mixing.varying][rows], 0.0)])


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


def simulated(blocks: list[Block], mixing: Mixing, standard: np.ndarray) -> Scores:
    """Every person's simulated log-likelihood and score, as a function of the parameters."""
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
