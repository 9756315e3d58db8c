"""A small decoder-only transformer: written for one row of tokens; `vmap` makes batches, a cache makes it speak."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.types import Key


def normalise(x: Float[Array, "*batch size"]) -> Float[Array, "*batch size"]:
    """Root-mean-square normalisation without parameters (Zhang & Sennrich 2019)."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def rotate(
    x: Float[Array, "time heads size"], positions: Int[Array, " time"], *, base: float = 1000.0
) -> Float[Array, "time heads size"]:
    """Rotary position embedding (Su et al. 2021): pairs turned by an angle that grows with position."""
    half = x.shape[-1] // 2
    angle = positions[:, None] * base ** (-jnp.arange(half) / half)
    cos, sin = jnp.cos(angle)[:, None], jnp.sin(angle)[:, None]
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def attend(
    query: Float[Array, "time heads size"],
    keys: Float[Array, "seen heads size"],
    values: Float[Array, "seen heads size"],
    mask: Bool[Array, "time seen"],
) -> Float[Array, "time heads size"]:
    """Softmax attention for queries and keys of bounded length.

    Their normalisation bounds every score, so `exp` needs no running maximum, and a column of ones beside the values
    sums the weights within the same matrix product: half the passes over memory, which is what a CPU waits for.
    """
    score = jnp.einsum("thd,shd->hts", query * query.shape[-1] ** -0.5, keys)
    weight = jnp.where(mask, jnp.exp(jnp.minimum(score, 60.0)), 0.0)
    beside = jnp.concatenate([values, jnp.ones_like(values[..., :1])], axis=-1)
    mixed = jnp.einsum("hts,shd->thd", weight, beside)
    return mixed[..., :-1] / jnp.maximum(mixed[..., -1:], 1e-30)


class Cache(eqx.Module):
    """What a speaking transformer remembers: a ring of the last keys and values of each layer.

    Attributes:
        keys: Rotated, normalised keys.
        values: Values.
        count: Tokens read so far.
    """

    keys: Float[Array, "layers context heads size"]
    values: Float[Array, "layers context heads size"]
    count: Int[Array, ""]


class Block(eqx.Module):
    """One layer: attention with normalised queries and keys, then a squared-ReLU network, each added to the stream."""

    mix: Float[Array, "width three_width"]
    out: Float[Array, "width width"]
    up: Float[Array, "width hidden"]
    down: Float[Array, "hidden width"]
    sharpness: Float[Array, " heads"]
    heads: int = eqx.field(static=True)

    def __init__(self, width: int, heads: int, *, key: Key):
        mix_key, up_key = jax.random.split(key)
        scale = width**-0.5
        self.mix = scale * jax.random.normal(mix_key, (width, 3 * width))
        self.up = scale * jax.random.normal(up_key, (width, 4 * width))
        self.out, self.down = jnp.zeros((width, width)), jnp.zeros((4 * width, width))
        self.sharpness = jnp.ones(heads)
        self.heads = heads

    def project(self, x: Float[Array, "time width"], positions: Int[Array, " time"]) -> tuple[Array, Array, Array]:
        """Queries, keys and values of each head; queries carry the sharpness of attention."""
        three = (normalise(x) @ self.mix).reshape(len(x), 3, self.heads, -1)
        query = rotate(normalise(three[:, 0]), positions) * self.sharpness[:, None]
        return query, rotate(normalise(three[:, 1]), positions), three[:, 2]

    def join(
        self,
        x: Float[Array, "time width"],
        query: Float[Array, "time heads size"],
        keys: Float[Array, "seen heads size"],
        values: Float[Array, "seen heads size"],
        mask: Bool[Array, "time seen"],
    ) -> Float[Array, "time width"]:
        """Attend, then think: the stream after this layer."""
        mixed = attend(query, keys, values, mask)
        x = x + mixed.reshape(x.shape) @ self.out
        return x + jnp.square(jax.nn.relu(normalise(x) @ self.up)) @ self.down


