"""Recalling: what the surprise memories and the facts say now, of looks and of places."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.memory.memory import AbstractMemory
from inhabit.mind.dweller import knowing
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.knowing import Whereabouts
from inhabit.mind.dweller.lived import DwellerState
from inhabit.mind.dweller.percept import Sensation


class Recalled(eqx.Module):
    """What memory and knowledge say to a moment.

    Attributes:
        beliefs: What the fruit of each look is held to be, about 0 to 1 for each quality.
        unsure: Variance of that.
        norms: Reaction expected to each deed towards others.
        sought: Nearest known place of each of `knowing.SOUGHT`.
        felt: What the faculty of values lets through.
    """

    beliefs: Float[Array, "looks kinds"]
    unsure: Float[Array, " looks"]
    norms: Float[Array, " deeds"]
    sought: Whereabouts
    felt: Float[Array, " feelings"]


def beliefs(
    innate: Innate, lore: AbstractMemory, state: DwellerState
) -> tuple[Float[Array, "looks kinds"], Float[Array, " looks"]]:
    """What the fruit of each look is held to be, about 0 to 1 for each quality, and the variance."""
    return jax.vmap(lambda cue: lore.read(state.lore, cue))(jnp.eye(innate.looks))


def sought(innate: Innate, lore: AbstractMemory, state: DwellerState, sensed: Sensation) -> Whereabouts:
    """The nearest known place of each of `knowing.SOUGHT`, then of each topic."""
    places = state.known.places
    me, turn = knowing.here(innate, sensed)
    best, sure = _best(innate, lore, state)
    fruits = jnp.stack([best == 1, best == 2, ~sure, sure & (best != 3)])
    others = jnp.zeros((4, innate.fruit))
    by_topic = jnp.concatenate([others, fruits.astype(float)], 1)
    things = jnp.eye(len(innate.topics))
    wanted = jnp.concatenate([things[1:4], by_topic, things])
    subject = places.subject[:, None] == jnp.arange(len(innate.topics))
    now = state.age.astype(float)
    return knowing.whereabouts(places, knowing.away(innate, places, me, turn), wanted @ subject.T.astype(float), now)


def _best(
    innate: Innate, lore: AbstractMemory, state: DwellerState
) -> tuple[Int[Array, " looks"], Bool[Array, " looks"]]:
    """Quality that each look is believed to have, 0 where that is not known, and whether it is."""
    mean = beliefs(innate, lore, state)[0]
    sure = jnp.max(mean, -1) > 0.5
    return jnp.where(sure, 1 + jnp.argmax(mean, -1), 0), sure
