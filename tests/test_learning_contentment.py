"""Circumstances against a life worked by hand; hearing, line and blend against slow forms; no rating leaks."""

import dataclasses

import numpy as np
import pytest

from inhabit.learning.circumstances import circumstances
from inhabit.learning.contentment import Foretold, Table, _phrases, acquaintance, blend, folds, heard, line
from inhabit.learning.tones import tones
from inhabit.types import Life, Message


def _life(number=0, satisfaction=3.0, words="I need 2 food, thank you!"):
    deal = {
        "you": {"Food": 3.0, "Water": 1.0, "Firewood": 0.0},
        "they": {"Food": 0.0, "Water": 2.0, "Firewood": 3.0},
    }
    return Life(
        id=f"{number}/a",
        maker=f"{number}/a",
        messages=(
            Message(role="user", content=words),
            Message(role="partner", content="you get all food"),
            Message(role="user", content="", act="submit-deal", sees=deal),
            Message(role="partner", content="", act="accept-deal", sees=deal),
        ),
        values={"Food": 5.0, "Water": 3.0, "Firewood": 4.0},
        traits={"age": 30, "svo": "prosocial"},
        outcome={
            "points": 18.0,
            "partner_values": {"Food": 3.0, "Water": 4.0, "Firewood": 5.0},
            "deal": deal,
            "satisfaction": satisfaction,
            "likeness": satisfaction,
        },
    )


def test_circumstances_of_a_life_worked_by_hand():
    log = circumstances([_life()])
    found = dict(zip(log.names, log.numbers[0]))
    expected = {
        "values: packages of best": 3,
        "values: packages of middle": 0,
        "values: no deal": 0,
        "fairness: partner's points": 23,  # 2 water at 4 and 3 wood at 5
        "fairness: difference": -5,
        "fairness: short of Pareto": 0,  # giving water for wood would cost the partner more
        "fairness: fewer packages": 1,
        "fairness: worth of partner's part": 0,  # 2 * 3 + 3 * 4 - 18
        "talk: claims, own": 1,
        "talk: first claim's worth, own": 2 * 5 + 1.5 * 7,
        "talk: first claim's worth, partner": 3 * 5 + 1.5 * 7,
        "talk: submissions, own": 1,
        "own words: thanks": 1,
        "partner's words: thanks": 0,
        "traits: age": 30,
    }
    assert {name: found[name] for name in expected} == expected
    assert np.isnan(found["traits: extraversion"])


def test_tones_are_counted_by_message():
    found = tones(["Thank you! 🙂", "no, thanks"])
    expected = {"thanks": 1.0, "smile": 0.5, "exclamation": 0.5, "refusal": 0.5, "unfair": 0.0}
    assert {name: found[name] for name in expected} == expected
    assert found["capitals"] == 0.5 * 1 / 12
    assert set(tones([]).values()) == {0.0}


def test_ratings_are_never_read():
    one, two = circumstances([_life(satisfaction=1.0)]), circumstances([_life(satisfaction=5.0)])
    np.testing.assert_array_equal(one.numbers, two.numbers)
    assert all((one.words[view] != two.words[view]).nnz == 0 for view in one.words)


def test_a_life_without_points_is_refused():
    with pytest.raises(ValueError, match="expected values, points"):
        circumstances([dataclasses.replace(_life(), outcome={})])


def test_phrases_are_the_ridge_solution():
    from scipy import sparse

    random = np.random.default_rng(0)
    table, rating = random.normal(size=(20, 30)), random.normal(size=20)
    slow = np.linalg.solve(table.T @ table + 1.5 * np.eye(30), table.T @ (rating - rating.mean()))
    np.testing.assert_allclose(_phrases(sparse.csr_matrix(table), rating, 1.5), slow, atol=1e-3)


def test_heard_words_tell_thanks_and_what_is_new_cannot_change_what_is_known():
    random = np.random.default_rng(1)
    glad = random.random(120) < 0.5
    lives = [_life(i, words="thank you friend" if one else "no that is rude") for i, one in enumerate(glad)]
    log, rating = circumstances(lives), 1.0 + 4.0 * glad
    known, new = np.arange(80), np.arange(80, 120)
    dialogues = np.arange(120)
    table = heard(log, rating[known], known, new, dialogues)
    column = table.names.index("own words: own, heard")
    assert np.all((table.new[:, column] > 3) == glad[new])
    fewer = heard(log, rating[known], known, new[:5], dialogues)
    np.testing.assert_array_equal(table.known, fewer.known)
    np.testing.assert_allclose(line(table, rating[known]).foretold.new, rating[new], atol=0.5)


def test_a_line_finds_its_coefficients_and_groups_can_be_left_out():
    random = np.random.default_rng(2)
    known, new = random.normal(size=(500, 3)), random.normal(size=(200, 3))
    rating = 2 * known[:, 0] - known[:, 1]
    table = Table(("a", "b", "c"), ("x", "y", "y"), known, new, np.arange(500) % 5)
    found = line(table, rating)
    np.testing.assert_allclose(found.coefficients, [2, -1, 0], atol=0.1)
    assert table.without("y").names == ("a",)
    with pytest.raises(ValueError, match="accepted are x, y"):
        table.without("z")


def test_a_blend_is_the_best_share_and_stays_between():
    one, two = Foretold(np.zeros(3), np.zeros(2)), Foretold(np.ones(3), np.ones(2))
    np.testing.assert_allclose(blend(one, two, np.full(3, 0.25)).new, 0.25)
    np.testing.assert_allclose(blend(one, two, np.full(3, 9.0)).new, 1.0)


def test_acquaintance_leaves_out_the_life_asked_about():
    known, new = acquaintance(np.array([1.0, 2.0, -1.0]), ["ann", "ann", "bob"], ["ann", "eve"], doubt=1.0)
    np.testing.assert_allclose(known, [2 / 2, 1 / 2, 0])
    np.testing.assert_allclose(new, [3 / 3, 0])


def test_folds_keep_dialogues_whole():
    groups = np.repeat(np.arange(37), 2)
    found = folds(groups, 10, 3)
    assert np.all(found[::2] == found[1::2]) and set(found) == set(range(10))
