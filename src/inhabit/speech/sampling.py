"""Sampling: several continuations of one beginning at once, from cached keys and values."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.speech.transformer import Transformer
from inhabit.types import Key


def nucleus(
    logits: Float[Array, " vocabulary"], temperature: float | Float[Array, ""], top: float | Float[Array, ""]
) -> Float[Array, " vocabulary"]:
    """Keep the fewest most likely tokens that together hold a share `top`; the others become impossible.

    Source:
        Holtzman et al. (2020).
    """
    scaled = logits / temperature
    ordered = jnp.sort(scaled, descending=True)
    before = jnp.cumsum(jax.nn.softmax(ordered)) - jax.nn.softmax(ordered)
    least = jnp.min(jnp.where(before < top, ordered, jnp.inf))
    return jnp.where(scaled >= least, scaled, -jnp.inf)


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Continues a text until it stops.

    Attributes:
        model: Who foretells.
        stop: The token that ends a continuation; token 0 (padding) is never drawn.
        most: Longest continuation, in tokens.
    """

    model: Transformer
    stop: int
    most: int = 64

    def __call__(
        self, prompt: Sequence[int], *, key: Key, count: int = 1, temperature: float = 1.0, top: float = 1.0
    ) -> list[list[int]]:
        """Draw `count` continuations, without the stop; a beginning longer than the context loses its oldest part."""
        context = self.model.context
        kept = list(prompt)[-max(1, context - self.most // 2) :]
        padded = np.zeros(context, np.int32)
        padded[: len(kept)] = kept
        settings = jnp.array([temperature, top], jnp.float32)
        keys = jax.random.split(key, count)
        drawn = np.asarray(
            _draw(self.model, jnp.asarray(padded), jnp.array(len(kept)), settings, self.stop, self.most, keys)
        )
        return [_before(row.tolist(), self.stop) for row in drawn]


def _before(ids: list[int], stop: int) -> list[int]:
    return ids[: ids.index(stop)] if stop in ids else ids


@eqx.filter_jit
def _draw(
    model: Transformer,
    prompt: Int[Array, " context"],
    length: Int[Array, ""],
    settings: Float[Array, " two"],
    stop: int,
    most: int,
    keys: Key,
) -> Int[Array, "count most"]:
    state, logits = model.read(prompt, length)
    count = keys.shape[0]
    states = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), state)

    def going(carry: tuple) -> Array:
        place, _, _, out = carry
        done = jnp.any((out == stop) & (jnp.arange(most) < place), axis=1)
        return (place < most) & ~jnp.all(done)

    def go(carry: tuple) -> tuple:
        place, states, logits, out = carry
        forecast = jax.vmap(nucleus, in_axes=(0, None, None))(logits.at[:, 0].set(-jnp.inf), settings[0], settings[1])
        token = jax.vmap(lambda k, f: jax.random.categorical(jax.random.fold_in(k, place), f))(keys, forecast)
        states, logits = jax.vmap(model.step)(states, token)
        return place + 1, states, logits, out.at[:, place].set(token)

    start = (
        jnp.array(0),
        states,
        jnp.broadcast_to(logits, (count, logits.shape[0])),
        jnp.zeros((count, most), jnp.int32),
    )
    return jax.lax.while_loop(going, go, start)[3]