class Transformer(eqx.Module):
    """Foretells the next token from those before it.

    Pre-normalised, rotary positions, normalised queries and keys, squared ReLU, one table of tokens for reading and
    foretelling, no biases. Output starts uniform.

    Attributes:
        table: Embedding of each token.
        blocks: The layers.
        gain: Scale of the logits.
        context: Longest stretch it is meant to read at once; the size of the cache.
    """

    table: Float[Array, "vocabulary width"]
    blocks: tuple[Block, ...]
    gain: Float[Array, ""]
    context: int = eqx.field(static=True)

    def __init__(self, vocabulary: int, *, width: int, depth: int, heads: int, context: int, key: Key):
        if width % (2 * heads):
            raise ValueError(f"width {width} must divide into {heads} heads of even size")
        table_key, *block_keys = jax.random.split(key, depth + 1)
        self.table = 0.02 * jax.random.normal(table_key, (vocabulary, width))
        self.blocks = tuple(Block(width, heads, key=block_key) for block_key in block_keys)
        self.gain = jnp.array(1.0)
        self.context = context

    def __call__(
        self,
        tokens: Int[Array, " time"],
        segments: Int[Array, " time"] | None = None,
        positions: Int[Array, " time"] | None = None,
    ) -> Float[Array, "time width"]:
        """What is thought after each token; `logits` turns it into a forecast.

        Args:
            tokens: Ids.
            segments: Which packed document each token belongs to; None when there is one.
            positions: Place of each token in its document.
        """
        positions = jnp.arange(len(tokens)) if positions is None else positions
        index = jnp.arange(len(tokens))
        mask = index[:, None] >= index
        if segments is not None:
            mask &= segments[:, None] == segments
        return self._through(tokens, positions, mask)[0]

    def logits(self, thought: Float[Array, "*batch width"]) -> Float[Array, "*batch vocabulary"]:
        """Unnormalised log-probability of each token to come next."""
        return self.gain * (thought @ self.table.T)

    def _through(self, tokens: Array, positions: Array, mask: Array) -> tuple[Array, list[tuple[Array, Array]]]:
        x, kept = normalise(self.table[tokens]), []
        for block in self.blocks:
            query, keys, values = block.project(x, positions)
            x = block.join(x, query, keys, values, mask)
            kept.append((keys, values))
        return normalise(x), kept

    def init(self, *, key: Key | None = None) -> Cache:
        """Nothing read yet."""
        width, heads = self.table.shape[1], self.blocks[0].heads
        empty = jnp.zeros((len(self.blocks), self.context, heads, width // heads))
        return Cache(empty, empty, jnp.array(0))

    def read(
        self, tokens: Int[Array, " {self.context}"], length: Int[Array, ""]
    ) -> tuple[Cache, Float[Array, " vocabulary"]]:
        """Read a whole beginning at once: the first `length` of `tokens`; the cache and logits after the last."""
        index = jnp.arange(self.context)
        thought, kept = self._through(tokens, index, index[:, None] >= index)
        cache = Cache(jnp.stack([k for k, _ in kept]), jnp.stack([v for _, v in kept]), jnp.asarray(length))
        return cache, self.logits(thought[length - 1])

    def step(
        self, state: Cache, token: Int[Array, ""], *, key: Key | None = None
    ) -> tuple[Cache, Float[Array, " vocabulary"]]:
        """Read one more token; logits of the next. Beyond `context` tokens the oldest are forgotten."""
        slot = state.count % self.context
        mask = (jnp.arange(self.context) <= state.count)[None]
        x, all_keys, all_values = normalise(self.table[token[None]]), state.keys, state.values
        for layer, block in enumerate(self.blocks):
            query, keys, values = block.project(x, state.count[None])
            all_keys = all_keys.at[layer, slot].set(keys[0])
            all_values = all_values.at[layer, slot].set(values[0])
            x = block.join(x, query, all_keys[layer], all_values[layer], mask)
        return Cache(all_keys, all_values, state.count + 1), self.logits(normalise(x)[0])
