"""Newcomers to a village: what is kept of encounters and rumours, and how it decides what is done next."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.lab.encounters import PEOPLE, SITUATIONS, Encounters
from inhabit.memory.memory import AbstractMemory, MemoryInfo, judged
from inhabit.memory.surprise import SurpriseMemory
from inhabit.memory.twolayer import TwoLayerMemory
from inhabit.types import Key

KEYS = SITUATIONS + 4 + PEOPLE
"""Width of a cue: the situation, its kind, and whom it was with (which does not count, but that has to be found out)."""


class Instinct(AbstractMemory[tuple[()]]):
    """Frozen: expects what was usual in the villages of its upbringing, whatever it meets.

    Attributes:
        prior: Map from cues to what is expected.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    prior: Float[Array, "keys values"]

    def __init__(self, keys: int, values: int):
        self.keys, self.values, self.prior = keys, values, jnp.zeros((keys, values))

    def init(self, *, key: Key | None = None) -> tuple[()]:
        """Nothing is lived."""
        return ()

    def read(self, state: tuple[()], cue: Float[Array, " {self.keys}"]) -> tuple[Array, Array]:
        """What was usual."""
        return cue @ self.prior, jnp.ones(())

    def step(self, state: tuple[()], event: tuple[Array, Array], *, key: Key | None = None) -> tuple[tuple, MemoryInfo]:
        """Nothing is learned."""
        return state, _judged(event, event[0] @ self.prior)


class History(eqx.Module):
    """All that was met, in order, and how much of the record is filled."""

    cues: Float[Array, "events keys"]
    values: Float[Array, "events values"]
    met: Int[Array, ""]


class InContext(AbstractMemory[History]):
    """Attention over everything met, by likeness of cue and by recency, with the prior as one more thing to attend to.

    Attributes:
        prior: As in `Instinct`.
        scale: Of each entry of a cue before likeness is taken.
        sharpness: Logarithm of how much likeness counts.
        recency: How much an event loses by each later one.
        nothing: Score of the prior.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    most: int = eqx.field(static=True)
    prior: Float[Array, "keys values"]
    scale: Float[Array, " keys"]
    sharpness: Float[Array, ""]
    recency: Float[Array, ""]
    nothing: Float[Array, ""]

    def __init__(self, keys: int, values: int, most: int):
        self.keys, self.values, self.most = keys, values, most
        self.prior, self.scale = jnp.zeros((keys, values)), jnp.ones(keys)
        self.sharpness, self.recency, self.nothing = jnp.array([1.5, 0.01, 3.0])

    def init(self, *, key: Key | None = None) -> History:
        """Nothing is lived."""
        return History(jnp.zeros((self.most, self.keys)), jnp.zeros((self.most, self.values)), jnp.array(0))

    def read(self, state: History, cue: Float[Array, " {self.keys}"]) -> tuple[Array, Array]:
        """The values met at cues like this one, and the prior."""
        index = jnp.arange(self.most)
        score = jnp.exp(self.sharpness) * (state.cues * self.scale**2) @ cue - self.recency * (state.met - index)
        score = jnp.where(index < state.met, score, -jnp.inf)
        weight = jax.nn.softmax(jnp.append(score, self.nothing))
        return weight[:-1] @ state.values + weight[-1] * (cue @ self.prior), jnp.ones(())

    def step(self, state: History, event: tuple[Array, Array], *, key: Key | None = None) -> tuple[History, MemoryInfo]:
        """Keep the event; what is not finite leaves no trace."""
        info = _judged(event, self.read(state, jnp.nan_to_num(event[0]))[0])
        after = History(state.cues.at[state.met].set(event[0]), state.values.at[state.met].set(event[1]), state.met + 1)
        return jax.tree.map(lambda new, old: jnp.where(info.ignored, old, new), after, state), info


def _judged(event: tuple[Array, Array], expected: Array) -> MemoryInfo:
    sane = jnp.all(jnp.isfinite(event[0])) & jnp.all(jnp.isfinite(event[1]))
    return judged(jnp.where(sane, event[1] - expected, 0.0), jnp.ones(()), sane)


def contenders(length: int, seed: int) -> dict[str, AbstractMemory]:
    """Every newcomer, by name, before its upbringing."""
    return {
        "memory": SurpriseMemory(KEYS, 1, noise=0.1, drift=1e-4, slots=8),
        "fine-tuned": TwoLayerMemory(KEYS, 1, 32, rate=0.3, key=jax.random.key(seed)),
        "in-context": InContext(KEYS, 1, 2 * length),
        "frozen": Instinct(KEYS, 1),
    }


def cue(situation: Int[Array, "*any"], partner: Int[Array, "*any"] | None = None) -> Float[Array, "*any keys"]:
    """The cue of a situation; nobody in particular where no partner is given."""
    here = jax.nn.one_hot(situation, SITUATIONS)
    kind = 0.3 * jax.nn.one_hot(situation // 4, 4)
    whom = 0.3 * jax.nn.one_hot(jnp.full_like(situation, -1) if partner is None else partner, PEOPLE)
    return jnp.concatenate([here, kind, whom], -1)


class Lived(eqx.Module):
    """A life among encounters. With leading axes, many.

    Attributes:
        before: Displeasure expected in each situation, before each encounter.
        after: The same at the end.
        did: Whether the tempting thing was done.
        error: Met less expected, of the encounter and of the rumour; 0 where there was none.
    """

    before: Float[Array, "*many time situations"]
    after: Float[Array, "*many situations"]
    did: Bool[Array, "*many time"]
    error: Float[Array, "*many time 2"]


def live(
    mind: AbstractMemory, row: tuple[Array, ...], tolerance: Float[Array, ""] | float, curiosity: float, *, key: Key
) -> Lived:
    """One newcomer's encounters: the tempting thing is done where little displeasure is expected, or out of curiosity.

    Args:
        mind: What is kept and expected.
        row: Situation, partner, reaction, rumour and claim of each encounter.
        tolerance: Displeasure that is worth it.
        curiosity: Chance that the thing is done whatever is expected.
        key: For curiosity.
    """
    every = cue(jnp.arange(SITUATIONS))
    coin = jax.random.uniform(key, row[0].shape) < curiosity

    def expected(state: Any) -> Array:
        return jax.vmap(lambda one: mind.read(state, one)[0][0])(every)

    def step(state: Any, met: tuple[Array, ...]) -> tuple[Any, tuple[Array, ...]]:
        situation, partner, reaction, rumour, claim, coin = met
        before = expected(state)
        did = (jnp.sum(before * (jnp.arange(SITUATIONS) == situation)) < tolerance) | coin
        state, own = mind.step(state, (cue(situation, partner), jnp.where(did, reaction, jnp.nan)[None]))
        told = jnp.where(rumour >= 0, claim, jnp.nan)[None]
        state, heard = mind.step(state, (cue(jnp.maximum(rumour, 0)), told))
        errors = [jnp.where(info.ignored, 0.0, info.innovation[0]) for info in (own, heard)]
        return state, (before, did, jnp.stack(errors))

    state, (before, did, error) = jax.lax.scan(step, mind.init(), (*row, coin))
    return Lived(before, expected(state), did, error)


def rows(met: Encounters, index: np.ndarray | slice = slice(None)) -> tuple[Array, ...]:
    """What `live` takes, of some villages."""
    sides = (met.situation, met.partner, met.reaction, met.rumour, met.claim)
    return tuple(jnp.asarray(side[index]) for side in sides)
