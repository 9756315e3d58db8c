"""A scene of bodies in three dimensions, sensed as it is: turned, moved or listed otherwise, it is the same scene."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.types import Key


class SceneSense(eqx.Module):
    """Senses a vector at every body of a scene, for instance what pulls it.

    Every body gets a message from every other: their difference in place times a number that depends on the pair's
    distance and on what the two are like. So the answer turns with the scene,
    does not move when it moves, and is listed as the bodies are (E(3)- and permutation-equivariant), by construction.

    Attributes:
        pair: From a pair's squared distance, distance, closeness and likes to the message's number.

    Source:
        Satorras, Hoogeboom & Welling (arXiv 2102.09844), without their hidden states.
    """

    pair: eqx.nn.MLP

    def __init__(self, likes: int, *, hidden: int, depth: int = 2, key: Key):
        """Make a sense of bodies each with `likes` numbers of its own (charge, mass)."""
        self.pair = eqx.nn.MLP(3 + 3 * likes, 1, hidden, depth, activation=jax.nn.silu, key=key)

    def __call__(self, place: Float[Array, "bodies 3"], like: Float[Array, "bodies likes"]) -> Float[Array, "bodies 3"]:
        """A vector at each body."""
        apart = place[None] - place[:, None]
        square = jnp.sum(apart**2, -1, keepdims=True)
        mine, theirs = (
            jnp.broadcast_to(one, (*square.shape[:2], like.shape[1])) for one in (like[:, None], like[None])
        )
        near = jnp.concatenate([square / (1 + square), jnp.log1p(square), 1 / (1 + square)], -1)
        message = jax.vmap(jax.vmap(self.pair))(jnp.concatenate([near, mine, theirs, mine * theirs], -1))
        return jnp.sum(message * apart, 1)
