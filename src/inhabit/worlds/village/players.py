"""Players of one body in a village, to measure a mind against: one by chance, one who forages alone, one who knows."""

import abc
from collections.abc import Callable
from typing import Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, WORDS, Deed, Hand
from inhabit.worlds.village.paths import Ground
from inhabit.worlds.village.seeking import nearest
from inhabit.worlds.village.state import Event, State
from inhabit.worlds.village.talking import noticed
from inhabit.worlds.village.villagers import decide
from inhabit.worlds.village.world import Village

SIGHT = 6
"""Within how many cells a newcomer sees what hangs on a plant."""

MemoryT = TypeVar("MemoryT")


class AbstractPlayer(eqx.Module, Generic[MemoryT]):
    """Who plays person 0: it does what a villager would do in the village as this one takes it to be.

    The others do what `decide` says.
    """

    @abc.abstractmethod
    def init(self, village: State) -> MemoryT:
        """What it remembers when it comes into a village."""

    @abc.abstractmethod
    def takes(self, memory: MemoryT, village: State) -> tuple[MemoryT, State]:
        """The village as it takes it to be."""

    @abc.abstractmethod
    def does(self, deed: Deed, *, key: Key) -> Deed:
        """What it does in the end, given what a villager would do; a deed of everyone of which only person 0's counts."""


class Chance(AbstractPlayer[tuple[()]]):
    """Does and says anything at all."""

    def init(self, village: State) -> tuple[()]:
        """Nothing."""
        return ()

    def takes(self, memory: tuple[()], village: State) -> tuple[tuple[()], State]:
        """It does not matter."""
        return memory, village

    def does(self, deed: Deed, *, key: Key) -> Deed:
        """Every deed and every word is as likely as any other."""
        hand_key, say_key = jax.random.split(key)
        people = len(deed.hand)
        most = jnp.array([*WORDS, people + 1])
        return Deed(
            hand=jax.random.randint(hand_key, (people,), 0, len(Hand)).astype(deed.hand.dtype),
            say=jax.random.randint(say_key, (people, 5), 0, most).astype(deed.say.dtype),
        )


class Native(AbstractPlayer[tuple[()]]):
    """The villager that person 0 would have been."""

    def init(self, village: State) -> tuple[()]:
        """Nothing: what a villager knows is in the village's own record."""
        return ()

    def takes(self, memory: tuple[()], village: State) -> tuple[tuple[()], State]:
        """As it is."""
        return memory, village

    def does(self, deed: Deed, *, key: Key) -> Deed:
        """As a villager decides."""
        return deed


class Knower(AbstractPlayer[tuple[()]]):
    """A villager who knows the whole lore, where the water is and where the hearth."""

    def init(self, village: State) -> tuple[()]:
        """Nothing: it sees the truth."""
        return ()

    def takes(self, memory: tuple[()], village: State) -> tuple[tuple[()], State]:
        """As if person 0 believed what is true."""
        water, _ = nearest(Ground.of(village.voxels).wet, village.people.place[:1, :2])
        knows = jnp.concatenate([water, village.hearth[None]])
        return memory, believing(village, village.lore.quality, knows)

    def does(self, deed: Deed, *, key: Key) -> Deed:
        """As a villager decides."""
        return deed


class Lone(eqx.Module):
    """What a forager has found out by itself.

    Attributes:
        believes: Of each look, the `Quality` it tasted; 0 not tasted.
        knows: Where it has seen water and the hearth; -1 has not.
        held: As `People.holds` a step ago.
    """

    believes: Int[Array, " looks"]
    knows: Int[Array, "sorts=2 xy=2"]
    held: Int[Array, ""]


class Forager(AbstractPlayer[Lone]):
    """A villager in all its wants, but deaf and mute, and new here: it learns what it tastes and where it has been.

    It sees plants within `SIGHT` cells, where villagers know all that grows around.
    """

    def init(self, village: State) -> Lone:
        """It knows nothing."""
        return Lone(jnp.zeros(LOOKS, int), jnp.full((2, 2), -1), village.people.holds[0])

    def takes(self, memory: Lone, village: State) -> tuple[Lone, State]:
        """As if person 0 believed only its own mouth and eyes, and had asked everybody everything."""
        taste = village.people.taste[0]
        tasted = (jnp.arange(LOOKS) == memory.held - 2) & (taste > 0)
        believes = jnp.where(tasted, taste, memory.believes)
        everyone = believing(_mute(village), believes, memory.knows)
        knows = noticed(everyone, everyone.minds.knows)[0]
        return Lone(believes, knows, village.people.holds[0]), _in_sight(believing(everyone, believes, knows))

    def does(self, deed: Deed, *, key: Key) -> Deed:
        """As a villager decides, and says nothing."""
        return Deed(hand=deed.hand, say=jnp.zeros_like(deed.say))


def _in_sight(village: State) -> State:
    """The village, as if only plants near person 0 bore anything."""
    away = jnp.abs(village.plants.place[:, :2] - village.people.place[0, :2]).max(-1)
    return eqx.tree_at(lambda s: s.plants.fruit, village, jnp.where(away <= SIGHT, village.plants.fruit, 0))


def _mute(village: State) -> State:
    """The village, as if person 0 had asked everybody everything: it waits for no answer."""
    return eqx.tree_at(lambda s: s.bonds.asked, village, village.bonds.asked.at[:, 0].set(9))


def believing(village: State, believes: Int[Array, " looks"], knows: Int[Array, "sorts=2 xy=2"]) -> State:
    """The village, were this what person 0 believes."""
    minds = village.minds
    return eqx.tree_at(
        lambda s: (s.minds.believes, s.minds.knows),
        village,
        (minds.believes.at[0].set(believes), minds.knows.at[0].set(knows)),
    )


def play(world: Village, player: AbstractPlayer, *, steps: int, key: Key) -> tuple[State, Event]:
    """Let a player live among villagers: the village at the end, and what happened, with a leading axis of steps."""
    reset_key, live_key = jax.random.split(key)
    village = world.reset(key=reset_key)

    def step(carry: tuple, key: Key) -> tuple[tuple, Event]:
        memory, village = carry
        memory, taken = player.takes(memory, village)
        village, event = stepped(world, village, taken, lambda deed, key: player.does(deed, key=key), key=key)
        return (memory, village), event

    (_, village), events = jax.lax.scan(step, (player.init(village), village), jax.random.split(live_key, steps))
    return village, events


def stepped(
    world: Village, village: State, taken: State, does: Callable[[Deed, Key], Deed], *, key: Key
) -> tuple[State, Event]:
    """A step of the village in which person 0 decides by what it takes the village to be.

    Args:
        world: Whose laws hold.
        village: As it is.
        taken: As person 0 takes it to be.
        does: What person 0 does, given what a villager would.
        key: Random key.
    """
    decide_key, own_key, world_key = jax.random.split(key, 3)
    both = jax.tree.map(lambda one, other: jnp.stack([one, other]), village, taken)
    deeds = jax.vmap(lambda state, key: decide(state, key=key))(both, jax.random.split(decide_key))
    own = does(jax.tree.map(lambda leaf: leaf[1], deeds), own_key)
    deed = jax.tree.map(lambda mine, theirs: theirs[0].at[0].set(mine[0]), own, deeds)
    return world.step(village, deed, key=world_key)
