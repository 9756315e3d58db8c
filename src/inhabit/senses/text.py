"""The text sense: an ear that turns words into ids on the host, and a bag of embeddings that turns ids into a vector.

The ear is plain Python and runs once for each message of a log. The sense is an `eqx.Module` and runs inside the
compiled mind: one gather and one weighted sum, so that a step of a mind costs microseconds.
"""

import collections
import dataclasses
import functools
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.types import Key

THIS, OTHER = "THIS", "OTHER"
"""What the names of the good in question, and of all other goods, become when words are heard about a good."""

_TOKEN = re.compile(rf"{THIS}|{OTHER}|[a-z]+(?:'[a-z]+)?|\d+|[^\sa-z\d]")
_START, _END = "<", ">"


def words(text: str) -> list[str]:
    """Split text into lower-case words, numbers and single punctuation marks.

    A number of one digit stands for itself (an amount, a star, a party); a longer one becomes `##`.
    """
    return _tokens(text.lower())


def phrases(tokens: Sequence[str], longest: int) -> Iterable[str]:
    """All runs of 1 to `longest` tokens: words first, then pairs and so on; within each length the latest first.

    From pairs on, the message's beginning `<` and end `>` count as tokens. A phrase said twice is given once.
    """
    seen = set()
    for length in range(1, longest + 1):
        row = [*tokens] if length == 1 else [_START, *tokens, _END]
        for end in range(len(row), length - 1, -1):
            phrase = " ".join(row[end - length : end])
            if phrase not in seen:
                seen.add(phrase)
                yield phrase


@dataclasses.dataclass(frozen=True)
class Hashed:
    """Phrases by a stable hash (CRC-32) into `buckets - 1` ids; nothing is learned, nothing is unknown.

    Attributes:
        buckets: Ids that there are, 0 (silence) included; at least 2.
    """

    buckets: int = 1 << 14

    def __post_init__(self) -> None:
        if self.buckets < 2:
            raise ValueError(f"{self.buckets} buckets: give at least 2, for silence and for words")

    def id(self, phrase: str) -> int:
        """The id of a phrase, between 1 and `buckets - 1`."""
        return 1 + zlib.crc32(phrase.encode()) % (self.buckets - 1)


