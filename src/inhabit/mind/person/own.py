"""A person's own part: what makes one maker differ from another, and how sure we are of it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

STYLE = 8
"""Dimensions of a person's way of acting and talking."""


class Own(eqx.Module):
    """One person's own part, as one vector of numbers on the real line.

    Read as: log value of each good, log set point of each good relative to the shared one, what stress adds to each
    good's log weight beyond what it adds to everyone's, patience, log temper, then style.

    Attributes:
        vector: `3 goods + 2 + STYLE` numbers.
        goods: Number of goods.
    """

    vector: Float[Array, " own"]
    goods: int = eqx.field(static=True)

    @property
    def values(self) -> Float[Array, " goods"]:
        """Worth of the first unit of each good at rest."""
        return jnp.exp(self.vector[: self.goods])

    @property
    def weights(self) -> Float[Array, " goods"]:
        """What each good is worth relative to the others, averaging one."""
        return jax.nn.softmax(self.vector[: self.goods]) * self.goods

    def told(self, known: Float[Array, " goods"]) -> "Own":
        """The same with what is known of the values put in.

        Args:
            known: Worth of each good in any unit, NaN where it is not known; those known average one.
        """
        if not self.goods:
            return self
        sure = jnp.isfinite(known)
        worth = jnp.maximum(jnp.where(sure, known, 0.0), 1e-2)
        log_worth = jnp.log(worth * sure.sum() / jnp.maximum(jnp.sum(worth * sure), 1e-2))
        vector = self.vector.at[: self.goods].set(jnp.where(sure, log_worth, self.vector[: self.goods]))
        return Own(vector, self.goods)

    @property
    def set_points(self) -> Float[Array, " goods"]:
        """How far each set point lies from the shared one, in log units."""
        return self.vector[self.goods : 2 * self.goods]

    @property
    def tilt(self) -> Float[Array, " goods"]:
        """What full stress adds to each good's log weight, beyond what it adds to everyone's."""
        return self.vector[2 * self.goods : 3 * self.goods]

    @property
    def patience(self) -> Float[Array, ""]:
        """Patience, in nats of load that are borne; the population's mean is in the centre of its `Pool`."""
        return self.vector[3 * self.goods]

    @property
    def temper(self) -> Float[Array, ""]:
        """Factor by which strain becomes stress, and what goes badly lowers valence; the population's median as above."""
        return jnp.exp(self.vector[3 * self.goods + 1])

    def hotter(self, by: Float[Array, ""]) -> "Own":
        """The same with `by` added to log temper."""
        return Own(self.vector.at[3 * self.goods + 1].add(by), self.goods)

    @property
    def style(self) -> Float[Array, " style"]:
        """Way of acting and talking."""
        return self.vector[3 * self.goods + 2 :]


def own_size(goods: int) -> int:
    """Length of a person's own vector."""
    return 3 * goods + 2 + STYLE


class Belief(eqx.Module):
    """A Gaussian belief over a person's own vector, in the population's units (mean 0, variance 1 before any evidence).

    Attributes:
        mean: Posterior mean.
        precision: Posterior precision; the identity for a stranger.
    """

    mean: Float[Array, " own"]
    precision: Float[Array, "own own"]

    @classmethod
    def stranger(cls, size: int) -> "Belief":
        """What is believed of someone never met: the population."""
        return cls(jnp.zeros(size), jnp.eye(size))

    def learn(self, score: Float[Array, " own"], information: Float[Array, "own own"]) -> "Belief":
        """Take in one act of the person.

        One step of Newton's method on `log posterior`, expanded at the present mean: the precision grows by the
        act's Fisher information, the mean moves by the gain times the score.

        Args:
            score: Gradient of `log p(act | own)` at the mean.
            information: Expected Fisher information of the act at the mean.

        Source:
            Extended Kalman filtering for categorical observations: Fahrmeir (1992), J. Amer. Stat. Assoc. 87.
        """
        precision = self.precision + information
        return Belief(self.mean + jnp.linalg.solve(precision, score), precision)

    def draw(self, noise: Float[Array, "*draws own"]) -> Float[Array, "*draws own"]:
        """Own parts that the person may have, from standard normal noise."""
        return self.mean + noise @ jnp.linalg.cholesky(jnp.linalg.inv(self.precision)).T

    @property
    def deviation(self) -> Float[Array, " own"]:
        """Posterior standard deviation of each number."""
        return jnp.sqrt(jnp.diagonal(jnp.linalg.inv(self.precision)))


class Pool(eqx.Module):
    """The population that persons are drawn from: own = centre + spread * standard normal.

    Attributes:
        centre: Population mean of the own vector.
        log_spread: Log of the population's standard deviation.
        trust: Share of what an act seems to tell of its maker that is believed; 1 is the model's own word.
    """

    centre: Float[Array, " own"]
    log_spread: Float[Array, " own"]
    trust: Float[Array, ""]
    goods: int = eqx.field(static=True)

    def __init__(self, goods: int):
        size = own_size(goods)
        self.centre = jnp.zeros(size)
        # Values differ most between people; set points and tilts must earn their spread.
        spread = jnp.array([0.8] * goods + [0.25] * 2 * goods + [0.5] * (2 + STYLE))
        self.log_spread = jnp.log(spread)
        self.trust = jnp.asarray(1.0)
        self.goods = goods

    def own(self, standard: Float[Array, " own"]) -> Own:
        """Turn standardised numbers into a person's own part."""
        return Own(self.centre + jnp.exp(self.log_spread) * standard, self.goods)
