"""Draws of tastes, spread evenly: scrambled Sobol or Halton, shaped normal, triangular or uniform."""

import math

import numpy as np

DISTRIBUTIONS = ("normal", "lognormal", "triangular", "uniform")
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


def sobol(people: int, draws: int, distributions: tuple[str, ...], *, seed: int = 0) -> np.ndarray:
    """Standard draws, `people x dimensions x draws`, in single precision.

    Normal and lognormal dimensions have mean 0 and deviation 1; triangular and uniform ones run from -1 to 1.

    Source:
        Owen (1998), scrambling Sobol' points; their use for mixed logit: Train (2009), chapter 9.
    """
    if not distributions:
        return np.zeros((people, 0, draws), np.float32)
    from scipy.stats import qmc

    engine = qmc.Sobol(len(distributions), scramble=True, rng=np.random.default_rng(seed))
    points = engine.random_base2(max(1, math.ceil(math.log2(people * draws))))[: people * draws]
    return _shaped(points.reshape(people, draws, -1).transpose(0, 2, 1), distributions)


def halton(people: int, draws: int, distributions: tuple[str, ...], *, drop: int = 100) -> np.ndarray:
    """Halton draws in the order that mlogit and xlogit use, so that a log-likelihood can be held beside theirs.

    A person's draws are a run of the sequence of one prime for each dimension, its first `drop` points left out.

    Source:
        Halton (1960); Train (2009), chapter 9.
    """
    if len(distributions) > len(_PRIMES):
        raise ValueError(f"Halton draws serve at most {len(_PRIMES)} tastes, got {len(distributions)}; use Sobol draws")
    index = np.arange(drop + 1, drop + 1 + people * draws)
    points = [_radical_inverse(index, prime).reshape(people, draws) for prime in _PRIMES[: len(distributions)]]
    return _shaped(np.stack(points, axis=1), distributions) if points else np.zeros((people, 0, draws), np.float32)


def _radical_inverse(index: np.ndarray, base: int) -> np.ndarray:
    left, unit, total = index.copy(), 1.0 / base, np.zeros(len(index))
    while left.any():
        total += unit * (left % base)
        left //= base
        unit /= base
    return total


def _shaped(points: np.ndarray, distributions: tuple[str, ...]) -> np.ndarray:
    from scipy.special import ndtri

    points = np.clip(points, 1e-9, 1 - 1e-9)
    shaped = np.empty(points.shape, np.float32)
    for k, distribution in enumerate(distributions):
        u = points[:, k]
        if distribution in ("normal", "lognormal"):
            shaped[:, k] = ndtri(u)
        elif distribution == "triangular":
            shaped[:, k] = np.where(u < 0.5, np.sqrt(2 * u) - 1, 1 - np.sqrt(2 * (1 - u)))
        else:
            shaped[:, k] = 2 * u - 1
    return shaped
