"""Callers: what nobody is told shows in how they rate and leave."""

import numpy as np

from inhabit.worlds.callers import QUITS, Caller, callers, calls


def ends(life):
    return life.messages[-1].content


def test_the_impatient_leave_sooner_and_the_hot_tempered_rate_lower():
    who = {"calm": Caller(4.0, 0.3), "hasty": Caller(1.0, 0.3), "hot": Caller(4.0, 3.0)}
    lives = calls(who, 200, np.random.default_rng(0))
    quits = {name: np.mean([ends(life) in QUITS for life in lives if life.maker == name]) for name in who}
    ratings = {
        name: np.mean([m.rating for life in lives if life.maker == name for m in life.messages[2:] if m.rating])
        for name in who
    }
    assert quits["hasty"] > quits["calm"] + 0.2 and abs(quits["hot"] - quits["calm"]) < 0.1
    assert ratings["hot"] < ratings["calm"] - 1


def test_the_same_seed_calls_alike_and_everyone_calls_in_turn():
    who = callers(3, np.random.default_rng(1))
    one, two = (calls(who, 2, np.random.default_rng(2)) for _ in range(2))
    assert one == two and [life.maker for life in one] == [*who, *who]
    assert all(life.messages[0].role == "user" and 1 <= life.messages[0].rating <= 5 for life in one)
