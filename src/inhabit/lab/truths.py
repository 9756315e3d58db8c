"""Truths: what is so in a village, by the village's own record and by living moments again; no mind is asked."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.biography import Page, pages
from inhabit.learning.dwelling import ME, VillageHome, sensations
from inhabit.learning.standards import BATCH
from inhabit.mind.dweller.answering import direction
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import CURVATURE
from inhabit.worlds.village.materials import Material

SAMPLES = 16_384
"""How often a moment is lived again to see how a deed depends on a need; a deed of 2 % comes 330 times."""

_MATERIALS = {"water": Material.WATER, "hearth": Material.HEARTH, "block": Material.BLOCK}


class Lived:
    """Biographies, opened at any step of any life."""

    def __init__(self, written: Page):
        self.pages = written
        self.steps, self.lives = self.pages.place.age.shape
        alive = self.pages.place.state.people.alive[:, :, ME]
        self.last = alive.sum(0) - 1

    @classmethod
    def of(cls, mind: Dweller, home: VillageHome, *, lives: int, steps: int, seed: int) -> "Lived":
        """Let a mind live some lives."""
        written = pages(mind, home, lives=BATCH, steps=steps, key=jax.random.key(seed))
        kept = [jax.tree.map(lambda leaf: np.array(np.asarray(leaf)[:lives]), page) for page in written]
        return cls(jax.tree.map(lambda *leaves: np.stack(leaves), *kept))

    def page(self, step: int, life: int) -> Page:
        """One page of one life."""
        return jax.tree.map(lambda leaf: leaf[step, life], self.pages)


def is_there(page: Page, what: str, east: int, south: int, reach: int = 0, climb: int = 99) -> bool:
    """Whether a thing is in a column of the world or within reach of it; what stands there at most `climb` cells higher."""
    state = page.place.state
    at = np.asarray(state.people.place[ME, :2]) + np.array([east, south])
    low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, state.voxels.shape[:2])
    if what in _MATERIALS:
        return bool((state.voxels[low[0] : high[0], low[1] : high[1]] == _MATERIALS[what]).any())
    number = int(what.split()[-1])
    if what.startswith("fruit"):
        mine = (state.plants.look == number) & (state.plants.fruit > 0)
        places = state.plants.place[mine]
    else:
        places = state.people.place[number : number + 1][state.people.alive[number : number + 1]]
    level = np.abs(places[:, 2] - state.people.place[ME, 2]) <= climb
    return bool((((places[:, :2] >= low) & (places[:, :2] < high)).all(-1) & level).any())


def in_front(page: Page) -> set[str]:
    """What the truth has in the column right in front, at most one cell higher or lower: what nothing can hide."""
    state = page.place.state
    step = ((0, -1), (1, 0), (0, 1), (-1, 0))[int(state.people.heading[ME])]
    names = [
        *_MATERIALS,
        *(f"fruit {look}" for look in range(6)),
        *(f"person {who}" for who in range(1, len(state.people.alive))),
    ]
    height = int(state.people.place[ME, 2])
    column = np.asarray(state.people.place[ME, :2]) + step
    if not ((column >= 0) & (column < state.voxels.shape[:2])).all():
        return set()
    window = state.voxels[column[0], column[1], max(height - 1, 0) : height + 2]
    seen = {name for name, code in _MATERIALS.items() if (window == code).any()}
    return seen | {name for name in names if name not in _MATERIALS and is_there(page, name, *step, climb=1)}


def goods(page: Page) -> np.ndarray:
    """Levels of the body, then health."""
    people = page.place.state.people
    return np.append(people.levels[ME], people.health[ME])


def true_gains(page: Page) -> np.ndarray:
    """What filling up each good would add to wellbeing, from the village's own numbers by a formula of one's own."""
    minds, level = page.place.state.minds, goods(page)
    weight = np.append(0.85 * minds.weight[ME] / minds.weight[ME].sum(), 0.15)
    set_point = np.append(minds.set_point[ME], 1.0)
    worth = lambda x: weight * set_point / CURVATURE * (1 - np.exp(-CURVATURE * x / set_point))
    return (worth(np.ones(7)) - worth(level)) / worth(np.ones(7)).sum()


def rarer(mind: Dweller, home: VillageHome, page: Page, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """By how many nats a deed is rarer when the moment is lived again with each good filled up in the world.

    Returns:
        Of each good, nats and their standard error; both from how often the deed was in fact done.
    """
    often = np.asarray(_often(mind, home, page, jax.random.key(seed)), float)
    return rarity(often[0], often[1:], SAMPLES + 1)


def rarity(once: float, then: np.ndarray, of: int) -> tuple[np.ndarray, np.ndarray]:
    """How much rarer, in nats, what was done `once` so often and is done `then` so often, and its standard error."""
    return np.log(once / then), np.sqrt((1 - once / of) / once + (1 - then / of) / then)


@eqx.filter_jit
def _often(mind: Dweller, home: VillageHome, page: Page, key: Any) -> jax.Array:
    """How often the deed is done: as it was, then with each good filled up; half a time more, for logarithms."""
    people, number = page.place.state.people, len(mind.innate.goods)

    def often(good: jax.Array, key: Any) -> jax.Array:
        levels = jnp.where(jnp.arange(number - 1) == good, 1.0, people.levels[ME])
        health = jnp.where(good == number - 1, 1.0, people.health[ME])
        imagined = eqx.tree_at(
            lambda s: (s.people.levels, s.people.health),
            page.place.state,
            (jnp.asarray(people.levels).at[ME].set(levels), jnp.asarray(people.health).at[ME].set(health)),
        )
        sensed = jax.tree.map(lambda leaf: leaf[ME], sensations(home.village.observe(imagined)))
        once = lambda key: mind.attempt(page.before, sensed, key=key)[1].act.hand
        acts = jax.vmap(once)(jax.random.split(key, SAMPLES))
        return 0.5 + jnp.sum(acts == page.trace.act.hand)

    return jax.vmap(often)(jnp.arange(-1, number), jax.random.split(key, number + 1))


def directions(page: Page, what: str) -> list[str]:
    """In which directions such a thing lies at all."""
    state = page.place.state
    me = np.asarray(state.people.place[ME, :2])
    if what in _MATERIALS:
        there = np.argwhere((state.voxels == _MATERIALS[what]).any(-1))
    else:
        there = np.asarray(
            state.plants.place[(state.plants.look == int(what.split()[-1])) & (state.plants.fruit > 0), :2]
        )
    return sorted({octant(*map(int, away)) for away in there - me})


def octant(east: int, south: int) -> str:
    """One of eight directions."""
    return direction(east, south).split()[-1]
