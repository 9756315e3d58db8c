"""Quarantine: what might be otherwise.

Surprises wait here until later events agree with them, refute them, or they fade; and what was believed before a change
stays here, for the world may return to it.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Quarantine(eqx.Module):
    """Claims about the world that the belief does not hold, each with the odds that it is true after all.

    A claim is a change of the map of rank 1: at cue `k` the value would be further by `(directions @ k) * errors`.

    Attributes:
        cues: Where they were made.
        directions: How the map would move: 1 at the claim's own cue, nothing where the belief was sure.
        errors: How far each is from what is believed at its cue, in the units of the values.
        spread: Variance of what is claimed, in units of the noise.
        weight: 1 when it comes in, fading; its variance is inflated by the inverse. 0 is an empty slot.
        odds: Logarithm of the odds of the claim against the belief.
        former: Whether it was itself believed once.
    """

    cues: Float[Array, "slots keys"]
    directions: Float[Array, "slots keys"]
    errors: Float[Array, "slots values"]
    spread: Float[Array, " slots"]
    weight: Float[Array, " slots"]
    odds: Float[Array, " slots"]
    former: Bool[Array, " slots"]


class Claim(eqx.Module):
    """One claim; the fields of `Quarantine`."""

    cues: Float[Array, " keys"]
    directions: Float[Array, " keys"]
    errors: Float[Array, " values"]
    spread: Float[Array, ""]
    weight: Float[Array, ""]
    odds: Float[Array, ""]
    former: Bool[Array, ""]


class Meeting(eqx.Module):
    """One event as the belief met it.

    Attributes:
        cue: Where it happened.
        error: How far it was from what was believed.
        spread: Predicted variance over the noise, 1 or more.
        blank: Prior variance at the cue over the noise.
        noise: Variance of a value's dimension around the truth.
    """

    cue: Float[Array, "*events keys"]
    error: Float[Array, "*events values"]
    spread: Float[Array, "*events"]
    blank: Float[Array, "*events"]
    noise: Float[Array, "*events"]


def empty(slots: int, keys: int, values: int) -> Quarantine:
    """Nothing waits."""
    return Quarantine(
        cues=jnp.zeros((slots, keys)),
        directions=jnp.zeros((slots, keys)),
        errors=jnp.zeros((slots, values)),
        spread=jnp.ones(slots),
        weight=jnp.zeros(slots),
        odds=jnp.zeros(slots),
        former=jnp.zeros(slots, bool),
    )


def fade(quarantine: Quarantine, keep: Float[Array, ""]) -> Quarantine:
    """One event of logical time goes by; what has all but faded is gone."""
    weight = keep * quarantine.weight
    return eqx.tree_at(lambda q: q.weight, quarantine, jnp.where(weight < _GONE, 0.0, weight))


def shares(quarantine: Quarantine, cue: Float[Array, " keys"]) -> tuple[Float[Array, " slots"], Float[Array, " slots"]]:
    """Posterior probability of each claim at a cue, the belief being the alternative, and how far it reaches there.

    Claims that reach the same cue compete; one that does not reach it has no share.
    """
    reach = quarantine.directions @ cue
    near = jnp.where(quarantine.weight > 0, jnp.minimum(reach**2, 1.0), 0.0)
    held = near * jnp.exp(jnp.minimum(quarantine.odds, 0.0))
    return held / (1 + jnp.sum(held)), reach


def hedge(quarantine: Quarantine, cue: Float[Array, " keys"]) -> Float[Array, " values"]:
    """How far the claims move what is expected at a cue, each by its posterior probability."""
    share, reach = shares(quarantine, cue)
    return (share * reach) @ quarantine.errors


def evidence(quarantine: Quarantine, met: Meeting) -> Float[Array, " slots"]:
    """Nats by which an event speaks for each claim and against the belief; an outlier speaks for neither."""
    reach = quarantine.directions @ met.cue
    doubt = reach**2 * quarantine.spread / jnp.where(quarantine.weight > 0, quarantine.weight, 1.0)
    left = met.error - reach[:, None] * quarantine.errors
    claimed = log_likelihood(left, met.noise * (met.spread + doubt))
    outlier = log_likelihood(met.error, outlying(met))
    unchanged = log_likelihood(met.error, met.noise * met.spread)
    return jnp.logaddexp(claimed, outlier) - jnp.logaddexp(unchanged, outlier)


def disbelieve(
    quarantine: Quarantine, told: Float[Array, " slots"], least: Float[Array, ""]
) -> tuple[Quarantine, Float[Array, ""]]:
    """Take in an event that the belief expected.

    A surprise that it refutes is gone. What was once believed only loses odds, and never all: the world may return.

    Args:
        quarantine: Before it.
        told: Its evidence.
        least: Log-odds that a former belief keeps.

    Returns:
        The quarantine after it, and how many surprises were refuted.
    """
    odds = quarantine.odds + jnp.minimum(told, 0.0)
    gone = refuted(quarantine, told)
    after = eqx.tree_at(
        lambda q: (q.odds, q.weight),
        quarantine,
        (jnp.where(quarantine.former, jnp.maximum(odds, least), odds), jnp.where(gone, 0.0, quarantine.weight)),
    )
    return after, jnp.sum(gone).astype(odds.dtype)


def refuted(quarantine: Quarantine, told: Float[Array, "*events slots"]) -> Bool[Array, "*events slots"]:
    """Which surprises an event speaks so strongly against that they need not wait any longer."""
    return (told < -_REFUTED) & ~quarantine.former & (quarantine.weight > 0)


def supported(told: Float[Array, ""]) -> Bool[Array, ""]:
    """Whether an event speaks so strongly for a claim that it is the same claim again."""
    return told > _REFUTED


def put(quarantine: Quarantine, claim: Claim, slot: Array) -> Quarantine:
    """Put a claim into a slot."""
    fields = {name: getattr(quarantine, name).at[slot].set(getattr(claim, name)) for name in claim.__annotations__}
    return Quarantine(**fields)


def same_cue(quarantine: Quarantine, cue: Float[Array, " keys"]) -> Bool[Array, " slots"]:
    """Which slots wait at (nearly) this cue: squared cosine above a half."""
    lengths = jnp.sum(quarantine.cues**2, -1) * jnp.sum(cue**2)
    return (quarantine.cues @ cue) ** 2 > 0.5 * lengths


def loudness(met: Meeting) -> Float[Array, ""]:
    """Nats by which a surprise, taken for a change drawn from the prior, falls short of an outlier; 0 or above.

    However loud it is, no surprise is held more than `exp(-8)` times less likely than another.
    """
    anew = log_likelihood(met.error, met.noise * (met.spread + met.blank))
    return jnp.minimum(log_likelihood(met.error, outlying(met)) - anew, _LOUDEST)


def is_loud(loudness: Float[Array, ""]) -> Bool[Array, ""]:
    """Whether a surprise is an outlier for its size alone."""
    return loudness > _REFUTED


def outlying(met: Meeting) -> Float[Array, ""]:
    """Variance of an outlier: at least that of the prior, and any above it, whichever suits the event best."""
    return jnp.maximum(met.noise * (met.spread + met.blank), jnp.mean(met.error**2))


def log_likelihood(error: Float[Array, "*claims values"], variance: Float[Array, "*claims"]) -> Float[Array, "*claims"]:
    """Log density of an error in nats, Gaussian, the same variance in each dimension."""
    return -0.5 * (jnp.sum(error**2, -1) / variance + error.shape[-1] * jnp.log(2 * jnp.pi * variance))


_GONE = 0.02
_REFUTED = 3.0  # nats
_LOUDEST = 8.0  # nats
