import json
import re

import numpy as np
import pytest

from inhabit.lab import uss as module
from inhabit.lab import uss_models as models
from inhabit.learning.hearing import Settings

SESSION = """USER\tI want a {colour} room.\tInform\t3,3,4
SYSTEM\tA {colour} room is {state}.\tOffer\t
USER\t{answer}\t{act}\t{ratings}
USER\tOVERALL\t\t{ratings}
"""
FREE = {"state": "free", "answer": "Great, thanks!", "act": "Thank", "ratings": "4,4,5"}
GONE = {"state": "gone", "answer": "Another one then.", "act": "Ask,Inform", "ratings": "2,2,3"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uss")
    blocks = [SESSION.format(colour=("red", "blue", "green")[i % 3], **(FREE if i % 2 else GONE)) for i in range(60)]
    (folder / "SGD.txt").write_text("\n" + "\n".join(blocks), encoding="utf-8")
    return folder


def test_a_session_is_a_life_without_its_overall_line(data):
    lives = module.sessions(data / "SGD.txt", ("act",))
    assert len(lives) == 60
    first = lives[0].messages
    assert [message.role for message in first] == ["user", "assistant", "user"]
    assert first[2].act == "Ask" and first[2].sees == {"ratings": [2, 2, 3]}
    assert not any(message.act for message in module.sessions(data / "SGD.txt", ("satisfaction",))[0].messages)


def test_mode_of_tied_ratings_is_the_lowest():
    assert models.modal(np.array([[0, 0.5, 0.5, 0, 0], [0, 0.2, 0.4, 0.4, 0]])).tolist() == [1, 2]


def test_every_file_and_published_figure_belongs_to_a_set_and_a_measure():
    assert set(module.PUBLISHED) == set(module.FILES)
    for name in module.FILES:
        for label in module.published(name):
            assert re.fullmatch(rf"{name} (act (accuracy|macro_f1)|satisfaction (uar|kappa)) published \S+", label)


def test_a_model_that_answers_one_task_is_scored_on_it_alone(data):
    def answer(fold, tasks):
        size = len(fold.rows.of(fold.test))
        return {"": {"act": ["Ask"] * size, "satisfaction": [3] * size}, "one": {"satisfaction": [4] * size}}

    measured, baselines, lines = module.uss(data, sets=("SGD",), folds=2, models=(answer,))
    assert measured["SGD act accuracy"].value == 0.25 and len(lines) == 60 * 2 * 2
    assert baselines["SGD satisfaction f1 one"].value == 0
    assert not any(title.endswith(" one") and " act " in title for title in baselines)


@pytest.mark.slow
def test_experiment_beats_its_rivals_where_it_must_and_writes_what_it_scored(data):
    small = Settings(dims=8, size=8, passes=10, batch=10, learning_rate=2e-2, dropout=0.1)
    ear = lambda texts: np.array([["free" in text, "gone" in text] for text in texts], np.float32)
    answering = (models.Ours(settings=small, ear=ear), *models.MODELS[1:])
    measured, baselines, lines = module.uss(data, sets=("SGD",), folds=2, models=answering)
    assert measured["SGD act accuracy"].value == 1
    assert measured["SGD satisfaction uar"].value == pytest.approx(3 / 5)
    assert baselines["SGD act accuracy commonest"].value == 0.5
    assert {"SGD act accuracy hearing alone", "SGD act accuracy without hearing"} <= set(baselines)
    assert baselines["SGD satisfaction kappa commonest"].value == 0
    assert len(lines) == 60 * 2 * 2 and len({json.dumps(line) for line in lines}) == len(lines)
    acts = [line for line in lines if line["task"] == "act"]
    assert np.mean([line["predicted"] == line["true"] for line in acts]) == measured["SGD act accuracy"].value
    assert set(acts[0]) == {"task", "set", "fold", "session", "turn", "predicted", "true"}
    assert {line["true"] for line in acts} == {"Inform", "Thank", "Ask"}
