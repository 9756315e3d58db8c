"""A layer of surprise memories for any network: keys, values and queries are learned, small heads are written as they go."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.living import Lived, live_heads
from inhabit.memory.surprise import MemoryState, SurpriseMemory
from inhabit.types import Key


class MemoryLayer(eqx.Module):
    """Projects a sequence to cues, values and queries of small heads, lives through it, and says what each head reads.

    Attributes:
        project: To cues, values and queries.
        heads: Memories, stacked.
    """

    project: Float[Array, "width three_widths"]
    heads: SurpriseMemory
    size: int = eqx.field(static=True)

    def __init__(self, width: int, *, size: int = 32, noise: float = 1.0, key: Key):
        """Make a layer.

        Args:
            width: Of the sequence.
            size: Of a head; divides the width.
            noise: Prior noise variance of the values.
            key: For the projection.

        Raises:
            ValueError: The heads do not fill the width.
        """
        if width % size:
            raise ValueError(f"heads of {size} do not fill a width of {width}; take a size that divides it")
        self.project = jax.random.normal(key, (width, 3 * width)) / jnp.sqrt(width)
        self.size = size
        self.heads = eqx.filter_vmap(lambda _: SurpriseMemory(size, size, noise=noise))(jnp.arange(width // size))

    def init(self) -> MemoryState:
        """Nothing lived."""
        return eqx.filter_vmap(lambda head: head.init())(self.heads)

    def live(
        self, state: MemoryState, sequence: Float[Array, "time width"], *, chunk: int | None = None
    ) -> tuple[MemoryState, Float[Array, "time width"], Lived]:
        """Live through a sequence; every output knows its own event and all before it.

        Args:
            state: Before it.
            sequence: Of order 1.
            chunk: See `living.live_heads`.
        """
        parts = (sequence @ self.project).reshape(sequence.shape[0], 3, -1, self.size)
        # Time first, as the sequence lies in memory, until the heads take them.
        keys, values, queries = parts[:, 0], parts[:, 1], parts[:, 2]
        keys, queries = (part * jax.lax.rsqrt(jnp.sum(part**2, -1, keepdims=True) + 1e-6) for part in (keys, queries))
        by_head = (jnp.swapaxes(part, 0, 1) for part in (keys, values, queries))
        after, lived = live_heads(self.heads, state, *by_head, chunk=chunk)
        assert lived.read is not None  # for there were queries
        return after, jnp.moveaxis(lived.read, 0, 1).reshape(sequence.shape), lived
