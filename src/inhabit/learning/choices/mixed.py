"""Mixed logit: tastes that vary among people, panel, exact gradient; the integral over tastes by draws."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from inhabit.learning.choices.draws import SEQUENCES, standard_of
from inhabit.learning.choices.kernel import Block, pack, simulated
from inhabit.learning.choices.logit import multinomial
from inhabit.learning.choices.mixing import Mixing, Taste
from inhabit.learning.choices.optimum import Optimum, maximise
from inhabit.learning.choices.proposal import propose
from inhabit.learning.choices.table import ChoiceTable

FEW = 64
"""Draws with which the search begins."""


@dataclasses.dataclass(frozen=True)
class MixedLogit:
    """A fitted mixed logit.

    Attributes:
        optimum: The estimates and how they were reached.
        mixing: What they mean.
        draws: Draws for each person.
        sequence: How they were drawn.
        seed: Of the draws.
    """

    optimum: Optimum
    mixing: Mixing
    draws: int
    sequence: str
    seed: int

    @property
    def mean(self) -> np.ndarray:
        """Location of every attribute's weight (of its logarithm where it is lognormal)."""
        return self.optimum.parameters[: len(self.mixing.names)]

    @property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of every attribute's weight among people, whatever its distribution."""
        mean, spread = self.mean.copy(), np.zeros(len(self.mean))
        unit = {"normal": 1.0, "lognormal": 1.0, "triangular": 1 / 6, "uniform": 1 / 3}
        factor = self.mixing.factor(self.optimum.parameters)
        variance = factor**2 @ np.array([unit[shape] for shape in self.mixing.shapes])
        for k, square, shape in zip(self.mixing.varying, variance, self.mixing.shapes):
            spread[k] = np.sqrt(square)
            if shape == "lognormal":
                mean[k] = np.exp(self.mean[k] + square / 2)
                spread[k] = mean[k] * np.sqrt(np.expm1(square))
        return mean, spread

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the standard tastes after the factor."""
        factor = self.mixing.factor(self.optimum.parameters)
        return factor @ factor.T


def mixed(
    table: ChoiceTable,
    tastes: Sequence[Taste],
    *,
    draws: int = 256,
    correlated: bool = False,
    seed: int = 0,
    sequence: str = "adaptive",
    start: np.ndarray | None = None,
) -> MixedLogit:
    """Fit a mixed logit by maximum simulated likelihood; a person's choices share that person's draws.

    The search begins at the multinomial fit and climbs with few draws. `adaptive` draws then come from where each
    person's tastes must lie, weighed for it (importance sampling), and are drawn anew until the likelihood stands still.
    Draws from the population miss that place when choices are many: the simulated likelihood lies too low (nine nats
    for the electricity panel at 600 draws), and small spreads are estimated too small.

    Args:
        table: The choices; `table.each_occasion()` for no panel.
        tastes: Attributes whose weight varies; the others weigh the same for everyone.
        draws: For each person.
        correlated: Whether tastes have a full covariance.
        seed: Of the draws; Halton draws have none.
        sequence: `adaptive`; or from the population, to hold a figure beside another's: `halton` (as mlogit and xlogit
            draw), `sobol` (scrambled), `random` (as biogeme draws).
        start: Where to begin; the multinomial fit with small spreads when left out.

    Raises:
        ValueError: There is no such sequence.

    Source:
        Train (2009), chapters 6, 9 and 10; adaptive: Pinheiro & Bates (1995), importance sampling.
    """
    if sequence not in ("adaptive", *SEQUENCES):
        raise ValueError(f"draws are adaptive, {', '.join(SEQUENCES)}; got {sequence!r}")
    mixing = Mixing(table.names, tuple(tastes), correlated)
    at = begin(table, mixing) if start is None else np.asarray(start, float)
    people, blocks = len(np.unique(table.person)), pack(table)
    if sequence == "adaptive":
        few = simulated(blocks, mixing, SEQUENCES["sobol"](people, FEW, mixing.shapes, seed=seed))
        at = maximise(few, at, mixing.parameters, rounds=2).parameters
        found = _adaptive(table, blocks, mixing, at, draws, seed)
    else:
        standard = SEQUENCES[sequence](people, draws, mixing.shapes, seed=seed)
        if draws > FEW:
            few = simulated(blocks, mixing, np.ascontiguousarray(standard[:, :, :FEW]))
            at = maximise(few, at, mixing.parameters, rounds=2).parameters
        found = maximise(simulated(blocks, mixing, standard), at, mixing.parameters)
    return MixedLogit(found, mixing, draws, sequence, seed)


def _adaptive(
    table: ChoiceTable, blocks: list[Block], mixing: Mixing, at: np.ndarray, draws: int, seed: int, rounds: int = 4
) -> Optimum:
    """Climb with draws from where everyone's tastes lie, and draw anew until that changes nothing."""
    people, large = len(np.unique(table.person)), pack(table, rows=40_000)
    evaluations = 0
    for _ in range(rounds):
        tastes, lean = propose(mixing, at, large, people).draw(np.arange(people), draws, seed=seed)
        scores = simulated(blocks, mixing, standard_of(tastes, mixing.shapes)[0], lean)
        found = maximise(scores, at, mixing.parameters)
        evaluations += found.evaluations
        move = found.parameters - at
        at = found.parameters
        if float(move @ found.information @ move) < 0.05**2 or not len(mixing.tastes):
            break
    return dataclasses.replace(found, evaluations=evaluations)


def begin(table: ChoiceTable, mixing: Mixing) -> np.ndarray:
    """Multinomial weights, and spreads of a third of them (at least a tenth of a typical weight)."""
    weight = multinomial(table).parameters.copy()
    spread = np.maximum(np.abs(weight) / 3, 0.1 / np.maximum(table.attributes.std(axis=(0, 1)), 1e-6))
    for k in mixing.lognormal:
        weight[k], spread[k] = np.log(max(weight[k], 0.1)), 0.5
    rows, columns = mixing.entries
    return np.concatenate([weight, np.where(rows == columns, spread[mixing.varying][rows], 0.0)])
