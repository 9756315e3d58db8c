import json
import os

import pytest

from inhabit.lab import fruit, xlogit
from inhabit.lab.chosen import swissmetro_table
from inhabit.lab.experiment import data_folder
from inhabit.lab.tastes import tastes
from inhabit.learning.choices import multinomial, nested

real = pytest.mark.skipif("INHABIT_DATA" not in os.environ, reason="INHABIT_DATA names no folder")


def test_choices_beat_not_knowing_anyone(tmp_path):
    record = fruit.fruit("shift", seed=0, quick=True, out=tmp_path)
    assert record.measured["error of A: both"].value < record.baselines["error of A: everyone alike"].value
    assert json.dumps(record.to_json()) and len(list(record.predictions)) == 180


def test_the_picture_names_whom_it_shows():
    drawn = tastes({"sugar": {"weight": 1.0, "low": 0.5, "high": 1.5}}, "ann")
    assert drawn.lstrip().startswith("<") and "What ann values" in drawn


def test_the_comparison_is_skipped_without_a_peer(monkeypatch, capsys):
    monkeypatch.delenv("INHABIT_PEER_XLOGIT", raising=False)
    monkeypatch.setattr("sys.argv", ["xlogit"])
    assert xlogit.main() == 0
    assert "skipped" in capsys.readouterr().out


@real
def test_swissmetro_agrees_with_the_published_fits():
    table = swissmetro_table(data_folder("choice"))
    assert len(table) == 6768
    assert multinomial(table).log_likelihood == pytest.approx(-5331.25, abs=0.05)
    assert nested(table, [["train", "car"]]).log_likelihood == pytest.approx(-5236.9, abs=0.05)
