"""Standards: scripted lives in the dweller's place, to hold its own life beside; and what any life came to."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from inhabit.learning import biography
from inhabit.learning.channel import Channel
from inhabit.learning.dwelling import ME, VillageHome, goods_of, newcomer, own_store
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import wellbeing
from inhabit.types import Key
from inhabit.worlds.village.acts import Deed
from inhabit.worlds.village.players import AbstractPlayer, Chance, Forager, Knower, Native, stepped
from inhabit.worlds.village.state import State

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


def standard(name: str, home: VillageHome, *, lives: int, key: Key) -> Worth:
    """Live a number of scripted lives of one of `STANDARDS`; the same key gives the same villages to all, and to `spent`."""
    which = jnp.array(list(STANDARDS).index(name))
    return _together([_standard(which, home, lives=number, key=one) for number, one in _batches(lives, key)])


@partial(jax.jit, static_argnames=("lives", "home"))
def _standard(which: Int[Array, ""], home: VillageHome, *, lives: int, key: Key) -> Worth:
    """One compiled program for every standard: they differ in what they take the village to be."""
    birth, living_key = jax.random.split(key)
    village, players = home.village, tuple(STANDARDS.values())
    state = jax.vmap(lambda key: newcomer(village.reset(key=key)))(jax.random.split(birth, lives))

    def takes(memories: tuple, state: State) -> tuple[tuple, State]:
        def of(number: int) -> tuple[tuple, State]:
            memory, taken = players[number].takes(memories[number], state)
            return (*memories[:number], memory, *memories[number + 1 :]), taken

        return jax.lax.switch(which, [partial(of, number) for number in range(len(players))])

    def does(deed: Deed, key: Key) -> Deed:
        return jax.lax.switch(which, [partial(player.does, deed, key=key) for player in players])

    def one(memories: tuple, state: State, key: Key) -> tuple[tuple, State, Array, Array]:
        memories, taken = takes(memories, state)
        state, _ = stepped(village, state, taken, does, key=key)
        alive = state.people.alive[ME]
        return memories, state, wellbeing(own_store(state), goods_of(state)) * alive, alive

    def step(carry: PyTree, key: Key) -> tuple[PyTree, tuple[Array, Array]]:
        memories, state, well, alive = jax.vmap(one)(carry[0], carry[1], jax.random.split(key, lives))
        return (memories, state), (well, alive)

    begun = jax.vmap(lambda state: tuple(player.init(state) for player in players))(state), state
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
    "newcomer": Native(),
    "knower": Knower(),
}
"""Scripted lives in the dweller's place, by name: by chance; as a villager but deaf, mute and new here; as a villager
who is new here, and asks and listens; as a villager who knows all the lore and both places."""

HELD_OUT = 1_000_003
"""Seed of the villages that are for judging only; school draws its own from other keys."""
