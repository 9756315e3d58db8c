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


@pytest.mark.parametrize(("side", "text"), [("god", None), (None, "digraph g { }")])
def test_mistakes_cost_one_line(dot, side, text):
    if text:
        dot.write_text(text)
    result = CliRunner().invoke(app, ["talk", str(dot), *(["--as", side] if side else [])], input="")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
