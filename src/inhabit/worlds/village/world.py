"""The village: land, bodies, deeds, norms and talk put together into a world."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, Deed, Hand, Say
from inhabit.worlds.village.body import live
from inhabit.worlds.village.doing import act
from inhabit.worlds.village.land import BLOCKS, ROCKS, TREES, draw_land
from inhabit.worlds.village.lore import draw_lore
from inhabit.worlds.village.norms import judge
from inhabit.worlds.village.observing import observe
from inhabit.worlds.village.plants import draw_plants, grow
from inhabit.worlds.village.sight import LEVELS as HEIGHT
from inhabit.worlds.village.state import LEVELS, Event, Observation, People, State
from inhabit.worlds.village.talking import hear
from inhabit.worlds.village.villagers import draw_bonds, draw_minds
from inhabit.worlds.world import AbstractWorld


class Village(AbstractWorld[State, Event]):
    """A village. Seeds make villages; the land, the lore and the people are drawn together.

    Attributes:
        people: How many live here, 2 to 16.
        plants: How many plants bear fruit, at least two of each look.
        size: Cells to the east, to the south, and up.
        liars: Share of villagers who say what is not so, 0 to 1.
    """

    people: int = eqx.field(static=True, default=4)
    plants: int = eqx.field(static=True, default=24)
    size: tuple[int, int, int] = eqx.field(static=True, default=(24, 24, HEIGHT))
    liars: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        if not 2 <= self.people <= 16:
            raise ValueError(f"{self.people} people cannot make a village; give 2 to 16")
        if self.plants < 2 * LOOKS:
            raise ValueError(f"{self.plants} plants are too few for {LOOKS} looks; give at least {2 * LOOKS}")
        if self.size[2] != HEIGHT or min(self.size[:2]) < 16 or max(self.size[:2]) > 64:
            raise ValueError(f"a land of {self.size} cells cannot be drawn; give 16 to 64, 16 to 64, and {HEIGHT}")
        if not 0 <= self.liars <= 1:
            raise ValueError(f"a share of {self.liars} liars; give 0 to 1")
        things = 1 + self.plants + self.people + TREES + ROCKS + BLOCKS
        if things > self.size[0] * self.size[1] // 3:
            raise ValueError(f"{things} things crowd a land of {self.size} cells; give fewer plants or more land")

    def reset(self, *, key: Key) -> State:
        """Draw a village at dawn of the first day of its first season."""
        land_key, lore_key, plant_key, body_key, mind_key, bond_key = jax.random.split(key, 6)
        land = draw_land(self.size, self.people, self.plants, key=land_key)
        lore = draw_lore(key=lore_key)
        return State(
            voxels=land.voxels,
            hearth=land.hearth,
            lore=lore,
            plants=draw_plants(land.plants, land.homes, lore, key=plant_key),
            people=draw_bodies(land.homes, key=body_key),
            minds=draw_minds(lore, land.voxels, land.homes, liars=self.liars, key=mind_key),
            bonds=draw_bonds(self.people, key=bond_key),
            said=jnp.zeros((self.people, 5), int),
            time=jnp.array(0),
        )

    def step(self, state: State, deed: Deed, *, key: Key) -> tuple[State, Event]:  # type: ignore[override]
        """Let everyone do a deed at once, and a step pass.

        In order: hands (`act`), norms (`judge`), talk (`hear`), bodies (`live`), plants (`grow`). Nobody speaks while
        asleep.
        """
        hear_key, grow_key = jax.random.split(key)
        deed = Deed(hand=deed.hand, say=spoken(state, deed))
        done, outcome = act(state, deed.hand)
        done, broke = judge(state, deed, outcome, done)
        done = hear(state, deed, outcome, done, key=hear_key)
        done = live(done, deed.hand, deed.say, outcome)
        after = dataclasses.replace(
            done,
            plants=grow(done.plants, done.lore, state.time, key=grow_key),
            said=deed.say,
            time=state.time + 1,
        )
        return after, Event(
            hand=deed.hand,
            did=outcome.did,
            say=deed.say,
            before=state.people.levels,
            after=after.people.levels,
            health=after.people.health,
            broke=broke,
            terminated=state.people.alive & ~after.people.alive,
        )

    def observe(self, state: State) -> Observation:
        """What everyone perceives; the leading axis is people."""
        return observe(state)


def draw_bodies(homes: Int[Array, "people 3"], *, key: Key) -> People:
    """Draw everyone's body: at home, well, rather satisfied, empty-handed."""
    level_key, heading_key = jax.random.split(key)
    people = len(homes)
    none = jnp.zeros(people, int)
    return People(
        place=homes,
        heading=jax.random.randint(heading_key, (people,), 0, 4),
        levels=jax.random.uniform(level_key, (people, len(LEVELS)), minval=0.6, maxval=0.9),
        health=jnp.ones(people),
        stress=jnp.zeros(people),
        alive=jnp.ones(people, bool),
        holds=none,
        taste=none,
        asleep=none.astype(bool),
    )


def spoken(state: State, deed: Deed) -> Int[Array, "people words=5"]:
    """What is in fact said: nothing by the dead and the sleeping, and nothing to oneself."""
    say = deed.say
    count = len(say)
    awake = state.people.alive & (deed.hand != Hand.REST) & (say[:, 0] != Say.SILENCE)
    other = (say[:, 4] != 1 + jnp.arange(count)) & (say[:, 4] <= count)
    return jnp.where(awake[:, None], say.at[:, 4].multiply(other), 0)
