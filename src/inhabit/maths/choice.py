"""Choice: the conditional logit, its temperature, its masks, and the noise that makes it a draw."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

FORBIDDEN = -1e9
"""Logit of an option that is not open. Finite, so that gradients stay finite; its probability is exactly 0."""


def masked(
    logits: Float[Array, "*batch options"], allowed: Bool[Array, "*batch options"]
) -> Float[Array, "*batch options"]:
    """Close the options that are not allowed."""
    return jnp.where(allowed, logits, FORBIDDEN)


def log_probabilities(
    utility: Float[Array, " options"],
    temperature: Float[Array, ""] | float = 1.0,
    allowed: Bool[Array, " options"] | None = None,
) -> Float[Array, " options"]:
    """Conditional logit: `utility / temperature - logsumexp(utility / temperature)`, in nats.

    Args:
        utility: Of each option; only differences count.
        temperature: Noise of the choice, in the units of utility; positive. Towards 0 the best is always taken.
        allowed: Which options are open; all when left out. At least one must be. A closed one gets about
            `FORBIDDEN` nats.

    Source:
        McFadden (1974).
    """
    scaled = utility / temperature
    return jax.nn.log_softmax(scaled if allowed is None else masked(scaled, allowed))


def gumbel_max(logits: Float[Array, " options"], noise: Float[Array, " options"]) -> Int[Array, ""]:
    """Draw from `softmax(logits)` with given standard Gumbel noise: `argmax(logits + noise)`.

    The same noise with other logits answers "what would have been chosen instead?".

    Source:
        Gumbel (1954); Maddison, Tarlow & Minka (2014).
    """
    return jnp.argmax(logits + noise)
