"""A growing hypothesis of a machine: states are told apart by a discrimination tree, its suffixes kept short.

Source:
    Kearns & Vazirani (1994), the tree; Rivest & Schapire (1993), the search in a counterexample;
    Isberner, Howar & Steffen (2014), short discriminators made of shorter ones.
"""

import numpy as np

from inhabit.learning.joining.line import Line, Word
from inhabit.worlds.wire import Machine


class Hypothesis:
    """What is believed of the machine at the other end of a line.

    Attributes:
        access: For each state, a word that leads there.
        line: Where questions are asked.
    """

    def __init__(self, line: Line):
        self.line = line
        self.access: list[Word] = []
        self._suffix: list[Word | None] = [()]
        self._children: list[dict[Word, int]] = [{}]
        self._parent: list[int] = [-1]
        self._state: list[int] = [-1]
        self._leaf: list[int] = []
        self._target: list[list[int]] = []
        self._out: list[list[int]] = []
        self._loose: list[tuple[int, int]] = []
        self._incoming: list[list[tuple[int, int]]] = [[]]
        self._suffix[0] = None
        self._settle_as_state(0, ())
        self.close()

    @property
    def states(self) -> int:
        """How many states are known."""
        return len(self.access)

    def machine(self, name: str = "learned") -> Machine:
        """The hypothesis as tables; closed first."""
        self.close()
        following = np.array([[self._state[node] for node in row] for row in self._target], np.int32)
        return Machine(following, np.array(self._out, np.int32), self.line.inputs, self.line.outputs, 0, name)

    def close(self) -> None:
        """Sift every transition down to a leaf; new states may turn up on the way."""
        while self._loose:
            state, symbol = self._loose.pop()
            node = self._target[state][symbol]
            if self._suffix[node] is not None:
                leaf = self._sift((*self.access[state], symbol), node)
                self._target[state][symbol] = leaf
                self._incoming[leaf].append((state, symbol))

    def refine(self, word: Word, answers: tuple[int, ...]) -> None:
        """Learn from a word that is answered otherwise than believed, until it is believed."""
        while True:
            wrong = self._first_wrong(word, answers)
            if wrong is None:
                return
            self._split(word[: wrong + 1], answers[: wrong + 1])
            self.close()

    def path(self, word: Word) -> list[int]:
        """The states that the hypothesis passes on a word, the first one included."""
        states = [0]
        for symbol in word:
            states.append(self._state[self._target[states[-1]][symbol]])
        return states

    def identifiers(self, state: int) -> list[Word]:
        """The suffixes that part this state from the others, from the last parting to the first."""
        suffixes, node = [], self._parent[self._leaf[state]]
        while node >= 0:
            suffix = self._suffix[node]
            assert suffix is not None
            suffixes.append(suffix)
            node = self._parent[node]
        return suffixes

    def _first_wrong(self, word: Word, answers: tuple[int, ...]) -> int | None:
        state = 0
        for place, (symbol, answer) in enumerate(zip(word, answers)):
            if self._out[state][symbol] != answer:
                return place
            state = self._state[self._target[state][symbol]]
        return None

    def _split(self, word: Word, answers: tuple[int, ...]) -> None:
        """Find the step whose target is wrong, by bisection, and part the two states that were taken for one."""
        path = self.path(word)
        low, high = 0, len(word) - 1
        while high - low > 1:
            middle = (low + high) // 2
            tail = word[middle:]
            if self.line.ask(self.access[path[middle]] + tail)[-1] == answers[-1]:
                low = middle
            else:
                high = middle
        state, symbol, suffix = path[low], word[low], word[high:]
        self._part(path[high], (*self.access[state], symbol), suffix)

    def _part(self, old: int, word: Word, suffix: Word) -> None:
        leaf = self._leaf[old]
        self._suffix[leaf], self._state[leaf] = suffix, -1
        moved, self._incoming[leaf] = self._incoming[leaf], []
        mine = self._answers(self.access[old], suffix)
        theirs = self._answers(word, suffix)
        self._leaf[old] = self._grow(leaf, mine, old)
        fresh = self._grow(leaf, theirs, -1)
        kept, self._loose = self._loose, []
        self._settle_as_state(fresh, word)
        self._shorten(leaf, old, self._state[fresh])
        self._loose += kept
        self._loose += [edge for edge in moved if self._target[edge[0]][edge[1]] == leaf]

    def _shorten(self, node: int, old: int, new: int) -> None:
        """Replace a fresh discriminator by one input, or one input and a known discriminator, if that tells them apart."""
        best = self._suffix[node]
        assert best is not None
        for symbol in range(self.line.width):
            if self._out[old][symbol] != self._out[new][symbol]:
                best = (symbol,)
                break
            shared = self._common(self._known_node(old, symbol), self._known_node(new, symbol))
            if shared is not None and shared != node and len(self._suffix[shared] or ()) + 1 < len(best):
                best = (symbol, *(self._suffix[shared] or ()))
        if best == self._suffix[node]:
            return
        mine, theirs = self._answers(self.access[old], best), self._answers(self.access[new], best)
        if mine != theirs:
            self._suffix[node] = best
            self._children[node] = {mine: self._leaf[old], theirs: self._leaf[new]}

    def _known_node(self, state: int, symbol: int) -> int:
        """Where a transition is known to lead without asking: its node as it stands, or deeper if answers are known."""
        node = self._target[state][symbol]
        word = (*self.access[state], symbol)
        while (suffix := self._suffix[node]) is not None:
            answers = self.line.known(word + suffix)
            if answers is None or answers[len(word) :] not in self._children[node]:
                break
            node = self._children[node][answers[len(word) :]]
        return node

    def _common(self, first: int, second: int) -> int | None:
        """The node that parts two nodes, or `None` if one lies above the other."""
        above = set()
        node = first
        while node >= 0:
            above.add(node)
            node = self._parent[node]
        node = second
        while node not in above:
            node = self._parent[node]
        return None if node in (first, second) else node

    def _sift(self, word: Word, node: int) -> int:
        while (suffix := self._suffix[node]) is not None:
            answers = self._answers(word, suffix)
            child = self._children[node].get(answers)
            if child is None:
                child = self._grow(node, answers, -1)
                self._settle_as_state(child, word)
            node = child
        return node

    def _answers(self, word: Word, suffix: Word) -> Word:
        return self.line.ask(word + suffix)[len(word) :]

    def _grow(self, parent: int, answers: Word, state: int) -> int:
        node = len(self._suffix)
        self._suffix.append(None)
        self._children.append({})
        self._parent.append(parent)
        self._state.append(state)
        self._incoming.append([])
        self._children[parent][answers] = node
        return node

    def _settle_as_state(self, leaf: int, word: Word) -> None:
        """Make a leaf a state: ask its outputs; where its transitions lead is open."""
        state = len(self.access)
        self.access.append(word)
        self._state[leaf] = state
        self._leaf.append(leaf)
        self._out.append([self.line.ask((*word, symbol))[-1] for symbol in range(self.line.width)])
        self._target.append([0] * self.line.width)
        self._incoming[0] += [(state, symbol) for symbol in range(self.line.width)] if self._suffix[0] is None else []
        self._loose += [(state, symbol) for symbol in range(self.line.width)]
