"""Fusion: several encodings become one situation, each heard as far as it is sure."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.types import Key


class Fusion(eqx.Module):
    """A product of Gaussian experts, one for each sense, and a standard normal prior.

    Sense `i` with encoding `x` says that the situation is `A_i x`, with precision `(B_i x)^2` in each dimension. The
    product's mean is the precision-weighted mean. A sense that encodes zeros has no precision and changes nothing.

    Attributes:
        means: `A_i` of each sense.
        precisions: `B_i` of each sense.
        norm: Layer norm of the fused mean.

    Source:
        Hinton (2002), products of experts; Wu & Goodman (2018), arXiv 1802.05335, for senses that may be absent.
    """

    means: tuple[Float[Array, "width _"], ...]
    precisions: tuple[Float[Array, "width _"], ...]
    norm: eqx.nn.LayerNorm

    def __init__(self, widths: tuple[int, ...], width: int, *, key: Key):
        """Make a fusion of encodings of `widths` to a situation of `width`.

        Raises:
            ValueError: Nothing to fuse.
        """
        if not widths:
            raise ValueError("there is nothing to fuse: give the width of at least one sense")
        mean_key, precision_key = jax.random.split(key)
        self.means = _maps(widths, width, key=mean_key)
        self.precisions = _maps(widths, width, key=precision_key)
        self.norm = eqx.nn.LayerNorm(width)

    def __call__(self, *encodings: Float[Array, " _"]) -> Float[Array, " width"]:
        """Fuse, one encoding for each sense, in their order.

        Raises:
            ValueError: Another number of encodings than of senses.
        """
        if len(encodings) != len(self.means):
            raise ValueError(f"got {len(encodings)} encodings for {len(self.means)} senses")
        precisions = [(b @ x) ** 2 for b, x in zip(self.precisions, encodings)]
        votes = [p * (a @ x) for a, p, x in zip(self.means, precisions, encodings)]
        return self.norm(sum(votes, start=jnp.zeros(())) / (1 + sum(precisions)))


def _maps(widths: tuple[int, ...], width: int, *, key: Key) -> tuple[Float[Array, "width _"], ...]:
    keys = jax.random.split(key, len(widths))
    return tuple(jax.random.normal(k, (width, w)) / jnp.sqrt(w) for k, w in zip(keys, widths))
