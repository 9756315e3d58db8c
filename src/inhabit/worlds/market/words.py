"""The small language of the market: phrases in slots, chosen by style and stress, put together into a sentence.

A sentence is `opener, core closer`. The core says what is done, to which goods, for which reason; opener, core,
measure and closer each have several phrasings. A phrasing's chance is `softmax(style + stress * tension)`: style is
the maker's own, tension is the phrase's (curt phrases have more of it), so that words also tell of the hidden mood.
"""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.maths.choice import gumbel_max


@dataclasses.dataclass(frozen=True)
class Slot:
    """One slot of the grammar: its phrases, and how much each is drawn by stress."""

    phrases: tuple[str, ...]
    tension: tuple[float, ...]


SLOTS = (
    Slot(
        ("", "dear friend", "well", "oh", "hm", "good neighbour", "look", "listen"),
        (0.5, -1.5, 0.0, -0.5, 0.0, -1.5, 2.0, 2.0),
    ),
    Slot(("0", "1", "2", "3", "4"), (-1.0, -0.5, 0.0, 0.5, 1.5)),
    Slot(("some", "a bit of", "a little", "that"), (0.0, 0.0, 0.0, 1.0)),
    Slot(
        ("", "my friend", "you know", "if you do not mind", "and that is that", "truly"),
        (0.5, -1.0, 0.0, -1.5, 2.0, 0.0),
    ),
)
"""Opener, core (the index of its phrasing, gentle to rough), measure, closer."""

CORES = {
    "greet": ("good morning to you", "hello there", "welcome, how are you", "greetings", "hey"),
    "ask": (
        "would you kindly spare {m} {want}",
        "could I have {m} {want} from you",
        "may I get {m} {want}",
        "I want {m} {want}",
        "give me {m} {want} now",
    ),
    "offer": (
        "would you like {m} {give} in return for {want}",
        "I could give you {m} {give} for your {want}",
        "shall we trade, my {give} for your {want}",
        "I have {m} {give}, hand over {want} for it",
        "take the {give} and give me the {want}",
    ),
    "accept": ("with pleasure, it is yours", "yes, gladly", "agreed, let us do it", "fine", "all right, take it"),
    "refuse plain": ("I am sorry, I would rather not", "not today I fear", "no, I will not", "no deal", "no"),
    "refuse need": (
        "I am afraid I need the {want} myself",
        "sorry, I have to keep my {want}",
        "no, the {want} is for me",
        "I want the {want} myself",
        "keep your hands off my {want}",
    ),
    "refuse dislike": (
        "thank you, but {give} is not to my taste",
        "sorry, I do not care for {give}",
        "no, I do not like {give}",
        "I never eat {give}",
        "nobody wants your awful {give}",
    ),
    "refuse full": (
        "how kind, but I have had plenty of {give}",
        "sorry, I already ate enough {give}",
        "no, I am full of {give}",
        "no more {give} for me",
        "I am sick of {give}",
    ),
    "complain": (
        "you have asked that before, have you not",
        "please do not go on about it",
        "I told you already",
        "how often must I say it",
        "stop it, you are getting on my nerves",
    ),
    "thank": ("I am very grateful", "thank you so much", "many thanks", "thanks", "cheers"),
    "chat": (
        "what lovely weather we have today",
        "the square is full of people this week",
        "did you hear the music last night",
        "it may rain soon",
        "what a long and tiring day this is",
    ),
    "praise": (
        "there is nothing so fine as {give}",
        "I do love {give}",
        "I dream of {give} at times",
        "one can never have enough {give}",
        "only {give} makes a day like this bearable",
    ),
    "leave": (
        "it was a pleasure, until next time",
        "I must be going, farewell",
        "I have to go, goodbye",
        "bye then",
        "enough, I am off",
    ),
}
"""The cores, gentle to rough, of each act (and reason). `{m}` is the measure, `{give}` and `{want}` the goods.

For a refusal `give` is what was offered and `want` what was asked for.
"""


PHRASES = sum(len(slot.phrases) for slot in SLOTS)
"""Phrases of all slots together."""


def choose_phrases(
    style: Sequence[Float[Array, " _"]], stress: Float[Array, ""], noise: Float[Array, " phrases"]
) -> Int[Array, " slots"]:
    """Choose which phrase fills each slot, with Gumbel noise for each phrase of each slot."""
    noises = jnp.split(noise, np.cumsum([len(slot.phrases) for slot in SLOTS])[:-1])
    return jnp.stack([gumbel_max(s + stress * jnp.array(slot.tension), n) for s, slot, n in zip(style, SLOTS, noises)])


def sentence(kind: str, phrases: Sequence[int], give: str | None = None, want: str | None = None) -> str:
    """Put a sentence together.

    Args:
        kind: A key of `CORES`, or `"eat"`, which has no words.
        phrases: Index into the phrases of each slot.
        give: Good for `{give}`.
        want: Good for `{want}`.
    """
    if kind == "eat":
        return ""
    opener, measure, closer = (SLOTS[slot].phrases[phrases[slot]] for slot in (0, 2, 3))
    core = CORES[kind][phrases[1]].format(m=measure, give=give, want=want)
    return f"{opener}, {core} {closer}".strip(", ")


def vocabulary(goods: Sequence[str]) -> frozenset[str]:
    """Every word that can be said."""
    texts = [*SLOTS[0].phrases, *SLOTS[2].phrases, *SLOTS[3].phrases, *goods]
    texts += [core.format(m="", give="", want="") for cores in CORES.values() for core in cores]
    return frozenset(word for text in texts for word in text.replace(",", " ").split())
