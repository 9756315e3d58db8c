"""Standards: scripted lives in the dweller's place, to hold its own life beside; and what any life came to."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from inhabit.learning import biography
from inhabit.learning.channel import Channel
from inhabit.learning.dwelling import ME, VillageHome, goods_of, own_store
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import wellbeing
from inhabit.types import Key
from inhabit.worlds.village.players import AbstractPlayer, Chance, Forager, Knower, Native
from inhabit.worlds.village.state import State
from inhabit.worlds.village.villagers import decide

BATCH = 128
"""Lives that are lived at once: one size, one compiled program."""


class Worth(eqx.Module):
    """What lives came to.

    Attributes:
        total: Sum of wellbeing over the steps of each life, 0 after death; each step's is from 0 to 1.
        age: Steps each lived.
    """

    total: Float[Array, " lives"]
    age: Int[Array, " lives"]


def standard(player: AbstractPlayer, home: VillageHome, *, lives: int, key: Key) -> Worth:
    """Live a number of scripted lives; the same key gives the same villages to every player and to `spent`."""
    return _together([_standard(player, home, lives=number, key=one) for number, one in _batches(lives, key)])


@partial(jax.jit, static_argnames=("lives", "home"))
def _standard(player: AbstractPlayer, home: VillageHome, *, lives: int, key: Key) -> Worth:
    birth, living_key = jax.random.split(key)
    village = home.village
    state = jax.vmap(lambda key: village.reset(key=key))(jax.random.split(birth, lives))

    def one(memory: PyTree, state: State, key: Key) -> tuple[PyTree, State, Array, Array]:
        own_key, decide_key, step_key = jax.random.split(key, 3)
        memory, own = player.step(memory, state, key=own_key)
        deed = jax.tree.map(lambda mine, all_: all_.at[ME].set(mine[ME]), own, decide(state, key=decide_key))
        state, _ = village.step(state, deed, key=step_key)
        alive = state.people.alive[ME]
        return memory, state, wellbeing(own_store(state), goods_of(state)) * alive, alive

    def step(carry: PyTree, key: Key) -> tuple[PyTree, tuple[Array, Array]]:
        memory, state, well, alive = jax.vmap(one)(carry[0], carry[1], jax.random.split(key, lives))
        return (memory, state), (well, alive)

    begun = jax.vmap(player.init)(state), state
    _, (well, alive) = jax.lax.scan(step, begun, jax.random.split(living_key, home.life))
    return Worth(jnp.sum(well, 0), jnp.sum(alive, 0))


def spent(mind: Dweller, home: VillageHome, *, lives: int, channel: Channel | None = None, key: Key) -> Worth:
    """Let a mind live a number of whole lives, and learn no more than lives teach."""
    return _together([_spent(mind, home, number, channel, one) for number, one in _batches(lives, key)])


def _spent(mind: Dweller, home: VillageHome, lives: int, channel: Channel | None, key: Key) -> Worth:
    total, age = jnp.zeros(lives), jnp.zeros(lives, int)
    for page in biography.pages(mind, home, lives=lives, steps=home.life, channel=channel, key=key):
        total, age = total + page.well, age + page.place.state.people.alive[:, ME]
    return Worth(total, age)


def _batches(lives: int, key: Key) -> list[tuple[int, Key]]:
    """So many lives in batches of one size, each with a key of its own."""
    batch = min(lives, BATCH)
    if lives % batch:
        raise ValueError(f"{lives} lives are no multiple of {BATCH}, which are lived at once")
    return [(batch, jax.random.fold_in(key, number)) for number in range(lives // batch)]


def _together(made: list[Worth]) -> Worth:
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *made)


STANDARDS: dict[str, AbstractPlayer] = {
    "random": Chance(),
    "forager": Forager(),
    "native": Native(),
    "knower": Knower(),
}
"""Scripted lives in the dweller's place, by name: by chance; as a villager but deaf, mute and new here; as the villager
that would have been there; as a villager who knows all the lore and both places."""

HELD_OUT = 1_000_003
"""Seed of the villages that are for judging only; school draws its own from other keys."""
