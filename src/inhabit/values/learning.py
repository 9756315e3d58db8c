"""Learning what someone values: from choices, from reward and from talk, into one belief about one store."""

import abc
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.maths import utility
from inhabit.maths.compiling import brief
from inhabit.maths.intervals import Estimate
from inhabit.types import Key
from inhabit.values.inference import Gaussian
from inhabit.values.mood import Condition, Mood
from inhabit.values.store import PARTS, ValueStore
from inhabit.values.values import index_of

SPREADS = {"value": 1.0, "set_point": 0.5, "curvature": 0.5, "decay": 0.5, "stress": 0.5, "valence": 0.5}
"""Standard deviation of each part before any evidence, in the units of the unconstrained vector."""


def taught_by_reward(
    store: ValueStore,
    change: Float[Array, " goods"],
    reward: Float[Array, ""] | float,
    levels: Float[Array, " goods"],
    mood: Mood | Condition,
    *,
    rate: float,
    next_worth: Float[Array, ""] | float = 0.0,
    discount: float = 1.0,
) -> tuple[ValueStore, Float[Array, ""]]:
    """Temporal-difference update of what goods are worth; the prediction error comes back beside the store.

    The error is `reward + discount * next_worth - gain of the change`; each good's value moves by `rate * error` times
    what one unit of that value adds to the gain (less when sated). Values stay at 1e-3 of the scale or above.

    Args:
        store: What is believed now.
        change: What was got of each good.
        reward: What was felt of it, in units of utility.
        levels: What was had before.
        mood: At that moment.
        rate: Learning rate, above 0 and at most 1.
        next_worth: What is now to be expected.
        discount: Of it.

    Source:
        Sutton & Barto (2018), semi-gradient TD(0), section 9.3.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate is {rate}; a learning rate is above 0 and at most 1")
    target = jnp.asarray(reward, float) + discount * jnp.asarray(next_worth, float)
    return _taught(store, change, target, levels, mood, jnp.asarray(rate, float))


@eqx.filter_jit
def _taught(store: ValueStore, change, target, levels, mood, rate) -> tuple[ValueStore, Float[Array, ""]]:
    each = store.changes(change[None], levels, mood)[0] / store.value
    worth, error = utility.td_update(store.value, each, target, jnp.zeros(()), rate=rate)
    worth = jnp.maximum(worth, 1e-3 * store.scale)
    return eqx.tree_at(lambda s: (s.weight, s.scale), store, (worth / worth.sum(), worth.sum())), error


class StoreBelief(eqx.Module):
    """What is believed of someone's store: a normal over its unconstrained numbers, sharpened by every kind of evidence.

    Choices, rewards and words are three likelihoods of the same numbers, so what was learned from one is the prior of
    the next, in any order.

    Attributes:
        gaussian: Over the vector of `ValueStore.to_unconstrained`.
        names: The goods.
        covariates: What else shifts their weights.
    """

    gaussian: Gaussian
    names: tuple[str, ...] = eqx.field(static=True)
    covariates: tuple[str, ...] = eqx.field(static=True, default=())

    @classmethod
    def around(cls, store: ValueStore, spread: Mapping[str, float] = SPREADS) -> "StoreBelief":
        """Begin with a store as the best guess, and how far off each of its parts may be.

        Args:
            store: The guess.
            spread: Of each part of `PARTS`; of a covariate 0.5 where it is not named. A part left out is taken as sure.
        """
        wide = [spread.get(part, 1e-3) for part in PARTS] + [spread.get(name, 0.5) for name in store.covariates]
        scale = jnp.repeat(jnp.asarray(wide, float), len(store.names))
        return cls(Gaussian.of(store.to_unconstrained(), scale), store.names, store.covariates)

    @property
    def store(self) -> ValueStore:
        """The best guess."""
        return ValueStore.from_unconstrained(self.gaussian.mean, self.names, self.covariates)

    def chose(
        self,
        options: Float[Array, "options goods"],
        chosen: int,
        levels: Float[Array, " goods"],
        mood: Mood | Condition,
        temperature: float = 1.0,
    ) -> "StoreBelief":
        """Learn from a choice among options, each a change of levels."""
        sharpness = jnp.asarray(1 / temperature, float)
        return self._with(Picked(jnp.asarray(options, float), jnp.asarray(chosen), sharpness, levels, mood))

    def said(
        self, good: str, levels: Float[Array, " goods"], mood: Mood | Condition, sharpness: float = 1.0
    ) -> "StoreBelief":
        """Learn from someone's asking for a good by name: `P(names good) ~ exp(sharpness * marginal worth)`.

        Source:
            A speaker whose words follow what is wanted: Frank & Goodman (2012), Science 336.
        """
        named = jnp.asarray(index_of(good, self.names))
        return self._with(Picked(None, named, jnp.asarray(sharpness, float), levels, mood))

    def felt(
        self,
        change: Float[Array, " goods"],
        reward: float,
        levels: Float[Array, " goods"],
        mood: Mood | Condition,
        *,
        noise: float = 0.5,
        next_worth: float = 0.0,
        discount: float = 1.0,
    ) -> "StoreBelief":
        """Learn from a reward that is the gain of a change, with normal noise: temporal differences at Kalman's rate.

        Source:
            Geist & Pietquin (2010), Kalman temporal differences.
        """
        if not noise > 0:
            raise ValueError(f"noise is {noise}; it is the standard deviation of what is felt, and positive")
        target = jnp.asarray(reward + discount * next_worth, float)
        return self._with(Felt(jnp.asarray(change, float), target, jnp.asarray(noise, float), levels, mood))

    def values(self, *, level: float = 0.9, draws: int = 1000, key: Key) -> Mapping[str, Estimate]:
        """What each good's first unit is worth at rest: median and interval."""
        drawn = _drawn(self.gaussian, draws, key)
        return self._told(np.exp(np.asarray(drawn)[:, : len(self.names)]), level)

    def exchange(
        self,
        levels: Float[Array, " goods"],
        mood: Mood | Condition,
        unit: str,
        *,
        level: float = 0.9,
        draws: int = 1000,
        key: Key,
    ) -> Mapping[str, Estimate]:
        """Marginal rates of exchange, with intervals: how many units of `unit` one more of each good is worth."""
        at = index_of(unit, self.names)
        worth = np.asarray(_marginals(self, _drawn(self.gaussian, draws, key), levels, mood))
        return self._told(worth / worth[:, at : at + 1], level)

    def _told(self, drawn: np.ndarray, level: float) -> dict[str, Estimate]:
        if not 0 < level < 1:
            raise ValueError(f"level is {level}; an interval holds a probability between 0 and 1, for instance 0.9")
        ends = np.quantile(drawn, [0.5, (1 - level) / 2, (1 + level) / 2], axis=0)
        return {name: Estimate(*map(float, three)) for name, three in zip(self.names, ends.T)}

    def _store(self, vector: Float[Array, " parameters"]) -> ValueStore:
        return ValueStore.from_unconstrained(vector, self.names, self.covariates)

    def _with(self, seen: "AbstractEvidence") -> "StoreBelief":
        return StoreBelief(_posterior(self, seen), self.names, self.covariates)


