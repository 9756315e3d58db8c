"""Machines on the wire: reading them, stepping them, and what passes along it."""

import os
import pathlib

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.worlds.wire import (
    SHIPPED,
    DotError,
    Machine,
    complete,
    conversation,
    difference,
    driven_traffic,
    habitual_traffic,
    minimal,
    parse_dot,
    random_traffic,
    read_dot,
    resetless_traffic,
    write_dot,
)
from inhabit.worlds.wire.stepping import Tables, sessions


def spelled(machine, word):
    """Answer one word with a plain loop."""
    state, said = machine.initial, []
    for symbol in word:
        said.append(int(machine.out[state, symbol]))
        state = int(machine.next[state, symbol])
    return said


def drawn(seed, states=7, inputs=3, outputs=2):
    generator = np.random.default_rng(seed)
    return Machine(
        generator.integers(states, size=(states, inputs)).astype(np.int32),
        generator.integers(outputs, size=(states, inputs)).astype(np.int32),
        tuple("abc"[:inputs]),
        tuple("xyz"[:outputs]),
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_tables_step_as_a_plain_loop_does(name):
    machine = SHIPPED[name]
    traffic = random_traffic(machine, sessions=20, length=15, seed=0)
    expected = [spelled(machine, word) for word in traffic.inputs]
    assert traffic.outputs.tolist() == expected
    assert sessions(Tables.of(machine), jnp.asarray(traffic.inputs)).tolist() == expected


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_the_smallest_machine_answers_alike_and_has_no_twin_states(seed):
    machine = drawn(seed)
    small = minimal(machine)
    words = random_traffic(machine, 50, 12, seed).inputs
    assert (small.run(words) == machine.run(words)).all()
    assert difference(machine, small) is None
    assert minimal(small).states == small.states
    for state in range(1, small.states):
        other = Machine(small.next, small.out, small.inputs, small.outputs, state)
        assert difference(small, other) is not None


def test_a_difference_is_found_where_it_is_deepest():
    ringing = SHIPPED["counter"]
    out = ringing.out.copy()
    last = int(np.argmax(ringing.depth))
    out[last, ringing.inputs.index("tick")] = ringing.outputs.index("quiet")
    silent = Machine(ringing.next, out, ringing.inputs, ringing.outputs)
    assert difference(ringing, silent) == (ringing.inputs.index("tick"),) * 24


def test_written_machines_are_read_back():
    for machine in SHIPPED.values():
        read = parse_dot(write_dot(machine)).machine()
        order = [read.inputs.index(name) for name in machine.inputs]
        columns = Machine(read.next[:, order], read.out[:, order], machine.inputs, read.outputs)
        assert difference(machine, columns) is None


@pytest.mark.parametrize(
    "edges",
    [
        's0 -> s1 [label="a/x"]; s1 -> s0 [label="a/y"];',
        's0 -> s1 [label="a / x"];\ns1 -> s0[label="a / y"];',
        "s0 -> s1 [label=<<table><tr><td>a</td><td>/</td><td>x</td></tr></table>>];\n"
        "s1 -> s0 [label=<<table><tr><td>a</td><td>/</td><td>y</td></tr></table>>];",
        "s0 -> s1 [label=<a<br />x>];\ns1 -> s0 [label=<a<br />y>];",
    ],
)
def test_every_dialect_reads_as_the_same_machine(edges):
    text = "digraph g {\n" + edges.replace("; s1", ";\ns1") + "\n__start0 -> s1;\n}"
    machine = parse_dot(text).machine()
    assert [machine.outputs[one] for one in machine.run(np.array([[0, 0, 0]]))[0]] == ["y", "x", "y"]


def test_several_inputs_share_an_edge():
    drawing = parse_dot("digraph g {\ns0 -> s0 [label=<a | b<br />x / y>];\n}")
    assert drawing.edges == {("s0", "a"): ("s0", "x / y"), ("s0", "b"): ("s0", "x / y")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('s0 -> s1 [label="a/x"];\ns0 -> s0 [label="a/y"];', "not deterministic"),
        ('s0 -> s1 [label="a:0.2"];', "no Mealy machine"),
        ("s0 [label=s0];", "no transitions"),
        ("s0 -> s1;", "without a label"),
        ('s0 -> s1 -> s2 [label="a/x"];', "is no edge"),
        ('s0 -> s1 [label="a/x"];', "name a sink"),
    ],
)
def test_what_is_no_machine_is_refused_in_one_line(text, says):
    with pytest.raises(DotError, match=says) as caught:
        parse_dot("digraph g {\n" + text + "\n}").machine()
    assert "\n" not in str(caught.value)


