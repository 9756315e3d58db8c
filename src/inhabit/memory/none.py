"""No memory: the part that is put in a memory's place to learn what the memory is worth."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory, MemoryInfo, judged
from inhabit.types import Key


class NoMemoryState(eqx.Module):
    """Nothing is lived."""


class NoMemory(AbstractMemory[NoMemoryState]):
    """Always expects nothing, with unit variance, and writes nothing."""

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)

    def init(self, *, key: Key | None = None) -> NoMemoryState:
        """The empty state."""
        return NoMemoryState()

    def read(
        self, state: NoMemoryState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Zeros, and 1."""
        return jnp.zeros(self.values), jnp.ones(())

    def step(
        self,
        state: NoMemoryState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[NoMemoryState, MemoryInfo]:
        """Judge the event by a standard normal; learn nothing."""
        cue, value = event
        sane = jnp.all(jnp.isfinite(cue)) & jnp.all(jnp.isfinite(value))
        return state, judged(jnp.where(sane, value, 0.0), jnp.ones(()), sane)
