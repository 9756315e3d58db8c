"""Ways of making questions to a machine that is believed to be known: each goes where the belief may be wrong.

A machine that is wrongly believed is wrong about its past: it takes two histories for one. So a question goes to a state
that is known, does there what was seldom done, and then looks whether the rest still goes as believed. Of the questions that a
way makes those are asked that would settle most suspicions a symbol.
"""

import random
from collections.abc import Callable

import numpy as np

from inhabit.learning.joining.expecting import likeness
from inhabit.learning.joining.line import Word
from inhabit.learning.joining.sifting import Hypothesis
from inhabit.learning.joining.suspecting import Suspicions

TRIES, KEPT = 48, 6
"""Questions that a way makes at once, and those of them that are asked."""
FINDS = {"pairs": 14.0} | dict.fromkeys(("twice", "ahead", "ignored", "elsewhere", "loops", "near"), 2.0)
"""How often ways are expected to surprise in their first 2,000 symbols, beside 1 for the others."""


class Questions:
    """Makes questions about a hypothesis.

    Attributes:
        ways: Each way of making a question, by name. `pairs` says what is suspected most: two or three inputs in a state.
            Those after it say an input in a state, and then another one up to thrice, go on as if all were well, as if
            nothing had been said, as if it had been said in another state, or many times in a circle; `near` says it
            within a question that surprised.
        suspicions: What may still be hidden.
        found: Questions that surprised, up to the answer that did.
        sessions: What was heard.
        alike: Of two states that are known, how probably a random word does not tell them apart.
    """

    def __init__(self, hypothesis: Hypothesis, sessions: list[list[int]], random_: random.Random):
        self.hypothesis, self.sessions, self.random = hypothesis, sessions, random_
        self.width = hypothesis.line.width
        self.found: list[list[int]] = []
        self._shortest: dict[tuple[int, int], list[int]] = {}
        several = {"walk": self._walk, "goal": self._goal, "detour": self._detour, "again": self._again}
        several |= {"variation": self._variation} | ({"splice": self._splice} if sessions else {})
        self.ways: dict[str, Callable[[], Word]] = several
        self.ways |= {
            "pairs": self._pairs,
            "twice": self._twice,
            "ahead": self._ahead,
            "ignored": self._ignored,
            "elsewhere": self._elsewhere,
            "loops": self._loops,
            "near": self._near,
        }
        self._ready: dict[str, list[Word]] = {}
        self._heaviest: list[tuple[int, Word]] = []
        self.look()

    def look(self) -> None:
        """Read the hypothesis' tables once, for the questions to come."""
        table = self.hypothesis.machine()
        self.alike = likeness(table)
        self.next, self.out = table.next.tolist(), table.out.tolist()
        far, distance = table.states, table.distance
        reach = (distance < far).sum(axis=1)
        live = (reach / reach.max()) ** 2 + 0.02
        self._live_states = live.tolist()
        self._live = [[live[target] for target in row] for row in self.next]
        self._reachable = [np.flatnonzero(row < far).tolist() for row in distance]
        further = (distance[:, table.next] == distance[:, :, None] + 1).any(axis=2)
        self._ends = [np.flatnonzero(row).tolist() for row in ~further & (distance < far)]
        self._circles = [[a for a, target in enumerate(row) if target == state] for state, row in enumerate(self.next)]
        self._effects = [np.unique(column[column != np.arange(far)]).tolist() for column in table.next.T]
        self._distance = distance.tolist()
        self._shortest.clear()
        self._ready.clear()
        self._heaviest.clear()
        parting = [self.hypothesis.identifiers(state) for state in range(far)]
        self.suspicions = Suspicions(table, self.hypothesis.access, parting)
        self._starts = (self.suspicions.hides * np.repeat(live, self.width)).cumsum().tolist()
        self.suspicions.note([*map(tuple, self.sessions), *self.hypothesis.line.said])
        self._corpus = [list(word) for word in self.hypothesis.access if word] + self.found + self.sessions[:200]
        self._corpus = self._corpus or [[symbol] for symbol in range(self.width)]
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(far)]
        for index in self.random.sample(range(len(self.sessions)), min(400, len(self.sessions))):
            state = 0
            for place, symbol in enumerate(self.sessions[index]):
                self._places[state].append((index, place))
                state = self.next[state][symbol]

    def expected(self, word: Word) -> list[int]:
        """What the hypothesis answers."""
        state, said = 0, []
        for symbol in word:
            said.append(self.out[state][symbol])
            state = self.next[state][symbol]
        return said

    def make(self, way: str) -> Word:
        """Of many questions that a way makes, those that would settle most, one after another."""
        ready = self._ready.get(way)
        if not ready:
            words = list(dict.fromkeys(self.ways[way]() for _ in range(TRIES)))
            ready = self._ready[way] = self.suspicions.best(words, KEPT)
        return ready.pop()

    def _end(self, word: list[int]) -> int:
        state = 0
        for symbol in word:
            state = self.next[state][symbol]
        return state

    def _start(self) -> tuple[int, int]:
        """A known state and an input; the lively ones more often, and where most is suspected."""
        return divmod(self.random.choices(range(len(self._starts)), cum_weights=self._starts)[0], self.width)

    def _begin(self) -> tuple[list[int], int]:
        """A word that says an input in a known state, and the state after it."""
        state, symbol = self._start()
        return [*self.hypothesis.access[state], symbol], self.next[state][symbol]

    def _identified(self, word: list[int]) -> Word:
        """The word, and a discriminator of the state it is believed to lead to: mostly the one that would settle most."""
        state, steps = 0, list[int]()
        for symbol in word:
            steps.append(state * self.width + symbol)
            state = self.next[state][symbol]
        if len(word) > 1 and self.random.random() < 0.7:
            suffix = self.suspicions.ending(steps)
            if suffix:
                return (*word, *suffix)
        suffixes = self.hypothesis.identifiers(state)
        return (*word, *self.random.choice(suffixes)) if suffixes else tuple(word)

    def _wander(self, word: list[int], state: int, steps: int) -> int:
        for _ in range(steps):
            if self.random.random() < 0.5:
                symbol = self.random.randrange(self.width)
            else:
                symbol = self.random.choices(range(self.width), self._live[state])[0]
            word.append(symbol)
            state = self.next[state][symbol]
        return state

    def _head(self, word: list[int], state: int, goal: int | None = None) -> int:
        goal = self.random.choice(self._reachable[state]) if goal is None else goal
        while state != goal:
            symbol = self.random.choice(self._toward(state, goal))
            word.append(symbol)
            state = self.next[state][symbol]
        return state

    def _toward(self, state: int, goal: int) -> list[int]:
        """The inputs that begin a shortest way."""
        found = self._shortest.get((state, goal))
        if found is None:
            nearer = self._distance[state][goal] - 1
            found = [symbol for symbol, after in enumerate(self.next[state]) if self._distance[after][goal] == nearer]
            self._shortest[state, goal] = found
        return found

    def _pairs(self) -> Word:
        """Make two steps that are suspected together, with no detour: a way that is believed to be closed may be open just here."""
        self._heaviest = self._heaviest or self.suspicions.heaviest(TRIES)
        state, said = self._heaviest.pop()
        return self._identified([*self.hypothesis.access[state], *said])

    def _twice(self) -> Word:
        """Say an input in a state, then another one twice or thrice: a counter, or one that is let pass only once."""
        word, _ = self._begin()
        symbol = word[-1] if self.random.random() < 0.3 else self.random.randrange(self.width)
        word += [symbol] * self.random.randrange(1, 4)
        return self._identified(word)

    def _ahead(self) -> Word:
        """Say an input in a state, then go on to an end of the machine, past all that lies between."""
        word, state = self._begin()
        return self._to_an_end(word, state)

    def _ignored(self) -> Word:
        """Say an input in a state, then go on as if it had not been said."""
        state, symbol = self._start()
        return self._to_an_end([*self.hypothesis.access[state], symbol], state)

    def _elsewhere(self) -> Word:
        """Say an input in a state, then go on as if it had been said in another one."""
        state, symbol = self._start()
        return self._to_an_end([*self.hypothesis.access[state], symbol], self._somewhere(state, symbol))

    def _to_an_end(self, word: list[int], start: int) -> Word:
        self._head(word, start, self.random.choice(self._ends[start]))
        return self._identified(word)

    def _somewhere(self, state: int, symbol: int) -> int:
        """Where an input leads from another state, in which it does something."""
        targets = [target for target in self._effects[symbol] if target != self.next[state][symbol]]
        return self.random.choices(targets, [self._live_states[one] for one in targets])[0] if targets else state

    def _loops(self) -> Word:
        """In a state, or after an input, say several many times that are believed to change nothing: a counter would ring."""
        state, symbol = self._start()
        word = list(self.hypothesis.access[state])
        if self.random.random() < 0.5:
            word.append(symbol)
            state = self.next[state][symbol]
        circles = self._circles[state] or [self.random.randrange(self.width)]
        times = self.random.randrange(2, 6)
        for one in self.random.sample(circles, min(4, len(circles))):
            word += [one] * times
        return self._identified(word)

    def _near(self) -> Word:
        """Say one input more in a question that surprised: where one thing was hidden, another may be."""
        if not self.found:
            return self._ahead()
        word = self.random.choice(self.found)
        place = self.random.randrange(len(word))
        return (*word[:place], self.random.randrange(self.width), *word[place:])

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
        word = list(self.random.choice(self._corpus))
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
        place, symbol = self.random.randrange(len(word)), self.random.randrange(self.width)
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
        symbol = self.random.choices(range(self.width), self._live[state])[0]
        for _ in range(self.random.randrange(2, 5)):
            word.append(symbol)
            state = self.next[state][symbol]
        if self.random.random() < 0.5:
            self._head(word, state)
        return self._identified(word)

    def _splice(self) -> Word:
        word, state = self._begin()
        state = self._wander(word, state, self.random.randrange(2))
        if self._places[state]:
            index, place = self.random.choice(self._places[state])
            word += self.sessions[index][place : place + self.random.randrange(2, 12)]
        return self._identified(word)
