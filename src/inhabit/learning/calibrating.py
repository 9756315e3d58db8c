"""Calibrating: how much of what acts seem to tell of their maker is so, by how well two halves of a maker's lives agree."""

import numpy as np
from jaxtyping import Float

TRUSTS = np.exp(np.linspace(np.log(0.1), 0.0, 24))
"""The shares that are tried; 1 is to believe the model's own word."""

TELLING = 0.05
"""Information below which a direction tells nothing; a maker's own numbers have a prior information of 1."""

FEW = 8
"""Makers with two lives or more below whom nothing can be said, and the model's word is taken."""


def trust(
    mean: Float[np.ndarray, "makers own"],
    score: Float[np.ndarray, "2 makers own"],
    information: Float[np.ndarray, "2 makers own own"],
) -> float:
    """The share of the information that makes what one half of the lives says of the other most likely.

    A model that is not quite the maker (moods it does not know of, acts that hang together) counts the same evidence more
    than once: its intervals are too narrow. Nobody's hidden values are needed to see it. If only the share `t` of the
    information holds, half A gives the belief `N(a, P^-1)` with `P = I + t A`, and the score of half B at `a` is normal with
    mean 0 and covariance `B / t + B P^-1 B`.

    Args:
        mean: Where scores were taken, in the population's units.
        score: Gradient of the log-likelihood of each half of each maker's lives there.
        information: Expected Fisher information of each half there.

    Returns:
        The most likely of `TRUSTS`; 1 where fewer than `FEW` makers have information in both halves.

    Source:
        Huber (1967) for variances under a wrong model; Grünwald (2012), The safe Bayesian, for tempering a posterior.
    """
    told = np.flatnonzero((np.trace(information, axis1=2, axis2=3) > TELLING).all(axis=0))
    if len(told) < FEW:
        return 1.0
    mean, score, information = mean[told], score[:, told], information[:, told]
    both = [_agreement(mean, score[a], information[a], score[b], information[b]) for a, b in ((0, 1), (1, 0))]
    return float(TRUSTS[np.argmax(both[0] + both[1])])


def _agreement(
    mean: np.ndarray, score: np.ndarray, information: np.ndarray, other: np.ndarray, others: np.ndarray
) -> Float[np.ndarray, " trusts"]:
    """Log-likelihood of the other half's scores, under each of `TRUSTS`, summed over makers."""
    found = np.zeros(len(TRUSTS))
    values, vectors = np.linalg.eigh(others)
    for number, share in enumerate(TRUSTS):
        precision = np.eye(mean.shape[1]) + share * information
        moved = np.linalg.solve(precision, (share * score - mean)[..., None])
        residual = other[..., None] - others @ moved
        spread = others / share + others @ np.linalg.solve(precision, others)
        for row, value, vector in zip(range(len(mean)), values, vectors):
            telling = vector[:, value > TELLING]
            seen = telling.T @ residual[row]
            covariance = telling.T @ spread[row] @ telling
            found[number] -= 0.5 * float(np.sum(seen * np.linalg.solve(covariance, seen)))
            found[number] -= 0.5 * np.linalg.slogdet(covariance)[1]
    return found
