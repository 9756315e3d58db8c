"""Expecting: what will be heard next, how surprising it then is, and what the memory keeps of it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory, MemoryInfo
from inhabit.memory.surprise import MemoryState, SurpriseMemory
from inhabit.mind.person.lived import CUE
from inhabit.types import Key


class Expectation(eqx.Module):
    """A learned expectation of the next percept, and the surprise memory that corrects it by living.

    Attributes:
        expect: Predicts the gist of the next percept.
        ask: Makes the memory's cue from the situation and the own act.
        memory: The surprise memory; `NoMemory` is another part.
    """

    expect: eqx.nn.Linear
    ask: eqx.nn.Linear
    memory: AbstractMemory

    def __init__(self, done: int, *, key: Key):
        """Expect from what was done: a vector of length `done`, the situation and the act."""
        for_expect, for_ask = jax.random.split(key)
        self.expect = eqx.nn.Linear(done, CUE, key=for_expect)
        self.ask = eqx.nn.Linear(done, CUE - 1, key=for_ask)
        self.memory = SurpriseMemory(CUE, CUE, noise=0.3)

    def after(self, done: Float[Array, " done"]) -> tuple[Float[Array, " cue"], Float[Array, " cue"]]:
        """The memory's cue, and what is expected, once something was done."""
        return jnp.concatenate([jnp.ones(1), jnp.tanh(self.ask(done))]) / 2, jnp.tanh(self.expect(done))

    def meet(
        self, memory: MemoryState, cue: Float[Array, " cue"], missed: Float[Array, " cue"]
    ) -> tuple[MemoryState, MemoryInfo, Float[Array, " cue"]]:
        """Write what was heard beyond what was expected, and read what the memory now holds of the situation.

        No gradient passes: the memory learns by living, and the compiled lesson stays small.
        """
        part, cue, missed = jax.lax.stop_gradient((self.memory, cue, missed))
        written, lesson = part.step(memory, (cue, missed))
        recalled, _ = part.read(written, cue)
        return jax.lax.stop_gradient((written, lesson, recalled))
