"""Who lives in the market: makers with hidden values, patience and temper, each with a way of talking."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.types import Key
from inhabit.worlds.market.options import GOODS
from inhabit.worlds.market.words import SLOTS

PARAMETERS = (
    *(f"log value of {good}" for good in GOODS),
    *(f"log set point of {good}" for good in GOODS),
    *(f"stress tilt of {good}" for good in GOODS),
    "log patience",
    "log temper",
    "kindness",
)
"""Names of a maker's hidden numbers on the real line."""

PRIOR_MEAN = np.array([0.5] * 4 + [1.0] * 4 + [0.0] * 4 + [0.0, 0.0, 0.0], np.float32)
PRIOR_SCALE = np.array([0.9] * 4 + [0.3] * 4 + [0.7] * 4 + [0.5, 0.4, 0.7], np.float32)
"""Mean and standard deviation with which hidden numbers are drawn, each on its own, in the order of `PARAMETERS`."""


class Maker(eqx.Module):
    """One maker's lasting hidden part.

    Attributes:
        value: Worth of the first unit of each good at rest.
        set_point: Level at which a good's marginal value has fallen by `exp(-curvature)`.
        tilt: What full stress adds to each good's log weight.
        patience: How much pestering and load is borne; 1 is usual.
        temper: How strongly unpleasant events stress; 1 is usual.
        kindness: Added to the utility of giving what was asked for.
        style: Preference for each phrase of each slot of the grammar.
    """

    value: Float[Array, "*makers goods"]
    set_point: Float[Array, "*makers goods"]
    tilt: Float[Array, "*makers goods"]
    patience: Float[Array, "*makers"]
    temper: Float[Array, "*makers"]
    kindness: Float[Array, "*makers"]
    style: tuple[Float[Array, "*makers _"], ...]

    slots: ClassVar[tuple[int, ...]] = tuple(len(slot.phrases) for slot in SLOTS)

    @classmethod
    def from_unconstrained(
        cls, vector: Float[Array, " parameters"], style: tuple[Float[Array, " _"], ...] | None = None
    ) -> "Maker":
        """Make one from real numbers in the order of `PARAMETERS`; a style left out has no preferences."""
        value, set_point, tilt = vector[:12].reshape(3, 4)
        return cls(
            value=jnp.exp(value),
            set_point=jnp.exp(set_point),
            tilt=tilt,
            patience=jnp.exp(vector[12]),
            temper=jnp.exp(vector[13]),
            kindness=vector[14],
            style=tuple(jnp.zeros(size) for size in cls.slots) if style is None else style,
        )

    def to_unconstrained(self) -> Float[Array, "*makers parameters"]:
        """The inverse of `from_unconstrained`, without the style."""
        alone = (jnp.log(self.patience), jnp.log(self.temper), self.kindness)
        return jnp.concatenate(
            [jnp.log(self.value), jnp.log(self.set_point), self.tilt, *(x[..., None] for x in alone)], axis=-1
        )

    @property
    def weight(self) -> Float[Array, "*makers goods"]:
        """Share of each good in what is valued at rest."""
        return self.value / self.value.sum(axis=-1, keepdims=True)


def draw_maker(*, key: Key) -> Maker:
    """Draw one maker: hidden numbers from the prior, style from a standard normal times 1.5."""
    noise = jax.random.normal(key, (len(PARAMETERS) + sum(Maker.slots),))
    vector, *style = jnp.split(noise, np.cumsum([len(PARAMETERS), *Maker.slots])[:-1])
    return Maker.from_unconstrained(jnp.asarray(PRIOR_MEAN) + PRIOR_SCALE * vector, tuple(1.5 * slot for slot in style))


def draw_makers(number: int, *, key: Key) -> Maker:
    """Draw many makers; the first of many are those of few."""
    return jax.vmap(lambda i: draw_maker(key=jax.random.fold_in(key, i)))(jnp.arange(number))
