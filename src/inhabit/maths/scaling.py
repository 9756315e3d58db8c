"""Scaling laws of infidelity: what share is still wrong, as parameters, data and compute grow.

Forms are fitted in log space with the Huber loss from many starts; whole runs are resampled.

Source:
    Hoffmann et al. (2022), approach 3; Caballero et al. (2022) for the law with a break.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special
from jaxtyping import Bool, Float, Int

HUBER = 0.03
"""Where the Huber loss turns linear, in nats of infidelity."""
FAR = 30.0
"""Orders of magnitude beyond the largest run at which one stops looking; what is not reached there is unreachable."""
STEP = 0.05
FLOOR = 1e-4
"""The least infidelity that is told from none."""
FEW = {"maxiter": 80, "maxfun": 120}

Logs = Float[np.ndarray, "... three"]


@dataclasses.dataclass(frozen=True)
class Runs:
    """What was measured: one row for each place at which a run was examined.

    Attributes:
        parameters: Numbers that the network learns.
        pairs: Data it had heard.
        flops: Compute it had spent.
        infidelity: Share that it answered wrongly.
        run: Rows of one run have one number; they are resampled together.
    """

    parameters: Float[np.ndarray, " rows"]
    pairs: Float[np.ndarray, " rows"]
    flops: Float[np.ndarray, " rows"]
    infidelity: Float[np.ndarray, " rows"]
    run: Int[np.ndarray, " rows"]

    @property
    def logs(self) -> Float[np.ndarray, "rows 3"]:
        """Natural logarithms of parameters, pairs and operations."""
        return np.log(np.stack([self.parameters, self.pairs, self.flops], axis=1))

    @property
    def design(self) -> Int[np.ndarray, " rows"]:
        """Rows with the same parameters, data and compute have one number: repetitions by seed."""
        return np.unique(np.round(self.logs, 9), axis=0, return_inverse=True)[1].ravel()

    def where(self, kept: Bool[np.ndarray, " rows"]) -> "Runs":
        """Some of the rows."""
        return Runs(*(getattr(self, field.name)[kept] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Form:
    """A functional form.

    Attributes:
        law: Log infidelity from coefficients and centred logs of parameters, pairs and operations; and its derivative by
            each coefficient.
        low: Least value of each coefficient.
        high: Greatest value of each coefficient.
        frontier: Whether it describes only the best at each compute.
    """

    law: Callable[[np.ndarray, Logs], tuple[np.ndarray, np.ndarray]]
    low: tuple[float, ...]
    high: tuple[float, ...]
    frontier: bool


def _parametric(coefficients: np.ndarray, logs: Logs) -> tuple[np.ndarray, np.ndarray]:
    """`E + A / N^a + B / D^b`, with coefficients `log E, log A, a, log B, b`."""
    e, a, alpha, b, beta = coefficients
    n, d = logs[..., 0], logs[..., 1]
    total, (_e, _a, _b) = _sum(e, a - alpha * n, b - beta * d)
    return total, np.stack([_e, _a, -_a * n, _b, -_b * d])


def _power(coefficients: np.ndarray, logs: Logs) -> tuple[np.ndarray, np.ndarray]:
    """`E + A / C^a`."""
    e, a, alpha = coefficients
    c = logs[..., 2]
    total, (_e, _a) = _sum(e, a - alpha * c)
    return total, np.stack([_e, _a, -_a * c])


def _broken(coefficients: np.ndarray, logs: Logs) -> tuple[np.ndarray, np.ndarray]:
    """`E + A C^-a (1 + (C / d)^(1 / f))^(-b f)`: one slope before the break at `d`, another after it."""
    e, a, before, more, place, width = coefficients
    c = logs[..., 2]
    z = (c - place) / width
    soft, steep = np.logaddexp(0.0, z), scipy.special.expit(z)
    total, (_e, _a) = _sum(e, a - before * c - more * width * soft)
    return total, np.stack([_e, _a, -_a * c, -_a * width * soft, _a * more * steep, -_a * more * (soft - z * steep)])


def _sum(*parts: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Log of a sum of exponentials, and the share of each part in it: its derivative."""
    total = functools.reduce(np.logaddexp, parts)
    return total, [np.exp(part - total) for part in parts]


FORMS: Mapping[str, Form] = {
    "parametric": Form(_parametric, (-12, -12, 0, -12, 0), (0, 2, 3, 2, 3), False),
    "power": Form(_power, (-12, -12, 0), (0, 2, 3), True),
    "broken power": Form(_broken, (-12, -12, 0, 0, -8, 0.1), (0, 2, 3, 3, 8, 3), True),
}


