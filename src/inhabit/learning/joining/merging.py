"""Listening only: sessions are led through a growing machine, states are merged on long agreement.

Every session walks through what is believed until it comes to a transition that is not yet known, and waits there. Of the
transitions where most wait, one is decided next whose sessions can be followed furthest: it leads to a state that none of
those sessions contradicts, the one that foretells most of what they say afterwards and is likeliest beforehand (an input
mostly changes nothing, or leads where it leads from elsewhere). Where every state is contradicted, a new one is made.

A wrong merge early makes a hundred states of twenty. When two sessions in one state later answer one word differently, two
states were taken for one; a heedful listener follows the two paths back to where they met, and takes the merge made last
back with all that was decided after it. An easy-going one lets a few contradictions pass, which may be due to what was decided
wrongly further on. Neither is better everywhere, so both listen, each to the sessions in another order, and the machine is
kept with which all that was heard is told in the fewest words; then it is doubted (`doubting.py`).

Source:
    Lang, Pearlmutter & Price (1998), evidence-driven merging; Oncina & García (1992), folding of what follows.
"""

import collections
import dataclasses
from typing import NamedTuple

import numpy as np

from inhabit.learning.joining.belief import Belief, Edge, Heard, Sessions
from inhabit.learning.joining.doubting import doubted, told_in
from inhabit.worlds.wire import Machine, Traffic


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ear:
    """How one listener decides.

    Attributes:
        passed: Share of the sessions that may contradict a state that they are led to.
        heed: Whether a merge is taken back when two sessions in one state answer one word differently.
        still: Sessions from which on an input that could have changed nothing is believed to change nothing.
    """

    passed: float
    heed: bool
    still: int


EARS = (
    Ear(passed=0.01, heed=False, still=300),
    Ear(passed=0.0, heed=True, still=100),
)
"""Those who listen."""
LEVELS = (300, 100, 30, 10, 3, 1)
"""Only transitions where so many wait are decided, one level after the other."""
LOOK = 8
"""Transitions that are weighed against one another when none is followed far enough."""
FAR = 0.8
"""Share of what is said after a transition that must be foretold for it to be decided at once."""
SOME, FEW = 300, 20
"""Sessions at most that are compared with likely states, and with all."""
CLEAR = 0.1
"""Share of contradicting sessions from which on a new state is clearly wanted."""
UNDONE = 1000
"""Decisions that are taken back at most."""


class Choice(NamedTuple):
    """A transition, where it should lead, and how far its sessions can be followed from there."""

    edge: Edge
    sessions: Sessions
    target: int
    followed: float


def merge_states(
    traffic: Traffic, inputs: tuple[str, ...], outputs: tuple[str, ...], *, most: int = 1500, seed: int = 0
) -> Machine:
    """A machine from what was heard.

    Args:
        traffic: Sessions, each from a reset, of a deterministic machine.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        most: States at most.
        seed: Of the orders in which the sessions are heard.
    """
    generator = np.random.default_rng(seed)
    beliefs = []
    for ear in EARS:
        order = generator.permutation(len(traffic.inputs))
        heard = Heard.of(Traffic(traffic.inputs[order], traffic.outputs[order]), len(inputs), len(outputs))
        beliefs.append(_Listener(heard, ear, most).listen())
    return _machine(doubted(min(beliefs, key=told_in), seed=seed), inputs, outputs)


