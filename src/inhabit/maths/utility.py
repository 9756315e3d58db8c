"""Utility: what a level of a good is worth, what one more of it is worth, and what its lack drives to."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def relative_expm1(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """`(exp(x) - 1) / x`, which is 1 at 0; value and derivative are finite around 0.

    Below `|x| = 1e-3` its series `1 + x/2 + x^2/6` stands in, exact to single precision.
    """
    near = jnp.abs(x) < 1e-3
    safe = jnp.where(near, 1.0, x)
    return jnp.where(near, 1 + x / 2 + x**2 / 6, jnp.expm1(safe) / safe)


def exponential_utility(
    level: Float[Array, " goods"], set_point: Float[Array, " goods"], curvature: Float[Array, " goods"]
) -> Float[Array, " goods"]:
    """Utility that saturates exponentially: `set_point / curvature * (1 - exp(-curvature * level / set_point))`.

    Its first unit is worth 1 per unit of the good, at the set point one more is worth `exp(-curvature)`. Curvature 0
    is the straight line. Below level 0 it goes on as the line of slope 1, so that a debt does not explode.

    Args:
        level: Units of each good that are felt.
        set_point: Level at which the marginal value has fallen by `exp(-curvature)`; positive.
        curvature: How fast marginal value diminishes; 0 or more.

    Source:
        Constant absolute risk aversion: Pratt (1964), Arrow (1965).
    """
    positive = jnp.maximum(level, 0.0)
    saturation = relative_expm1(-curvature * positive / set_point)
    return jnp.where(level > 0, positive * saturation, level)


def exponential_marginal(
    level: Float[Array, " goods"], set_point: Float[Array, " goods"], curvature: Float[Array, " goods"]
) -> Float[Array, " goods"]:
    """Derivative of `exponential_utility`: `exp(-curvature * level / set_point)`, 1 below level 0.

    Source:
        Constant absolute risk aversion: Pratt (1964), Arrow (1965).
    """
    return jnp.exp(-curvature * jnp.maximum(level, 0.0) / set_point)


def power_utility(
    level: Float[Array, " goods"], set_point: Float[Array, " goods"], curvature: Float[Array, " goods"]
) -> Float[Array, " goods"]:
    """Utility with a power's tail: `set_point * ((1 + level / set_point)^(1 - curvature) - 1) / (1 - curvature)`.

    Curvature 1 is the logarithm `set_point * log(1 + level / set_point)`, curvature 0 the straight line. The shift by
    1 keeps the first unit's worth at 1. Below level 0 it goes on as the line of slope 1.

    Source:
        Constant relative risk aversion, shifted: Pratt (1964).
    """
    positive = jnp.maximum(level, 0.0)
    logarithm = jnp.log1p(positive / set_point)
    return jnp.where(level > 0, set_point * logarithm * relative_expm1((1 - curvature) * logarithm), level)


def power_marginal(
    level: Float[Array, " goods"], set_point: Float[Array, " goods"], curvature: Float[Array, " goods"]
) -> Float[Array, " goods"]:
    """Derivative of `power_utility`: `(1 + level / set_point)^(-curvature)`, 1 below level 0.

    Source:
        Constant relative risk aversion, shifted: Pratt (1964).
    """
    return jnp.exp(-curvature * jnp.log1p(jnp.maximum(level, 0.0) / set_point))


def shifted_weights(
    weight: Float[Array, " goods"], coupling: Float[Array, "goods moods"], mood: Float[Array, " moods"]
) -> Float[Array, " goods"]:
    """Weights on the simplex, tilted by a mood: `softmax(log weight + coupling @ mood)`.

    Args:
        weight: Positive, summing to 1; what is given back when the mood is 0.
        coupling: What one unit of each mood adds to each good's log weight.
        mood: The moods, 0 at rest.
    """
    return jax.nn.softmax(jnp.log(weight) + coupling @ mood)


def drive(
    level: Float[Array, " goods"],
    set_point: Float[Array, " goods"],
    weight: Float[Array, " goods"],
    *,
    order: float = 2.0,
    root: float = 2.0,
    floor: float = 1e-6,
) -> Float[Array, ""]:
    """Distance from where the body wants to be: `(sum weight * |set_point - level|^order)^(1 / root)`.

    `floor` is added inside the root and taken off outside, so that the gradient is finite (and 0) at the set point.

    Args:
        level: Levels of the goods.
        set_point: Where each is wanted.
        weight: How much each one's lack counts.
        order: Exponent of each deviation; above 1, so that a larger lack drives more than in proportion.
        root: The root of their sum; at most `order`.
        floor: Smallest sum told apart from none, in the sum's own units.

    Source:
        Keramati & Gutkin (2014), eLife 3:e04811, equation 1 (with weights).
    """
    total = jnp.sum(weight * jnp.abs(set_point - level) ** order)
    return (total + floor) ** (1 / root) - floor ** (1 / root)


def homeostatic_reward(drive_before: Float[Array, ""], drive_after: Float[Array, ""]) -> Float[Array, ""]:
    """Reward as the fall of drive: `drive_before - drive_after`.

    Source:
        Keramati & Gutkin (2014), eLife 3:e04811, equation 2.
    """
    return drive_before - drive_after


def pushed(value: Float[Array, "..."], push: Float[Array, "..."], low: float, high: float) -> Float[Array, "..."]:
    """Push a value up (positive) or down (negative) without ever leaving `[low, high]`.

    Up: `value + (high - value) * (1 - exp(-push))`; down the same towards `low`. A small push moves by
    `push * room`; the nearer the bound, the less is moved.
    """
    up = -jnp.expm1(-jnp.maximum(push, 0.0))
    down = -jnp.expm1(jnp.minimum(push, 0.0))
    return value + (high - value) * up - (value - low) * down


def pairs(parts: Float[Array, " goods"], interaction: Float[Array, "goods goods"]) -> Float[Array, " goods"]:
    """What each good is worth together with the others: `r_g * sum_{h != g} interaction_gh * r_h`.

    `r` is the root of a part, so that an interaction is in the units of utility; a part of 0 or below goes with nothing.

    Args:
        parts: What each good is worth alone, for instance by `exponential_utility`.
        interaction: Symmetric; its diagonal is not read. Positive for complements, negative for substitutes.

    Source:
        The generalised Leontief form: Diewert (1971).
    """
    positive = parts > 0
    root = jnp.where(positive, jnp.sqrt(jnp.where(positive, parts, 1.0)), 0.0)
    return root * ((interaction - jnp.diag(jnp.diag(interaction))) @ root)


def interacting_utility(parts: Float[Array, " goods"], interaction: Float[Array, "goods goods"]) -> Float[Array, ""]:
    """Utility of goods that go together or stand in for one another: `sum parts + sum_{g<h} interaction_gh * r_g r_h`.

    `r` and `interaction` are those of `pairs`; an interaction of 0 is the additive form.

    Source:
        The generalised Leontief form: Diewert (1971).
    """
    return jnp.sum(parts) + jnp.sum(pairs(parts, interaction)) / 2


def loss_averse(change: Float[Array, "..."], aversion: Float[Array, ""] | float) -> Float[Array, "..."]:
    """A change of utility as it is felt: a loss counts `aversion` times; 1 is no aversion.

    Source:
        Tversky & Kahneman (1991).
    """
    return jnp.where(change < 0, aversion * change, change)


def hyperbolic_discount(delay: Float[Array, "..."], rate: Float[Array, ""] | float) -> Float[Array, "..."]:
    """Share of worth that is left after a delay: `1 / (1 + rate * delay)`.

    Source:
        Mazur (1987).
    """
    return 1 / (1 + rate * delay)


def td_update(
    worth: Float[Array, " goods"],
    eaten: Float[Array, " goods"],
    reward: Float[Array, ""],
    next_worth: Float[Array, ""],
    *,
    rate: Float[Array, ""] | float,
    discount: Float[Array, ""] | float = 1.0,
) -> tuple[Float[Array, " goods"], Float[Array, ""]]:
    """What goods are worth after a reward: `worth + rate * error * eaten`, and the prediction error.

    The error is `reward + discount * next_worth - worth @ eaten`.

    Source:
        Sutton & Barto (2018), semi-gradient TD(0), section 9.3.
    """
    error = reward + discount * next_worth - worth @ eaten
    return worth + rate * error * eaten, error