@dataclasses.dataclass(frozen=True)
class Listed:
    """Phrases by a list learned from a log: no two share an id, and a phrase not in the list is not heard.

    Attributes:
        listed: The known phrases, most frequent first; the first has id 1.
    """

    listed: tuple[str, ...]
    _ids: Mapping[str, int] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {phrase: index + 1 for index, phrase in enumerate(self.listed)})

    @property
    def buckets(self) -> int:
        """Ids that there are, 0 (silence) included."""
        return len(self.listed) + 1

    def id(self, phrase: str) -> int:
        """The id of a phrase, or 0 if it is not in the list."""
        return self._ids.get(phrase, 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ear:
    """Hears text as ids of its words and phrases.

    What does not fit is cut by one rule: all words come before all pairs, pairs before triples, and of each length
    the latest come first; so a long message loses its phrases before its words, and its beginning before its end.

    Attributes:
        index: How a phrase gets its id: `Hashed()` or a `Listed` learned with `Ear.learned`.
        length: Ids that are kept of one message; fewer are padded with 0.
        longest: Words in the longest phrase.
        goods: What each good may be called, for instance `{"Firewood": ("firewood", "fire wood", "wood")}`.
    """

    index: Hashed | Listed = dataclasses.field(default_factory=Hashed)
    length: int = 64
    longest: int = 3
    goods: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def learned(
        cls,
        texts: Iterable[str],
        *,
        size: int,
        least: int = 2,
        length: int = 64,
        longest: int = 3,
        goods: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Self:
        """List the `size` phrases heard in the most of `texts`, and in at least `least`; ties by the alphabet.

        With `goods`, each text is also heard about each good, so that phrases with `THIS` and `OTHER` are listed.
        """
        goods = goods or {}
        counts: collections.Counter[str] = collections.Counter()
        for text in texts:
            versions = [text.lower(), *(_delexicalised(text, good, goods) for good in goods)]
            counts.update({phrase for version in versions for phrase in _phrases_in(version, longest)})
        ranked = sorted((-count, phrase) for phrase, count in counts.items() if count >= least)
        index = Listed(tuple(phrase for _, phrase in ranked[:size]))
        return cls(index=index, length=length, longest=longest, goods=goods)

    @property
    def buckets(self) -> int:
        """Ids that there are, 0 (silence) included."""
        return self.index.buckets

    def hear(self, text: str) -> Int[np.ndarray, " {self.length}"]:
        """The ids of what was said; each id at most once, then zeros."""
        return self._ids(text.lower())

    def hear_about(self, text: str, good: str) -> Int[np.ndarray, " {self.length}"]:
        """The same words heard relative to `good`: its names become `THIS`, those of the other goods `OTHER`.

        Raises:
            ValueError: `good` is not one of the ear's goods.
        """
        if good not in self.goods:
            raise ValueError(f"no good is called {good!r}; the ear knows {', '.join(self.goods) or 'none'}")
        return self._ids(_delexicalised(text, good, self.goods))

    def _ids(self, lowered: str) -> np.ndarray:
        """Ids of the phrases in a text, unknown ones left out, cut or padded to the ear's length."""
        found = dict.fromkeys(map(self.index.id, _phrases_in(lowered, self.longest)))
        found.pop(0, None)
        row = np.zeros(self.length, np.int32)
        kept = list(found)[: self.length]
        row[: len(kept)] = kept
        return row


def inverse_frequency(heard: Int[np.ndarray, "messages length"], buckets: int) -> Float[np.ndarray, " {buckets}"]:
    """Smoothed inverse document frequency `1 + log((1 + messages) / (1 + messages with the id))`; 0 for silence.

    Source:
        Manning, Raghavan & Schütze (2008), section 6.2, smoothed as if one more message held every phrase once.
    """
    counts = np.bincount(heard.ravel(), minlength=buckets)
    weight = 1 + np.log((1 + len(heard)) / (1 + counts))
    weight[0] = 0
    return weight.astype(np.float32)


class TextSense(eqx.Module):
    """A bag of embeddings: `sum_i w_i e_i / |w|`, that is, a linear map of the message's unit tf-idf vector.

    With `size` outputs of a head instead of a latent it is that head's wide path: a linear model of the words.

    Attributes:
        embedding: One vector an id; the row of silence is never read.
        weight: How much an id counts before the message's vector is scaled to length 1; fixed while learning.
    """

    embedding: Float[Array, "buckets size"]
    weight: Float[Array, " buckets"]

    @classmethod
    def create(cls, weight: Float[np.ndarray, " buckets"], size: int, *, scale: float = 1.0, key: Key) -> Self:
        """Start with normal embeddings of standard deviation `scale`; 0 for a wide path, which may start at nothing.

        Args:
            weight: Of each id, for instance from `inverse_frequency`.
            size: Length of the vector that comes out.
            scale: A message of unit length has outputs of about this size.
            key: Random key.
        """
        embedding = scale * jax.random.normal(key, (len(weight), size))
        return cls(embedding, jnp.asarray(weight))

    def __call__(self, ids: Int[Array, " words"]) -> Float[Array, " size"]:
        """The message's vector; zero for silence."""
        weight = jax.lax.stop_gradient(self.weight)[ids] * (ids > 0)
        length = jnp.sqrt(jnp.sum(weight**2))
        return (weight / jnp.maximum(length, 1e-6)) @ self.embedding[ids]


def _tokens(lowered: str) -> list[str]:
    """Tokens of text that is lower-case but for `THIS` and `OTHER`."""
    return ["##" if token.isdigit() and len(token) > 1 else token for token in _TOKEN.findall(lowered)]


@functools.lru_cache(maxsize=1 << 16)
def _phrases_in(lowered: str, longest: int) -> tuple[str, ...]:
    """Phrases of a text; remembered, because every fold of an experiment hears the same texts."""
    return tuple(phrases(_tokens(lowered), longest))


def _delexicalised(text: str, good: str, goods: Mapping[str, tuple[str, ...]]) -> str:
    """Text in lower case with every good's name, longest first and as whole words, replaced by `THIS` or `OTHER`."""
    pattern, names = _naming(good, tuple((owner, tuple(called)) for owner, called in goods.items()))
    return pattern.sub(lambda found: names[found.group()], text.lower()) if names else text.lower()


@functools.lru_cache(maxsize=256)
def _naming(good: str, goods: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of all names of goods, and what stands for each."""
    names = {name.lower(): THIS if owner == good else OTHER for owner, called in goods for name in called}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"), names
