"""Draws of tastes: Halton, scrambled Sobol or pseudo-random, shaped normal, triangular or uniform."""

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


def halton(people: int, draws: int, distributions: tuple[str, ...], *, drop: int = 100, seed: int = 0) -> np.ndarray:
    """Halton draws in the order that mlogit and xlogit use, so that a log-likelihood can be held beside theirs.

    A person's draws are a run of the sequence of one prime for each dimension, its first `drop` points left out; there
    is nothing random in them, and `seed` changes nothing.

    Source:
        Halton (1960); Train (2009), chapter 9.
    """
    del seed
    if len(distributions) > len(_PRIMES):
        raise ValueError(f"Halton draws serve at most {len(_PRIMES)} tastes, got {len(distributions)}; use Sobol draws")
    index = np.arange(drop + 1, drop + 1 + people * draws)
    points = [_radical_inverse(index, prime).reshape(people, draws) for prime in _PRIMES[: len(distributions)]]
    return _shaped(np.stack(points, axis=1), distributions) if points else np.zeros((people, 0, draws), np.float32)


def random(people: int, draws: int, distributions: tuple[str, ...], *, seed: int = 0) -> np.ndarray:
    """Pseudo-random draws, as biogeme makes them by default."""
    return _shaped(np.random.default_rng(seed).random((people, len(distributions), draws)), distributions)


SEQUENCES = {"halton": halton, "sobol": sobol, "random": random}
"""Draws from the population: `people x tastes x draws` of the numbers of people and draws, and the distributions."""


def shifted(points: np.ndarray, people: int, normals: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws for each person: the same net of points, shifted anew.

    A whole net in each person's hands spreads better than a stretch cut out of a longer one; and as everyone's shift is
    their own, errors of people do not add up.

    Args:
        points: `draws x dimensions`, between 0 and 1.
        people: How many.
        normals: The first so many dimensions become standard normal; at most one more stays uniform.
        seed: Of the shifts.

    Returns:
        Normals `people x normals x draws`, and the uniform ones `people x draws` (empty where there is none).

    Source:
        Cranley & Patterson (1976).
    """
    from scipy.special import ndtri

    shift = np.random.default_rng(seed).random((people, points.shape[1], 1), np.float32)
    moved = points.T.astype(np.float32) + shift
    moved -= moved >= 1
    normal = ndtri(np.clip(moved[:, :normals], 1e-7, 1 - 1e-7))
    return normal, moved[:, normals] if points.shape[1] > normals else np.empty((people, 0), np.float32)


def net(draws: int, dimensions: int, *, seed: int) -> np.ndarray:
    """Scrambled Sobol points, `draws x dimensions`, uniform between 0 and 1."""
    from scipy.stats import qmc

    if not dimensions:
        return np.zeros((draws, 0))
    engine = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    return engine.random_base2(max(1, math.ceil(math.log2(draws))))[:draws]


def standard_of(normal: np.ndarray, distributions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Standard draws of standard normal ones, and their derivative; `people x dimensions x ...`, single precision."""
    from scipy.special import ndtr

    drawn, slope = normal.astype(np.float32), np.ones(normal.shape, np.float32)
    for k, distribution in enumerate(distributions):
        if distribution in ("normal", "lognormal"):
            continue
        z = normal[:, k].astype(float)
        density, tail = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi), ndtr(-np.abs(z))
        if distribution == "triangular":
            drawn[:, k] = np.sign(z) * (1 - np.sqrt(2 * tail))
            slope[:, k] = density / np.sqrt(np.maximum(2 * tail, 1e-30))
        else:
            drawn[:, k], slope[:, k] = np.sign(z) * (1 - 2 * tail), 2 * density
    return drawn, slope


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
