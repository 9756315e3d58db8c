"""The contentment experiment on a small made log: every life foretold once, sides together, a planted cause found."""

import json

import numpy as np
import pytest

from inhabit.lab import contentment as lab
from inhabit.lab.contentment import FILES, coefficients, contentment
from inhabit.learning.boosting import Growth

_FELT = ("Extremely dissatisfied", "Slightly dissatisfied", "Undecided", "Slightly satisfied", "Extremely satisfied")
_LIKED = ("Extremely dislike", "Slightly dislike", "Undecided", "Slightly like", "Extremely like")


def _side(felt, liked, points, age):
    return {
        "value2issue": {"High": "Food", "Medium": "Water", "Low": "Firewood"},
        "value2reason": {"High": "", "Medium": "", "Low": ""},
        "outcomes": {"points_scored": points, "satisfaction": _FELT[felt], "opponent_likeness": _LIKED[liked]},
        "demographics": {"age": age, "gender": "male", "ethnicity": "", "education": ""},
        "personality": {"svo": "proself", "big-five": {"openness-to-experiences": 4.0}},
    }


def _dialogue(number):
    """The first got nothing of the best in odd dialogues and all in even ones; satisfaction says so."""
    lucky = number % 2 == 0
    mine = {"Food": "3" if lucky else "0", "Water": "1", "Firewood": "1"}
    yours = {good: str(3 - int(amount)) for good, amount in mine.items()}
    deal = {"issue2youget": mine, "issue2theyget": yours}
    words = ("thank you so much", "no that is rude")[number % 2]
    return {
        "dialogue_id": number,
        "chat_logs": [
            {"text": "hello I need food", "task_data": {}, "id": "mturk_agent_1"},
            {"text": words, "task_data": {}, "id": "mturk_agent_2"},
            {"text": "Submit-Deal", "task_data": deal, "id": "mturk_agent_1"},
            {"text": "Accept-Deal", "task_data": {"data": "accept_deal"}, "id": "mturk_agent_2"},
        ],
        "participant_info": {
            "mturk_agent_1": _side(4 if lucky else 0, 2, 22 if lucky else 7, 20 + number),
            "mturk_agent_2": _side(0 if lucky else 4, 2 + number % 2, 14 if lucky else 29, 20 + number // 3),
        },
        "annotations": [],
    }


@pytest.fixture
def data(tmp_path):
    for start, name in zip((0, 12, 24), FILES):
        (tmp_path / name).write_text(json.dumps([_dialogue(start + i) for i in range(12)]))
    return tmp_path


def test_a_planted_cause_is_found_and_sides_stay_together(data, monkeypatch):
    monkeypatch.setattr(lab, "GROWTH", Growth(rounds=8, rate=0.5, leaf=3))
    monkeypatch.setattr(lab, "RESAMPLES", 10)
    measured, baselines, lines = contentment(data, folds=2)
    assert measured["satisfaction r2"].value > 0.8
    assert baselines["satisfaction r2 mean"].value <= 0
    assert len(lines) == 2 * 72 and len({(one["task"], one["dialogue_id"], one["of"]) for one in lines}) == 144
    assert len({(one["dialogue_id"], one["fold"]) for one in lines}) == 36
    mine = [one for one in lines if one["task"] == "satisfaction"]
    true, said = (np.array([one[side] for one in mine]) for side in ("true", "predicted"))
    again = 1 - ((true - said) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    assert again == pytest.approx(measured["satisfaction r2"].value)


def test_the_line_names_the_planted_cause(data):
    named = dict(coefficients(data)["satisfaction"])
    assert named["values: packages of best"] > 0 and named["fairness: behind"] < 0


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="casino_valid"):
        contentment(tmp_path)
