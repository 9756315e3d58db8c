import io
import json
import sys

import pytest

from inhabit.cli.main import main
from inhabit.records.writing import write

from .tiny import tiny_lives, tiny_people


@pytest.fixture(autouse=True)
def engine(monkeypatch, tmp_path):
    monkeypatch.setenv("INHABIT_CACHE", str(tmp_path / "cache"))
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.mind"
    tiny_people().save(path)
    return str(path)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.jsonl"
    write(path, tiny_lives())
    with path.open("a") as file:
        file.write("{half a line\n" * 25)
    return str(path)


def talk(monkeypatch, said, *words):
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    return main(["talk", *words])


def test_check_counts_and_says_what_was_set_aside(log, capsys):
    assert main(["check", log]) == 0
    told = capsys.readouterr().out
    assert "12 lives of 3 makers" in told and "25 set aside" in told and "and 5 more" in told
    assert main(["check", log, "--all"]) == 0
    assert capsys.readouterr().out.count("log.jsonl:") == 25


def test_check_in_json(log, capsys):
    assert main(["check", log, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lives"], told["makers"], len(told["set_aside_lines"])) == (12, 3, 25)


def test_talk_gives_a_json_line_a_reply_and_the_same_again(people, monkeypatch, capsys):
    said = "/wait\n\n/why\nMay I have the food?\n/quit\nnever heard\n"
    runs = []
    for _ in range(2):
        assert talk(monkeypatch, said, people, "--as", "ann", "--json", "--seed", "4") == 0
        runs.append(capsys.readouterr().out)
    assert runs[0] == runs[1]
    first, why, second = map(json.loads, runs[0].splitlines())
    assert (first["turn"], second["turn"]) == (1, 2) and first["content"]
    assert why["why"]["act"] == first["act"] and len(second["facts"]) >= len(first["facts"])


def test_what_is_set_in_a_talk_holds_from_then_on(people, monkeypatch, capsys):
    said = "Hello.\n/set stress=0.9\n/value food=50\nHello?\n/set joy=1\n/value gold=1\n/fly\nStill there?\n"
    assert talk(monkeypatch, said, people, "--as", "bob", "--json") == 0
    told = capsys.readouterr()
    before, after, later = map(json.loads, told.out.splitlines())
    assert after["mood"]["stress"] == later["mood"]["stress"] == pytest.approx(0.9, abs=1e-3)
    assert after["worth"]["food"] > before["worth"]["food"] and after["valued"]["food"] == 50
    assert [line.split(":")[0] for line in told.err.splitlines()] == ["inhabit"] * 3


def test_talk_draws_a_panel(people, monkeypatch, capsys):
    assert talk(monkeypatch, "Hello.\n/why\n/again\n/why\n", people, "--as", "<cy>", "--set", "stress=0.5") == 0
    told = capsys.readouterr().out
    for words in ("talking with <cy>", "stress", "0.50", "patience", "Why ", "Borne in mind", "nothing has been done"):
        assert words in told


@pytest.mark.parametrize(
    "words",
    [
        ("--as", "nobody"),
        ("--set", "joy=1"),
        ("--set", "stress=7"),
        ("--value", "gold=1"),
        ("--value", "food=-1"),
        ("--mouth", "small"),
        ("--mouth", "endpoint"),
        ("--mouth", "endpoint", "--endpoint", "nowhere", "--model", "m"),
    ],
)
def test_talk_refuses_what_is_not_there(people, words, monkeypatch, capsys):
    for name in ("INHABIT_ENDPOINT", "INHABIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    assert talk(monkeypatch, "Hello.\n", people, *words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_report_writes_one_page_and_json(people, tmp_path, capsys):
    assert main(["report", people]) == 0
    page = (tmp_path / "people.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    capsys.readouterr()
    assert main(["report", people, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["goods"] == ["food", "water"] and set(told["people"]) == {"ann", "bob", "<cy>"}


def test_lab_passes_over_a_set_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INHABIT_DATA", str(tmp_path))
    assert main(["lab", "stand-in", "--on", "uss", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err.startswith("inhabit: uss skipped: ") and not (tmp_path / "out").exists()
    assert main(["lab", "stand-in", "--on", "nowhere"]) == 2


def test_lab_lists_experiments(capsys):
    assert main(["lab", "--json"]) == 0
    for one in json.loads(capsys.readouterr().out):
        assert one["question"] and one["sets"]


@pytest.mark.slow
def test_fit_report_and_talk_on_a_log(log, tmp_path, monkeypatch, capsys):
    path = str(tmp_path / "fitted.mind")
    assert main(["fit", log, "-o", path, "--epochs", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["set_aside"]["count"] == 25 and set(told["scores"]["next act, nats"]) >= {"mind", "baselines"}
    assert main(["report", path]) == 0
    assert talk(monkeypatch, "Hello.\n", path) == 0
