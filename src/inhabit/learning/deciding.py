"""From beliefs to one answer: how far to lean against what is common, chosen on lives that were held back."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import uniform_filter

from inhabit.maths.scores import kappa

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


def furthest_strength(
    belief: Float[np.ndarray, "turns answers"],
    prior: Float[np.ndarray, " answers"],
    target: Int[np.ndarray, " turns"],
    *,
    loss: float = 0.002,
    strengths: Sequence[float] = STRENGTHS,
) -> float:
    """The furthest leaning that costs next to no accuracy: rare answers are given wherever they cost nothing.

    Accuracy is smoothed over neighbouring strengths, so that no lucky spike decides.

    Args:
        belief: Log probabilities.
        prior: Shares of the answers, above 0.
        target: The true answers.
        loss: Accuracy that may be lost against the best strength.
        strengths: Those tried, ascending.
    """
    scores = np.array([np.mean(decide(belief, prior, strength) == target) for strength in strengths])
    padded = np.concatenate([scores[:1], scores, scores[-1:]])
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return strengths[int(np.flatnonzero(smooth >= smooth.max() - loss)[-1])]


LIFTS = tuple(float(lift) for lift in np.arange(0.8, 3.3, 0.2))
"""Nats by which what lies below and above the commonest rating is lifted, as tried."""


def lifted(
    belief: Float[np.ndarray, "turns ratings"], common: int, below: float, above: float
) -> Int[np.ndarray, " turns"]:
    """The likeliest rating once those below and above the commonest one are lifted by so many nats."""
    order = np.arange(belief.shape[1])
    return np.argmax(belief + below * (order < common) + above * (order > common), axis=1)


def best_lifts(
    belief: Float[np.ndarray, "turns ratings"],
    common: int,
    score: Callable[[Int[np.ndarray, " turns"]], float],
    lifts: Sequence[float] = LIFTS,
) -> tuple[float, float]:
    """The two lifts whose ratings score best, each score averaged with those of its neighbours on the grid."""
    scores = np.array([[score(lifted(belief, common, below, above)) for above in lifts] for below in lifts])
    smooth = uniform_filter(scores, 3, mode="nearest")
    below, above = divmod(int(smooth.argmax()), len(lifts))
    return lifts[below], lifts[above]


def decide_for_kappa(
    belief: Float[np.ndarray, "turns answers"], prior: Float[np.ndarray, " answers"], reached: float
) -> Int[np.ndarray, " turns"]:
    """The answer of greatest `p(answer) - (1 - reached) * prior(answer)`.

    Cohen's kappa is `(agreed - chance) / (1 - chance)`, both linear in what is answered; where `reached` is the greatest that
    can be had, this is how to have it.

    Args:
        belief: Log probabilities.
        prior: How common each answer truly is.
        reached: See `reachable_kappa`.

    Source:
        Dinkelbach (1967), On nonlinear fractional programming. Management Science 13.
    """
    return np.argmax(np.exp(belief) - (1 - reached) * prior, axis=1)


def reachable_kappa(
    belief: Float[np.ndarray, "turns answers"], target: Int[np.ndarray, " turns"], *, steps: int = 10
) -> float:
    """The kappa that `decide_for_kappa` reaches with it, by Dinkelbach's steps from 0.

    Args:
        belief: Log probabilities of turns that were held back.
        target: Their true answers.
        steps: At most.
    """
    prior = np.bincount(target, minlength=belief.shape[1]) / len(target)
    reached = 0.0
    for _ in range(steps):
        before, reached = reached, max(0.0, kappa(target, decide_for_kappa(belief, prior, reached)))
        if reached == before:
            break
    return reached
