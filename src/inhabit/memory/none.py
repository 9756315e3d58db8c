"""No memory: the part that is put in a memory's place to learn what the memory is worth."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.surprise import AbstractMemory, MemoryInfo
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
        value = jnp.where(sane, value, 0.0)
        nothing, no = jnp.zeros(()), jnp.zeros((), bool)
        info = MemoryInfo(
            innovation=value,
            surprise=jnp.where(sane, jnp.mean(value**2), 0.0),
            surprisal=jnp.where(sane, 0.5 * (value @ value + self.values * jnp.log(2 * jnp.pi)), 0.0),
            information=nothing,
            written=nothing,
            quarantined=no,
            confirmed=no,
            ignored=~sane,
        )
        return state, info
