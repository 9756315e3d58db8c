"""Expecting: a dweller foretells what it will perceive next, and is surprised as far as that is not so."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.percept import Sensation
from inhabit.types import Key

MODALITIES = ("sight", "body", "taste", "hearing")
"""For what surprisal is kept apart."""

TASTES = 5
"""Nothing, and the four qualities a fruit can have."""

AHEAD = 3
"""How many columns ahead, the nearest first, the surface is foretold of."""

SPREAD = 0.05
"""Standard deviation with which a level of the body is foretold."""


class Met(eqx.Module):
    """What an expectation is held against. With leading axes, many.

    Attributes:
        surface: Uppermost material seen in each of the columns ahead.
        body: Levels and felt states.
        taste: Quality tasted, else 0.
        heard: First word of the nearest utterance, else 0.
    """

    surface: Int[Array, "*many columns"]
    body: Float[Array, "*many body"]
    taste: Int[Array, "*many"]
    heard: Int[Array, "*many"]


class Expecting(eqx.Module):
    """A linear expectation of the next percept from what is borne in mind and what is being done.

    Attributes:
        out: To changes of the body, then logits of taste, of what is heard first, and of the surfaces ahead.
    """

    hands: int = eqx.field(static=True)
    says: int = eqx.field(static=True)
    materials: int = eqx.field(static=True)
    body: int = eqx.field(static=True)
    out: eqx.nn.Linear

    def __init__(self, core: int, hands: int, says: int, materials: int, body: int, *, key: Key):
        self.hands, self.says, self.materials, self.body = hands, says, materials, body
        self.out = eqx.nn.Linear(core + hands + says, body + TASTES + says + AHEAD * materials, key=key)

    def init(self) -> Float[Array, " foretold"]:
        """What a newborn expects: a body half filled, and anything else."""
        return jnp.zeros(self.out.out_features).at[: self.body].set(0.5)

    def __call__(
        self, core: Float[Array, " core"], body: Float[Array, " body"], hand: Int[Array, ""], say: Int[Array, ""]
    ) -> Float[Array, " foretold"]:
        """Foretell: means of the body, which is expected to stay but for what is learned, then the logits."""
        done = (jax.nn.one_hot(hand, self.hands), jax.nn.one_hot(say, self.says))
        told = self.out(jnp.concatenate([core, *done]))
        return told.at[: self.body].add(body)

    def meets(self, innate: Innate, sensed: Sensation) -> Met:
        """What of a percept the expectation is held against."""
        behind, left = innate.behind
        column = sensed.window.material[behind + 1 : behind + 1 + AHEAD, left].astype(int)
        solid = (column != innate.material("AIR")) & (column != innate.material("HIDDEN"))
        height = jnp.arange(1, column.shape[1] + 1)
        top = jnp.max(solid * height, -1, keepdims=True)
        surface = jnp.sum(jnp.where((height == top) & solid, column, 0), -1)
        return Met(surface, sensed.body, sensed.taste, sensed.heard[0, 0])

    def surprisal(self, foretold: Float[Array, " foretold"], met: Met) -> Float[Array, " modalities"]:
        """`-log p(percept | expectation)` in nats, for each of `MODALITIES`."""
        ends = (self.body, self.body + TASTES, self.body + TASTES + self.says)
        body, taste, heard, surface = jnp.split(foretold, ends)
        off = (met.body - body) / SPREAD
        nats = 0.5 * jnp.sum(jnp.minimum(off**2, 100.0) + jnp.log(2 * jnp.pi * SPREAD**2))
        surface = jax.nn.log_softmax(surface.reshape(AHEAD, self.materials))
        seen = -jnp.sum(surface * (met.surface[:, None] == jnp.arange(self.materials)))
        return jnp.stack([seen, nats, _nats(taste, met.taste), _nats(heard, met.heard)])


def _nats(logits: Float[Array, " options"], found: Int[Array, ""]) -> Float[Array, ""]:
    return -jnp.sum(jnp.where(jnp.arange(logits.shape[0]) == found, jax.nn.log_softmax(logits), 0.0))
