"""Listening only: states are merged over the traffic, the ones most often heard first, on the evidence that they agree.

A tree of all that was heard is folded into a machine. Blue-fringe order: a state that is settled is red, what follows a red
state is blue. A blue state is merged with the red one with which it agrees in the most answers, if they differ in none;
if it differs from all, it becomes red. Structure fills what is left: a blue state too little heard to tell is taken
for the likeliest, and an answer never heard is the answer that the input has most often.

Source:
    Lang, Pearlmutter & Price (1998), evidence-driven merging; Oncina & García (1992), folding.
"""

import numpy as np
from jaxtyping import Int

from inhabit.worlds.wire import Machine, Traffic

Table = Int[np.ndarray, "nodes inputs"]


def prefix_tree(traffic: Traffic, width: int, depth: int) -> tuple[Table, Table, Int[np.ndarray, " nodes"]]:
    """The tree of everything heard in the first `depth` steps: children, answers (-1 where unheard), and visits."""
    words, answers = traffic.inputs[:, :depth], traffic.outputs[:, :depth]
    node = np.zeros(len(words), np.int64)
    rows, children, said, visits, count = [], [], [], [np.array([len(words)])], 1
    for time in range(words.shape[1]):
        cell = node * width + words[:, time]
        cells, first, place, seen = np.unique(cell, return_index=True, return_inverse=True, return_counts=True)
        rows.append(cells)
        children.append(count + np.arange(len(cells)))
        said.append(answers[first, time])
        visits.append(seen)
        node = count + place.ravel()
        count += len(cells)
    child, out = np.full(count * width, -1, np.int32), np.full(count * width, -1, np.int32)
    cells = np.concatenate(rows)
    child[cells], out[cells] = np.concatenate(children), np.concatenate(said)
    return child.reshape(count, width), out.reshape(count, width), np.concatenate(visits)


def merge_states(
    traffic: Traffic, inputs: tuple[str, ...], outputs: tuple[str, ...], *, depth: int = 20, most: int = 400
) -> Machine:
    """Fold what was heard into a machine.

    Args:
        traffic: Sessions, each from a reset.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        depth: Only so many steps of each session make the tree: deeper ones are heard once and part nothing.
        most: Red states at most.
    """
    child, out, visits = prefix_tree(traffic, len(inputs), depth)
    folding = _Folding(child.tolist(), out.tolist(), visits.tolist())
    red = [0]
    while True:
        blue = folding.fringe(red)
        if not blue:
            break
        state, symbol, node = max(blue, key=lambda edge: folding.visits[edge[2]])
        scores = [(folding.agreement(one, node), -place, one) for place, one in enumerate(red)]
        best = max(scores)
        if best[0] < 0 and len(red) < most:
            red.append(node)
            continue
        folding.join(state, symbol, best[2], node)
    number = {node: place for place, node in enumerate(red)}
    usual = [
        np.bincount([row[a] for row in out.tolist()[:2000] if row[a] >= 0] or [0]).argmax() for a in range(len(inputs))
    ]
    following, answers = np.zeros((len(red), len(inputs)), np.int32), np.zeros((len(red), len(inputs)), np.int32)
    for place, node in enumerate(red):
        for symbol in range(len(inputs)):
            target = folding.child[node][symbol]
            following[place, symbol] = number[target] if target >= 0 else place
            said = folding.out[node][symbol]
            answers[place, symbol] = said if said >= 0 else usual[symbol]
    return Machine(following, answers, inputs, outputs, 0, "merged")


class _Folding:
    """A tree on the way to being a machine; joined subtrees are copied into the state that they are taken for."""

    def __init__(self, child: list[list[int]], out: list[list[int]], visits: list[int]):
        self.child, self.out, self.visits = child, out, visits

    def fringe(self, red: list[int]) -> list[tuple[int, int, int]]:
        """Every edge that leaves the red states."""
        settled = set(red)
        return [
            (node, symbol, target)
            for node in red
            for symbol, target in enumerate(self.child[node])
            if target >= 0 and target not in settled
        ]

    def agreement(self, red: int, blue: int) -> int:
        """In how many answers a subtree agrees with a state; -1 if they differ in one."""
        score, pairs = 0, [(red, blue)]
        while pairs:
            one, other = pairs.pop()
            for mine, theirs, after, following in zip(
                self.out[one], self.out[other], self.child[one], self.child[other]
            ):
                if theirs >= 0 and mine >= 0:
                    if mine != theirs:
                        return -1
                    score += 1
                    if after >= 0 and following >= 0:
                        pairs.append((after, following))
        return score

    def join(self, state: int, symbol: int, red: int, blue: int) -> None:
        """Send the edge to the red state, and fold into it what was heard below the blue one."""
        self.child[state][symbol] = red
        pairs = [(red, blue)]
        while pairs:
            one, other = pairs.pop()
            self.visits[one] += self.visits[other]
            for place, answer in enumerate(self.out[other]):
                if answer < 0:
                    continue
                if self.out[one][place] < 0:
                    self.out[one][place] = answer
                target = self.child[other][place]
                if target < 0:
                    continue
                if self.child[one][place] < 0:
                    self.child[one][place] = target
                else:
                    pairs.append((self.child[one][place], target))
