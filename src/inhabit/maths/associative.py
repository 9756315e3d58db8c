"""Associative update: a believed linear map from keys to values, corrected one event at a time.

The belief is Gaussian: every column of the map has the same covariance `P` over keys, so each dimension of the value
at key `k` is expected with variance `noise + k'Pk`. (Where the noise itself is learned, everything is in units of it: noise 1.) Every change of the belief here is one *correction*

    M <- M + g (target - M'k)',    P <- (I - g k') P (I - g k')' + x g g'

whose gain `g` and noise `x` say what kind of event it was. It is Joseph's form: `P` stays positive semidefinite for
any gain, also an inexact one.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Association(eqx.Module):
    """A Gaussian belief in a linear map.

    Attributes:
        mean: The map, keys to values.
        covariance: Of each column of the map, in units of the values squared, or of the noise.
    """

    mean: Float[Array, "keys values"]
    covariance: Float[Array, "keys keys"]


class Gain(eqx.Module):
    """How an event corrects an association.

    Attributes:
        direction: How far each row of the map moves for each unit of error.
        noise: Variance of what was written, in units of the values squared.
    """

    direction: Float[Array, " keys"]
    noise: Float[Array, ""]


def spread(covariance: Float[Array, "keys keys"], key: Float[Array, " keys"]) -> tuple[Array, Array]:
    """What the belief leaves open at a key: `Pk`, and the variance `k'Pk >= 0`."""
    covered = covariance @ key
    return covered, jnp.maximum(covered @ key, 0.0)


def expected(mean: Float[Array, "keys values"], key: Float[Array, " keys"]) -> Float[Array, " values"]:
    """The value expected at a key, `M'k`."""
    return key @ mean


def kalman_gain(
    covered: Float[Array, " keys"], open_: Float[Array, ""], noise: Float[Array, ""], change: Float[Array, ""]
) -> Gain:
    """The gain that makes the correction Bayes' rule.

    With `change = 0` this is Kalman's `Pk / (k'Pk + noise)`. Otherwise the map is taken to have changed just before,
    by a variance `change` at this key, in the direction `Pk` that disturbs what is known of other keys the least.

    Args:
        covered: `Pk`.
        open_: `k'Pk`.
        noise: Variance of the event; above 0.
        change: Variance that is added at the key before the event is taken in; 0 or above.
    """
    wide = open_ + change
    per_key, most = covered / jnp.maximum(open_, _TINY), jnp.maximum(wide, _TINY)
    return Gain(
        direction=jnp.where(change > 0, per_key * wide, covered) / (wide + noise),
        noise=noise * (1 + change / most * (noise / most)),  # a square of `most`, and its slope, would vanish
    )


def correct(belief: Association, key: Float[Array, " keys"], error: Float[Array, " values"], gain: Gain) -> Association:
    """Correct a belief by an event.

    Args:
        belief: Before the event.
        key: Where the event happened.
        error: Target less what was expected at the key.
        gain: From `kalman_gain`, `replacing_gain`, or zeros to leave the belief as it is.
    """
    g = gain.direction
    covered = belief.covariance @ key
    open_ = covered @ key + gain.noise
    # Joseph's form multiplied out, mean and covariance in one product of rank 2: three times as fast on a CPU as
    # elementwise sums, which the compiler fuses with the gain and so computes the gain once for every entry.
    width = error.shape[0]
    first = jnp.concatenate([error, open_ * g - covered])
    second = jnp.concatenate([jnp.zeros(width), -g])
    change = jnp.stack([g, covered], axis=1) @ jnp.stack([first, second])
    covariance = belief.covariance + change[:, width:]
    return Association(mean=belief.mean + change[:, :width], covariance=0.5 * (covariance + covariance.T))


def relax(
    belief: Association, prior: Float[Array, "keys values"], variance: Float[Array, ""], keep: Float[Array, ""]
) -> Association:
    """Let a belief lean back to its prior for one step of logical time.

    An Ornstein-Uhlenbeck step: the distance to the prior shrinks by `keep`, and the variance grows towards, and never
    beyond, the prior's.

    Args:
        belief: Before the step.
        prior: Mean leaned to.
        variance: Prior variance of each entry of the map.
        keep: 1 keeps everything, 0 forgets everything.
    """
    kept = keep**2
    added = (1 - kept) * variance * jnp.eye(belief.covariance.shape[0])
    return Association(mean=keep * belief.mean + (1 - keep) * prior, covariance=kept * belief.covariance + added)


def information_gain(
    open_: Float[Array, "*events"], noise: Float[Array, "*events"], error: Float[Array, "*events values"]
) -> Float[Array, "*events"]:
    """Bayesian surprise of a Kalman write in nats: `KL(belief after || belief before)`.

    Args:
        open_: `k'Pk` before the write.
        noise: Variance of the event.
        error: Innovation.

    Source:
        Itti & Baldi (2009); for the linear-Gaussian case it closes, without an inverse, to this.
    """
    total = open_ + noise
    breadth = error.shape[-1] * (jnp.log(total / noise) - open_ / total)
    return 0.5 * (breadth + jnp.sum(error**2, -1) * open_ / total**2)


def chi_square_limit(z: Float[Array, ""], dims: int) -> Float[Array, ""]:
    """The mean of `dims` squared standard normals that is as rare as one standard normal beyond `z`.

    Source:
        Wilson & Hilferty (1931).
    """
    width = 2 / (9 * dims)
    return (1 - width + z * jnp.sqrt(width)) ** 3


def straight_through(hard: Array, soft: Float[Array, ""]) -> Float[Array, ""]:
    """`hard` in value, `soft` in gradient: a decision that can be learned."""
    return soft + jax.lax.stop_gradient(hard.astype(soft.dtype) - soft)


_TINY = 1e-12
