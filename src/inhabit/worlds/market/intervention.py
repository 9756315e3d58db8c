"""What if: any meeting at any of its turns, changed, with the true choice rule to answer."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.worlds.market.situation import Situation, advance
from inhabit.worlds.market.world import Record


def situation_at(record: Record, meeting: Int[Array, ""] | int, turn: Int[Array, ""] | int) -> Situation:
    """A recorded meeting as it stood just before a turn; who acts at that turn comes first in it."""
    start = jax.tree.map(lambda leaf: leaf[meeting], record.starts)
    options = record.events.option[meeting]

    def replay(now: Situation, numbered: tuple[Array, Array]) -> tuple[Situation, None]:
        number, option = numbered
        after = advance(now, option)
        return jax.tree.map(lambda old, new: jnp.where(number < turn, new, old), now, after), None

    return jax.lax.scan(replay, start, (jnp.arange(len(options)), options))[0]


def intervene(
    situation: Situation,
    *,
    stress: Float[Array, ""] | float | None = None,
    valence: Float[Array, ""] | float | None = None,
    levels: Float[Array, " goods"] | None = None,
    weights: Float[Array, " goods"] | None = None,
    patience: Float[Array, ""] | float | None = None,
) -> Situation:
    """Change who is to act; what is left out stays.

    Args:
        situation: A meeting.
        stress: From 0 to 1.
        valence: From -1 to 1.
        levels: Of each good, in units, as if eaten before.
        weights: Share of each good in what is valued at rest; made to sum to 1, the scale of values stays.
        patience: Positive.

    Returns:
        The meeting, changed. The act that comes next is then distributed as `rule.act_probabilities` says;
        `Market.live` goes on from it.
    """
    for name, number, low, high in (("stress", stress, 0, 1), ("valence", valence, -1, 1)):
        if isinstance(number, float | int) and not low <= number <= high:
            raise ValueError(f"{name} is {number}; it runs from {low} to {high}")
    mood, makers = situation.mood, situation.makers
    if stress is not None:
        mood = mood.at[0, 0].set(stress)
    if valence is not None:
        mood = mood.at[0, 1].set(valence)
    if weights is not None:
        value = makers.value[0].sum() * weights / weights.sum()
        makers = eqx.tree_at(lambda m: m.value, makers, makers.value.at[0].set(value))
    if patience is not None:
        makers = eqx.tree_at(lambda m: m.patience, makers, makers.patience.at[0].set(patience))
    new_levels = situation.levels if levels is None else situation.levels.at[0].set(levels)
    return eqx.tree_at(lambda s: (s.mood, s.makers, s.levels), situation, (mood, makers, new_levels))
