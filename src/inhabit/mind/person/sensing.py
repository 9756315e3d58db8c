"""Sensing: from a percept to what a person makes of it before any state of its own comes in."""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.mind.person.lived import CUE, Heard
from inhabit.senses.body import BodySense
from inhabit.senses.symbols import SymbolSense
from inhabit.senses.text import TextSense
from inhabit.types import MOODS, Key, Percept


class Senses(eqx.Module):
    """The senses of a person.

    Levels of goods and moods are not among what the body sense hears: they reach the acts by the value store and the mood
    alone, so that a level or a mood that the log never showed is answered by the same lines as those it did.

    Attributes:
        text: Hears words.
        text_about: Hears the same words with regard to one good; shared by all goods.
        symbols: What each of the partner's acts means.
        body: Interoception of all else that is felt; `None` where nothing else is.
        gist: What of the words the memory keeps.
        leads: What the heard words alone make likely to be done: a linear model that starts at nothing.
        goes_on: The same of the own last words.
    """

    text: TextSense
    text_about: TextSense
    symbols: SymbolSense
    body: BodySense | None
    gist: eqx.nn.Linear
    leads: TextSense
    goes_on: TextSense

    @classmethod
    def create(
        cls,
        weight: Float[np.ndarray, " buckets"],
        *,
        symbols: int,
        feels: int,
        acts: int,
        sense: int,
        about: int,
        key: Key,
    ) -> Self:
        """Fresh senses.

        Args:
            weight: How much each id of the ear counts (`senses.text.inverse_frequency`).
            symbols: Number of the partner's acts, 0 (unknown) included.
            feels: What is felt beside levels and moods.
            acts: Number of the own acts.
            sense: Length of what is made of the whole.
            about: Length of what is made with regard to a good.
            key: Random key.
        """
        for_text, for_about, for_symbols, for_body, for_gist, for_leads, for_own = jax.random.split(key, 7)
        return cls(
            text=TextSense.create(weight, sense, key=for_text),
            text_about=TextSense.create(weight, about, key=for_about),
            symbols=SymbolSense(symbols, sense, key=for_symbols),
            body=BodySense(feels, sense, key=for_body) if feels > 0 else None,
            gist=eqx.nn.Linear(sense, CUE, use_bias=False, key=for_gist),
            leads=TextSense.create(weight, acts, scale=0.0, key=for_leads),
            goes_on=TextSense.create(weight, acts, scale=0.0, key=for_own),
        )

    def __call__(self, percept: Percept) -> Heard:
        """Let the senses work on a percept."""
        words = self.text(percept.words)
        whole = words + self.symbols(percept.heard)
        if self.body is not None:
            whole = whole + self.body(percept.body[percept.stances.shape[0] + len(MOODS) :])
        about = jax.vmap(self.text_about)(percept.about)
        gist = jax.lax.stop_gradient(jnp.tanh(self.gist(words)))
        leaning = self.leads(percept.words) + self.goes_on(percept.spoken)
        return Heard(jnp.tanh(whole), about, gist, leaning, percept)


def levels_felt(body: Float[Array, " body"], before: Float[Array, " goods"]) -> Float[Array, " goods"]:
    """Levels of the goods as felt now, or as last felt."""
    felt = body[: before.shape[0]]
    return jnp.where(jnp.isfinite(felt), felt, before)
