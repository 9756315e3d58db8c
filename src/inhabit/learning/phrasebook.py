"""Understanding words: what something that a maker said most likely meant, by the most alike phrase of the log."""

from collections.abc import Sequence

import numpy as np

from inhabit.learning.names import Names
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase, hashed
from inhabit.types import Message

SIZE = 1024
"""Buckets of the hashed words and pairs of words."""


class Phrasebook:
    """Everything that was said in a log, with what it meant.

    Where the log names no acts, words are read as fitting read them; else words mean what the most alike
    phrase meant (cosine of TF-IDF over words and pairs of words; the first of equals).
    """

    def __init__(self, phrases: Sequence[Phrase], names: Names):
        self._phrases, self._names = phrases, names
        rows = np.stack([hashed(phrase.words, SIZE) for phrase in phrases] or [np.zeros(SIZE, np.float32)])
        self._rarity = (np.log((1 + len(rows)) / (1 + (rows > 0).sum(0))) + 1).astype(np.float32)
        self._rows = _unit(np.log1p(rows) * self._rarity)
        self._exact = {phrase.words: phrase.plan for phrase in reversed(phrases)}

    def plan(self, words: str) -> Plan:
        """What was meant; nothing is claimed of words that share none with the log."""
        if words in self._exact:
            return self._exact[words]
        if self._names != Names():
            read = self._names.understood(Message(role="user", content=words))
            return Plan(act=read.act, stances=read.stances)
        alike = self._rows @ _unit(np.log1p(hashed(words, SIZE)) * self._rarity)
        best = int(np.argmax(alike))
        return self._phrases[best].plan if alike[best] > 0 else Plan()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
