import json

import pytest

from inhabit.lab.experiment import Experiment, MissingData, Record, data_folder
from inhabit.lab.pictures import comparison
from inhabit.lab.registry import EXPERIMENTS, find
from inhabit.maths.intervals import Estimate


def record(**changes):
    fields = {
        "question": "is it so?",
        "prediction": "yes",
        "measured": {"x": Estimate(1.0, 0.5, float("nan"))},
        "baselines": {},
        "flops": {"mind": 2.0, "twin": 2.0},
        "seeds": (0,),
        "seconds": 1.5,
        "predictions": [{"task": "act", "true": "é"}],
    }
    return Record(**fields | changes)


def test_a_record_is_written_with_its_predictions(tmp_path):
    record().write(tmp_path / "a" / "b")
    read = json.loads((tmp_path / "a/b/record.json").read_text())
    assert list(read) == [
        "question", "prediction", "measured", "baselines", "flops", "seeds", "versions", "seconds",
    ]  # fmt: skip
    assert read["measured"]["x"] == {"value": 1.0, "low": 0.5, "high": None}
    assert read["versions"]["python"].startswith("3.") and read["versions"]["jax"][0].isdigit()
    assert json.loads((tmp_path / "a/b/predictions.jsonl").read_text()) == {"task": "act", "true": "é"}


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path):
    record().write(tmp_path)
    with pytest.raises(ValueError):
        record(question="other", predictions=[{"p": float("nan")}]).write(tmp_path)
    assert json.loads((tmp_path / "record.json").read_text())["question"] == "is it so?"


def test_sets_are_chosen_by_name():
    experiment = Experiment("e", "asks?", ("a", "b"), lambda *a, **k: record())
    assert experiment.chosen(None) == ("a", "b") and experiment.chosen("b") == ("b",)
    with pytest.raises(KeyError, match="it has a, b"):
        experiment.chosen("c")
    with pytest.raises(KeyError, match="no experiment is called"):
        find("nonsense")
    assert len({one.name for one in EXPERIMENTS}) == len(EXPERIMENTS)


def test_data_that_is_missing_is_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("INHABIT_DATA", str(tmp_path))
    with pytest.raises(MissingData, match="uss is missing"):
        data_folder("uss")
    monkeypatch.delenv("INHABIT_DATA")
    with pytest.raises(MissingData, match="INHABIT_DATA"):
        data_folder("uss")
    (tmp_path / "uss").mkdir()
    monkeypatch.setenv("INHABIT_DATA", str(tmp_path))
    assert data_folder("uss") == tmp_path / "uss"


def test_a_record_is_drawn_with_the_baselines_of_each_measure():
    svg = comparison(
        {"act accuracy": Estimate(0.6, 0.5, 0.7), "act F1": Estimate(0.4, 0.3, float("nan"))},
        {"act accuracy tf-idf": Estimate(0.5, 0.4, 0.6), "act accuracy, twin": Estimate(0.55, 0.5, 0.6)},
    )
    assert svg.startswith("<svg") and svg.count(">mind<") == 2
    assert svg.count(">tf-idf<") == 1 and svg.count(">twin<") == 1 and "--mind:" in svg
