"""A suite that shares heads and tails says of every word what the plain loop says."""

import numpy as np
import pytest

from inhabit.maths.conformance import w_suite
from inhabit.maths.shared_suite import SharedSuite, Tables, Tree
from inhabit.worlds.wire import SHIPPED, Machine, by_time, random_machine


def plainly_right(truth: Machine, model: Tables, word: list[int]) -> bool:
    """One word, symbol by symbol."""
    mine, theirs = truth.initial, model.initial
    for symbol in word:
        if truth.out[mine, symbol] != model.out[theirs, symbol]:
            return False
        mine, theirs = truth.next[mine, symbol], model.next[theirs, symbol]
    return True


def changed(machine: Machine, seed: int) -> Tables:
    """A model that is wrong in some transitions and answers, or another machine altogether."""
    generator = np.random.default_rng(seed)
    if seed % 5 == 4:
        other = random_machine(machine.states + 3, len(machine.inputs), seed, outputs=len(machine.outputs))
        return Tables(other.next, other.out, other.initial)
    following, out = machine.next.copy(), machine.out.copy()
    for _ in range(seed % 4):
        state, symbol = generator.integers(machine.states), generator.integers(len(machine.inputs))
        following[state, symbol] = generator.integers(machine.states)
        out[state, symbol] = generator.integers(len(machine.outputs)) if seed % 2 else out[state, symbol]
    return Tables(following, out, int(generator.integers(machine.states)) if seed % 7 == 6 else machine.initial)


@pytest.mark.parametrize("seed", range(24))
def test_every_word_is_judged_as_by_the_plain_loop(seed):
    machine = list(SHIPPED.values())[seed] if seed < len(SHIPPED) else random_machine(3 + seed, 2 + seed % 5, seed)
    suite = SharedSuite.of(Tables(machine.next, machine.out, machine.initial), depth=seed % 2)
    model = changed(machine, seed)
    words = [word[:length].tolist() for word, length in zip(suite.words, suite.lengths)]
    assert suite.right(model).tolist() == [plainly_right(machine, model, word) for word in words]


def test_its_words_are_those_of_the_suite():
    machine = SHIPPED["elevator"]
    suite = SharedSuite.of(Tables(machine.next, machine.out, machine.initial))
    words, lengths = w_suite(machine.next, machine.out, machine.initial)
    assert (suite.words == words).all()
    assert (suite.lengths == lengths).all()
    assert suite.symbols == lengths.sum()
    assert suite.steps(machine.states) < suite.symbols / 4
    assert suite.share(Tables(machine.next, machine.out, machine.initial)) == 1.0


def test_a_tree_holds_each_beginning_once():
    tree = Tree.of([(0, 1, 1), (0, 1), (2,)])
    assert len(tree.parent) == 4
    assert tree.layers == (1, 3, 4, 5)
    following = np.array([[1, 0, 2], [1, 2, 0], [2, 2, 2]])
    states, said = tree.walk(Tables(following, 10 * following), np.array([0, 2]))
    assert states[tree.node].tolist() == [[2, 2], [2, 2], [2, 2]]
    assert said[tree.path[0]].tolist() == [[10, 20], [10, 20], [20, 20]]


def test_words_by_time_are_answered_alike_and_without_a_copy():
    machine = SHIPPED["login"]
    words = np.random.default_rng(0).integers(5, size=(30, 7), dtype=np.int32)
    ready = by_time(words)
    assert by_time(ready).ctypes.data == ready.ctypes.data
    before = ready.copy()
    assert (machine.run(ready) == machine.run(words)).all()
    assert (ready == before).all()
    states = machine.trace(words, 2)[1]
    assert states[:, 0].tolist() == [2] * 30
    assert (states[:, 1:] == machine.next[states[:, :-1], words]).all()
