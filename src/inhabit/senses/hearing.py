"""Hearing: utterances of a few words, each with who said it and from where; more of them is not another sense."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.types import Key


class Hearing(eqx.Module):
    """Embeds every word, adds them up with the bearing, and adds up what is heard at once.

    Attributes:
        words: One table for each place in an utterance, stacked; the row of word 0 is silence.
        bearing: From where it came, and whether it was said to oneself.
    """

    starts: tuple[int, ...] = eqx.field(static=True)
    words: Float[Array, "codes width"]
    bearing: Float[Array, "3 width"]

    def __init__(self, words: tuple[int, ...], width: int, *, key: Key):
        """Make a hearing for utterances whose first words have so many values each (the fifth, whom, is not embedded)."""
        first, second = jax.random.split(key)
        self.starts = tuple(sum(words[:i]) for i in range(len(words)))
        self.words = jax.random.normal(first, (sum(words), width)) / jnp.sqrt(width)
        self.bearing = jax.random.normal(second, (3, width)) / jnp.sqrt(width)

    def __call__(
        self,
        heard: Int[Array, "many utterances words"],
        bearing: Float[Array, "many utterances 2"],
        who: Int[Array, " many"],
    ) -> Float[Array, "many width"]:
        """Encode what is heard at many moments; silence is the zero vector.

        Args:
            heard: Words; an utterance whose first word is 0 is none.
            bearing: Cells ahead and to the right, scaled.
            who: Oneself, as people are counted: what is said to `1 + who` is said to oneself.
        """
        said = (heard[..., 0] > 0)[..., None]
        embedded = jnp.zeros((*heard.shape[:2], self.words.shape[1]))
        ends = (*self.starts[1:], self.words.shape[0])
        for place, (start, end) in enumerate(zip(self.starts, ends)):
            embedded += jax.nn.one_hot(heard[..., place], end - start) @ self.words[start:end]
        to_me = (heard[..., -1] == 1 + who[:, None]).astype(float)
        embedded += jnp.concatenate([bearing, to_me[..., None]], -1) @ self.bearing
        return jnp.sum(jnp.tanh(embedded) * said, axis=1)