@dataclasses.dataclass(frozen=True)
class Law:
    """A fitted form.

    Attributes:
        form: Name among `FORMS`.
        coefficients: Of the centred form.
        centre: Logs that were taken as zero.
        price: Log of the operations that one parameter and one pair cost together.
        loss: Mean Huber loss of the fit.
    """

    form: str
    coefficients: Float[np.ndarray, " coefficients"]
    centre: Float[np.ndarray, " 3"]
    price: float
    loss: float

    def infidelity(self, logs: Float[np.ndarray, "... three"]) -> Float[np.ndarray, "..."]:
        """What the law expects for logs of parameters, pairs and operations; never over 1."""
        return np.exp(np.minimum(FORMS[self.form].law(self.coefficients, np.asarray(logs) - self.centre)[0], 0.0))

    def best(self, flops: Float[np.ndarray, " computes"]) -> Float[np.ndarray, " computes"]:
        """The least infidelity that each compute can buy; a parametric law chooses parameters against data."""
        compute = np.log(flops)
        if FORMS[self.form].frontier:
            return self.infidelity(np.stack([compute] * 3, axis=1))
        share = np.linspace(0.02, 0.98, 193)
        size = share * (compute[:, None] - self.price)
        logs = np.stack([size, compute[:, None] - self.price - size, np.broadcast_to(compute[:, None], size.shape)], 2)
        return self.infidelity(logs).min(axis=1)

    def orders(self, largest: float, target: float = 0.1) -> float:
        """Orders of magnitude beyond `largest` operations until infidelity is down to `target`; inf if unreachable."""
        beyond = np.arange(-6.0, FAR, STEP)
        reached = np.flatnonzero(self.best(largest * 10.0**beyond) <= target)
        return float(beyond[reached[0]]) if len(reached) else np.inf


def frontier(runs: Runs, weight: Float[np.ndarray, " rows"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Designs (mean over repetitions) that no design of less compute beats: logs, log infidelity, weight 1 or 0."""
    design = runs.design
    total = np.bincount(design, weight)
    present = total > 0
    mean = np.bincount(design, weight * runs.infidelity) / np.maximum(total, 1e-9)
    logs = np.zeros((len(total), 3))
    logs[design] = runs.logs
    order = np.argsort(logs[:, 2], kind="stable")
    worth = np.where(present, mean, np.inf)[order]
    before = np.concatenate([[np.inf], np.minimum.accumulate(worth)[:-1]])
    efficient = np.zeros(len(total))
    efficient[order] = worth < before
    return logs, np.log(np.maximum(mean, FLOOR)), efficient


def fit(
    form: str,
    runs: Runs,
    weight: Float[np.ndarray, " rows"] | None = None,
    *,
    starts: int = 24,
    near: Float[np.ndarray, " coefficients"] | None = None,
    seed: int = 0,
) -> Law:
    """Fit one form with L-BFGS from many starts.

    Args:
        form: Name among `FORMS`.
        runs: What was measured.
        weight: Of each row; how often its run was drawn.
        starts: Random starts.
        near: One more start.
        seed: Of the starts.
    """
    weight = np.ones(len(runs.run)) if weight is None else weight
    kind = FORMS[form]
    if kind.frontier:
        logs, target, weight = frontier(runs, weight)
    else:
        logs, target = runs.logs, np.log(np.maximum(runs.infidelity, FLOOR))
    centre, low, high = runs.logs.mean(axis=0), np.array(kind.low), np.array(kind.high)
    logs, share = (logs - centre)[weight > 0], weight[weight > 0] / weight.sum() / HUBER
    target = target[weight > 0]

    def objective(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = kind.law(coefficients, logs)
        slope = slope * (value < 0)
        miss = np.minimum(value, 0.0) - target
        huber = np.where(np.abs(miss) < HUBER, 0.5 * miss**2, HUBER * (np.abs(miss) - 0.5 * HUBER))
        return float(share @ huber), slope @ (share * np.clip(miss, -HUBER, HUBER))

    generator = np.random.default_rng(seed)
    middle = np.clip(low, -4, None), np.clip(high, None, 1.5)
    points = [generator.uniform(*middle) for _ in range(starts)] + ([] if near is None else [near])
    found = [
        scipy.optimize.minimize(objective, point, jac=True, method="L-BFGS-B", bounds=list(zip(low, high)), options=FEW)
        for point in points
    ]
    best = min(found, key=lambda one: float(one.fun))
    price = float(np.median(runs.logs[:, 2] - runs.logs[:, 0] - runs.logs[:, 1]))
    return Law(form, best.x, centre, price, float(best.fun))


def resampled(form: str, runs: Runs, *, resamples: int = 100, starts: int = 2, seed: int = 0) -> list[Law]:
    """Fits to resamples of whole runs."""
    whole = fit(form, runs, seed=seed)
    generator, names = np.random.default_rng(seed), np.unique(runs.run)
    laws = []
    for number in range(resamples):
        drawn = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
        weight = drawn[np.searchsorted(names, runs.run)].astype(float)
        laws.append(fit(form, runs, weight, starts=starts, near=whole.coefficients, seed=seed + number))
    return laws
