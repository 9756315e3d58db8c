"""What is so in one village and no other: what the looks of fruit mean, when they bear, and which norms hold."""

import jax
import jax.numpy as jnp

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, NORMS, Quality
from inhabit.worlds.village.state import Lore

_ALWAYS = (Quality.NOURISHING, Quality.NOURISHING, Quality.SWEET, Quality.SICKENING, Quality.SICKENING)
"""What some look is in every village; the remaining look sickens too or is bland."""

SICKENING = 0.75
"""Chance that the remaining look sickens."""


def draw_lore(*, key: Key) -> Lore:
    """Draw a village's lore.

    Two looks nourish, in complementary halves of the year, each perhaps a season longer; any other look bears for two
    seasons or three. At least two norms hold.
    """
    last_key, order_key, season_key, long_key, norm_key = jax.random.split(key, 5)
    sickens = jax.random.bernoulli(last_key, SICKENING)
    last = jnp.where(sickens, int(Quality.SICKENING), int(Quality.BLAND))[None]
    first = jax.random.randint(season_key, (LOOKS,), 0, 4)
    first = first.at[1].set((first[0] + 2) % 4)
    length = 2 + jax.random.randint(long_key, (LOOKS,), 0, 2)
    bears = (jnp.arange(4) - first[:, None]) % 4 < length[:, None]
    order = jax.random.permutation(order_key, LOOKS)
    return Lore(
        quality=jnp.concatenate([jnp.array(_ALWAYS), last])[order],
        seasons=bears[order],
        norms=_at_least_two(key=norm_key),
    )


def _at_least_two(*, key: Key) -> jax.Array:
    many_key, which_key = jax.random.split(key)
    return jax.random.permutation(which_key, len(NORMS)) < jax.random.randint(many_key, (), 2, len(NORMS) + 1)
