"""The memories that are set beside one another: each learns what it may learn from lives, and foretells every event.

All of them see the same lives through learned projections of cues and values. None has fewer learned numbers or does
less work an event than the surprise memory.
"""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.lab.memory_tasks import KEYS, VALUES
from inhabit.memory.delta import DeltaMemory
from inhabit.memory.living import live
from inhabit.memory.surprise import SurpriseMemory
from inhabit.memory.twolayer import TwoLayerMemory


class AbstractForeteller(eqx.Module):
    """Says of every event of a life what value will be met, knowing the cue and all events before."""

    @abc.abstractmethod
    def foretell(self, cues: Float[Array, "time keys"], values: Float[Array, "time values"]) -> Array:
        """What was expected of each event before it was met."""

    def counted(self, cues: Float[Array, "time keys"], values: Float[Array, "time values"]) -> Array:
        """The same, in a form whose work can be counted."""
        return self.foretell(cues, values)


class Remembering(AbstractForeteller):
    """A surprise memory with learned keys and values.

    Attributes:
        to_key: Of a cue.
        to_value: Of a value.
        from_value: Back to the units of the values.
        memory: Written as life goes on.
    """

    to_key: Float[Array, "keys inner"]
    to_value: Float[Array, "values inner_values"]
    from_value: Float[Array, "inner_values values"]
    memory: SurpriseMemory

    def __init__(self, memory: SurpriseMemory):
        self.to_key, self.to_value = jnp.eye(KEYS, memory.keys), jnp.eye(VALUES, memory.values)
        self.from_value, self.memory = jnp.eye(memory.values, VALUES), memory

    def foretell(self, cues, values):
        """Live through it, by the compiled kernel where it is ready."""
        inner = values @ self.to_value
        _, lived = live(self.memory, self.memory.init(), cues @ self.to_key, inner)
        return (inner - lived.info.innovation) @ self.from_value

    def counted(self, cues, values):
        """One event after another, by XLA."""

        def one(state, event):
            after, info = self.memory.step(state, event)
            return after, event[1] - info.innovation

        _, said = jax.lax.scan(one, self.memory.init(), (cues @ self.to_key, values @ self.to_value))
        return said @ self.from_value


class Gated(AbstractForeteller):
    """A memory whose rate and forgetting are learned functions of each event, over learned, wider features of the cue.

    Attributes:
        to_key: Features of a cue; their SiLU is scaled to length 1 and is added to the cue itself.
        to_value: Of a value.
        from_value: Back to the units of the values.
        gates: From cue, value, the logarithm of the value's squared length, and 1, to what is added to both logits.
        memory: With `rate` and `keep`.
    """

    to_key: Float[Array, "keys inner"]
    to_value: Float[Array, "values inner_values"]
    from_value: Float[Array, "inner_values values"]
    gates: Float[Array, "features 2"]
    memory: DeltaMemory | TwoLayerMemory

    def __init__(self, memory: DeltaMemory | TwoLayerMemory, *, key: Array):
        spread = 0.1 * jax.random.normal(key, (KEYS, memory.keys))
        self.to_key = spread.at[:, :KEYS].add(jnp.eye(KEYS))
        self.to_value = jnp.eye(VALUES, memory.values)
        self.from_value, self.memory = jnp.eye(memory.values, VALUES), memory
        self.gates = jnp.zeros((KEYS + VALUES + 2, 2))

    def foretell(self, cues, values):
        """Live through it, each event written as its gates say."""
        keys, inner = cues @ self.to_key, values @ self.to_value
        length = jnp.log(1e-3 + jnp.sum(values**2, -1, keepdims=True))
        moved = jnp.concatenate([cues, values, length, jnp.ones_like(length)], axis=-1) @ self.gates

        def one(state, event):
            key, value, gate = event
            rates = (self.memory.rate + gate[0], self.memory.keep + gate[1])
            after, info = eqx.tree_at(lambda m: (m.rate, m.keep), self.memory, rates).step(state, (key, value))
            return after, value - info.innovation

        _, said = jax.lax.scan(one, self.memory.init(), (keys, inner, moved))
        return said @ self.from_value


