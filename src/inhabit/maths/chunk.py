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
    """What a chunk of events says without any state, computed for all chunks at once.

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

    keys: Float[Array, "*chunks time keys"]
    target: Float[Array, "*chunks time values"]
    gram: Float[Array, "*chunks time time"]
    late: Float[Array, "*chunks time keys"]
    kept: Float[Array, "*chunks"]
    queries: Float[Array, "*chunks time keys"] | None
    base: Float[Array, "*chunks time values"] | None
    cross: Float[Array, "*chunks time time"] | None


class Filtered(eqx.Module):
    """Chunks taken in.

    Attributes:
        white: Innovations over their predicted deviations.
        deviation: Predicted deviation of each event, noise included, in units of the noise.
        read: Value expected at each query once its own event was taken in; None without queries.
    """

    white: Float[Array, "chunks time values"]
    deviation: Float[Array, "chunks time"]
    read: Float[Array, "chunks time values"] | None


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


def filter_chunks(belief: Association, chunks: Chunk, pace: Pace) -> tuple[Association, Filtered]:
    """Take chunks in one after another, every event with Kalman's gain.

    Only what must goes from chunk to chunk: the covariance by one Cholesky and one triangular solve, then the mean by
    one product. All else is done for all chunks at once.

    Args:
        belief: Before; covariance in units of the noise.
        chunks: From `prepare`, stacked.
        pace: As given to `prepare`.

    Returns:
        The belief after the last, and what each chunk was like.
    """
    size = belief.covariance.shape[0]

    def cover(covariance: Array, chunk: Chunk) -> tuple[Array, tuple[Array, Array, Array]]:
        covered = chunk.keys @ covariance
        factor = jnp.linalg.cholesky(chunk.gram + covered @ chunk.keys.T, symmetrize_input=False)
        moved = jax.scipy.linalg.solve_triangular(factor, chunk.kept * covered + chunk.late, lower=True)
        fresh = (1 - chunk.kept**2) * pace.variance
        after = chunk.kept**2 * covariance + fresh * jnp.eye(size) - moved.T @ moved
        return 0.5 * (after + after.T), (covered, factor, moved)

    covariance, (covered, factor, moved) = jax.lax.scan(cover, belief.covariance, chunks)
    kept, whiten = chunks.kept[:, None, None], lower_inverse(factor)
    seen, target = whiten @ chunks.keys, whiten @ chunks.target
    turned = kept * jnp.eye(size) - moved.swapaxes(1, 2) @ seen
    added = (1 - kept) * pace.prior + moved.swapaxes(1, 2) @ target
    mean, means = jax.lax.scan(lambda mean, by: (by[0] @ mean + by[1], mean), belief.mean, (turned, added))
    white = target - seen @ means
    read = None
    if chunks.queries is not None and chunks.base is not None and chunks.cross is not None:
        cross = chunks.cross + jnp.tril(chunks.queries @ covered.swapaxes(1, 2))
        read = chunks.base + chunks.queries @ means + jnp.tril(cross @ whiten.swapaxes(1, 2)) @ white
    deviation = jnp.diagonal(factor, axis1=1, axis2=2)
    return Association(mean=mean, covariance=covariance), Filtered(white=white, deviation=deviation, read=read)


def lower_inverse(factor: Float[Array, "*batch size size"]) -> Float[Array, "*batch size size"]:
    """Inverse of lower-triangular matrices by recursive merging: halves are inverted and joined by two products.

    Several times as fast on a CPU as triangular solves, which run a row at a time.

    Args:
        factor: Lower triangular, with no zero on the diagonal; any size.
    """
    size = factor.shape[-1]
    width = 1 << max(size - 1, 0).bit_length()
    if width != size:
        padded = jnp.broadcast_to(jnp.eye(width), (*factor.shape[:-2], width, width))
        return lower_inverse(padded.at[..., :size, :size].set(factor))[..., :size, :size]
    diagonal = jnp.diagonal(factor, axis1=-2, axis2=-1)
    blocks = (1 / diagonal)[..., None, None]
    while blocks.shape[-1] < size:
        half = blocks.shape[-1]
        pairs = blocks.reshape(*blocks.shape[:-3], -1, 2, half, half)
        first, second = pairs[..., 0, :, :], pairs[..., 1, :, :]
        below = jnp.stack(
            [factor[..., at + half : at + 2 * half, at : at + half] for at in range(0, size, 2 * half)], axis=-3
        )
        joined = -second @ below @ first
        upper = jnp.concatenate([first, jnp.zeros_like(first)], axis=-1)
        blocks = jnp.concatenate([upper, jnp.concatenate([joined, second], axis=-1)], axis=-2)
    return blocks[..., 0, :, :]


def fading_sum(
    start: Float[Array, ""],
    added: Float[Array, "chunks time"],
    keep: Float[Array, ""] | float,
    ticks: Float[Array, "chunks time"],
) -> Float[Array, "chunks time"]:
    """`y[t] = keep^(ticks[t] - ticks[t-1]) y[t-1] + added[t]`, all at once within a chunk.

    Args:
        start: `y` before the first chunk.
        added: At each event.
        keep: Share kept by one tick.
        ticks: Within each chunk, counted from its own start.
    """
    left = jnp.power(keep, ticks)
    within = left * running_sum(added / left)
    _, starts = jax.lax.scan(lambda y, by: (by[0] * y + by[1], y), start, (left[:, -1], within[:, -1]))
    return within + left * starts[:, None]


def running_sum(part: Float[Array, "*chunks time"]) -> Float[Array, "*chunks time"]:
    """Sum of everything up to each event, by one product."""
    return part @ jnp.triu(jnp.ones((part.shape[-1], part.shape[-1])))
