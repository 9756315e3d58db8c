"""How far off 90 % is by fitted laws, and whether they foretell the largest run from the smaller ones."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inhabit.maths.scaling import FLOOR, FORMS, Law, Runs, frontier, resampled


@dataclasses.dataclass(frozen=True)
class Reach:
    """How far off a fidelity is.

    Attributes:
        orders: Of each resample, orders of magnitude beyond the largest run; inf where unreachable.
    """

    orders: Float[np.ndarray, " resamples"]

    @property
    def unreachable(self) -> float:
        """Share of the resamples in which no compute suffices."""
        return float(np.isinf(self.orders).mean())

    def quantile(self, share: float) -> float:
        """A quantile over all resamples, unreachable ones counted as infinitely far."""
        return float(np.sort(self.orders)[min(int(share * len(self.orders)), len(self.orders) - 1)])


def reach(laws: Sequence[Law], largest: float, target: float = 0.1) -> Reach:
    """How many orders of magnitude more than `largest` operations an infidelity of `target` takes."""
    return Reach(np.array([law.orders(largest, target) for law in laws]))


@dataclasses.dataclass(frozen=True)
class Held:
    """The largest run, foretold from the smaller ones.

    Attributes:
        true: Its infidelity (of a frontier law: the frontier's at its compute).
        foretold: In each resample, with noise as large as the fit's own residuals.
    """

    true: float
    foretold: Float[np.ndarray, " resamples"]

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Where the run was expected."""
        low, high = np.quantile(self.foretold, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    @property
    def inside(self) -> bool:
        """Whether it came out within the 90 % interval."""
        low, high = self.interval()
        return low <= self.true <= high


def held_out(form: str, runs: Runs, *, resamples: int = 100, seed: int = 0) -> Held:
    """Leave the largest design out, in all its repetitions, and foretell it."""
    largest = runs.design == runs.design[np.argmax(runs.flops)]
    rest = runs.where(~largest)
    laws = resampled(form, rest, resamples=resamples, seed=seed)
    true, at = float(runs.infidelity[largest].mean()), runs.logs[largest][:1]
    residual = np.log(np.maximum(rest.infidelity, FLOOR)) - np.log(laws[0].infidelity(rest.logs))
    if FORMS[form].frontier:
        logs, target, efficient = frontier(rest, np.ones(len(rest.run)))
        residual = (target - np.log(laws[0].infidelity(logs)))[efficient > 0]
        true = min(true, float(np.exp(target[efficient > 0]).min()))
    noise = np.random.default_rng(seed).choice(residual, size=len(laws))
    foretold = np.array([law.infidelity(at)[0] for law in laws]) * np.exp(noise)
    return Held(true, np.minimum(foretold, 1.0))
