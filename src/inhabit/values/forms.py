"""Forms to put around values: complements and substitutes, loss aversion, delay. Each wraps, so each can be left out."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.maths import utility
from inhabit.values.mood import Condition, Mood
from inhabit.values.values import AbstractValues, all_changes, index_of


class Together(AbstractValues):
    """Goods that go together or stand in for one another: `sum parts + sum_{g<h} interaction_gh sqrt(part_g part_h)`.

    What a pair is worth beyond its parts is put down to both in halves.

    Attributes:
        values: What each good is worth alone.
        interaction: Symmetric, its diagonal 0; positive for complements, negative for substitutes, in units of utility.
        names: The goods.
    """

    values: AbstractValues
    interaction: Float[Array, "goods goods"]
    names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, values: AbstractValues, pairs: Mapping[tuple[str, str], float]) -> "Together":
        """Say of pairs of goods how they go together, for instance `{("tea", "honey"): 0.5}`.

        Raises:
            ValueError: A good that is not known, a good paired with itself, or a number that is not finite.
        """
        interaction = np.zeros((len(values.names),) * 2, np.float32)
        for (one, other), strength in pairs.items():
            i, j = index_of(one, values.names), index_of(other, values.names)
            if i == j or not np.isfinite(strength):
                raise ValueError(f"{one} with {other}: {strength:g}; a pair is of two goods, its strength is finite")
            interaction[i, j] = interaction[j, i] = strength
        return cls(values=values, interaction=jnp.asarray(interaction), names=values.names)

    def parts(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What the level of each good is worth, with half of what it is worth together with the others."""
        alone = self.values.parts(levels, mood)
        return alone + utility.pairs(alone, self.interaction) / 2

    def changes(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, "options goods"]:
        """What each option would bring by way of each good."""
        return all_changes(lambda level: self.parts(level, mood), options, levels)

    def marginal(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """The gradient of `utility`; where a good is not had at all, of its part alone."""
        return jax.grad(self.utility)(jnp.asarray(levels), mood)


class LossAverse(AbstractValues):
    """The same values for whom a loss of any good counts `aversion` times; what is had now is the reference.

    Attributes:
        values: What is felt without the aversion.
        aversion: At least 1; about 2 in the field's experiments.
        names: The goods.

    Source:
        Tversky & Kahneman (1991).
    """

    values: AbstractValues
    aversion: Float[Array, ""]
    names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, values: AbstractValues, aversion: float) -> "LossAverse":
        """Refuse an aversion that is not positive."""
        if not 0 < aversion < float("inf"):
            raise ValueError(f"aversion is {aversion}; it is a positive number, 1 for none, about 2 for most people")
        return cls(values=values, aversion=jnp.asarray(aversion, float), names=values.names)

    def parts(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What is had is worth what it is worth."""
        return self.values.parts(levels, mood)

    def changes(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, "options goods"]:
        """What each option would bring by way of each good, losses counted `aversion` times."""
        return utility.loss_averse(self.values.changes(options, levels, mood), self.aversion)

    def marginal(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What a little more is worth; a little less costs `aversion` times as much."""
        return self.values.marginal(levels, mood)


class Delayed(AbstractValues):
    """The same values where option `i` comes only after `delay[i]`: its worth falls as a hyperbola of the delay.

    Attributes:
        values: What is felt at once.
        rate: How impatient, per unit of delay; 0 or more.
        delay: Of each option of the set that is asked about; 0 or more.
        names: The goods.

    Source:
        Mazur (1987).
    """

    values: AbstractValues
    rate: Float[Array, ""]
    delay: Float[Array, " options"]
    names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, values: AbstractValues, rate: float, delay) -> "Delayed":
        """Refuse a negative rate or delay."""
        if not (rate >= 0 and np.all(np.asarray(delay) >= 0)):
            raise ValueError(f"rate is {rate}, delays are {delay}; neither is below 0")
        return cls(values=values, rate=jnp.asarray(rate, float), delay=jnp.asarray(delay, float), names=values.names)

    def parts(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What is had now does not wait."""
        return self.values.parts(levels, mood)

    def changes(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, "options goods"]:
        """What each option would bring by way of each good, less for having to wait."""
        share = utility.hyperbolic_discount(self.delay, self.rate)
        return share[:, None] * self.values.changes(options, levels, mood)

    def marginal(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What a little more is worth at once."""
        return self.values.marginal(levels, mood)
