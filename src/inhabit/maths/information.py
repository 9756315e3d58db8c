"""Information: surprisal, entropy, divergence. Everything in nats unless a name says bits."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

LN2 = 0.6931471805599453


def surprisal(logits: Float[Array, " outcomes"], outcome: Int[Array, ""]) -> Float[Array, ""]:
    """`-log p(outcome)` in nats, for a categorical belief given by its logits."""
    return -jax.nn.log_softmax(logits)[outcome]


def gaussian_surprisal(
    error: Float[Array, " dims"], variance: Float[Array, " dims"] | Float[Array, ""]
) -> Float[Array, ""]:
    """`-log N(error; 0, variance)` in nats, summed over dimensions."""
    return 0.5 * jnp.sum(error**2 / variance + jnp.log(2 * jnp.pi * variance) * jnp.ones_like(error))


def entropy(probability: Float[Array, " outcomes"]) -> Float[Array, ""]:
    """Shannon entropy in nats; `0 log 0 = 0`."""
    return -jnp.sum(jnp.where(probability > 0, probability * jnp.log(probability), 0.0))


def divergence(p: Float[Array, " outcomes"], q: Float[Array, " outcomes"]) -> Float[Array, ""]:
    """Kullback-Leibler divergence `KL(p || q)` in nats; infinite where `q` forbids what `p` allows."""
    return jnp.sum(jnp.where(p > 0, p * (jnp.log(p) - jnp.log(q)), 0.0))


def bits(nats: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
    """Turn nats into bits."""
    return nats / LN2