class _Listener:
    """One who listens."""

    def __init__(self, heard: Heard, ear: Ear, most: int):
        self.belief, self.ear, self.most = Belief(heard, most), ear, most
        self.never: dict[tuple[Edge, int], int] = {}
        self.undone = 0

    def listen(self) -> Belief:
        """Decide every transition that was heard."""
        for least in LEVELS:
            while True:
                conflicts = self.belief.conflicts()
                if self.ear.heed and conflicts and self.undone < UNDONE:
                    blamed = [self.belief.culprit(conflict) for conflict in conflicts]
                    if self._take_back([one for one in blamed if one is not None]):
                        continue
                choice = self._choice(least)
                if choice is None:
                    break
                self.belief.decide(choice.edge, self._target(choice))
        return self.belief

    def _take_back(self, blamed: list[tuple[Edge, bool]]) -> bool:
        """Take back the merge that most conflicts blame, unless none is left to take back."""
        counts = collections.Counter(one for one in blamed if (one[0], int(self.belief.next[one[0]])) not in self.never)
        if not counts:
            return False
        (edge, certain), _ = counts.most_common(1)[0]
        wrong, begin = (edge, int(self.belief.next[edge])), int(self.belief.when[edge])
        self.undone += self.belief.take_back(begin)
        states = self.belief.states
        kept = {one: when for one, when in self.never.items() if when < begin and max(one[0][0], one[1]) < states}
        self.never = kept | {wrong: -1 if certain else begin}
        return True

    def _choice(self, least: int) -> Choice | None:
        """The next transition to decide: the first of the busiest whose sessions are followed far, or the furthest."""
        sessions, edges = self.belief.waiting()
        counts, best = np.bincount(edges, minlength=1), None
        for number in np.argsort(-counts, kind="stable")[:LOOK]:
            if counts[number] < least:
                break
            choice = self._weighed(divmod(int(number), self.belief.width), sessions[edges == number])
            if best is None or choice.followed > best.followed:
                best = choice
            if choice.followed >= FAR:
                break
        return best

    def _weighed(self, edge: Edge, sessions: Sessions) -> Choice:
        """The least contradicted state, of several the one that foretells most and is likeliest beforehand."""
        belief, some = self.belief, _spread(sessions, SOME)
        states = np.arange(belief.states)
        if len(some) > FEW:
            few = _spread(some, FEW)
            wrong = belief.compare(few, belief.time[few] + 1, states)[0].sum(axis=0)
            states = states[wrong <= wrong.min() + 1]
        wrong, nats = belief.compare(some, belief.time[some] + 1, states)
        banned = np.array([(edge, int(state)) in self.never for state in states])
        contradicted = wrong.sum(axis=0) + len(some) * banned
        score = nats.sum(axis=0) + belief.prior(edge)[states] - 1000.0 * contradicted
        best = int(score.argmax())
        target, against = int(states[best]), int(contradicted[best])
        if against > CLEAR * len(some):
            return Choice(edge, sessions, belief.states, FAR)
        if against == 0 and target == edge[0] and len(sessions) >= self.ear.still:
            return Choice(edge, sessions, target, 1.0)
        said = belief.heard.rest[belief.time[some] + 1, some].sum()
        return Choice(edge, sessions, target, min(float(nats[:, best].sum()) / max(float(said), 1e-9), 1.0))

    def _target(self, choice: Choice) -> int:
        """Where the transition leads, all its sessions heard: a new state, if too many contradict."""
        belief, target = self.belief, choice.target
        if target < belief.states:
            wrong, _ = belief.compare(choice.sessions, belief.time[choice.sessions] + 1, np.array([target]))
            target = belief.states if wrong.sum() > self.ear.passed * len(wrong) else target
        return min(target, self.most - 1)


def _spread(sessions: Sessions, most: int) -> Sessions:
    """So many of them, evenly spread."""
    if len(sessions) <= most:
        return sessions
    return sessions[np.linspace(0, len(sessions) - 1, most).astype(int)]


def _machine(belief: Belief, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Machine:
    """The belief as a machine; what was never heard stays where it is, and is answered as the input mostly is."""
    count = belief.states
    following, out = belief.next[:count], belief.out[:count].astype(np.int32)
    usual = belief.heard.surprisal.argmin(axis=1)
    following = np.where(following < 0, np.arange(count)[:, None], following).astype(np.int32)
    return Machine(following, np.where(out < 0, usual, out).astype(np.int32), inputs, outputs, 0, "merged")
