"""Sheets: a life written down token by token, with what is foretold at each place and of what kind it is."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from inhabit.speech.packing import Document

MAKER = "user"
"""The role of the maker in a life's messages."""

RATING = "rating"
"""The question how content the maker is, asked wherever the log has a rating."""


class Kind(enum.IntEnum):
    """What a target is, so that each kind can be weighed and scored by itself."""

    CONTEXT = 0
    ACT = 1
    STANCE = 2
    WORDS = 3
    ANSWER = 4


TWIN = {Kind.ACT: 1.0, Kind.STANCE: 1.0, Kind.WORDS: 1.0, Kind.ANSWER: 1.0}
"""Weights of a twin: all that the maker does and answers, nothing that the maker only hears."""

MOUTH = {Kind.WORDS: 1.0}
"""Weights of a mouth: the maker's words."""


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A life flattened.

    Attributes:
        tokens: What is read.
        targets: What is foretold at each place: the next token, or the answer to a question (which is never read).
        kinds: `Kind` of each target.
        messages: Index of the message that each target belongs to; -1 for none.
        asked: Question asked at each place, as an index into the flattening's questions; -1 for none.
    """

    tokens: Int[np.ndarray, " length"]
    targets: Int[np.ndarray, " length"]
    kinds: Int[np.ndarray, " length"]
    messages: Int[np.ndarray, " length"]
    asked: Int[np.ndarray, " length"]

    def document(self, weights: Mapping[Kind, float]) -> Document:
        """The same as a transformer reads it, each kind of target weighed; a kind left out does not count."""
        table = np.array([weights.get(kind, 0.0) for kind in Kind], np.float32)
        return Document(self.tokens, self.targets, table[self.kinds] * (self.targets > 0))


def plain(facts: Mapping[str, Any]) -> str:
    """Facts in few words: `{"food": 5, "held": {"water": 0.25}}` becomes `food 5, held water 0.2`."""
    return ", ".join(f"{name} {_value(value)}" for name, value in facts.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return " ".join(_value(one) for one in value)
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)


def answer_token(question: str, option: str) -> str:
    """Name of the token of an answer."""
    return f"<answer:{question}:{option}>"