class Attention(AbstractForeteller):
    """In-context attention of several heads: the past weighted by likeness, recency and importance, or nothing at all."""

    to_query: Float[Array, "keys heads size"]
    to_key: Float[Array, "keys heads size"]
    to_value: Float[Array, "values heads inner"]
    combine: Float[Array, "heads inner values"]
    importance: Float[Array, "features heads"]
    sharpness: Float[Array, " heads"]
    recency: Float[Array, " heads"]
    nothing: Float[Array, " heads"]

    def __init__(self, heads: int, *, key: Array):
        one, two = (0.05 * jax.random.normal(k, (KEYS, heads, KEYS)) for k in jax.random.split(key))
        self.to_query, self.to_key = one + jnp.eye(KEYS)[:, None], two + jnp.eye(KEYS)[:, None]
        self.to_value = jnp.broadcast_to(jnp.eye(VALUES)[:, None], (VALUES, heads, VALUES))
        self.combine = jnp.broadcast_to(jnp.eye(VALUES)[None], (heads, VALUES, VALUES)) / heads
        self.importance = jnp.zeros((KEYS + VALUES + 1, heads))
        self.sharpness, self.nothing = jnp.linspace(8.0, 24.0, heads), jnp.full(heads, 2.0)
        self.recency = jnp.log(jnp.geomspace(0.2, 0.002, heads))

    def foretell(self, cues, values):
        """Attend to every event before."""
        steps = jnp.arange(cues.shape[0])
        apart = steps[:, None] - steps
        length = jnp.log(1e-3 + jnp.sum(values**2, -1, keepdims=True))
        weight = jnp.concatenate([cues, values, length], axis=-1) @ self.importance
        queries, keys = (jnp.einsum("tk,khs->hts", cues, to) for to in (self.to_query, self.to_key))
        score = self.sharpness[:, None, None] * (queries @ keys.swapaxes(1, 2)) + weight.T[:, None]
        score -= jnp.exp(self.recency)[:, None, None] * apart
        score = jnp.where(apart > 0, score, -jnp.inf)
        nothing = jnp.broadcast_to(self.nothing[:, None, None], (*score.shape[:2], 1))
        share = jax.nn.softmax(jnp.concatenate([score, nothing], axis=-1))[..., :-1]
        return jnp.einsum("hts,hsi,hiv->tv", share, jnp.einsum("sv,vhi->hsi", values, self.to_value), self.combine)


class Frozen(AbstractForeteller):
    """A network that learned what it could before life, and learns nothing in it."""

    network: eqx.nn.MLP

    def __init__(self, hidden: int, *, key: Array):
        self.network = eqx.nn.MLP(KEYS, VALUES, hidden, 1, key=key)

    def foretell(self, cues, values):
        """Of the cue alone."""
        return jax.vmap(self.network)(cues)


def makers() -> dict[str, Callable[[int], Any]]:
    """Every contender, by name, from a seed."""
    key = jax.random.key
    return {
        "memory": lambda seed: Remembering(
            SurpriseMemory(
                KEYS,
                VALUES,
                variance=2.0,
                noise=0.02,
                drift=1e-5,
                slots=8,
                conviction=-1.0,
                experience=0.1,
                repeated=2.0,
            )
        ),
        "delta rule": lambda seed: Gated(DeltaMemory(48, 16, rate=0.7), key=key(seed)),
        "dynamic evaluation": lambda seed: Gated(TwoLayerMemory(24, 12, 64, key=key(seed)), key=key(seed + 1)),
        "attention": lambda seed: Attention(4, key=key(seed)),
        "frozen": lambda seed: Frozen(256, key=key(seed)),
    }
