"""A maximum that says how it was reached: L-BFGS in coordinates whitened by the outer product of scores."""

import dataclasses
from collections.abc import Callable

import numpy as np

Scores = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From parameters to each person's log-likelihood (`people`) and its gradient (`people x parameters`)."""


@dataclasses.dataclass(frozen=True)
class Optimum:
    """Where a log-likelihood is largest.

    Attributes:
        parameters: At the maximum.
        names: Of the parameters.
        log_likelihood: There, in nats.
        information: Outer product of people's scores there (Berndt, Hall, Hall & Hausman).
        decrement: `sqrt(g' information^-1 g)`, the length of the gradient in standard errors; 0 at the maximum.
        converged: Whether the decrement is below 0.02: no parameter is further than that many standard errors off.
        evaluations: How often likelihood and gradient were computed.
        scores: The function that was maximised.
    """

    parameters: np.ndarray
    names: tuple[str, ...]
    log_likelihood: float
    information: np.ndarray
    decrement: float
    converged: bool
    evaluations: int
    scores: Scores = dataclasses.field(repr=False, compare=False)

    @property
    def status(self) -> str:
        """How the search ended, in one line."""
        word = "converged" if self.converged else "NOT CONVERGED"
        return (
            f"{word}: log-likelihood {self.log_likelihood:.3f}, gradient of {self.decrement:.2g} standard errors "
            f"after {self.evaluations} evaluations"
        )

    @property
    def unidentified(self) -> tuple[str, ...]:
        """Parameters that the data cannot tell apart from others: those in the null space of the information."""
        spread = np.sqrt(np.maximum(np.diag(self.information), 1e-300))
        values, vectors = np.linalg.eigh(self.information / np.outer(spread, spread))
        null = vectors[:, values < 1e-8]
        return tuple(name for name, row in zip(self.names, null) if np.abs(row).max(initial=0.0) > 0.1)

    def covariance(self, *, robust: bool = True) -> np.ndarray:
        """Covariance of the estimates: the sandwich `H^-1 B H^-1`, or the inverse of the outer product `B` alone.

        The Hessian `H` is a central difference of the exact gradient, twice as many evaluations as parameters.

        Source:
            Huber (1967); White (1982).
        """
        if not robust:
            return np.linalg.pinv(self.information)
        step = 1e-2 * np.sqrt(np.maximum(np.diag(np.linalg.pinv(self.information)), 1e-12))
        hessian = np.stack(
            [
                (self._gradient(self.parameters + e) - self._gradient(self.parameters - e)) / (2 * e.sum())
                for e in np.diag(step)
            ]
        )
        inverse = np.linalg.pinv((hessian + hessian.T) / 2)
        return inverse @ self.information @ inverse

    def _gradient(self, parameters: np.ndarray) -> np.ndarray:
        return self.scores(parameters)[1].sum(axis=0)


def maximise(scores: Scores, start: np.ndarray, names: tuple[str, ...], *, rounds: int = 8) -> Optimum:
    """Climb to the maximum; every round whitens anew by the outer product of scores where it stands.

    Args:
        scores: Of every person.
        start: Where to begin.
        names: Of the parameters.
        rounds: Most re-whitenings; it stops earlier at convergence.

    Raises:
        ValueError: The log-likelihood is not finite at the start.

    Source:
        L-BFGS: Liu & Nocedal (1989); outer product: Berndt, Hall, Hall & Hausman (1974).
    """
    from scipy.optimize import minimize

    at, evaluations = np.asarray(start, float), 0
    value, each = scores(at)
    evaluations += 1
    if not np.isfinite(value.sum()):
        raise ValueError("the log-likelihood is not finite where the search begins; scale the attributes to about 1")
    for _ in range(rounds):
        information = each.T @ each
        if _decrement(each, information) < 2e-3:
            break
        root = _whitening(information)
        kept: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

        def objective(
            white: np.ndarray, at: np.ndarray = at, root: np.ndarray = root, kept: dict = kept
        ) -> tuple[float, np.ndarray]:
            found = scores(at + root @ white)
            kept.clear() if len(kept) > 3 else None
            kept[white.tobytes()] = found
            return -float(found[0].sum()), -(root.T @ found[1].sum(axis=0))

        search = minimize(
            objective, np.zeros(len(at)), jac=True, method="L-BFGS-B", options={"gtol": 2e-3, "maxiter": 60}
        )
        evaluations += search.nfev
        at = at + root @ search.x
        if search.x.tobytes() in kept:
            value, each = kept[search.x.tobytes()]
        else:
            value, each = scores(at)
            evaluations += 1
    information = each.T @ each
    decrement = _decrement(each, information)
    return Optimum(at, names, float(value.sum()), information, decrement, bool(decrement < 0.02), evaluations, scores)


def _whitening(information: np.ndarray) -> np.ndarray:
    """A root of the inverse information, its weakest directions held to a millionth of its strongest."""
    spread = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / np.outer(spread, spread))
    return (vectors / np.sqrt(np.maximum(values, 1e-6))) / spread[:, None]


def _decrement(each: np.ndarray, information: np.ndarray) -> float:
    return float(np.linalg.norm(_whitening(information).T @ each.sum(axis=0)))
