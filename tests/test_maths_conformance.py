"""Conformance suites and the measures of fidelity."""

import numpy as np
import pytest

from inhabit.maths.conformance import PAD, characterising_set, exact_share, state_cover, w_suite
from inhabit.maths.fidelity import (
    distinction_and_compression,
    exact_sessions,
    memoryless,
    steps_to_first_error,
    suite_fidelity,
)
from inhabit.worlds.wire import SHIPPED, Machine, difference, minimal, random_traffic


@pytest.mark.parametrize("name", SHIPPED)
def test_the_suite_finds_every_single_wrong_transition(name):
    machine = SHIPPED[name]
    words, lengths = w_suite(machine.next, machine.out, machine.initial)
    inputs = np.maximum(words, 0)
    truth = machine.run(inputs)
    generator = np.random.default_rng(0)
    for _ in range(60):
        following, out = machine.next.copy(), machine.out.copy()
        cell = generator.integers(machine.states), generator.integers(len(machine.inputs))
        if generator.random() < 0.5:
            following[cell] = generator.integers(machine.states)
        else:
            out[cell] = generator.integers(len(machine.outputs))
        mutant = Machine(following, out, machine.inputs, machine.outputs)
        found = exact_share(truth, mutant.run(inputs), lengths) < 1
        assert found == (difference(machine, mutant) is not None)


def test_deeper_suites_find_hidden_states():
    """Two more states behind one input: a suite of depth 2 must see them."""
    plain = Machine(np.zeros((1, 2), np.int32), np.zeros((1, 2), np.int32), ("a", "b"), ("x", "y"))
    following = np.array([[1, 0], [2, 0], [2, 0]], np.int32)
    out = np.array([[0, 0], [0, 0], [1, 0]], np.int32)
    hidden = minimal(Machine(following, out, ("a", "b"), ("x", "y")))
    words, lengths = w_suite(plain.next, plain.out, depth=2)
    inputs = np.maximum(words, 0)
    assert exact_share(hidden.run(inputs), plain.run(inputs), lengths) < 1


def test_cover_and_characterising_set_do_what_they_say():
    machine = SHIPPED["elevator"]
    ends = [machine.trace(np.array([word], np.int32).reshape(1, -1))[1][0, -1] for word in state_cover(machine.next)]
    assert ends == list(range(machine.states))
    words = characterising_set(machine.next, machine.out)
    answers = set()
    for state in range(machine.states):
        answers.add(tuple(tuple(machine.run(np.array([word]), start=state)[0].tolist()) for word in words))
    assert len(answers) == machine.states


def test_no_word_of_a_suite_begins_another():
    words, lengths = w_suite(SHIPPED["vending"].next, SHIPPED["vending"].out)
    kept = [tuple(word[:length].tolist()) for word, length in zip(words, lengths)]
    assert (words[0, lengths[0] :] == PAD).all()
    assert not any(a != b and b[: len(a)] == a for a in kept for b in kept)


def test_the_machine_is_faithful_to_itself_and_a_counter_that_forgets_is_not():
    machine = SHIPPED["counter"]
    words, lengths = w_suite(machine.next, machine.out)
    still = Machine(machine.next, np.zeros_like(machine.out), machine.inputs, machine.outputs)
    for prefix in (0, 30):
        assert suite_fidelity(machine.run, machine.run, words, lengths, width=3, prefix=prefix, seed=0) == 1
        assert suite_fidelity(machine.run, still.run, words, lengths, width=3, prefix=prefix, seed=0) < 1
    assert exact_sessions(machine.run, machine.run, width=3, sessions=9, length=9, seed=0) == 1
    errors = steps_to_first_error(machine.run, machine.run, width=3, sessions=5, length=12, looks=3, seed=0)
    assert (errors == 13).all()


def test_the_adversary_counts_steps_from_one():
    machine = SHIPPED["vending"]
    wrong = Machine(machine.next, 1 - np.minimum(machine.out, 1), machine.inputs, machine.outputs)
    errors = steps_to_first_error(machine.run, wrong.run, width=4, sessions=5, length=8, looks=2, seed=0)
    assert (errors == 1).all()


def test_one_answer_to_everything_compresses_and_distinguishes_nothing():
    machine = SHIPPED["elevator"]
    from inhabit.maths.conformance import padded

    tails, ends = padded(set(characterising_set(machine.next, machine.out)))
    silent = Machine(machine.next, np.zeros_like(machine.out), machine.inputs, machine.outputs)
    scores = [
        distinction_and_compression(
            lambda words: machine.trace(words)[1][:, -1], model.run, tails, ends,
            width=4, pairs=100, prefix=9, seed=0, truth=machine.run,
        )
        for model in (machine, silent)
    ]  # fmt: skip
    assert scores == [(1.0, 1.0), (0.0, 1.0)]


def test_the_table_without_memory_takes_the_commonest_answer():
    assert memoryless(np.array([[0, 0, 0, 1]]), np.array([[2, 2, 1, 0]]), 2).tolist() == [2, 0]
    traffic = random_traffic(SHIPPED["vending"], 100, 20, 0)
    said = memoryless(traffic.inputs, traffic.outputs, 4)[traffic.inputs]
    assert 0.4 < (said == traffic.outputs).mean() < 1
