"""Joining by surprise: listen first, believe something, then ask what would surprise most a symbol; stop when nothing would.

A machine that is wrongly believed is wrong about its past: it takes two histories for one. So a question goes to a state
that is known, does there what was seldom done, and then looks whether the rest still goes as believed. There are several
ways to make such questions; how often each way surprised is itself learned, and the next question is drawn from
the posterior (Thompson sampling over surprises a symbol).
"""

import dataclasses
import math
import random

import numpy as np

from inhabit.learning.joining.line import Line, Word
from inhabit.learning.joining.sifting import Hypothesis
from inhabit.worlds.wire import Machine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """When to stop: as soon as the next question promises less than it is worth.

    What is hidden may be hidden at any depth, so the chance that one question finds it has a prior without a scale: as many
    surprises are expected in each e-fold of the questions as came in each e-fold until now. After `t` questions of which
    `k` surprised, the next one promises `(k + prior) / (t log(t / early))` surprises. A question whose answer was known
    already counts as asked: it, too, might have surprised.

    Attributes:
        worth: Surprises that a question must promise to be worth asking.
        prior: Surprises that one has seen before asking anything.
        early: Questions that are not judged: a hypothesis that is still small is surprised by anything.
    """

    worth: float = 2e-4
    prior: float = 2.0
    early: int = 200

    def spent(self, questions: int, surprises: int) -> bool:
        """Whether it is time to stop; only surprises after the early questions count."""
        if questions <= self.early:
            return False
        return surprises + self.prior < self.worth * questions * math.log(questions / self.early)


@dataclasses.dataclass
class Joined:
    """What came of joining.

    Attributes:
        machine: The machine as believed in the end.
        symbols: Symbols said.
        resets: Resets.
        surprises: `(symbols so far, way of asking, states)` of each surprise.
    """

    machine: Machine
    symbols: int
    resets: int
    surprises: list[tuple[int, str, int]]


def join(line: Line, *, seed: int, patience: Patience = Patience()) -> Joined:
    """Learn the machine at the other end of `line`."""
    asker = _Asker(line, random.Random(seed))
    asker.believe_what_was_heard()
    questions = surprises = 0
    while not patience.spent(questions, surprises):
        questions += 1
        surprises += asker.ask() and questions > patience.early
    return Joined(asker.hypothesis.machine(), line.symbols, line.resets, asker.surprises)


TRIES = 16
"""Questions made for each that is asked: the one that goes where least was seen, a symbol, is asked."""


