"""Plants: where they come from, and how fruit grows in season."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS
from inhabit.worlds.village.state import SEASON, Lore, Plants

CAPACITY = 3
"""Most fruit that a plant carries."""

GROWTH = 1 / 24
"""Chance that a plant in season bears one more fruit in a step."""

OWNED = 0.5
"""Share of plants that belong to whoever lives nearest."""


def draw_plants(place: Int[Array, "plants 3"], homes: Int[Array, "people 3"], lore: Lore, *, key: Key) -> Plants:
    """Draw what bears fruit: looks in turn, owners by nearness, up to `CAPACITY` fruit where the first season bears."""
    owner_key, fruit_key = jax.random.split(key)
    count = len(place)
    nearest = jnp.argmin(jnp.abs(place[:, None, :2] - homes[:, :2]).max(-1), axis=1)
    owned = jax.random.bernoulli(owner_key, OWNED, (count,))
    plants = Plants(
        place=place,
        look=jnp.arange(count) % LOOKS,
        owner=jnp.where(owned, 1 + nearest, 0).astype(int),
        fruit=jax.random.randint(fruit_key, (count,), 0, CAPACITY + 1),
    )
    return dataclasses.replace(plants, fruit=jnp.where(bearing(plants, lore, jnp.array(0)), plants.fruit, 0))


def bearing(plants: Plants, lore: Lore, time: Int[Array, ""]) -> Bool[Array, " plants"]:
    """Which plants are in season."""
    return lore.seasons[:, (time // SEASON) % 4][plants.look]


def grow(plants: Plants, lore: Lore, time: Int[Array, ""], *, key: Key) -> Plants:
    """Let a step pass: fruit grows where it is the season and there is room. What hangs does not fall."""
    more = jax.random.uniform(key, plants.look.shape) < GROWTH
    more = more & bearing(plants, lore, time) & (plants.fruit < CAPACITY)
    return dataclasses.replace(plants, fruit=plants.fruit + more)
