"""Surviving: where a survivor and a world of others meet."""

from typing import Any, Protocol

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.learning.home import AbstractHome, Turn
from inhabit.mind.survivor import Surroundings, Survivor
from inhabit.senses.voxels import Window
from inhabit.types import Key


class World(Protocol):
    """A world on a flat land, written for one; `worlds.adapters.craftax.CraftaxClassic` is one.

    What is observed has `material` and `creature` (codes of the cells in view, 0 for no creature) and `body`; what a
    step came to has `reward`, `terminated` and `truncated`.
    """

    def reset(self, *, key: Key) -> Any:
        """A new land."""

    def observe(self, state: Any) -> Any:
        """What is perceived there."""

    def step(self, state: Any, act: Int[Array, ""], *, key: Key) -> tuple[Any, Any]:
        """Do something."""


class Wilds(AbstractHome[Any]):
    """Such a world to live in.

    Attributes:
        world: Draws lands.
        unit: What a reward of 1 counts; a lesson pays `1 - discount` of it out.
    """

    world: World
    unit: float = eqx.field(static=True, default=1.0)

    def begin(self, mind: Survivor, *, key: Key) -> tuple[Any, Any]:
        """A new land and a newborn."""
        return self.world.reset(key=key), mind.init()

    def percept(self, place: Any) -> Surroundings:
        """What is perceived; a flat land is a window one cell high."""
        seen = self.world.observe(place)
        window = Window(seen.material[..., None], seen.creature[..., None], jnp.zeros_like(seen.creature)[..., None])
        return Surroundings(window, seen.body)

    def step(self, place: Any, act: Int[Array, ""], *, key: Key) -> tuple[Any, Turn]:
        """Do something; the one good is what the world rewards."""
        place, came = self.world.step(place, act, key=key)
        return place, Turn(self.unit * came.reward[None], came.terminated, came.truncated)
