"""One person's weights brought up to date: a normal belief, more choices or a reward, a normal belief again."""

import numpy as np


def rewarded(
    mean: np.ndarray, covariance: np.ndarray, got: np.ndarray, reward: float, *, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Bring weights up to date by a reward `got @ weights + noise`: a temporal difference at Kalman's rate.

    Raises:
        ValueError: The noise is not positive or the reward not finite.

    Source:
        Geist & Pietquin (2010), Kalman temporal differences.
    """
    if not (noise > 0 and np.isfinite(reward)):
        raise ValueError(f"reward {reward} with noise {noise}; a reward is finite, its standard deviation positive")
    moved = covariance @ got
    gain = moved / (got @ moved + noise**2)
    return mean + gain * (reward - got @ mean), covariance - np.outer(gain, moved)


def chose(
    mean: np.ndarray,
    covariance: np.ndarray,
    attributes: np.ndarray,
    is_open: np.ndarray,
    chosen: np.ndarray,
    *,
    steps: int = 30,
) -> tuple[np.ndarray, np.ndarray]:
    """Bring weights up to date by choices, by Laplace's method: the mode, and the curvature there.

    Args:
        mean: Of the weights before.
        covariance: Of them.
        attributes: `occasions x alternatives x attributes`.
        is_open: `occasions x alternatives`.
        chosen: `occasions`.
        steps: Most Newton steps; the log posterior is concave.
    """
    precision, weight = np.linalg.pinv(covariance), np.array(mean, float)
    free = covariance @ precision  # directions in which nothing is unsure stay as they are

    def look(at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        utility = np.where(is_open, attributes @ at, -np.inf)
        utility = utility - utility.max(axis=1, keepdims=True)
        odds = np.exp(utility)
        share = odds / odds.sum(axis=1, keepdims=True)
        rows, away = np.arange(len(chosen)), at - mean
        middle = np.einsum("oa,oak->ok", share, attributes)
        value = np.log(share[rows, chosen]).sum() - 0.5 * away @ precision @ away
        slope = (attributes[rows, chosen] - middle).sum(axis=0) - precision @ away
        curvature = np.einsum("oa,oak,oal->kl", share, attributes, attributes) - middle.T @ middle
        return float(value), slope, precision + curvature

    value, slope, curvature = look(weight)
    for _ in range(steps):
        move = free @ np.linalg.pinv(free.T @ curvature @ free) @ free.T @ slope
        while look(weight + move)[0] < value - 1e-9 and np.abs(move).max() > 1e-9:
            move /= 2
        weight = weight + move
        value, slope, curvature = look(weight)
        if np.abs(move).max() < 1e-8:
            break
    return weight, free @ np.linalg.pinv(free.T @ curvature @ free) @ free.T
