"""Naming acts: a log that does not say what its makers did by speaking gets acts induced from their words."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.cluster.vq import kmeans2
from scipy.sparse.linalg import svds

from inhabit.senses.text import Ear, inverse_frequency, words
from inhabit.types import Life, Message


@dataclasses.dataclass(frozen=True)
class Acts:
    """Kinds of things that makers say, told apart by their words.

    Attributes:
        ear: Hears the messages.
        names: One name a kind: its most telling words.
        directions: From weighted phrase counts to the space in which kinds are apart.
        centres: Each kind's middle in that space.
        weight: How much each phrase counts.
    """

    ear: Ear
    names: tuple[str, ...]
    directions: np.ndarray
    centres: np.ndarray
    weight: np.ndarray

    @classmethod
    def learn(cls, lives: Sequence[Life], *, most: int = 12, dims: int = 24, seed: int = 0) -> "Acts":
        """Group the makers' messages into at most `most` kinds.

        Latent semantic analysis of their phrases, then k-means; the number of kinds grows with the root of the
        number of messages.

        Source:
            Deerwester et al. (1990); Arthur & Vassilvitskii (2007) for the starts.
        """
        texts = [m.content for life in lives for m in life.messages if m.role == "user"]
        ear = Ear.learned(texts, size=2000, longest=2)
        heard = np.stack([ear.hear(text) for text in texts])
        weight = inverse_frequency(heard, ear.buckets)
        rows = _unit(_counts(heard, weight))
        dims = max(1, min(dims, min(rows.shape) - 1))
        start = np.random.default_rng(seed).normal(size=min(rows.shape))
        _, _, directions = svds(rows, k=dims, v0=start)
        placed = _normal(rows @ directions.T)
        kinds = int(np.clip(np.sqrt(len(texts) / 8), 2, min(most, len(texts))))
        centres, label = kmeans2(placed, kinds, minit="++", seed=seed, iter=50)
        kept = np.unique(label)
        names = tuple(_name(rows[label == kind], rows, ear) for kind in kept)
        return cls(ear, _distinct(names), directions, centres[kept], weight)

    def name(self, text: str) -> str:
        """The kind of thing that this is."""
        placed = _normal(_unit(_counts(self.ear.hear(text)[None], self.weight)) @ self.directions.T)
        return self.names[int(np.argmin(np.sum((self.centres - placed) ** 2, axis=1)))]

    def annotate(self, lives: Sequence[Life]) -> tuple[Life, ...]:
        """Name the act of every message of a maker that has none."""
        return tuple(
            dataclasses.replace(life, messages=tuple(self._annotated(message) for message in life.messages))
            for life in lives
        )

    def _annotated(self, message: Message) -> Message:
        if message.role != "user" or message.act is not None:
            return message
        return dataclasses.replace(message, act=self.name(message.content))


def _counts(heard: np.ndarray, weight: np.ndarray) -> sparse.csr_matrix:
    """Weighted phrases of each message."""
    row = np.repeat(np.arange(len(heard)), heard.shape[1])
    ids = heard.ravel()
    return sparse.csr_matrix((weight[ids] * (ids > 0), (row, ids)), shape=(len(heard), len(weight)))


def _unit(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel())
    return sparse.diags(1 / np.maximum(lengths, 1e-9)) @ rows


def _normal(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _name(members: sparse.csr_matrix, everyone: sparse.csr_matrix, ear: Ear) -> str:
    """The phrases that tell these messages from the rest, two of them."""
    lift = np.asarray(members.mean(0)).ravel() - np.asarray(everyone.mean(0)).ravel()
    listed = ("", *getattr(ear.index, "listed", ()))
    telling = [listed[i] for i in np.argsort(-lift) if any(c.isalpha() for c in listed[i])]
    chosen: list[str] = []
    for phrase in telling:
        plain = " ".join(word for word in words(phrase) if any(c.isalnum() for c in word))
        if not any(set(words(plain)) & set(words(other)) for other in chosen):
            chosen.append(plain)
        if len(chosen) == 2:
            break
    return " / ".join(chosen) or "say"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The same names with a number behind those that occur twice."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(out)
