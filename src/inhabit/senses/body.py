"""The sense of one's own body: levels and felt states, any of which may not be felt."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.types import Key


def felt(body: Float[Array, " body"]) -> Float[Array, " twice"]:
    """Each level (0 where it is not felt), then 1 where it is felt and 0 where not.

    Not feeling hunger is thus told apart from feeling none.
    """
    known = jnp.isfinite(body)
    return jnp.concatenate([jnp.where(known, body, 0.0), known.astype(body.dtype)])


class BodySense(eqx.Module):
    """Interoception: levels and felt states to an encoding.

    Attributes:
        network: From the levels and whether they are felt to the encoding.
    """

    network: eqx.nn.MLP

    def __init__(self, body: int, width: int, *, hidden: int = 16, depth: int = 1, key: Key):
        """Make a sense of `body` levels.

        Args:
            body: How many levels there are, felt or not.
            width: Width of the encoding.
            hidden: Width of the hidden layers.
            depth: Hidden layers; 0 is a linear map.
            key: Random key.
        """
        self.network = eqx.nn.MLP(2 * body, width, hidden, depth, activation=jax.nn.tanh, key=key)

    def __call__(self, body: Float[Array, " body"]) -> Float[Array, " width"]:
        """Encode; a level that is NaN or infinite is not felt."""
        return self.network(felt(body))
