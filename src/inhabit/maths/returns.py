"""Returns: what a life was worth from each step on, how much better than expected, and the terms of learning by it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def advantages(
    reward: Float[Array, " time"],
    discount: Float[Array, " time"],
    value: Float[Array, " time+1"],
    lambda_: Float[Array, ""] | float,
) -> Float[Array, " time"]:
    """Generalised advantages, computed backwards.

    `A[t] = delta[t] + lambda * discount[t] * A[t+1]` with `delta[t] = reward[t] + discount[t] * value[t+1] - value[t]`,
    started from `A[T] = 0`. Added to `value[:-1]` they are the TD(lambda) returns.

    Args:
        reward: Reward that followed the act at each step.
        discount: Of what comes after each step; 0 where the life ended (was not merely cut off) in it.
        value: Expected return before each step, and after the last.
        lambda_: 0 trusts the next value, 1 waits for the whole return.

    Source:
        Schulman et al. (arXiv 1506.02438); Sutton & Barto (2018), section 12.1 for the returns.
    """
    delta = reward + discount * value[1:] - value[:-1]

    def back(later: Float[Array, ""], step: tuple[Array, Array]) -> tuple[Array, Array]:
        error, kept = step
        now = error + lambda_ * kept * later
        return now, now

    return jax.lax.scan(back, jnp.zeros_like(value[0]), (delta, discount), reverse=True)[1]


def lambda_returns(
    reward: Float[Array, " time"],
    discount: Float[Array, " time"],
    value: Float[Array, " time+1"],
    lambda_: Float[Array, ""] | float,
) -> Float[Array, " time"]:
    """TD(lambda) targets: `G[t] = reward[t] + discount[t] * ((1 - lambda) * value[t+1] + lambda * G[t+1])`.

    Started from `G[T] = value[T]`; arguments as for `advantages`.

    Source:
        Sutton & Barto (2018), section 12.1.
    """
    return value[:-1] + advantages(reward, discount, value, lambda_)


def clipped_surrogate(
    log_ratio: Float[Array, "*steps"], advantage: Float[Array, "*steps"], clip: float
) -> Float[Array, "*steps"]:
    """What PPO raises: `min(ratio * advantage, clamp(ratio, 1 - clip, 1 + clip) * advantage)`.

    Args:
        log_ratio: Log-probability of the act now, less that under which it was done.
        advantage: Of the act.
        clip: How far the ratio may move and still be paid for.

    Source:
        Schulman et al. (arXiv 1707.06347), equation 7.
    """
    ratio = jnp.exp(log_ratio)
    return jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage)


def divergence(log_ratio: Float[Array, "*steps"]) -> Float[Array, "*steps"]:
    """Estimate of the KL divergence from the old policy to the new in nats, never negative: `exp(r) - 1 - r`.

    Source:
        Schulman, "Approximating KL divergence" (2020), estimator k3, with samples of the old policy.
    """
    return jnp.expm1(log_ratio) - log_ratio


def weighted_mean(values: Float[Array, "*steps"], weight: Float[Array, "*steps"]) -> Float[Array, ""]:
    """Mean over the steps that count; 0 where none does."""
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), 1.0)


def standardised(values: Float[Array, "*steps"], weight: Float[Array, "*steps"]) -> Float[Array, "*steps"]:
    """Mean 0 and standard deviation 1 over the steps that count, so that a learning rate means the same anywhere."""
    centred = values - weighted_mean(values, weight)
    return centred / jnp.sqrt(weighted_mean(centred**2, weight) + 1e-8)
