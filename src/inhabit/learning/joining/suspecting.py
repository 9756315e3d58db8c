"""What may still be hidden behind a machine that is believed to be known, and how much of it a question would lay open.

A hidden state is taken for a known one: some step seems to lead to a known state, and leads to a twin of it, which shows
itself only where it leads elsewhere than the known state does. So a suspicion is a pair of steps and a target: after the first
step the second one would lead to that target and not where it is believed to. A question that makes both steps and then goes
on with inputs that the two targets answer differently settles it. Twins mostly show themselves at the next step, at the next but
one (the first twin leads to another), or when one input is repeated; rarely much later. They hide behind steps that were little
to be expected, and show themselves at such steps.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from inhabit.learning.joining.expecting import TARGETS, expected, known_by, possible, unexpected
from inhabit.learning.joining.line import Word
from inhabit.worlds.wire import Machine

FAR = 8
"""Steps between two at most that are suspected together."""
SECOND = 0.7
"""How much a step is suspected to show what the one before the last hid, beside 1 for the last; shared by what lies between."""
REPEATED = (0.0, 1.0, 0.3, 0.2, 0.1, 0.1)
"""How much a step is suspected to show what the first step hid, by the times that its input was repeated in between."""
LATER = 0.5
"""How much two steps are suspected together however one came from the one to the other, shared by the states."""
SIZE = 2_097_143
"""Cells in which it is kept what was settled about two steps however one came from the one to the other; two pairs rarely share one."""
MANY = 4_000_000
"""Steps with what is said in the two turns after them, of which no more are kept; of larger machines only those with one input said again."""
ROWS = 512
"""Words that are looked at at once."""


class Pairs(NamedTuple):
    """Pairs of steps that words make.

    Attributes:
        word: Whose each is.
        cell: Where it is kept what was settled about it.
        last: Its last step.
        shown: As bits, which other targets of the last step the word would show.
        weight: How much it is suspected.
    """

    word: Int[np.ndarray, " pairs"]
    cell: Int[np.ndarray, " pairs"]
    last: Int[np.ndarray, " pairs"]
    shown: Int[np.ndarray, " pairs"]
    weight: Float[np.ndarray, " pairs"]

    def of(self, word: int) -> "Pairs":
        """Those of one word."""
        return Pairs(*(column[self.word == word] for column in self))


class Suspicions:
    """What was settled, and what is left.

    Each step is a number, the state's times the width plus the input's.

    Attributes:
        machine: What is believed.
        hides: How much each step is suspected to lead to a state that nobody knows.

    Args:
        machine: What is believed.
        access: A word that leads to each state.
        identifiers: For each state suffixes that together part it from all others.
    """

    def __init__(self, machine: Machine, access: Sequence[Word], identifiers: Sequence[Sequence[Word]]):
        self.machine, self._following = machine, machine.next.ravel().astype(np.intp)
        self._width = machine.next.shape[1]
        others, own = expected(machine)
        self._cand, weight = possible(others)
        subsets = (np.arange(1 << (TARGETS + 1))[:, None] >> np.arange(TARGETS + 1)) & 1
        rare = unexpected(own)
        weight[:, :-1] *= rare[:, None]
        self._mass = (weight @ subsets.T).astype(np.float32)
        self._between = SECOND * rare / np.add.reduceat(rare, range(0, len(rare), self._width)).repeat(self._width)
        self._sure = np.zeros(machine.next.size + 1, bool)
        self._sure[known_by(machine, access)] = True
        self.hides = np.where(self._sure[:-1], 0.0, rare)
        self._weighed: dict[Word, Pairs] = {}
        self._rooms()
        self._endings(identifiers)
        self._tables()

    def note(self, words: Sequence[Word]) -> None:
        """These words were answered as believed."""
        for start in range(0, len(words), ROWS):
            self._settle(self._suspected(words[start : start + ROWS]))

    def answered(self, word: Word) -> None:
        """One of the `best` words was answered as believed."""
        self._settle(self._weighed.pop(word))

    def weigh(self, words: Sequence[Word]) -> Float[np.ndarray, " words"]:
        """How much each word would settle, a symbol; a reset counts as one."""
        return self._worth(words, self._suspected(words))

    def best(self, words: Sequence[Word], count: int) -> list[Word]:
        """The words that would settle most, the best one last; what they would settle is kept until they are `answered`."""
        pairs = self._suspected(words)
        chosen = np.argsort(self._worth(words, pairs))[-count:]
        self._weighed |= {words[one]: pairs.of(one) for one in chosen}
        return [words[one] for one in chosen]

    def _settle(self, pairs: Pairs) -> None:
        np.bitwise_or.at(self._seen, pairs.cell, pairs.shown)

    def _worth(self, words: Sequence[Word], pairs: Pairs) -> Float[np.ndarray, " words"]:
        word, cell, last, shown, weight = pairs
        new = shown & ~self._seen[cell]
        left = np.flatnonzero(new)
        left = left[np.unique(word[left] * len(self._seen) + cell[left], return_index=True)[1]]
        total = np.bincount(word[left], weight[left] * self._mass[last[left], new[left]], len(words))
        return total / (np.array([len(word) for word in words]) + 1)

    def heaviest(self, count: int) -> list[tuple[int, Word]]:
        """The heaviest suspicions that are left: of each a state, and the two or three inputs from there on."""
        left = self._weight * self._mass[self._last, ~self._seen[: len(self._weight)]]
        return [self._steps(cell) for cell in np.argpartition(left, -min(count, len(left)))[-count:].tolist()]

    def _steps(self, cell: int) -> tuple[int, Word]:
        length, cell = (2, cell) if cell < self._second else (3, cell - self._second)
        said: Word = ()
        for _ in range(length):
            cell, symbol = divmod(cell, self._width)
            said = (symbol, *said)
        return cell, said

    def ending(self, steps: Sequence[int]) -> Word:
        """Of the suffixes that part the state after some steps from others, the one that settles most a symbol."""
        last, before = steps[-1], np.array(steps[-FAR - 1 : -1], np.intp)
        cells, weights = [self._afar(before, last)], [LATER / self.machine.states * self.hides[before]]
        begin = next((place for place, step in enumerate(steps) if not self._sure[step]), len(steps))
        gap, said = len(steps) - 1 - begin, [step % self._width for step in steps[begin + 1 :]]
        if 0 < gap < len(REPEATED) and (len(set(said)) == 1 or (gap == 2 and self._any_between)):
            cell, share = self._cell(gap, steps[begin], said[0], said[-1])
            cells.append(np.array([cell]))
            weights.append(np.array([share * self.hides[steps[begin]]]))
        left = self._bits[last][:, None] & ~self._seen[np.concatenate(cells)]
        gain = self._mass[last][left] @ np.concatenate(weights) / self._lengths[last]
        return self._suffixes[last][int(gain.argmax())] if gain.any() else ()

    def _afar(self, first: Any, last: Any) -> Any:
        """Where it is kept what was settled about two steps, however one came from the one to the other."""
        return self._later + (first * self.machine.next.size + last) % (len(self._seen) - self._later)

    def _cell(self, gap: int, first: Any, then: Any, symbol: Any) -> tuple[Any, Any]:
        """Where it is kept what was settled about a step and what is said so many inputs later, and how much is suspected there.

        Args:
            gap: How many; 1, or more, if all of them are the same, or 2 of any where few enough are to be kept (`MANY`).
            first: The step.
            then: What is said after it.
            symbol: What is said last.
        """
        if gap == 2 and self._any_between:
            between = self._between[self._following[first] * self._width + then]
            share = np.where(then == symbol, np.maximum(REPEATED[2], between), between)
            return self._second + (first * self._width + then) * self._width + symbol, share
        begin = 0 if gap == 1 else self._third + (gap - 3) * self._second
        return begin + first * self._width + symbol, REPEATED[gap]

    def _rooms(self) -> None:
        """Where it is kept what was settled: of steps with none between, with one, with several that are alike, and with others."""
        edges, width, following = self.machine.next.size, self._width, self._following
        self._second = edges * width
        self._any_between = self._second * width <= MANY
        self._third = self._second * (1 + width if self._any_between else 2)
        self._later = self._third + (len(REPEATED) - 3) * self._second
        self._seen = np.zeros(self._later + min(SIZE, edges * edges), np.uint8)
        each = np.arange(width)
        once = following[:, None] * width + each
        self._last, self._weight = once.ravel(), self.hides.repeat(width)
        if self._any_between:
            twice = following[once][:, :, None] * width + each
            _, share = self._cell(2, np.arange(edges)[:, None, None], each[:, None], each)
            self._last = np.concatenate([self._last, twice.ravel()])
            self._weight = np.concatenate([self._weight, (self.hides[:, None, None] * share).ravel()])

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
        edges = self.machine.next.size
        self._numbers = np.full((count, width + 1), edges)
        self._numbers[:, :width] = np.arange(edges).reshape(count, width)
        self._cand = np.concatenate([self._cand, np.zeros((1, TARGETS), np.intp)])
        answered = self.machine.out[:, None] != self.machine.out
        self._wrong = np.zeros((edges + 1, count), bool)
        self._wrong[:-1] = answered.transpose(0, 2, 1).reshape(edges, count)

    def _suspected(self, words: Sequence[Word]) -> Pairs:
        """All pairs of steps that words make, and which targets of the second they would show.

        Where a word is before its first step by which no state is known, is known for sure: what follows that step is kept apart.
        A step that a word makes again is no first one: if it is wrongly believed, nobody knows whence it is made the second time.
        """
        said = np.full((len(words), max(2, *map(len, words))), self._width)
        for row, word in zip(said, words):
            row[: len(word)] = word
        edges, bits = self._shown(said)
        unsure = ~self._sure[edges]
        begins = unsure & (unsure.cumsum(axis=1) == 1)
        again = np.tril(edges[:, :, None] == edges[:, None], -1).any(axis=2)
        found, alike = [], np.ones_like(said, bool)
        for gap in range(1, min(FAR + 1, said.shape[1])):
            alike = alike[:, 1:] & ((gap == 1) | (said[:, gap:] == said[:, gap - 1 : -1]))
            found.append(self._pairs(edges, said, np.where(again[:, :-gap], 0, bits[:, gap:]), gap, near=False))
            if gap < len(REPEATED):
                shown = np.where(begins[:, :-gap] & (alike | (gap == 2 and self._any_between)), bits[:, gap:], 0)
                found.append(self._pairs(edges, said, shown, gap, near=True))
        return Pairs(*map(np.concatenate, zip(*found)))

    def _pairs(self, edges: np.ndarray, said: np.ndarray, shown: np.ndarray, gap: int, *, near: bool) -> Pairs:
        """Those pairs of steps, so many inputs apart, that would show anything."""
        word, place = np.nonzero(shown)
        first, last = edges[word, place], edges[word, place + gap]
        if near:
            cell, share = self._cell(gap, first, said[word, place + 1], said[word, place + gap])
        else:
            cell, share = self._afar(first, last), LATER / self.machine.states
        return Pairs(word, cell, last, shown[word, place], share * self.hides[first])

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