class _Asker:
    """Makes questions, asks them, and keeps count of which way of asking surprised."""

    def __init__(self, line: Line, random_: random.Random):
        self.line, self.random = line, random_
        self.hypothesis = Hypothesis(line)
        self.surprises: list[tuple[int, str, int]] = []
        self.ways = {
            "walk": self._walk,
            "goal": self._goal,
            "detour": self._detour,
            "again": self._again,
            "variation": self._variation,
        }
        heard = [inputs for inputs, _ in line.heard]
        self.sessions = [row for inputs in heard for row in np.unique(inputs, axis=0).tolist()]
        if self.sessions:
            self.ways |= {"splice": self._splice}
        self.found: list[list[int]] = []
        self.done: dict[int, int] = {}
        self.finds = dict.fromkeys(self.ways, 1.0)
        self.spent = dict.fromkeys(self.ways, 2000.0)
        self._look()

    def believe_what_was_heard(self) -> None:
        """Correct the hypothesis until it explains everything that was heard; what was heard costs nothing."""
        for inputs, outputs in self.line.heard:
            while True:
                wrong = self.hypothesis.machine().run(inputs) != outputs
                if not wrong.any():
                    break
                first = np.where(wrong.any(axis=1), wrong.argmax(axis=1), wrong.shape[1])
                row = int(first.argmin())
                end = int(first[row]) + 1
                self.hypothesis.refine(tuple(inputs[row, :end].tolist()), tuple(outputs[row, :end].tolist()))
        self._look()

    def ask(self) -> bool:
        """Ask one question; say whether the answer surprised."""
        way = max(self.ways, key=lambda one: self.random.gammavariate(self.finds[one], 1 / self.spent[one]))
        word = max((self.ways[way]() for _ in range(TRIES)), key=self._novelty)
        if self.line.known(word) is not None:
            return False
        before = self.line.symbols
        answers = self.line.check(word, self._expected(word))
        self._note(word)
        self.spent[way] += self.line.symbols - before
        if answers is None:
            return False
        self.finds[way] += 1
        self.found.append(list(word))
        self.hypothesis.refine(word[: len(answers)], answers)
        self.believe_what_was_heard()
        self.surprises.append((self.line.symbols, way, self.hypothesis.states))
        return True

    def _look(self) -> None:
        """Read the hypothesis' tables once, for the questions to come."""
        self.table = self.hypothesis.machine()
        self.next, self.out = self.table.next.tolist(), self.table.out.tolist()
        far = self.table.states
        reach = (self.table.distance < far).sum(axis=1)
        live = (reach / reach.max()) ** 2 + 0.02
        self.live = [[live[target] for target in row] for row in self.next]
        self.live_states = live.tolist()
        self.reachable = [np.flatnonzero(row < far).tolist() for row in self.table.distance]
        self.toward = self.table.distance[self.table.next].argmin(axis=1).tolist()
        self.corpus = [list(word) for word in self.hypothesis.access if word] + self.found + self.sessions[:200]
        self.corpus = self.corpus or [[symbol] for symbol in range(self.line.width)]
        if self.sessions:
            self.places: list[list[tuple[int, int]]] = [[] for _ in range(far)]
            some = self.random.sample(range(len(self.sessions)), min(400, len(self.sessions)))
            for index in some:
                state = 0
                for place, symbol in enumerate(self.sessions[index]):
                    self.places[state].append((index, place))
                    state = self.next[state][symbol]

    def _stretches(self, word: Word) -> list[int]:
        """Codes of the two and the three inputs that follow each state on a word."""
        state, width = 0, self.line.width
        starts = []
        for symbol in word:
            starts.append(state * width + symbol)
            state = self.next[state][symbol]
        twos = [edge * width + symbol for edge, symbol in zip(starts, word[1:])]
        return twos + [-1 - (two * width + symbol) for two, symbol in zip(twos, word[2:])]

    def _novelty(self, word: Word) -> float:
        """How much of a word has not been seen to go as believed, a symbol."""
        return sum(1 / (1 + self.done.get(stretch, 0)) for stretch in self._stretches(word)) / (len(word) + 1)

    def _note(self, word: Word) -> None:
        for stretch in self._stretches(word):
            self.done[stretch] = self.done.get(stretch, 0) + 1

    def _expected(self, word: Word) -> list[int]:
        state, said = 0, []
        for symbol in word:
            said.append(self.out[state][symbol])
            state = self.next[state][symbol]
        return said

    def _end(self, word: list[int]) -> int:
        state = 0
        for symbol in word:
            state = self.next[state][symbol]
        return state

    def _begin(self) -> tuple[list[int], int]:
        """A known state, the lively ones more often, and an input said there."""
        state = self.random.choices(range(len(self.next)), self.live_states)[0]
        symbol = self.random.randrange(self.line.width)
        return [*self.hypothesis.access[state], symbol], self.next[state][symbol]

    def _identified(self, word: list[int]) -> Word:
        """The word, and a discriminator of the state it is believed to lead to."""
        suffixes = self.hypothesis.identifiers(self._end(word))
        return (*word, *self.random.choice(suffixes)) if suffixes else tuple(word)

    def _wander(self, word: list[int], state: int, steps: int) -> int:
        for _ in range(steps):
            if self.random.random() < 0.5:
                symbol = self.random.randrange(self.line.width)
            else:
                symbol = self.random.choices(range(self.line.width), self.live[state])[0]
            word.append(symbol)
            state = self.next[state][symbol]
        return state

    def _head(self, word: list[int], state: int) -> int:
        goal = self.random.choice(self.reachable[state])
        while state != goal:
            symbol = self.toward[state][goal]
            word.append(symbol)
            state = self.next[state][symbol]
        return state

    def _walk(self) -> Word:
        word, state = self._begin()
        self._wander(word, state, 1 + int(self.random.expovariate(1 / 6)))
        return self._identified(word)

    def _goal(self) -> Word:
        word, state = self._begin()
        self._head(word, self._wander(word, state, self.random.randrange(3)))
        return self._identified(word)

    def _detour(self) -> Word:
        word, state = self._begin()
        for _ in range(self.random.randrange(1, 4)):
            state = self._wander(word, self._head(word, state), 1)
        return self._identified(word)

    def _variation(self) -> Word:
        word = list(self.random.choice(self.corpus))
        if len(word) > 16 or self.random.random() < 0.3:
            word = word[: self.random.randrange(1, min(20, len(word)) + 1)]
        while True:
            self._vary(word)
            if self.random.random() < 0.5:
                break
        if self.random.random() < 0.5:
            self._head(word, self._end(word))
        return self._identified(word)

    def _vary(self, word: list[int]) -> None:
        place, symbol = self.random.randrange(len(word)), self.random.randrange(self.line.width)
        kind = self.random.randrange(6)
        if kind == 0:
            word[place] = symbol
        elif kind == 1:
            word.insert(place, symbol)
        elif kind == 2 and len(word) > 1:
            del word[place]
        elif kind == 3:
            word[place:place] = [word[place]] * self.random.randrange(1, 4)
        elif kind == 4:
            other = self.random.randrange(len(word))
            word[place], word[other] = word[other], word[place]
        else:
            said = word[place]
            word[:] = [symbol if one == said else one for one in word]

    def _again(self) -> Word:
        word, state = self._begin()
        state = self._wander(word, state, self.random.randrange(2))
        symbol = self.random.choices(range(self.line.width), self.live[state])[0]
        for _ in range(self.random.randrange(2, 5)):
            word.append(symbol)
            state = self.next[state][symbol]
        if self.random.random() < 0.5:
            self._head(word, state)
        return self._identified(word)

    def _splice(self) -> Word:
        word, state = self._begin()
        state = self._wander(word, state, self.random.randrange(2))
        if self.places[state]:
            index, place = self.random.choice(self.places[state])
            word += self.sessions[index][place : place + self.random.randrange(2, 12)]
        return self._identified(word)
