"""What people fitted from talk value: read, exchanged, edited, and learned further from rewards and from more lives."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from inhabit.learning.knowing import know
from inhabit.learning.people import People
from inhabit.maths.compiling import brief
from inhabit.mind.person.own import Belief
from inhabit.mind.person.person import Person
from inhabit.types import Key, Life
from inhabit.values.mood import Mood
from inhabit.values.store import ValueStore

DRAWS = 400
"""Draws from what is believed of a person; intervals are their quantiles."""


@dataclasses.dataclass(frozen=True)
class PeopleValues:
    """The value stores of a fitted population, with the same words as `learning.choices.valuers.Valuers`.

    Weights are those of `People.worth`: their mean over goods is 1.

    Attributes:
        people: The population.
    """

    people: People

    def __post_init__(self) -> None:
        if not self.people.codebook.goods:
            raise ValueError("these people know no goods; a log that names choices, stances or values teaches them")

    @property
    def names(self) -> tuple[str, ...]:
        """The goods."""
        return tuple(self.people.codebook.goods)

    @property
    def makers(self) -> tuple[str, ...]:
        """The people."""
        return self.people.makers

    @property
    def card(self) -> Mapping[str, Any]:
        """How they were fitted."""
        return {name: self.people.card[name] for name in ("lives", "makers", "messages") if name in self.people.card}

    def store(self, name: str | None) -> ValueStore:
        """The value store of one person (of a stranger, the population's) as it is believed to be."""
        belief, known = self.people.belief(name), jnp.asarray(self.people.known(name), float)
        return dataclasses.replace(_store(self.people.person, belief.mean, known), names=self.names)

    def of(self, name: str | None) -> dict[str, dict[str, float]]:
        """What one person values: median, deviation, low and high of each weight.

        Raises:
            KeyError: Nobody of that name is here.
        """
        draws = self._draws(name)
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
        rows = zip(middle, draws.std(axis=0), low, high)
        return {
            good: dict(zip(("weight", "deviation", "low", "high"), map(float, r))) for good, r in zip(self.names, rows)
        }

    def exchange(self, name: str | None, unit: str) -> dict[str, float]:
        """How many first units of `unit` the first unit of each other good is worth.

        Raises:
            KeyError: No such good or person.
        """
        return {good: middle for good, (middle, _, _) in self.exchange_intervals(name, unit).items()}

    def exchange_intervals(self, name: str | None, unit: str) -> dict[str, tuple[float, float, float]]:
        """The same with 90 % intervals: median, low, high."""
        if unit not in self.names:
            raise KeyError(f"no good is called {unit!r}; there are {', '.join(self.names)}")
        at = self.names.index(unit)
        draws = self._draws(name)
        rates = draws / draws[:, at : at + 1]
        low, middle, high = np.quantile(rates, [0.05, 0.5, 0.95], axis=0)
        return {
            good: (float(m), float(lo), float(hi))
            for good, lo, m, hi in zip(self.names, low, middle, high)
            if good != unit
        }

    def moved(self, name: str | None) -> dict[str, dict[str, float]]:
        """How state moves what is valued: by what factor full stress, and one unit had, change each good's worth."""
        stress, sated = _moving(self.store(name), jnp.array([0.0, 1.0]), jnp.array([0.0, 1.0]))
        factors = zip(self.names, stress[1] / stress[0], sated[1] / sated[0])
        return {good: {"stress": float(tense), "one had": float(one)} for good, tense, one in factors}

    def curves(self, name: str | None, points: int = 21) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
        """What one more of each good is worth as stress rises, and as more of it is had."""
        axes = {"stress": np.linspace(0, 1, points), "units had": np.linspace(0, 4, points)}
        worths = _moving(self.store(name), *(jnp.asarray(at, float) for at in axes.values()))
        unit = worths[0][0].mean()
        return {axis: (at, dict(zip(self.names, worth.T / unit))) for (axis, at), worth in zip(axes.items(), worths)}

    def everyone(self) -> dict[str, np.ndarray]:
        """The weight of each good to each person."""
        weights = _weights(self.people.person, self.people.beliefs.mean, jnp.asarray(self.people.values, float))
        return dict(zip(self.names, np.asarray(weights).T))

    def edited(self, name: str, good: str, weight: float) -> Self:
        """The same people, one good's worth to one of them set from outside and taken for certain.

        Where the log said what the goods are worth, in its units; where not, in weights whose mean is 1, and the other
        goods are then taken to be worth what was believed of them.

        Raises:
            ValueError: The weight is not positive.
        """
        self.exchange(name, good)
        if not 0 < weight < np.inf:
            raise ValueError(f"{good}={weight:g}: what a good is worth is a positive number")
        row, values = self.makers.index(name), self.people.values.copy()
        believed = np.array([one["weight"] for one in self.of(name).values()])
        known = np.isfinite(values[row])
        unit = (values[row][known] / believed[known]).mean() if known.any() else 1.0
        values[row] = np.where(known, values[row], believed * unit)
        values[row, self.names.index(good)] = weight
        return dataclasses.replace(self, people=dataclasses.replace(self.people, values=values))

    def rewarded(self, name: str, good: str, reward: float, *, noise: float = 0.5) -> Self:
        """One person learns from a reward felt of one unit of a good, in utility: a temporal difference at Kalman's rate.

        Raises:
            ValueError: What the good is worth is known, or the numbers are out of bounds.

        Source:
            Geist & Pietquin (2010), Kalman temporal differences.
        """
        self.exchange(name, good)
        row, at = self.makers.index(name), self.names.index(good)
        if np.isfinite(self.people.values[row, at]):
            raise ValueError(f"the file says for certain what {good} is worth to {name}; set it instead of learning it")
        if not (noise > 0 and np.isfinite(reward)):
            raise ValueError(f"reward {reward} with noise {noise}; a reward is finite, its deviation positive")
        belief, known = self.people.belief(name), jnp.asarray(self.people.values[row], float)
        expected, slope = _foretold(self.people.person, belief.mean, known, jnp.asarray(at))
        learnt = belief.learn(slope * (reward - expected) / noise**2, jnp.outer(slope, slope) / noise**2)
        return self._believing(name, learnt)

    def learned(self, lives: Sequence[Life]) -> Self:
        """People learn from more of what they lived and said: Bayes through the mind that speaks.

        Makers who are not among them are passed over; `fit` makes new people.

        Raises:
            ValueError: None of the lives is of someone who is here.
        """
        mine = {maker: [life for life in lives if life.maker == maker] for maker in self.makers}
        makers = [maker for maker, found in mine.items() if found]
        if not makers:
            raise ValueError(
                f"none of the {len(lives)} lives is of {', '.join(self.makers[:5])} or the others in the file"
            )
        rows = np.array([self.makers.index(maker) for maker in makers])
        before = jax.tree.map(lambda leaf: jnp.asarray(leaf)[rows], self.people.beliefs)
        understood = [list(self.people.names.of(tuple(mine[maker]))) for maker in makers]
        after, _ = know(self.people.person, self.people.codebook, understood, before)
        beliefs = jax.tree.map(lambda old, new: jnp.asarray(old).at[rows].set(new), self.people.beliefs, after)
        return dataclasses.replace(self, people=dataclasses.replace(self.people, beliefs=beliefs))

    def save(self, path: str | pathlib.Path) -> None:
        """Write a `.mind` file."""
        self.people.save(path)

    def _believing(self, name: str, belief: Belief) -> Self:
        row = self.makers.index(name)
        beliefs = jax.tree.map(lambda old, new: jnp.asarray(old).at[row].set(new), self.people.beliefs, belief)
        return dataclasses.replace(self, people=dataclasses.replace(self.people, beliefs=beliefs))

    def _draws(self, name: str | None) -> np.ndarray:
        belief, known = self.people.belief(name), jnp.asarray(self.people.known(name), float)
        return np.asarray(_drawn(self.people.person, belief, known, jax.random.key(0)))


@brief
def _drawn(person: Person, belief: Belief, known: Array, key: Key) -> Array:
    """Weights of someone who may be this or that, their mean over goods 1."""
    noise = jax.random.normal(key, (DRAWS, belief.mean.shape[0]))
    return jax.vmap(lambda z: person.pool.own(z).told(known).weights)(belief.draw(noise))


@brief
def _weights(person: Person, means: Array, known: Array) -> Array:
    return jax.vmap(lambda z, told: person.pool.own(z).told(told).weights)(means, known)


@brief
def _store(person: Person, mean: Array, known: Array) -> ValueStore:
    return person.store(person.pool.own(mean).told(known))


@brief
def _moving(store: ValueStore, stress: Array, had: Array) -> tuple[Array, Array]:
    """Worth of each good at levels of stress; and of one more of each, so many of all goods being had."""
    none = jnp.zeros(())
    tense = jax.vmap(lambda s: store.worth(Mood(s, none, none)))(stress)
    sated = jax.vmap(lambda n: store.marginal(jnp.full(store.weight.shape, n), Mood.of()))(had)
    return tense, sated


@brief
def _foretold(person: Person, mean: Array, known: Array, good: Array) -> tuple[Array, Array]:
    """The gain of one unit of a good to someone hungry and at rest, and its slope in the own part."""

    def gain(standard: Array) -> Array:
        store = person.store(person.pool.own(standard).told(known))
        unit = jax.nn.one_hot(good, known.shape[0])
        return store.gains(unit[None], jnp.zeros(known.shape[0]), Mood.of())[0]

    return jax.value_and_grad(gain)(mean)
