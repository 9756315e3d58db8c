"""What every form of values can be asked: what levels are worth, what one more is worth, what would be chosen."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.maths import choice
from inhabit.types import Key
from inhabit.values.mood import Condition, Mood


class AbstractValues(eqx.Module):
    """Something that values goods: a store, or a form put around one."""

    names: eqx.AbstractVar[tuple[str, ...]]

    @abc.abstractmethod
    def parts(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What the level of each good is worth in a mood; they sum to `utility`."""

    @abc.abstractmethod
    def changes(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, "options goods"]:
        """What each option (a change of levels) would bring by way of each good."""

    @abc.abstractmethod
    def marginal(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What a little more of each good would be worth, per unit."""

    def utility(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, ""]:
        """What levels of the goods are worth in a mood."""
        return self.parts(levels, mood).sum()

    @eqx.filter_jit
    def gains(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, " options"]:
        """Change of utility that each option would bring."""
        return self.changes(options, levels, mood).sum(axis=1)

    @eqx.filter_jit
    def exchange(self, levels: Float[Array, " goods"], mood: Mood | Condition, unit: str) -> Float[Array, " goods"]:
        """Marginal rates of exchange: how many units of `unit` one more of each good is worth."""
        marginal = self.marginal(levels, mood)
        return marginal / marginal[index_of(unit, self.names)]

    def log_probabilities(
        self,
        options: Float[Array, "options goods"],
        levels: Float[Array, " goods"],
        mood: Mood | Condition,
        temperature: Float[Array, ""] | float = 1.0,
    ) -> Float[Array, " options"]:
        """Log-probability of choosing each option, by conditional logit on `gains`."""
        return choice.log_probabilities(self.gains(options, levels, mood), temperature)

    def choose(
        self,
        options: Float[Array, "options goods"],
        levels: Float[Array, " goods"],
        mood: Mood | Condition,
        temperature: Float[Array, ""] | float = 1.0,
        *,
        key: Key,
    ) -> Int[Array, ""]:
        """Draw an option; the same key with other values answers what would have been chosen instead."""
        logits = self.log_probabilities(options, levels, mood, temperature)
        return choice.gumbel_max(logits, jax.random.gumbel(key, logits.shape))


def index_of(name: str, names: tuple[str, ...]) -> int:
    """Place of a good.

    Raises:
        ValueError: There is no such good.
    """
    if name not in names:
        raise ValueError(f"no good called {name!r}; this store knows {', '.join(names)}")
    return names.index(name)


def all_changes(
    parts, options: Float[Array, "options goods"], levels: Float[Array, " goods"]
) -> Float[Array, "options goods"]:
    """What each option adds to the parts that a function of levels gives."""
    now = parts(levels)
    return jax.vmap(lambda change: parts(levels + change) - now)(jnp.asarray(options))
