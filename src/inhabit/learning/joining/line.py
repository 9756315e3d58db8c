"""The line to a machine: what was heard on it costs nothing, every symbol said on it is counted, here and only here."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

from inhabit.worlds.wire import Machine

Word = tuple[int, ...]


class Line:
    """A line to a machine whose inside cannot be seen.

    Everything that passed is kept in one tree of words, so that a question whose answer is known is not asked again.
    A question that is asked costs all its symbols, those of the part that was known too, and one reset.

    Attributes:
        width: How many inputs there are.
        symbols: Symbols said so far.
        resets: Resets so far.
        free: Questions that were answered from what had passed.
        heard: The words that were listened to, with their answers.
        said: The words that were said, as far as they went.
    """

    def __init__(self, machine: Machine):
        self.width = len(machine.inputs)
        self.inputs, self.outputs = machine.inputs, machine.outputs
        self.symbols = self.resets = self.free = 0
        self.heard: list[tuple[Int[np.ndarray, "sessions length"], Int[np.ndarray, "sessions length"]]] = []
        self.said: list[Word] = []
        self._next = machine.next.tolist()
        self._out = machine.out.tolist()
        self._initial = machine.initial
        self._child: dict[int, int] = {}
        self._said: dict[int, int] = {}
        self._nodes = 1

    def listen(self, inputs: Int[np.ndarray, "sessions length"], outputs: Int[np.ndarray, "sessions length"]) -> None:
        """Hear sessions of others, each from a reset; nothing is counted."""
        self.heard.append((inputs, outputs))
        for word, said in zip(np.asarray(inputs).tolist(), np.asarray(outputs).tolist()):
            self._keep(word, said)

    def ask(self, word: Word) -> tuple[int, ...]:
        """The answers to a word from a reset; counted, unless all of them are known."""
        known = self.known(word)
        if known is not None:
            self.free += 1
            return known
        return self._say(word)

    def known(self, word: Word) -> tuple[int, ...] | None:
        """The answers to a word if it has passed before, or `None`."""
        child, said, width = self._child, self._said, self.width
        node, answers = 0, []
        for symbol in word:
            edge = node * width + symbol
            if edge not in child:
                return None
            answers.append(said[edge])
            node = child[edge]
        return tuple(answers)

    def check(self, word: Word, expected: Sequence[int]) -> tuple[int, ...] | None:
        """Say a word symbol by symbol and hang up at the first answer that is not the expected one.

        Gives the answers up to and including the one that surprised, or `None` if none did.
        """
        answers = self.known(word)
        if answers is not None:
            self.free += 1
        else:
            state, said = self._initial, []
            for symbol, wanted in zip(word, expected):
                said.append(self._out[state][symbol])
                state = self._next[state][symbol]
                if said[-1] != wanted:
                    break
            answers = tuple(said)
            self._count(word[: len(answers)], answers)
        for place, (said_one, wanted) in enumerate(zip(answers, expected)):
            if said_one != wanted:
                return answers[: place + 1]
        return None

    def _say(self, word: Word) -> tuple[int, ...]:
        state, answers = self._initial, []
        following, out = self._next, self._out
        for symbol in word:
            answers.append(out[state][symbol])
            state = following[state][symbol]
        self._count(word, answers)
        return tuple(answers)

    def _count(self, word: Word, answers: Sequence[int]) -> None:
        """A word was said, from a reset."""
        self.symbols += len(word)
        self.resets += 1
        self.said.append(word)
        self._keep(word, answers)

    def _keep(self, word: Iterable[int], answers: Iterable[int]) -> None:
        child, said, width = self._child, self._said, self.width
        node = 0
        for symbol, answer in zip(word, answers):
            edge = node * width + symbol
            following = child.get(edge)
            if following is None:
                child[edge] = following = self._nodes
                said[edge] = answer
                self._nodes += 1
            node = following
