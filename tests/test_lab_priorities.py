"""Priorities: the published scores by hand, and the whole experiment on a small made-up set."""

import itertools
import json

import numpy as np
import pytest

from inhabit.lab.priorities import GOODS, priorities, read_lives, scores


def row(order, truth, chance=0.5):
    chances = [(1 - chance) / 5] * 6
    chances[list(itertools.permutations(GOODS)).index(truth)] = chance
    return {"order": list(order), "truth": list(truth), "probabilities": chances}


def test_scores_by_hand():
    truth = GOODS
    found = scores([row(truth, truth), row(truth[::-1], truth), row((truth[0], truth[2], truth[1]), truth)])
    assert found[:, 0] == pytest.approx([100, 0, 0]) and found[:, 1] == pytest.approx([100, 0, 100])
    # best 24 + 15 / log2 3 + 8 / 2 = 37.4640; reversed 8 + 9.4639 + 12 = 29.4640; swapped 24 + 5.0474 + 7.5 = 36.5474
    assert found[:, 3] == pytest.approx([100, 78.6461, 97.5535], abs=1e-3)
    assert found[:, 2] == pytest.approx([100, 0, 88.543], abs=1e-2)
    assert found[:, 4] == pytest.approx(np.full(3, np.log(2)))


@pytest.fixture
def data(tmp_path):
    levels, dialogues = ("High", "Medium", "Low"), []
    for number, (mine, theirs) in enumerate(itertools.product(itertools.permutations(GOODS), repeat=2)):
        agents = {"mturk_agent_1": mine, "mturk_agent_2": theirs}
        about = {
            agent: {
                "value2issue": dict(zip(levels, order)),
                "value2reason": dict(zip(levels, order)),
                "outcomes": {"points_scored": 5, "satisfaction": "Undecided", "opponent_likeness": "Undecided"},
                "demographics": {},
                "personality": {"svo": "unclassified", "big-five": {}},
            }
            for agent, order in agents.items()
        }
        chat = [
            {"id": agent, "text": f"{start} {order[place]}", "task_data": {}}
            for start, place in (("I need", 0), ("I do not need", 2))
            for agent, order in agents.items()
        ]
        chat.append({"id": "mturk_agent_1", "text": "Walk-Away", "task_data": {"data": "walk_away"}})
        dialogues.append({"dialogue_id": number, "participant_info": about, "chat_logs": chat})
    for part, some in (("train", dialogues), ("valid", []), ("test", [])):
        (tmp_path / f"casino_{part}.json").write_text(json.dumps(some))
    split = {"train": list(range(4, 36)), "val": [], "test": [0, 1, 2, 3]}
    (tmp_path / "data_splits_seeds.json").write_text(json.dumps({"cvs": {"0": split}}))
    return tmp_path


def test_experiment_understands_plain_talk(data):
    measured, baselines, lines = priorities(data, folds=(0,))
    assert set(lines[0]) == {"task", "fold", "dialogue_id", "of", "k", "order", "probabilities"}
    assert len(lines) == 4 * 2 * 5 and sum(lines[0]["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert measured["talk alone: exact at k = 5"].value == 100
    assert measured["talk and own values: top-1"].value == 100
    assert baselines["talk alone, no talk heard: nats"].value == pytest.approx(np.log(6), abs=1e-4)
    assert read_lives(data)[0].messages[-1].content == ""
