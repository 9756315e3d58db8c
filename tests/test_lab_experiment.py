import json

import pytest

from inhabit.lab.experiment import Experiment, Record, find, registry
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
    assert len({one.name for one in registry()}) == len(registry())
