"""Joining the wire in the terminal."""

import json

import pytest
from typer.testing import CliRunner

from inhabit.cli.main import app
from inhabit.learning.joining.saving import save_machine
from inhabit.worlds.wire import SHIPPED, write_dot


@pytest.fixture
def dot(tmp_path):
    path = tmp_path / "vending.dot"
    path.write_text(write_dot(SHIPPED["vending"]))
    return path


def test_a_person_talks_with_a_machine(dot):
    result = CliRunner().invoke(app, ["talk", str(dot), "--json"], input="coin\ncoin\ntea\n")
    assert [json.loads(line)["output"] for line in result.stdout.splitlines()] == ["thanks", "thanks", "tea"]


def test_a_learned_machine_talks_alike(tmp_path):
    save_machine(tmp_path / "v.mind", SHIPPED["vending"])
    result = CliRunner().invoke(app, ["talk", str(tmp_path / "v.mind")], input="coin\n/reset\ncoin\n/words\n")
    assert result.stdout.count("it    thanks") == 2
    assert "return" in result.stdout


def test_a_person_takes_the_machines_place(dot):
    result = CliRunner().invoke(app, ["talk", str(dot), "--as", "machine", "--seed", "1"], input="no\nno\nnonsense\n")
    assert "of 3 answers were the machine's" in result.stdout
    assert "the machine says" in result.stdout


def test_a_line_without_resets_is_joined_in_its_midst(dot):
    machine = SHIPPED["vending"]
    told = set()
    for seed in range(6):
        words = ["talk", str(dot), "--resetless", "--json", "--seed", str(seed)]
        result = CliRunner().invoke(app, words, input="/reset\ntea\ntea\n")
        first, _ = (json.loads(line) for line in result.stdout.splitlines())
        told.add((first["output"], first["state"]))
        assert "never reset" in result.stderr
    tea = machine.inputs.index("tea")
    possible = set(zip((machine.outputs[out] for out in machine.out[:, tea]), machine.next[:, tea].tolist()))
    assert len(told) > 1 and told <= possible


def test_a_partial_machine_is_completed_with_a_named_sink(tmp_path):
    path = tmp_path / "door.dot"
    path.write_text('digraph g { a -> b [label="open/ok"]; b -> a [label="close/ok"]; }')
    result = CliRunner().invoke(app, ["talk", str(path)], input="close\n")
    assert result.exit_code == 2 and "--sink" in result.stderr
    result = CliRunner().invoke(app, ["talk", str(path), "--sink", "broken", "--json"], input="close\nopen\n")
    assert [json.loads(line)["output"] for line in result.stdout.splitlines()] == ["broken", "broken"]


@pytest.mark.parametrize(("side", "text"), [("god", None), (None, "digraph g { }")])
def test_mistakes_cost_one_line(dot, side, text):
    if text:
        dot.write_text(text)
    result = CliRunner().invoke(app, ["talk", str(dot), *(["--as", side] if side else [])], input="")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
