"""A channel: what becomes of the words between a mind and the others; open, shut, or crossed with other lives."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from inhabit.mind.dweller.percept import Conduct, Sensation


class Channel(eqx.Module):
    """What becomes of words. Percepts and acts have a leading axis of lives.

    Two truth values rather than three classes, so that one compiled life serves all channels.

    Attributes:
        open: Whether words arrive at all, both ways.
        crossed: Whether each hears what is said in the next life's village, and speaks there: as many words, of the
            same kinds, about nothing here.
    """

    open: Bool[Array, ""]
    crossed: Bool[Array, ""]

    def heard(self, percept: Sensation) -> Sensation:
        """What reaches the mind of what is said around it."""
        return eqx.tree_at(_words, percept, tuple(map(self._through, _words(percept))))

    def spoken(self, act: Conduct) -> Conduct:
        """What reaches the others of what it says."""
        return eqx.tree_at(lambda a: a.say, act, self._through(act.say))

    def _through(self, words: Array) -> Array:
        return jax.lax.select(self.crossed, jnp.roll(words, 1, 0), words) * self.open


def channels() -> dict[str, Channel]:
    """Every channel by name."""
    made = {"open": (True, False), "shut": (False, False), "shuffled": (True, True)}
    return {name: Channel(jnp.array(open_), jnp.array(crossed)) for name, (open_, crossed) in made.items()}


def _words(percept: Sensation) -> tuple[Any, ...]:
    return percept.heard, percept.speaker, percept.bearing
