"""Quarantine: surprising events wait in a few slots until later events agree with them, refute them, or they fade."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths.associative import straight_through


class Quarantine(eqx.Module):
    """Events that the belief did not swallow. Together they are what a change of the world would have to explain.

    Attributes:
        cues: Where they happened.
        errors: How far each was from what was believed then, in the units of the values.
        spread: Variance with which the belief saw it, noise included, in units of the noise.
        weight: 1 when it comes in, fading; its noise is inflated by the inverse. 0 is an empty slot.
    """

    cues: Float[Array, "slots keys"]
    errors: Float[Array, "slots values"]
    spread: Float[Array, " slots"]
    weight: Float[Array, " slots"]


class Meeting(eqx.Module):
    """One event as the belief met it.

    Attributes:
        cue: Where it happened.
        error: How far it was from what was believed.
        spread: Predicted variance over the noise, 1 or more.
        blank: Prior variance at the cue over the noise.
        noise: Variance of a value's dimension around the truth.
    """

    cue: Float[Array, " keys"]
    error: Float[Array, " values"]
    spread: Float[Array, ""]
    blank: Float[Array, ""]
    noise: Float[Array, ""]


class Verdict(eqx.Module):
    """What the quarantine makes of a surprise.

    Attributes:
        waiting: Change of the belief that the quarantine foretells at the cue.
        doubt: Its variance in units of the noise.
        confirmed: 1 if the event agrees with it better than with the belief and than an outlier would; has a gradient.
    """

    waiting: Float[Array, " values"]
    doubt: Float[Array, ""]
    confirmed: Float[Array, ""]


def empty(slots: int, keys: int, values: int) -> Quarantine:
    """Nothing waits."""
    return Quarantine(
        cues=jnp.zeros((slots, keys)),
        errors=jnp.zeros((slots, values)),
        spread=jnp.ones(slots),
        weight=jnp.zeros(slots),
    )


def fade(quarantine: Quarantine, keep: Float[Array, ""]) -> Quarantine:
    """One event of logical time goes by; what has all but faded is gone."""
    weight = keep * quarantine.weight
    return eqx.tree_at(lambda q: q.weight, quarantine, jnp.where(weight < _GONE, 0.0, weight))


def consult(quarantine: Quarantine, met: Meeting, variance: Float[Array, ""], conviction: Float[Array, ""]) -> Verdict:
    """Set a surprise against three accounts: unchanged, an outlier, changed as the quarantine has it.

    Args:
        quarantine: Faded up to now.
        met: The surprise.
        variance: Prior variance of the map over the noise.
        conviction: Nats by which a change must beat the outlier.
    """
    present = quarantine.weight > 0
    cues = jnp.where(present[:, None], quarantine.cues, 0.0)
    seen = quarantine.spread / jnp.where(present, quarantine.weight, 1.0)
    factor = jnp.linalg.cholesky(variance * cues @ cues.T + jnp.diag(seen))
    towards = jax.scipy.linalg.cho_solve((factor, True), variance * cues @ met.cue)
    waiting = towards @ quarantine.errors
    doubt = jnp.maximum(met.blank - towards @ (variance * cues @ met.cue), 0.0)
    unchanged = _log_likelihood(met.error, met.noise * met.spread)
    outlier = _log_likelihood(met.error, _outlying(met))
    changed = _log_likelihood(met.error - waiting, met.noise * (met.spread + doubt))
    unchanged, outlier, changed = jax.lax.stop_gradient((unchanged, outlier, changed))
    agreement = jnp.minimum(changed - outlier - conviction, changed - unchanged)
    return Verdict(waiting=waiting, doubt=doubt, confirmed=straight_through(agreement > 0, jax.nn.sigmoid(agreement)))


def refuted(
    quarantine: Quarantine, met: Meeting, variance: Float[Array, ""], conviction: Float[Array, ""]
) -> Bool[Array, " slots"]:
    """Which slots an event speaks against: had they been true, an outlier would be the better account of it."""
    weight = jnp.where(quarantine.weight > 0, quarantine.weight, 1.0)
    near = variance * quarantine.cues @ met.cue
    seen = variance * jnp.sum(quarantine.cues**2, -1) + quarantine.spread / weight
    share = near / seen
    left = jnp.maximum(met.blank - share * near, 0.0)
    outlier = _log_likelihood(met.error, _outlying(met))
    squared = jnp.sum(met.error**2) - 2 * share * (quarantine.errors @ met.error)
    squared += share**2 * jnp.sum(quarantine.errors**2, -1)
    variance = met.noise * (met.spread + left)
    changed = -0.5 * (squared / variance + met.error.shape[0] * jnp.log(2 * jnp.pi * variance))
    return (outlier - changed > conviction) & (quarantine.weight > 0)


def release(quarantine: Quarantine, gone: Bool[Array, " slots"]) -> Quarantine:
    """Empty some slots."""
    return eqx.tree_at(lambda q: q.weight, quarantine, jnp.where(gone, 0.0, quarantine.weight))


def same_cue(quarantine: Quarantine, cue: Float[Array, " keys"]) -> Bool[Array, " slots"]:
    """Which slots wait at (nearly) this cue: squared cosine above a half."""
    lengths = jnp.sum(quarantine.cues**2, -1) * jnp.sum(cue**2)
    return (quarantine.cues @ cue) ** 2 > 0.5 * lengths


def admit(quarantine: Quarantine, met: Meeting) -> Quarantine:
    """Let a surprise wait, in place of the faintest."""
    slot = jnp.argmin(quarantine.weight)
    return Quarantine(
        cues=quarantine.cues.at[slot].set(met.cue),
        errors=quarantine.errors.at[slot].set(met.error),
        spread=quarantine.spread.at[slot].set(met.spread),
        weight=quarantine.weight.at[slot].set(1.0),
    )


def _outlying(met: Meeting) -> Float[Array, ""]:
    """Variance of an outlier: at least that of the prior, and any above it, whichever suits the event best."""
    return jnp.maximum(met.noise * (met.spread + met.blank), jnp.mean(met.error**2))


def _log_likelihood(error: Float[Array, " values"], variance: Float[Array, ""]) -> Float[Array, ""]:
    return -0.5 * (jnp.sum(error**2) / variance + error.shape[-1] * jnp.log(2 * jnp.pi * variance))


_GONE = 0.02
