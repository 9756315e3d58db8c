"""Villagers: who they are and what they would do; so far they are all alike and do as chance has it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, WORDS, Deed, Hand
from inhabit.worlds.village.state import LEVELS, Lore, Minds, State


def draw_minds(lore: Lore, home: Int[Array, "people 2"], *, key: Key) -> Minds:
    """Draw the hidden values of everyone, and what they know from childhood."""
    people = len(home)
    weight = jax.random.uniform(key, (people, len(LEVELS)), minval=0.5)
    return Minds(
        weight=weight / weight.sum(1, keepdims=True),
        set_point=jnp.full((people, len(LEVELS)), 0.8),
        patience=jnp.ones(people),
        kindness=jnp.full(people, 0.5),
        home=home,
        believes=jnp.zeros((people, LOOKS), int),
        knows=jnp.full((people, 2, 2), -1),
        goal=jnp.zeros(people, int),
    )


def decide(state: State, *, key: Key) -> Deed:
    """Everyone does and says anything at all."""
    hand_key, say_key = jax.random.split(key)
    people = len(state.people.alive)
    most = jnp.array([*WORDS, people + 1])
    return Deed(
        hand=jax.random.randint(hand_key, (people,), 0, len(Hand)),
        say=jax.random.randint(say_key, (people, 5), 0, most),
    )