def test_a_partial_machine_is_completed_with_a_named_sink(tmp_path):
    file = tmp_path / "part.dot"
    file.write_text('digraph g {\ns0 -> s1 [label="a/x"];\ns1 -> s0 [label="b/y"];\n}')
    machine = read_dot(file, sink="DEAD")
    word = np.array([[0, 0, 1, 0]])
    assert [machine.outputs[one] for one in machine.run(word)[0]] == ["x", "DEAD", "DEAD", "DEAD"]
    with pytest.raises(DotError, match="already"):
        complete(parse_dot(file.read_text()), "s0")
    with pytest.raises(DotError, match="check the path"):
        read_dot(tmp_path / "none.dot")


def test_traffic_is_what_the_machine_answers_and_the_same_by_seed():
    machine = SHIPPED["handshake"]
    for draw in (random_traffic, habitual_traffic):
        traffic = draw(machine, 30, 20, 5)
        assert (machine.run(traffic.inputs) == traffic.outputs).all()
        assert (draw(machine, 30, 20, 5).inputs == traffic.inputs).all()
        assert (draw(machine, 30, 20, 6).inputs != traffic.inputs).any()


def test_habit_reaches_what_chance_does_not():
    machine = SHIPPED["handshake"]
    deepest = int(np.argmax(machine.depth))

    def reached(draw):
        return sum((machine.trace(draw(machine, 100, 20, seed).inputs)[1] == deepest).any() for seed in range(8))

    assert reached(habitual_traffic) >= 3
    assert reached(random_traffic) == 0


def test_a_stranger_drives_the_machine_first():
    machine = SHIPPED["counter"]
    state = 20
    traffic = driven_traffic(machine, state, sessions=4, length=25, seed=0)
    assert (machine.trace(traffic.inputs)[1][:, int(machine.depth[state])] == state).all()
    with pytest.raises(ValueError, match="steps away"):
        driven_traffic(machine, state, sessions=1, length=5, seed=0)


def test_lines_without_reset_begin_anywhere():
    machine = SHIPPED["elevator"]
    traffic = resetless_traffic(machine, length=50, seed=1, lines=64)
    fits = [
        [bool((machine.run(word[None], start=state) == said).all()) for state in range(machine.states)]
        for word, said in zip(traffic.inputs, traffic.outputs)
    ]
    assert np.all(np.any(fits, axis=1))
    assert not np.all(np.array(fits)[:, machine.initial])


def test_two_machines_talk_through_the_whole_handshake():
    client, server = SHIPPED["client"], SHIPPED["handshake"]
    traffic = conversation(client, server, sessions=1, length=8, seed=0)
    assert [server.inputs[one] for one in traffic.inputs[0]] == (
        "hello cookie key certificate verify finish data data".split()
    )
    with pytest.raises(ValueError, match="does not understand"):
        conversation(client, SHIPPED["vending"], 1, 5, 0)


def test_the_real_files_read_except_those_that_are_no_machines():
    told = os.environ.get("INHABIT_DATA")
    if not told or not (pathlib.Path(told) / "machines").is_dir():
        pytest.skip("INHABIT_DATA names no folder with machines/")
    refused, states = [], {}
    for file in sorted((pathlib.Path(told) / "machines").glob("*/*.dot")):
        try:
            states[file.stem] = read_dot(file).states
        except DotError:
            refused.append(file.stem)
    assert all(name.endswith("_stochastic") for name in refused)
    assert states["tcp_server_ubuntu_trans"] == 57
    assert states["server_piondtls-1.5.2_ecdhe_cert_req"] == 66


def test_statements_may_share_a_line_and_an_edge_may_take_several():
    plain = parse_dot('digraph g {\n a -> b [label="x; y/[1]"];\n b -> a [label="x; y/{2}"];\n}')
    dense = parse_dot('digraph g { a -> b [label="x; y/[1]"]; b -> a\n [color=red,\n label="x; y/{2}"] }')
    assert dense.edges == plain.edges == {("a", "x; y"): ("b", "[1]"), ("b", "x; y"): ("a", "{2}")}
