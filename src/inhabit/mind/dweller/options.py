"""Options: log-probabilities of what was chosen among some, by logits, as sums over one-hots (gathers are slow here)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def at(logits: Float[Array, "*many options"], chosen: Int[Array, "*many"]) -> Float[Array, "*many"]:
    """Log-probability of what was chosen, in nats."""
    return pick(logits, chosen) - jax.nn.logsumexp(logits, axis=-1)


def pick(table: Float[Array, "*many any"], chosen: Int[Array, "*some"]) -> Float[Array, "*many"]:
    """Entries of the last axis; a `chosen` of fewer axes than the rest of the table is spread over those before it."""
    spread = chosen.reshape(*chosen.shape, *[1] * (table.ndim - chosen.ndim))
    return jnp.sum(jnp.where(jnp.arange(table.shape[-1]) == spread, table, 0.0), -1)


def entropy(logits: Float[Array, "*many options"]) -> Float[Array, "*many"]:
    """Of the choice, in nats."""
    log_probability = jax.nn.log_softmax(logits)
    return -jnp.sum(jnp.exp(log_probability) * log_probability, -1)
