"""A machine's suite whose words share what they have in common: a head is walked once, a tail once for each state.

A word of the W-method is a head (access and middle) and a tail (of the characterising set). How a model answers a tail
depends only on the state in which the head left it. So heads are walked as one tree from the initial state, tails as one
tree from every state, and a word is right when its head was, and when the two states that the head leads to, the machine's
and the model's, answer its tail alike. What comes out is what the plain loop over words says, to the last word.
"""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from inhabit.maths.conformance import Word, characterising_set, padded, state_cover


class Tables(NamedTuple):
    """A machine as `next[state, input]`, `out[state, input]` and the state in which a connection begins."""

    next: Int[np.ndarray, "states inputs"]
    out: Int[np.ndarray, "states inputs"]
    initial: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Tree:
    """Words as a tree; node 0 is the empty word, and nodes are numbered layer by layer.

    Attributes:
        parent: The node above each node but the first.
        symbol: The input that leads to it.
        layers: Where each layer begins, the last one's end included.
        path: The nodes on the way to each word, filled with 0.
        node: The node of each word.
    """

    parent: Int[np.ndarray, " steps"]
    symbol: Int[np.ndarray, " steps"]
    layers: tuple[int, ...]
    path: Int[np.ndarray, "longest words"]
    node: Int[np.ndarray, " words"]

    @classmethod
    def of(cls, words: list[Word]) -> "Tree":
        """The tree of some words and all their beginnings."""
        order = sorted({word[:end] for word in words for end in range(len(word) + 1)} | {()}, key=len)
        number = {word: place for place, word in enumerate(order)}
        longest = len(order[-1])
        path = [[number[word[: min(end, len(word))]] for word in words] for end in range(1, longest + 1)]
        layers = np.searchsorted([len(word) for word in order], np.arange(1, longest + 2))
        return cls(
            np.array([number[word[:-1]] for word in order[1:]], np.intp),
            np.array([word[-1] for word in order[1:]], np.intp),
            tuple(layers.tolist()),
            np.array(path, np.intp).reshape(longest, len(words)),
            np.array([number[word] for word in words], np.intp),
        )

    def walk(
        self, tables: Tables, starts: Int[np.ndarray, " starts"]
    ) -> tuple[Int[np.ndarray, "nodes starts"], Int[np.ndarray, "nodes starts"]]:
        """From each start, the state at each node, and what the step to it was answered (0 at the empty word)."""
        width = tables.out.shape[1]
        following, said = tables.next.ravel().astype(np.intp) * width, tables.out.ravel()
        rows = np.empty((1 + len(self.parent), len(starts)), np.intp)
        cells = np.empty((len(self.parent), len(starts)), np.intp)
        rows[0] = starts * width
        for begin, end in zip(self.layers, self.layers[1:]):
            step = slice(begin - 1, end - 1)
            np.add(rows[self.parent[step]], self.symbol[step, None], out=cells[step])
            np.take(following, cells[step], out=rows[begin:end], mode="clip")
        answers = np.zeros(rows.shape, said.dtype)
        np.take(said, cells, out=answers[1:], mode="clip")
        return rows // width, answers

    def all_along(self, right: Bool[np.ndarray, "nodes starts"]) -> Bool[np.ndarray, "words starts"]:
        """Whether every node on the way to a word is right."""
        return right[self.path].all(axis=0)


@dataclasses.dataclass(frozen=True, eq=False)
class SharedSuite:
    """The suite of one machine, as heads and tails, with what the machine answers.

    Attributes:
        words: The words, filled with `PAD`, as `conformance.w_suite` gives them.
        lengths: How long each is.
        heads: What they begin with.
        tails: What they end with.
        place: For each word, its cell in a table of tails by heads.
        left: The state in which each head leaves the machine.
        told: What the machine answers at each node of the heads.
        tells: What each of its states answers at each node of the tails.
    """

    words: Int[np.ndarray, "words longest"]
    lengths: Int[np.ndarray, " words"]
    heads: Tree
    tails: Tree
    place: Int[np.ndarray, " words"]
    left: Int[np.ndarray, " heads"]
    told: Int[np.ndarray, "nodes 1"]
    tells: Int[np.ndarray, "nodes states"]

    @classmethod
    def of(cls, truth: Tables, *, depth: int = 0) -> "SharedSuite":
        """The W-method's suite of a minimal machine, after `depth` states more than it has."""
        middles: list[Word] = [()]
        layer: list[Word] = [()]
        for _ in range(depth + 1):
            layer = [(*word, symbol) for word in layer for symbol in range(truth.out.shape[1])]
            middles += layer
        ends = characterising_set(truth.next, truth.out)
        begins = list(dict.fromkeys((*a, *m) for a in state_cover(truth.next, truth.initial) for m in middles))
        made = {(*head, *tail): j * len(begins) + i for i, head in enumerate(begins) for j, tail in enumerate(ends)}
        words, lengths = padded(set(made))
        place = [made[tuple(word[:length])] for word, length in zip(words.tolist(), lengths.tolist())]
        heads, tails = Tree.of(begins), Tree.of(ends)
        states, told = heads.walk(truth, np.array([truth.initial]))
        _, tells = tails.walk(truth, np.arange(len(truth.next)))
        return cls(words, lengths, heads, tails, np.array(place, np.intp), states[heads.node, 0], told, tells)

    @property
    def symbols(self) -> int:
        """Symbols of all words, each word counted in full."""
        return int(self.lengths.sum())

    def steps(self, states: int) -> int:
        """Steps that are really made to judge a model of so many states."""
        return len(self.heads.parent) + states * len(self.tails.parent)

    def right(self, model: Tables) -> Bool[np.ndarray, " words"]:
        """Which words a model answers as the machine does, at every place; outputs are compared by number."""
        states, said = self.heads.walk(model, np.array([model.initial]))
        _, says = self.tails.walk(model, np.arange(len(model.next)))
        pair = self.left * len(model.next) + states[self.heads.node, 0]
        met = np.zeros(self.tells.shape[1] * len(model.next), bool)
        met[pair] = True
        pairs = np.flatnonzero(met)
        number = np.empty(len(met), np.intp)
        number[pairs] = np.arange(len(pairs))
        one, other = np.divmod(pairs, len(model.next))
        alike = self.tails.all_along(self.tells[:, one] == says[:, other])
        begun = self.heads.all_along(self.told == said)[:, 0]
        return (alike[:, number[pair]] & begun).ravel()[self.place]

    def share(self, model: Tables) -> float:
        """Share of the words that are answered exactly."""
        return float(self.right(model).mean())
