"""Packing: documents of different lengths laid into rows of one length, none seeing another."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True)
class Document:
    """A text as a transformer reads it: at each place a token, and what should be foretold there.

    A target is usually the next token. It may also be the answer to a question that the next token does not give away.

    Attributes:
        tokens: What is read.
        targets: What should be foretold after reading it; only its value where `weights` is not 0 matters.
        weights: How much each foretelling counts.
    """

    tokens: Int[np.ndarray, " length"]
    targets: Int[np.ndarray, " length"]
    weights: Float[np.ndarray, " length"]

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def plain(cls, tokens: Sequence[int]) -> "Document":
        """A text in which every token but the first is foretold."""
        read = np.asarray(tokens, np.int32)
        weights = np.ones(len(read), np.float32)
        weights[-1:] = 0
        return cls(read, np.roll(read, -1), weights)


class Rows(eqx.Module):
    """Packed documents. Padding has segment 0 and weight 0.

    Attributes:
        tokens: What is read.
        targets: What should be foretold there.
        weights: How much it counts.
        segments: Which document of its row a token belongs to, from 1; only tokens of one segment see each other.
        positions: Place of each token in its piece of a document.
    """

    tokens: Int[np.ndarray | Array, "rows length"]
    targets: Int[np.ndarray | Array, "rows length"]
    weights: Float[np.ndarray | Array, "rows length"]
    segments: Int[np.ndarray | Array, "rows length"]
    positions: Int[np.ndarray | Array, "rows length"]

    def take(self, index: np.ndarray) -> "Rows":
        """Some of the rows."""
        return Rows(
            *(field[index] for field in (self.tokens, self.targets, self.weights, self.segments, self.positions))
        )


@dataclasses.dataclass(frozen=True)
class Piece:
    """Where a stretch of a document lies: `row`, `column` of its first token; it answers for `fresh` onwards."""

    document: int
    start: int
    stop: int
    fresh: int
    row: int
    column: int


def pieces(lengths: Sequence[int], length: int, overlap: int | None = None) -> list[Piece]:
    """Cut documents into stretches of at most `length` and place each where it fits best.

    A document longer than a row is cut into stretches that overlap (by half a row, if not told otherwise), so that
    every token but the first ones is foretold from at least so much context; each token is answered for once.
    """
    cut, step = [], length - (length // 2 if overlap is None else overlap)
    for document, size in enumerate(lengths):
        stop = min(size, length)
        cut.append(Piece(document, 0, stop, 0, -1, -1))
        while stop < size:
            fresh, stop = stop, min(size, stop + step)
            cut.append(Piece(document, stop - length, stop, fresh, -1, -1))
    room: dict[int, list[int]] = {}  # free places -> rows with as many
    placed, rows = [], 0
    for piece in sorted(cut, key=lambda piece: (piece.start - piece.stop, piece.document, piece.start)):
        size = piece.stop - piece.start
        free = min((free for free, where in room.items() if free >= size and where), default=None)
        if free is None:
            row, free, rows = rows, length, rows + 1
        else:
            row = room[free].pop()
        placed.append(dataclasses.replace(piece, row=row, column=length - free))
        room.setdefault(free - size, []).append(row)
    return placed


def pack(documents: Sequence[Document], length: int, overlap: int | None = None) -> tuple[Rows, list[Piece]]:
    """Lay documents into rows of `length`; returns the rows and where each stretch of a document lies."""
    placed = pieces([len(document) for document in documents], length, overlap)
    shape = (1 + max((piece.row for piece in placed), default=-1), length)
    tokens, targets, segments, positions = (np.zeros(shape, np.int32) for _ in range(4))
    weights, seen = np.zeros(shape, np.float32), np.zeros(shape[0], np.int32)
    for piece in placed:
        document, size = documents[piece.document], piece.stop - piece.start
        here = piece.row, slice(piece.column, piece.column + size)
        seen[piece.row] += 1
        tokens[here] = document.tokens[piece.start : piece.stop]
        targets[here] = document.targets[piece.start : piece.stop]
        weights[here] = document.weights[piece.start : piece.stop]
        weights[piece.row, piece.column : piece.column + piece.fresh - piece.start] = 0
        segments[here] = seen[piece.row]
        positions[here] = np.arange(size)
    return Rows(tokens, targets, weights, segments, positions), placed


def unpack(values: Float[np.ndarray, "rows length *rest"], placed: Sequence[Piece]) -> list[np.ndarray]:
    """Give values computed at each place of the rows back to the documents they belong to."""
    count = 1 + max((piece.document for piece in placed), default=-1)
    sizes = [0] * count
    for piece in placed:
        sizes[piece.document] = max(sizes[piece.document], piece.stop)
    out = [np.zeros((size, *values.shape[2:]), values.dtype) for size in sizes]
    for piece in placed:
        first = piece.column + piece.fresh - piece.start
        out[piece.document][piece.fresh : piece.stop] = values[piece.row, first : first + piece.stop - piece.fresh]
    return out
