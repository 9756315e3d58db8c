"""From beliefs to one answer: how far to lean against what is common, chosen on lives that were held back."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

STRENGTHS = tuple(float(strength) for strength in np.linspace(0, 1, 21))
"""Strengths that are tried: 0 answers what is likeliest, 1 what is likeliest were all answers equally common."""


def decide(
    belief: Float[np.ndarray, "turns answers"], prior: Float[np.ndarray, " answers"], strength: float
) -> Int[np.ndarray, " turns"]:
    """The answer of greatest `log p(answer) - strength * log prior(answer)`.

    Args:
        belief: Log probabilities.
        prior: How common each answer is among the training lives, in shares; above 0.
        strength: See `STRENGTHS`.

    Source:
        Menon et al. (2021), Long-tail learning via logit adjustment, section 4.1.
    """
    return np.argmax(belief - strength * np.log(prior), axis=1)


def best_strength(
    belief: Float[np.ndarray, "turns answers"],
    prior: Float[np.ndarray, " answers"],
    score: Callable[[Int[np.ndarray, " turns"]], float],
    strengths: Sequence[float] = STRENGTHS,
) -> float:
    """The strength whose decisions score best; see `smoothed_scores`."""
    return strengths[int(np.argmax(smoothed_scores(belief, prior, score, strengths)))]


def smoothed_scores(
    belief: Float[np.ndarray, "turns answers"],
    prior: Float[np.ndarray, " answers"],
    score: Callable[[Int[np.ndarray, " turns"]], float],
    strengths: Sequence[float] = STRENGTHS,
) -> Float[np.ndarray, " strengths"]:
    """How well the decisions of each strength score, smoothed over its two neighbours so that no lucky spike wins."""
    scores = np.array([score(decide(belief, prior, strength)) for strength in strengths])
    padded = np.concatenate([scores[:1], scores, scores[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3
