"""The ideal observer of the market: how likely what was done is, if one knew the choice rule and guessed the maker."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.worlds.market.makers import PARAMETERS, PRIOR_MEAN, PRIOR_SCALE, Maker
from inhabit.worlds.market.rule import log_probabilities
from inhabit.worlds.market.situation import Situation, advance
from inhabit.worlds.market.world import STRESS_MEAN, STRESS_SCALE, Record


class Evidence(eqx.Module):
    """The meetings of each maker.

    Attributes:
        starts: Each meeting as it began.
        options: What was done at each turn.
        side: 0 where the maker acted first, 1 where second.
    """

    starts: Situation
    options: Int[Array, "*makers meetings turns"]
    side: Int[Array, "*makers meetings"]


def evidence(record: Record) -> Evidence:
    """Sort a record's meetings by maker: leading axes makers, then meetings of each."""
    people = np.asarray(record.pairs).reshape(-1)
    order = np.argsort(people, kind="stable").reshape(len(record.makers.patience), -1)
    starts = jax.tree.map(lambda leaf: leaf[order // 2], record.starts)
    return Evidence(starts=starts, options=record.events.option[order // 2], side=jnp.asarray(order % 2))


def prior(meetings: int) -> tuple[Float[Array, " parameters"], Float[Array, " parameters"]]:
    """Mean and standard deviation of all that is hidden: `PARAMETERS`, then the logit stress at each start."""
    mean = np.concatenate([PRIOR_MEAN, np.full(meetings, STRESS_MEAN, np.float32)])
    return jnp.asarray(mean), jnp.asarray(np.concatenate([PRIOR_SCALE, np.full(meetings, STRESS_SCALE, np.float32)]))


def total_log_likelihood(theta: Float[Array, " parameters"], seen: Evidence) -> Float[Array, ""]:
    """Log-likelihood of all of one maker's meetings, for `values.inference.laplace` with `prior`."""
    maker, stress = Maker.from_unconstrained(theta[: len(PARAMETERS)]), jax.nn.sigmoid(theta[len(PARAMETERS) :])
    each = jax.vmap(log_likelihood, (None, 0, 0, 0, 0))(maker, stress, seen.starts, seen.options, seen.side)
    return each.sum()


def log_likelihood(
    maker: Maker,
    stress: Float[Array, ""],
    start: Situation,
    options: Int[Array, " turns"],
    side: Int[Array, ""],
) -> Float[Array, ""]:
    """Log-likelihood of one side's acts in a meeting: `beliefs` read off at what was done."""
    logits, counts = beliefs(maker, stress, start, options, side)
    return jnp.sum(counts * jnp.take_along_axis(logits, options[:, None], axis=1)[:, 0])


def beliefs(
    maker: Maker,
    stress: Float[Array, ""],
    start: Situation,
    options: Int[Array, " turns"],
    side: Int[Array, ""],
) -> tuple[Float[Array, "turns options"], Float[Array, " turns"]]:
    """What an ideal observer expects of one side at each turn, if it were `maker`, begun with `stress`.

    Args:
        maker: One maker; its style is not used.
        stress: When the meeting began.
        start: The meeting as it began; what it says of this side's lasting part and mood is replaced.
        options: What was done at each turn.
        side: 0 if this side acted first, else 1.

    Returns:
        Log-probability of each option at each turn, and 1 for this side's own turns, else 0.
    """
    mine = jnp.arange(2) == side

    def placed(new: Float[Array, "..."], old: Float[Array, "..."]) -> Float[Array, "..."]:
        return jnp.where(mine.reshape((2,) + (1,) * (old.ndim - 1)), new, old)

    makers = jax.tree.map(placed, maker, start.makers)
    mood = start.mood.at[:, 0].set(jnp.where(mine, stress, start.mood[:, 0]))
    begun = eqx.tree_at(lambda s: (s.makers, s.mood), start, (makers, mood))

    def turn(now: Situation, numbered: tuple[Array, Array]) -> tuple[Situation, tuple[Array, Array]]:
        number, option = numbered
        counts = (number % 2 == side) & ~now.over
        return advance(now, option), (log_probabilities(now), counts.astype(float))

    return jax.lax.scan(turn, begun, (jnp.arange(len(options)), options))[1]
