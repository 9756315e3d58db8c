"""The sense of symbols: each has a place of its own, and nothing (0) is the origin."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.types import Key


class SymbolSense(eqx.Module):
    """Embeds one symbol of a fixed vocabulary.

    Attributes:
        table: Place of each symbol; the row of symbol 0 is never read.
    """

    table: Float[Array, "symbols width"]

    def __init__(self, symbols: int, width: int, *, key: Key):
        """Scatter the symbols on about the unit sphere.

        Args:
            symbols: Size of the vocabulary, with 0 for nothing.
            width: Width of the embedding.
            key: Random key.

        Raises:
            ValueError: A vocabulary without any symbol besides 0.
        """
        if symbols < 2:
            raise ValueError(f"a vocabulary has 0 and at least one symbol, so size 2 or more; got {symbols}")
        self.table = jax.random.normal(key, (symbols, width)) / jnp.sqrt(width)

    def __call__(self, symbol: Int[Array, ""]) -> Float[Array, " width"]:
        """Encode; 0, and anything outside the vocabulary, is the zero vector."""
        symbols = self.table.shape[0]
        known = (symbol > 0) & (symbol < symbols)
        return jnp.where(known, self.table[jnp.clip(symbol, 0, symbols - 1)], 0.0)
