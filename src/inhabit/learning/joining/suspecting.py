"""What may still be hidden behind a machine that is believed to be known, and how much of it a question would lay open.

A hidden state is taken for a known one: some step seems to lead to a known state, and leads to a twin of it, which shows
itself only where it leads elsewhere than the known state does. So a suspicion is a pair of steps and a target: after the first
step the second one would lead to that target and not where it is believed to. A question that makes both steps and then goes
on with inputs that the two targets answer differently settles it. Twins mostly show themselves at the next step, or when one
input is repeated; rarely much later.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from inhabit.learning.joining.line import Word
from inhabit.worlds.wire import Machine

TARGETS = 7
"""Likeliest other targets of a step that are kept in mind; one more bit stands for another answer."""
FAR = 8
"""Steps between two at most that are suspected together."""
REPEATED = (0.0, 1.0, 0.3, 0.2, 0.1, 0.1)
"""How much a step is suspected to show what the first step hid, by the times that its input was repeated in between."""
LONGEST = len(REPEATED) - 1
"""Times at most that an input is said again."""
ONCE = 0.5
"""How much a step is suspected to be answered otherwise, beside 1 for leading elsewhere; also, shared by the states, how much two
steps are suspected together that lie further apart."""
SIZE = 4_194_301
"""Cells in which it is kept what was settled; two pairs of steps rarely share one."""
ROWS = 512
"""Words that are looked at at once."""


class Pairs(NamedTuple):
    """Pairs of steps of one kind that words make.

    Attributes:
        word: Whose each is.
        cell: Where it is kept what was settled about it.
        first: Its first step.
        last: Its last step.
        shown: As bits, which other targets of the last step the word would show.
        share: How much pairs of this kind are suspected.
    """

    word: Int[np.ndarray, " pairs"]
    cell: Int[np.ndarray, " pairs"]
    first: Int[np.ndarray, " pairs"]
    last: Int[np.ndarray, " pairs"]
    shown: Int[np.ndarray, " pairs"]
    share: float


class Suspicions:
    """What was settled, and what is left.

    Each step is a number, the state's times the width plus the input's.

    Attributes:
        machine: What is believed.

    Args:
        machine: What is believed.
        access: A word that leads to each state.
        identifiers: For each state suffixes that together part it from all others.
    """

    def __init__(self, machine: Machine, access: Sequence[Word], identifiers: Sequence[Sequence[Word]]):
        self.machine = machine
        self._edges = machine.next.size
        self._width = machine.next.shape[1]
        self._cand, weight = possible(machine)
        subsets = (np.arange(1 << (TARGETS + 1))[:, None] >> np.arange(TARGETS + 1)) & 1
        self._mass = (weight @ subsets.T).astype(np.float32)
        self._hides = _hiding(machine, access)
        self._seen = np.zeros(SIZE, np.uint8)
        self._endings(identifiers)
        self._tables()

    def note(self, words: Sequence[Word]) -> None:
        """These words were answered as believed."""
        for start in range(0, len(words), ROWS):
            for pairs in self._suspected(words[start : start + ROWS]):
                np.bitwise_or.at(self._seen, pairs.cell, pairs.shown)

    def weigh(self, words: Sequence[Word]) -> Float[np.ndarray, " words"]:
        """How much each word would settle, a symbol; a reset counts as one."""
        total = np.zeros(len(words))
        for word, cell, first, last, shown, share in self._suspected(words):
            new = shown & ~self._seen[cell]
            left = np.flatnonzero(new)
            left = left[np.unique(word[left] * SIZE + cell[left], return_index=True)[1]]
            settled = self._hides[first[left]] * self._mass[last[left], new[left]]
            total += share * np.bincount(word[left], settled, len(words))
        return total / (np.array([len(word) for word in words]) + 1)

    def ending(self, first: int, last: int, gap: int) -> Word:
        """Of the suffixes that part the state after a last step from others, the one that settles most a symbol.

        Args:
            first: The first of two steps that are suspected together.
            last: The last step.
            gap: How many inputs come after the first step; all of them are the same.
        """
        seen = self._seen[self._cell(gap, first, last)]
        gain = self._mass[last, self._bits[last] & ~seen] / self._lengths[last]
        return self._suffixes[last][int(gain.argmax())] if gain.any() else ()

    def _cell(self, kind: int, first: Any, last: Any) -> Any:
        """Where it is kept what was settled about two steps; kind 0 for those that lie far apart."""
        return ((kind * self._edges + first) * self._edges + last) % SIZE

    def _endings(self, identifiers: Sequence[Sequence[Word]]) -> None:
        following, out = self.machine.next, self.machine.out
        classes: dict[Word, np.ndarray] = {}
        for suffix in {suffix for suffixes in identifiers for suffix in suffixes}:
            state, code = np.arange(len(following)), np.zeros(len(following), np.int64)
            for symbol in suffix:
                code = np.unique(code * (int(out.max()) + 1) + out[state, symbol], return_inverse=True)[1].ravel()
                state = following[state, symbol]
            classes[suffix] = code
        self._suffixes, self._bits, self._lengths = [], [], []
        powers = 1 << np.arange(TARGETS)
        for edge, target in enumerate(following.ravel().tolist()):
            suffixes = identifiers[target]
            self._suffixes.append(suffixes)
            bits = [((classes[one][self._cand[edge]] != classes[one][target]) @ powers) for one in suffixes]
            self._bits.append(np.array(bits, np.uint8))
            self._lengths.append(np.array([len(one) + 4.0 for one in suffixes]))

    def _tables(self) -> None:
        """The machine with one input more, that of silence: it changes nothing, and nothing is seen by it."""
        count, width = self.machine.next.shape
        self._after = np.concatenate([self.machine.next.T.astype(np.intp), np.arange(count)[None]])
        self._numbers = np.full((count, width + 1), self._edges)
        self._numbers[:, :width] = np.arange(self._edges).reshape(count, width)
        self._cand = np.concatenate([self._cand, np.zeros((1, TARGETS), np.intp)])
        answered = self.machine.out[:, None] != self.machine.out
        self._wrong = np.zeros((self._edges + 1, count), bool)
        self._wrong[:-1] = answered.transpose(0, 2, 1).reshape(self._edges, count)

    def _suspected(self, words: Sequence[Word]) -> Iterator[Pairs]:
        """All pairs of steps that words make, by kinds, and which targets of the second they would show."""
        said = np.full((len(words), max(map(len, words))), self._width)
        for row, word in zip(said, words):
            row[: len(word)] = word
        edges, bits = self._shown(said)
        repeated = np.ones_like(said, bool)
        for gap in range(1, min(len(REPEATED), said.shape[1])):
            repeated = repeated[:, 1:] & ((gap == 1) | (said[:, gap:] == said[:, gap - 1 : -1]))
            yield self._pairs(edges, bits[:, gap:] * repeated, gap, gap, REPEATED[gap])
        far = [
            self._pairs(edges, bits[:, gap:], gap, 0, ONCE / self.machine.states)
            for gap in range(2, min(FAR + 1, said.shape[1]))
        ]
        if far:
            yield Pairs(*map(np.concatenate, zip(*(one[:-1] for one in far))), far[0].share)

    def _pairs(self, edges: np.ndarray, shown: np.ndarray, gap: int, kind: int, share: float) -> Pairs:
        """Those pairs of steps, so many inputs apart, that would show anything."""
        word, place = np.nonzero(shown)
        first, last = edges[word, place], edges[word, place + gap]
        return Pairs(word, self._cell(kind, first, last), first, last, shown[word, place], share)

    def _shown(
        self, said: Int[np.ndarray, "words longest"]
    ) -> tuple[Int[np.ndarray, "words longest"], Int[np.ndarray, "words longest"]]:
        """The steps of words, and as bits which of its other targets each would be seen not to lead to; 0 after a word's end."""
        edges, state = np.empty_like(said), np.zeros(len(said), np.intp)
        for place, symbol in enumerate(said.T):
            edges[:, place] = self._numbers[state, symbol]
            state = self._after[symbol, state]
        count = self.machine.states
        differs = np.zeros((said.shape[1] + 1, len(said), count), bool)
        begin = np.arange(0, len(said) * count, count)[:, None]
        for place in range(said.shape[1] - 1, -1, -1):
            later = np.take(differs[place + 1], begin + self._after[said[:, place]])
            np.logical_or(later, self._wrong[edges[:, place]], out=differs[place])
        found = np.take(
            differs[1:],
            (begin.T + np.arange(len(edges.T))[:, None] * len(said) * count).T[..., None] + self._cand[edges],
        )
        return edges, np.where(
            said < self._width, np.packbits(found, axis=2, bitorder="little")[..., 0] | 1 << TARGETS, 0
        )


