"""Dwelling: where a dweller and a village meet; the dweller is person 0, the others live by their own hidden minds."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.learning.home import AbstractHome, Turn
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import goods_felt, store_of
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.lived import DwellerState
from inhabit.mind.dweller.percept import Conduct, Sensation
from inhabit.senses.voxels import Window
from inhabit.types import Key
from inhabit.values.store import ValueStore
from inhabit.worlds.village.acts import LOOKS, WHERES, Deed, Hand, Quality, Say
from inhabit.worlds.village.bearings import where_delta
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.state import DAY, LEVELS, Observation, State
from inhabit.worlds.village.villagers import decide
from inhabit.worlds.village.world import Village

GOODS = (*LEVELS, "health")
"""What a dweller values: what its body needs, and its health."""

HEALTH = 0.15
"""Share of health in what anyone values; the rest is shared as the village drew it."""

LIFE = 4 * DAY
"""Steps after which a recorded life is cut off."""

ME = 0
"""Which of the people is the dweller."""


def innate_of(village: Village) -> Innate:
    """The codes of a village."""
    topics = ("NOTHING", "WATER", "HEARTH", "BLOCK", *(f"FRUIT {look}" for look in range(LOOKS)))
    wheres = where_delta(jnp.arange(WHERES))
    return Innate(
        size=village.size[:2],
        window=(9, 9, 5),
        behind=(2, 4),
        materials=tuple(one.name for one in Material),
        hands=tuple(one.name for one in Hand),
        says=tuple(one.name for one in Say),
        topics=topics,
        qualities=tuple(one.name for one in Quality),
        looks=LOOKS,
        wheres=tuple((int(east), int(south)) for east, south in wheres),
        goods=GOODS,
    )


def sensations(observation: Observation) -> Sensation:
    """Observations as a mind meets them."""
    window = Window(observation.sight, observation.ripe, observation.person)
    names = ("holding", "taste", "heard", "speaker", "bearing", "body", "compass", "clock", "place")
    return Sensation(window=window, **{name: getattr(observation, name) for name in names})


def own_store(state: State, who: int = ME) -> ValueStore:
    """What someone in a village values: health, and what the village drew."""
    weight = jnp.append((1 - HEALTH) * state.minds.weight[who], HEALTH)
    return store_of(GOODS, weight, jnp.append(state.minds.set_point[who], 1.0))


def goods_of(state: State, who: int = ME) -> Float[Array, " goods"]:
    """Someone's levels and health; zeros for the dead."""
    goods = jnp.append(state.people.levels[who], state.people.health[who])
    return goods * state.people.alive[who]


def newcomer(state: State) -> State:
    """The village as it is for who has just come: the dweller's place has no lore and knows no place."""
    minds = state.minds
    return eqx.tree_at(
        lambda s: (s.minds.believes, s.minds.knows), state, (minds.believes.at[ME].set(0), minds.knows.at[ME].set(-1))
    )


class Dwelling(eqx.Module):
    """A place in a village: the village as it stands, and what everyone perceives of it.

    Attributes:
        state: The village.
        sensed: What the dweller perceives.
        age: Steps lived.
    """

    state: State
    sensed: Sensation
    age: Int[Array, ""]


class VillageHome(AbstractHome[Dwelling]):
    """A village to live in.

    Attributes:
        village: Draws villages.
        life: Steps after which a life is cut off.
    """

    village: Village
    life: int = eqx.field(static=True, default=LIFE)

    def begin(self, mind: Dweller, *, key: Key) -> tuple[Dwelling, DwellerState]:
        """A newcomer in a new village: it knows its own values and nothing else."""
        state = newcomer(self.village.reset(key=key))
        store = own_store(state)
        born = mind.init(who=ME, weight=store.weight, set_point=store.set_point)
        return Dwelling(state, self._sensed(state), jnp.zeros((), int)), born

    def percept(self, place: Dwelling) -> Sensation:
        """What the dweller perceives."""
        return place.sensed

    def step(self, place: Dwelling, act: Conduct, *, key: Key) -> tuple[Dwelling, Turn]:
        """Everyone does something; the reward of each good is what its level gives now, nothing once dead."""
        decide_key, step_key = jax.random.split(key)
        shown = decide(place.state, key=decide_key)
        deeds = Deed(
            hand=shown.hand.at[ME].set(act.hand.astype(shown.hand.dtype)),
            say=shown.say.at[ME].set(act.say.astype(shown.say.dtype)),
        )
        state, event = self.village.step(place.state, deeds, key=step_key)
        age = place.age + 1
        alive = state.people.alive[ME]
        turn = Turn(
            reward=goods_felt(own_store(state), goods_of(state)) * alive,
            terminated=event.terminated[ME],
            truncated=alive & (age >= self.life),
            shown=Conduct(shown.hand[ME].astype(int), shown.say[ME].astype(int)),
        )
        return Dwelling(state, self._sensed(state), age), turn

    def _sensed(self, state: State) -> Sensation:
        return jax.tree.map(lambda leaf: leaf[ME], sensations(self.village.observe(state)))
