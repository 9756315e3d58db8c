"""Columns as codes: unique values, the code of each row, and the words to say which one is meant."""

import dataclasses
from typing import Any

import numpy as np


def in_order(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Unique values in order of their first row, and the code of each row."""
    unique, first, code = np.unique(plain(values), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return unique[order], rank[code]


def in_text_order(values: Any) -> tuple[tuple[str, ...], np.ndarray]:
    """Unique values as text, sorted as text, and the code of each row."""
    unique, code = np.unique(plain(values), return_inverse=True)
    told = np.array(texts(unique))
    order = np.argsort(told)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return tuple(map(str, told[order])), rank[code]


def plain(values: Any) -> np.ndarray:
    """Numbers as they are (quick to sort), anything else as text."""
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else array.astype(str)


def texts(values: np.ndarray) -> list[str]:
    """Each value as text."""
    return [str(value) for value in values.tolist()]


@dataclasses.dataclass(frozen=True)
class Labels:
    """Says in words which occasion of which person a code means."""

    people: np.ndarray
    occasions: np.ndarray
    pairs: np.ndarray

    def __call__(self, where: int) -> str:
        """Occasion and person, quoted."""
        who, when = divmod(int(self.pairs[where]), len(self.occasions))
        return f"{texts(self.occasions[when : when + 1])[0]!r} of person {texts(self.people[who : who + 1])[0]!r}"
