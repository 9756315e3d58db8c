"""Lesions: parts of a mind that can be taken away by a number, so that one compiled life serves every ablation."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import AbstractFeeling
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.knowing import AbstractKnowing, Known
from inhabit.senses.voxels import AbstractSight, Window

FACULTIES = ("sight", "surprise memory", "knowledge", "felt values")
"""What can be taken away."""


class _Sight(AbstractSight):
    part: AbstractSight
    share: Float[Array, ""]

    def __call__(self, window: Window) -> Float[Array, "many width"]:
        return self.share * self.part(window)


class _Memory(AbstractMemory[Any]):
    part: AbstractMemory
    share: Float[Array, ""]
    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)

    def init(self, *, key=None) -> Any:
        return self.part.init(key=key)

    def read(self, state, cue):
        value, variance = self.part.read(state, cue)
        return self.share * value, self.share * variance + (1 - self.share)

    def step(self, state, event, *, key=None):
        return self.part.step(state, event, key=key)


class _Knowing(AbstractKnowing):
    part: AbstractKnowing
    share: Float[Array, ""]
    innate: Innate = eqx.field(static=True)

    def init(self) -> Known:
        return self.part.init()

    def step(self, known, sensed, mouthed, picked, now) -> Known:
        after = self.part.step(known, sensed, mouthed, picked, now)
        return jax.tree.map(lambda new, blank: jnp.where(self.share > 0, new, blank), after, self.init())


class _Feeling(AbstractFeeling):
    part: AbstractFeeling
    share: Float[Array, ""]

    def moved(self, mood, surprise, reward):
        return jax.tree.map(lambda leaf: self.share * leaf, self.part.moved(mood, surprise, reward))

    def felt(self, store, levels, mood) -> Float[Array, " feelings"]:
        return self.share * self.part.felt(store, levels, mood)


def lesioned(mind: Dweller, *gone: str) -> Dweller:
    """The mind without some of its `FACULTIES`: the same as with the null parts in their places, in the same program.

    Raises:
        ValueError: There is no such faculty.
    """
    if unknown := set(gone) - set(FACULTIES):
        raise ValueError(f"no faculty is called {', '.join(sorted(unknown))}; there are {', '.join(FACULTIES)}")
    share = {name: jnp.array(float(name not in gone)) for name in FACULTIES}
    memory = lambda part: _Memory(part=part, share=share["surprise memory"], keys=part.keys, values=part.values)
    return eqx.tree_at(
        lambda m: (m.sight, m.lore, m.norms, m.knowing, m.feeling),
        mind,
        (
            _Sight(mind.sight, share["sight"]),
            memory(mind.lore),
            memory(mind.norms),
            _Knowing(part=mind.knowing, share=share["knowledge"], innate=mind.innate),
            _Feeling(mind.feeling, share["felt values"]),
        ),
        is_leaf=lambda node: node is mind.knowing,
    )
