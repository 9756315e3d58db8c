"""Listening only: sessions are led through a growing machine, states are merged on long agreement, and mistakes taken back.

Every session walks through what is believed until it comes to a transition that is not yet known, and waits there. The
transition where most wait is decided next: it leads to the known state from which everything that those sessions say
afterwards goes as believed, and whose own answers to short words are nowhere contradicted; if there is none, to a new
state. When two sessions in one state later answer one word differently, two states were taken for one. Then the two paths
are followed back to where they met: the merge made last there is taken back, with all that was decided after it, and
is not made again.

Source:
    Lang, Pearlmutter & Price (1998), evidence-driven merging; Oncina & García (1992), folding of what follows.
"""

import numpy as np

from inhabit.learning.joining.belief import Belief, Edge, Heard
from inhabit.worlds.wire import Machine, Traffic

SURE = 30.0
"""Nats of surprisal that agree, from which on the only possible merge is made without looking at other transitions."""
LOOK = 6
"""Transitions that are weighed against one another when none is sure."""
EVERY = 25
"""Decisions between two copies of the belief, to which it can go back."""


def merge_states(
    traffic: Traffic, inputs: tuple[str, ...], outputs: tuple[str, ...], *, most: int = 400, regrets: int = 400
) -> Machine:
    """A machine from what was heard.

    Args:
        traffic: Sessions, each from a reset, of a deterministic machine.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        most: States at most.
        regrets: Merges at most that are taken back; later contradictions stay.
    """
    heard = Heard.of(traffic, len(inputs), len(outputs))
    belief, decisions, copies = Belief(heard, most), list[tuple[Edge, int]](), list[Belief]()
    never: dict[tuple[Edge, int], int] = {}
    while (choice := _choice(belief, set(never), most)) is not None:
        if len(decisions) % EVERY == 0:
            del copies[len(decisions) // EVERY :]
            copies.append(belief.copy())
        conflict = belief.decide(*choice)
        decisions.append(choice)
        blamed = belief.culprit(conflict) if conflict and regrets > 0 else None
        if blamed is None or (blamed[0], int(belief.next[blamed[0]])) in never:
            continue
        regrets -= 1
        (edge, certain), begin = blamed, int(belief.when[blamed[0]])
        wrong = edge, int(belief.next[edge])
        del decisions[begin:]
        belief = copies[begin // EVERY].copy()
        for again in decisions[belief.decided :]:
            belief.decide(*again)
        kept = {one: when for one, when in never.items() if when < begin and max(one[0][0], one[1]) < belief.states}
        never = kept | {wrong: -1 if certain else begin}
    return _machine(belief, inputs, outputs)


def _choice(belief: Belief, never: set[tuple[Edge, int]], most: int) -> tuple[Edge, int] | None:
    """The next transition to decide, and where it leads; a transition that no state will do for comes first."""
    _, edges = belief.waiting()
    if not len(edges):
        return None
    counts, best = np.bincount(edges), None
    for number in np.argsort(-counts, kind="stable")[:LOOK]:
        if not counts[number]:
            break
        edge = divmod(int(number), belief.next.shape[1])
        wrong, agreed = belief.candidates(edge, belief.waiting_at(edge))
        wrong[[target for banned, target in never if banned == edge]] += 1
        possible = np.flatnonzero(wrong == 0)
        if not len(possible):
            return edge, belief.states if belief.states < most else int(wrong.argmin())
        target = int(possible[agreed[possible].argmax()])
        weight = 1000.0 * (len(possible) == 1) + agreed[target]
        if best is None or weight > best[0]:
            best = weight, (edge, target)
        if len(possible) == 1 and agreed[target] > SURE:
            break
    assert best is not None
    return best[1]


def _machine(belief: Belief, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Machine:
    """The belief as a machine; what was never heard stays where it is, and is answered as the input mostly is."""
    count = belief.states
    following, out = belief.next[:count], belief.tells[:count, : len(inputs)].astype(np.int32)
    usual = belief.heard.surprisal.argmin(axis=1)
    following = np.where(following < 0, np.arange(count)[:, None], following).astype(np.int32)
    return Machine(following, np.where(out < 0, usual, out).astype(np.int32), inputs, outputs, 0, "merged")