def _hiding(machine: Machine, access: Sequence[Word]) -> Float[np.ndarray, " steps"]:
    """1 for each step behind which a state can hide, 0 for those by which a state is known.

    A state that seems closed hides as much as a lively one: its twin may be open.
    """
    hides = np.ones(machine.next.shape)
    number = {word: state for state, word in enumerate(access)}
    for word in access:
        if word and word[:-1] in number:
            hides[number[word[:-1]], word[-1]] = 0.0
    return hides.ravel()


def possible(
    machine: Machine,
) -> tuple[Int[np.ndarray, "steps targets"], Float[np.ndarray, "steps targets+1"]]:
    """Other targets of each step, and how likely each is; the last one is another answer.

    A step leads where its input leads from elsewhere with the same answer, or nowhere, or where the state's other inputs lead,
    or anywhere.
    """
    count, width = machine.next.shape
    anywhere = np.bincount(machine.next.ravel(), minlength=count) + 0.5
    ones = np.eye(count)
    row = np.stack([np.bincount(one, minlength=count) for one in machine.next]) / width
    kept = min(TARGETS, count)
    cand, weight = np.zeros((count, width, TARGETS), np.intp), np.zeros((count, width, TARGETS + 1))
    for symbol in range(width):
        target, said = machine.next[:, symbol], machine.out[:, symbol]
        alike = (said[:, None] == said) @ ones[target]
        chance = (
            0.4 * alike / alike.sum(axis=1, keepdims=True) + 0.2 * ones + 0.2 * row + 0.2 * anywhere / anywhere.sum()
        )
        chance[np.arange(count), target] = 0.0
        best = np.argsort(-chance, axis=1)[:, :kept]
        cand[:, symbol, :kept] = best
        picked = np.take_along_axis(chance, best, axis=1)
        weight[:, symbol, :kept] = picked / np.maximum(picked.sum(axis=1, keepdims=True), 1e-9)
    weight[:, :, TARGETS] = ONCE
    return cand.reshape(count * width, -1), weight.reshape(count * width, -1)


def likeness(machine: Machine, *, pairs: int = 4096, length: int = 8, seed: int = 0) -> float:
    """Of two different states, how probably a random word of `length` inputs does not tell them apart; 1 if there is one.

    Random words are what finds a state that is taken for another one: where this is near 0 nothing can hide for long.
    """
    if machine.states == 1:
        return 1.0
    generator = np.random.default_rng(seed)
    one = generator.integers(machine.states, size=pairs)
    other = (one + generator.integers(1, machine.states, size=pairs)) % machine.states
    words = generator.integers(len(machine.inputs), size=(pairs, length))
    return float((machine.run(words, one) == machine.run(words, other)).all(axis=1).mean())
