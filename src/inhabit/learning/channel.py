"""A channel: what becomes of the words between a mind and the others; open, shut, or crossed with other lives."""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp

from inhabit.mind.percept import Conduct, Sensation


class AbstractChannel(eqx.Module):
    """What becomes of words. Percepts and acts have a leading axis of lives."""

    @abc.abstractmethod
    def heard(self, percept: Sensation) -> Sensation:
        """What reaches the mind of what is said around it."""

    @abc.abstractmethod
    def spoken(self, act: Conduct) -> Conduct:
        """What reaches the others of what it says."""


class Open(AbstractChannel):
    """Every word arrives."""

    def heard(self, percept: Sensation) -> Sensation:
        """As it is."""
        return percept

    def spoken(self, act: Conduct) -> Conduct:
        """As it is."""
        return act


class Shut(AbstractChannel):
    """No word arrives, neither way."""

    def heard(self, percept: Sensation) -> Sensation:
        """Silence."""
        quiet = tuple(jnp.zeros_like(leaf) for leaf in _words(percept))
        return eqx.tree_at(_words, percept, quiet)

    def spoken(self, act: Conduct) -> Conduct:
        """Silence."""
        return eqx.tree_at(lambda a: a.say, act, jnp.zeros_like(act.say))


class Shuffled(AbstractChannel):
    """Each hears what is said in another's village, and speaks there: as many words, of the same kind, about nothing here."""

    def heard(self, percept: Sensation) -> Sensation:
        """What the next life would have heard."""
        return eqx.tree_at(_words, percept, tuple(jnp.roll(leaf, 1, 0) for leaf in _words(percept)))

    def spoken(self, act: Conduct) -> Conduct:
        """What the next life said."""
        return eqx.tree_at(lambda a: a.say, act, jnp.roll(act.say, 1, 0))


def _words(percept: Sensation) -> tuple[Any, ...]:
    return percept.heard, percept.speaker, percept.bearing
