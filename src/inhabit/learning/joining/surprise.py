"""Joining by surprise: listen first, believe something, then ask what would surprise most a symbol; stop when nothing would.

There are several ways to make questions; how often each way surprised is itself learned, and the next question is drawn
from the posterior (Thompson sampling over surprises a symbol).
"""

import bisect
import dataclasses
import math
import random
from collections.abc import Sequence

import numpy as np

from inhabit.learning.joining.asking import FINDS, Questions
from inhabit.learning.joining.line import Line
from inhabit.learning.joining.sifting import Hypothesis
from inhabit.worlds.wire import Machine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """When to stop: as soon as the next question promises less than it is worth.

    What is hidden may be hidden at any depth, so the chance that one question finds it has a prior without a scale: as many
    surprises are expected in the next e-fold of the questions as came in the last one. After `t` questions, `k` of which
    surprised since the `t / e`-th, the next one promises `(k + prior + each * alike * transitions) / t`: the more
    transitions a machine has, and the more alike its states answer, the more can be hidden behind them. A question whose
    answer was known already counts as asked: it, too, might have surprised.

    Attributes:
        worth: Surprises that a question must promise to be worth asking.
        prior: Surprises that are expected in any e-fold, whatever was seen.
        each: How many more of them for each transition, were all states alike.
    """

    worth: float = 1 / 900
    prior: float = 2.5
    each: float = 1 / 38

    def spent(self, questions: int, surprises: Sequence[int], transitions: int, alike: float) -> bool:
        """Whether it is time to stop.

        Args:
            questions: Questions so far.
            surprises: The numbers of those that surprised, rising.
            transitions: Of the machine, as it is believed.
            alike: Of two of its states, how probably they answer a short random word alike.
        """
        late = len(surprises) - bisect.bisect_left(surprises, questions / math.e)
        return late + self.prior + self.each * alike * transitions < self.worth * questions


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
    questions, surprises = 0, list[int]()
    while not patience.spent(questions, surprises, asker.hypothesis.states * line.width, asker.questions.alike):
        questions += 1
        if asker.ask():
            surprises.append(questions)
    return Joined(asker.hypothesis.machine(), line.symbols, line.resets, asker.surprises)


class _Asker:
    """Asks, and keeps count of which way of asking surprised."""

    def __init__(self, line: Line, random_: random.Random):
        self.line, self.random = line, random_
        self.hypothesis = Hypothesis(line)
        self.surprises: list[tuple[int, str, int]] = []
        sessions = [row for inputs, _ in line.heard for row in np.unique(inputs, axis=0).tolist()]
        self.questions = Questions(self.hypothesis, sessions, random_)
        self.finds = {way: FINDS.get(way, 1.0) for way in self.questions.ways}
        self.spent = dict.fromkeys(self.questions.ways, 2000.0)

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
        self.questions.look()

    def ask(self) -> bool:
        """Ask one question; say whether the answer surprised."""
        ways = self.questions.ways
        way = max(ways, key=lambda one: self.random.gammavariate(self.finds[one], 1 / self.spent[one]))
        word = self.questions.make(way)
        if self.line.known(word) is not None:
            return False
        before = self.line.symbols
        answers = self.line.check(word, self.questions.expected(word))
        self.spent[way] += self.line.symbols - before
        if answers is None:
            self.questions.suspicions.answered(word)
            return False
        self.finds[way] += 1
        self.questions.found.append(list(word[: len(answers)]))
        self.hypothesis.refine(word[: len(answers)], answers)
        self.believe_what_was_heard()
        self.surprises.append((self.line.symbols, way, self.hypothesis.states))
        return True
