"""Standards: scripted lives in the dweller's place, to hold its own life beside; and what any life came to."""

import abc
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.learning import biography
from inhabit.learning.channel import Channel
from inhabit.learning.dwelling import ME, VillageHome, goods_of, newcomer, own_store
from inhabit.mind.dweller import Dweller
from inhabit.mind.feeling import wellbeing
from inhabit.types import Key
from inhabit.worlds.village.acts import Deed, Hand
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


class AbstractStandard(eqx.Module):
    """A scripted life in the dweller's place, with the truth of the village before its eyes."""

    def born(self, state: State) -> State:
        """What it knows from birth; as the village drew it."""
        return state

    @abc.abstractmethod
    def deeds(self, state: State, *, key: Key) -> Deed:
        """What everyone does, itself included."""


class Random(AbstractStandard):
    """Does anything, and says nothing."""

    def deeds(self, state: State, *, key: Key) -> Deed:
        """The hand at random."""
        others, own = jax.random.split(key)
        hand = jax.random.randint(own, (), 0, len(Hand))
        return _instead(decide(state, key=others), hand)


class Forager(AbstractStandard):
    """A newcomer that lives as villagers do but never speaks: it knows no lore and no place, and learns by finding."""

    def born(self, state: State) -> State:
        """Nothing is known."""
        return newcomer(state)

    def deeds(self, state: State, *, key: Key) -> Deed:
        """As a villager, in silence."""
        deeds = decide(state, key=key)
        return _instead(deeds, deeds.hand[ME])


class Newcomer(Forager):
    """As the forager, but it speaks."""

    def deeds(self, state: State, *, key: Key) -> Deed:
        """As a villager."""
        return decide(state, key=key)


class Native(AbstractStandard):
    """A villager who knows the lore and the places from birth, as villagers do."""

    def deeds(self, state: State, *, key: Key) -> Deed:
        """As a villager."""
        return decide(state, key=key)


def _instead(deeds: Deed, hand: Array) -> Deed:
    """The same deeds, with the dweller's hand as given and its mouth shut."""
    return Deed(hand=deeds.hand.at[ME].set(hand.astype(deeds.hand.dtype)), say=deeds.say.at[ME].set(0))


def standard(which: AbstractStandard, home: VillageHome, *, lives: int, key: Key) -> Worth:
    """Live a number of scripted lives; the same key gives the same villages to every standard and to `spent`."""
    return _together([_standard(which, home, lives=number, key=one) for number, one in _batches(lives, key)])


@partial(jax.jit, static_argnames=("lives", "home"))
def _standard(which: AbstractStandard, home: VillageHome, *, lives: int, key: Key) -> Worth:
    birth, living_key = jax.random.split(key)
    village = home.village
    state = jax.vmap(lambda key: which.born(village.reset(key=key)))(jax.random.split(birth, lives))

    def one(state: State, key: Key) -> tuple[State, tuple[Array, Array]]:
        decide_key, step_key = jax.random.split(key)
        state, _ = village.step(state, which.deeds(state, key=decide_key), key=step_key)
        alive = state.people.alive[ME]
        return state, (wellbeing(own_store(state), goods_of(state)) * alive, alive)

    def step(state: State, key: Key) -> tuple[State, tuple[Array, Array]]:
        return jax.vmap(one)(state, jax.random.split(key, lives))

    _, (well, alive) = jax.lax.scan(step, state, jax.random.split(living_key, home.life))
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


STANDARDS = {"random": Random(), "forager": Forager(), "newcomer": Newcomer(), "native": Native()}
"""Every standard, by name."""

HELD_OUT = 1_000_003
"""Seed of the villages that are for judging only; school draws its own from other keys."""
