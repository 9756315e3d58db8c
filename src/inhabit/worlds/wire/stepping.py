"""Stepping through machines on the accelerator: `scan` makes time, `vmap` makes sessions and machines."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.worlds.wire.machine import Machine


class Tables(eqx.Module):
    """A machine's tables as arrays of JAX; those of several machines can be stacked and `vmap`ped.

    Attributes:
        next: The state that follows.
        out: The output that is answered.
        initial: The state in which a connection begins.
    """

    next: Int[Array, "states inputs"]
    out: Int[Array, "states inputs"]
    initial: Int[Array, ""]

    @classmethod
    def of(cls, machine: Machine) -> "Tables":
        """The tables of a machine."""
        return cls(
            jnp.asarray(machine.next, jnp.int32),
            jnp.asarray(machine.out, jnp.int32),
            jnp.asarray(machine.initial, jnp.int32),
        )


def session(tables: Tables, word: Int[Array, " length"]) -> Int[Array, " length"]:
    """Answer one word, from a reset."""

    def step(state, symbol):
        return tables.next[state, symbol], tables.out[state, symbol]

    return jax.lax.scan(step, tables.initial, word)[1]


@jax.jit
def sessions(tables: Tables, words: Int[Array, "sessions length"]) -> Int[Array, "sessions length"]:
    """Answer many words at once, each from a reset."""
    return jax.vmap(session, in_axes=(None, 0))(tables, words)