class AbstractEvidence(eqx.Module):
    """Something seen of a person: numbers that a store foretells, and how well."""

    @abc.abstractmethod
    def foretold(self, store: ValueStore) -> Float[Array, " numbers"]:
        """What the store foretells: logits of a choice, or the mean of a reward."""

    @abc.abstractmethod
    def weighed(self, foretold: Float[Array, " numbers"]) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
        """Slope of the log-likelihood in what was foretold, and the Fisher information."""


class Picked(AbstractEvidence):
    """One of several was taken: an option (its gains are the logits) or, with `options` None, a good's name."""

    options: Float[Array, "options goods"] | None
    picked: Int[Array, ""]
    sharpness: Float[Array, ""]
    levels: Float[Array, " goods"]
    mood: Mood | Condition

    def foretold(self, store: ValueStore) -> Float[Array, " numbers"]:
        """Logits."""
        if self.options is None:
            return self.sharpness * store.marginal(self.levels, self.mood)
        return self.sharpness * store.gains(self.options, self.levels, self.mood)

    def weighed(self, foretold: Float[Array, " numbers"]) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
        """Of a categorical."""
        share = jax.nn.softmax(foretold)
        slope = jax.nn.one_hot(self.picked, foretold.shape[0]) - share
        return slope, jnp.diag(share) - jnp.outer(share, share)


class Felt(AbstractEvidence):
    """A reward was felt when levels changed; `noise` is its standard deviation."""

    change: Float[Array, " goods"]
    reward: Float[Array, ""]
    noise: Float[Array, ""]
    levels: Float[Array, " goods"]
    mood: Mood | Condition

    def foretold(self, store: ValueStore) -> Float[Array, " numbers"]:
        """The gain of the change."""
        return store.gains(self.change[None], self.levels, self.mood)

    def weighed(self, foretold: Float[Array, " numbers"]) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
        """Of a normal."""
        return (self.reward - foretold) / self.noise**2, jnp.eye(1) / self.noise**2


@eqx.filter_jit
def _posterior(belief: StoreBelief, seen: AbstractEvidence, steps: int = 12) -> Gaussian:
    """Mode by Fisher scoring, no coordinate moving more than one at a step; precision: the prior's plus the information.

    Source:
        Extended Kalman filtering for categorical observations: Fahrmeir (1992), J. Amer. Stat. Assoc. 87.
    """
    prior, precision = belief.gaussian, jnp.linalg.inv(belief.gaussian.covariance)

    def look(theta: Float[Array, " parameters"]) -> tuple[Array, Array]:
        foretell = lambda vector: seen.foretold(belief._store(vector))
        slope, information = seen.weighed(foretell(theta))
        jacobian = jax.jacfwd(foretell)(theta)
        return jacobian.T @ slope - precision @ (theta - prior.mean), precision + jacobian.T @ information @ jacobian

    def climb(_, theta: Float[Array, " parameters"]) -> Float[Array, " parameters"]:
        slope, information = look(theta)
        return theta + jnp.clip(jnp.linalg.solve(information, slope), -1.0, 1.0)

    mode = jax.lax.fori_loop(0, steps, climb, prior.mean)
    return Gaussian(mode, jnp.linalg.inv(look(mode)[1]))


@brief
def _drawn(gaussian: Gaussian, draws: int, key: Key) -> Float[Array, "draws parameters"]:
    return gaussian.draw(draws, key=key)


@brief
def _marginals(belief: StoreBelief, drawn, levels, mood) -> Float[Array, "draws goods"]:
    return jax.vmap(lambda vector: belief._store(vector).marginal(levels, mood))(drawn)


def levels_of(names: Sequence[str], amounts: Mapping[str, float]) -> Float[Array, " goods"]:
    """Amounts of goods as the array that a store takes; what is not named is 0.

    Raises:
        ValueError: A good that is not known.
    """
    levels = np.zeros(len(names), np.float32)
    for name, amount in amounts.items():
        levels[index_of(name, tuple(names))] = amount
    return jnp.asarray(levels)
