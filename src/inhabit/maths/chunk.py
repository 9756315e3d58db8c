"""Many associative updates at once: one Cholesky of a chunk's Gram matrix gives every event's innovation and variance.

The map is an Ornstein-Uhlenbeck walk around a prior, seen through unit noise at each event's key. All events of a chunk
are then jointly Gaussian, and whitening them by the Cholesky factor of their covariance is the Kalman filter: row `t` of
the whitened events is the `t`-th innovation over its predicted deviation. No matrix of keys x keys is formed per event.

Source:
    Kalman (1960); Kailath (1968) for innovations as a Cholesky factor.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths.associative import Association


class Pace(eqx.Module):
    """How a belief leans back to its prior.

    Attributes:
        rate: Logarithm of the share of the distance to the prior that one event keeps; 0 or below.
        variance: Prior variance of each entry of the map, in units of the noise.
        prior: Map that is leaned to.
    """

    rate: Float[Array, ""]
    variance: Float[Array, ""]
    prior: Float[Array, "keys values"]


class Chunk(eqx.Module):
    """What a chunk of events says without any state, so that it can be worked out for all chunks at once.

    Attributes:
        keys: Faded to the chunk's start.
        target: Values less what leaning to the prior explains.
        gram: Covariance of the events that arose within the chunk, noise included.
        late: Covariance of the final map with each event that arose within the chunk.
        kept: Share kept at the end of the chunk.
        queries: Faded to the chunk's start.
        base: What leaning to the prior says at the queries.
        cross: Covariance of what is asked with the events that arose within the chunk.
    """

    keys: Float[Array, "time keys"]
    target: Float[Array, "time values"]
    gram: Float[Array, "time time"]
    late: Float[Array, "time keys"]
    kept: Float[Array, ""]
    queries: Float[Array, "time keys"] | None
    base: Float[Array, "time values"] | None
    cross: Float[Array, "time time"] | None


class Filtered(eqx.Module):
    """A chunk taken in.

    Attributes:
        white: Innovations over their predicted deviations.
        deviation: Predicted deviation of each event, noise included, in units of the noise.
        read: Value expected at each query once its own event was taken in; None without queries.
    """

    white: Float[Array, "time values"]
    deviation: Float[Array, " time"]
    read: Float[Array, "time values"] | None


def prepare(
    keys: Float[Array, "time keys"],
    values: Float[Array, "time values"],
    sane: Float[Array, " time"],
    queries: Float[Array, "time keys"] | None,
    pace: Pace,
) -> Chunk:
    """All that needs no state.

    Args:
        keys: Zeros where not sane.
        values: Zeros where not sane.
        sane: 1, or 0 for an event that leaves no trace and takes no time.
        queries: Where to read after each event.
        pace: Of leaning back.
    """
    ticks = running_sum(sane)
    kept = jnp.exp(pace.rate * ticks)
    fresh = -jnp.expm1(2 * pace.rate * ticks) * pace.variance
    # The covariance of what arose by one event with what arose by a later one is that of the first, faded since then.
    since = kept[:, None] * (fresh / kept)
    lower = jnp.tril(since)
    within = lower + jnp.triu(since.T, 1)
    leaning = -jnp.expm1(pace.rate * ticks)[:, None]
    total = kept[-1]
    return Chunk(
        keys=kept[:, None] * keys,
        target=values - leaning * (keys @ pace.prior),
        gram=within * (keys @ keys.T) + jnp.eye(keys.shape[0]),
        late=(total * fresh / kept)[:, None] * keys,
        kept=total,
        queries=None if queries is None else kept[:, None] * queries,
        base=None if queries is None else leaning * (queries @ pace.prior),
        cross=None if queries is None else lower * (queries @ keys.T),
    )


def filter_chunk(belief: Association, chunk: Chunk, pace: Pace) -> tuple[Association, Filtered]:
    """Take a chunk in, every event with Kalman's gain.

    Args:
        belief: Before; covariance in units of the noise.
        chunk: From `prepare`.
        pace: As given to `prepare`.

    Returns:
        The belief after it, and what it was like.
    """
    size, kept = belief.covariance.shape[0], chunk.kept
    covered = chunk.keys @ belief.covariance
    factor = jax.lax.linalg.cholesky(chunk.gram + covered @ chunk.keys.T, symmetrize_input=False)
    whiten = lower_inverse(factor)
    white = whiten @ (chunk.target - chunk.keys @ belief.mean)
    moved = whiten @ (kept * covered + chunk.late)
    fresh = (1 - kept**2) * pace.variance
    covariance = kept**2 * belief.covariance + fresh * jnp.eye(size) - moved.T @ moved
    mean = kept * belief.mean + (1 - kept) * pace.prior + moved.T @ white
    read = None
    if chunk.queries is not None and chunk.base is not None and chunk.cross is not None:
        cross = chunk.cross + jnp.tril(chunk.queries @ covered.T)
        read = chunk.base + chunk.queries @ belief.mean + jnp.tril(cross @ whiten.T) @ white
    after = Association(mean=mean, covariance=0.5 * (covariance + covariance.T))
    return after, Filtered(white=white, deviation=jnp.diagonal(factor), read=read)


def lower_inverse(factor: Float[Array, "size size"]) -> Float[Array, "size size"]:
    """Inverse of a lower-triangular matrix; what is above the diagonal is not looked at.

    Solved from the right, for LAPACK counts columns first: on a CPU about half the time of a solve from the left.
    """
    solved = jax.lax.linalg.triangular_solve(
        factor, jnp.eye(factor.shape[0]), left_side=False, lower=True, transpose_a=True
    )
    return solved.T


def fading_sum(
    start: Float[Array, ""], added: Float[Array, " time"], left: Float[Array, " time"]
) -> Float[Array, " time"]:
    """`y[t] = left[t] / left[t-1] * y[t-1] + added[t]`, all at once.

    Args:
        start: `y` before the first event.
        added: At each event.
        left: Share of the start that is left at each event; positive.
    """
    return left * (start + running_sum(added / left))


def running_sum(part: Float[Array, " time"]) -> Float[Array, " time"]:
    """Sum of everything up to each event, by one product."""
    return part @ jnp.triu(jnp.ones((part.shape[-1], part.shape[-1])))
