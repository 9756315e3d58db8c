"""Feeling: what levels are worth to a dweller now, by its own values in its present mood."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths import utility
from inhabit.values.mood import Mood, MoodDynamics, MoodInput
from inhabit.values.store import ValueStore

CURVATURE = 2.0
"""Of every good, as the villagers have it."""

SURPRISED = 2.0
"""Nats of surprisal beyond the usual that move a mood by one unit of surprise."""


def store_of(names: tuple[str, ...], weight: Float[Array, " goods"], set_point: Float[Array, " goods"]) -> ValueStore:
    """A store of given weights, of scale 1 and without coupling to mood."""
    nothing = jnp.zeros_like(weight)
    return ValueStore(
        names=names,
        weight=weight / jnp.sum(weight),
        scale=jnp.ones(()),
        set_point=set_point,
        curvature=jnp.full_like(weight, CURVATURE),
        decay=jnp.full_like(weight, 0.01),
        stress=nothing,
        valence=nothing,
    )


def goods_felt(store: ValueStore, levels: Float[Array, " goods"]) -> Float[Array, " goods"]:
    """What each level gives: its utility over what full levels of all goods together are worth at rest."""
    full = store.utility(jnp.ones_like(levels), Mood.of())
    return utility.exponential_utility(levels, store.set_point, store.curvature) / full


def wellbeing(store: ValueStore, levels: Float[Array, " goods"]) -> Float[Array, ""]:
    """How well one is: utility of the levels at rest over that of full levels; from 0 to 1."""
    return store.worth(Mood.of()) @ goods_felt(store, levels)


class AbstractFeeling(eqx.Module):
    """The faculty of values: what of the store and the mood reaches the rest of the mind."""

    @abc.abstractmethod
    def moved(self, mood: Mood, surprise: Float[Array, ""], reward: Float[Array, ""]) -> Mood:
        """The mood after a percept."""

    @abc.abstractmethod
    def felt(self, store: ValueStore, levels: Float[Array, " goods"], mood: Mood) -> Float[Array, " feelings"]:
        """Weights, what the levels give, what a little more would, and the mood."""


class Feeling(AbstractFeeling):
    """Values are felt, and mood moves with surprise and with how one fares.

    Attributes:
        dynamics: Of the mood.
    """

    dynamics: MoodDynamics

    def moved(self, mood, surprise, reward) -> Mood:
        """Push the mood."""
        moved = MoodInput(jax.nn.relu(surprise) / SURPRISED, 20 * reward, jnp.zeros(()))
        return self.dynamics.step(mood, moved)[0]

    def felt(self, store, levels, mood) -> Float[Array, " feelings"]:
        """All of it."""
        worth = store.worth(mood)
        gives = worth * goods_felt(store, levels)
        return jnp.concatenate([4 * worth, 4 * gives, 4 * store.marginal(levels, mood), mood.tilt, mood.load[None]])


class Unfeeling(AbstractFeeling):
    """No feeling: one's own values are not known to the rest of the mind, and no mood moves."""

    def moved(self, mood, surprise, reward) -> Mood:
        """At rest for good."""
        return mood

    def felt(self, store, levels, mood) -> Float[Array, " feelings"]:
        """Zeros."""
        return jnp.zeros(3 * levels.shape[0] + 3)
