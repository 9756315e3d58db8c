"""A gated recurrent network that foretells the next token: the fair neural opponent wherever a finite state suffices."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.types import Key


class Recurrent(eqx.Module):
    """Foretells the next token from a state of fixed size; called like `Transformer`.

    Attributes:
        table: Embedding of each token, for reading and for foretelling.
        cell: The gated recurrent unit (Cho et al. 2014).
        gain: Scale of the logits.
    """

    table: Float[Array, "vocabulary width"]
    cell: eqx.nn.GRUCell
    gain: Float[Array, ""]

    def __init__(self, vocabulary: int, *, width: int, key: Key):
        table_key, cell_key = jax.random.split(key)
        self.table = width**-0.5 * jax.random.normal(table_key, (vocabulary, width))
        self.cell = eqx.nn.GRUCell(width, width, key=cell_key)
        self.gain = jnp.array(1.0)

    def __call__(self, tokens: Int[Array, " time"]) -> Float[Array, "time width"]:
        """What is thought after each token; `logits` turns it into a forecast."""

        def step(state, seen):
            after = self.cell(seen, state)
            return after, after

        return jax.lax.scan(step, jnp.zeros(self.table.shape[1]), self.table[tokens])[1]

    def logits(self, thought: Float[Array, "*batch width"]) -> Float[Array, "*batch vocabulary"]:
        """Unnormalised log-probability of each token to come next."""
        return self.gain * (thought @ self.table.T)
