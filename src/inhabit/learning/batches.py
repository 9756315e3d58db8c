"""Batches of whole lives for fitting, with what is left out of each drawn beforehand."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from inhabit.learning.turns import Rows


class Batches(NamedTuple):
    """Batches of whole lives, and what is left out of each; drawn on the host, which keeps the program small.

    Attributes:
        rows: The rows that a batch needs.
        places: Where each turn of each life lies among them; 0 after the life's end.
        heard: Words that are not missed, of what was heard.
        own: The same of what the maker said.
        inputs: Numbers of the context's input that are kept.
        outputs: The same of its output.
    """

    rows: Int[Array, "*batches rows"]
    places: Int[Array, "*batches lives turns"]
    heard: Bool[Array, "*batches rows words"]
    own: Bool[Array, "*batches rows words"]
    inputs: Bool[Array, "*batches lives turns inputs"]
    outputs: Bool[Array, "*batches lives turns size"]


def draw(
    rows: Rows,
    train: Int[np.ndarray, " some"],
    *,
    batch: int,
    inputs: int,
    size: int,
    dropout: float,
    random: np.random.Generator,
) -> Batches:
    """Shuffle lives into batches; what is left over is for another epoch. Fewer lives than a batch are one batch.

    Args:
        rows: The log.
        train: The lives to draw from.
        batch: Lives in a batch.
        inputs: Length of the context's input.
        size: Length of its output.
        dropout: Share of both that is left out; of words, half as much.
        random: The host's random numbers.
    """
    lengths = (rows.places > 0).sum(1)
    batch = min(batch, len(train))
    number = len(train) // batch
    room = 1 + min(int(np.sort(lengths)[-batch:].sum()), int(batch * lengths.mean() + 5 * batch**0.5 * lengths.std()))
    while True:
        drawn = random.permutation(train)[: number * batch].reshape(number, batch)
        if lengths[drawn].sum(1).max() < room:
            break
    kept = np.zeros((number, room), np.int32)
    places = np.zeros((number, batch, rows.places.shape[1]), np.int32)
    for i, lives in enumerate(rows.places[drawn]):
        used = lives[lives > 0]
        kept[i, 1 : 1 + len(used)] = used
        places[i][lives > 0] = 1 + np.arange(len(used))

    def spared(shape: tuple[int, ...], size: int, share: float) -> Array:
        return jnp.asarray(random.random((*shape, size), np.float32) >= share)

    words = rows.heard.shape[1]
    return Batches(
        rows=jnp.asarray(kept),
        places=jnp.asarray(places),
        heard=spared(kept.shape, words, dropout / 2),
        own=spared(kept.shape, words, dropout / 2),
        inputs=spared(places.shape, inputs, dropout),
        outputs=spared(places.shape, size, dropout),
    )
