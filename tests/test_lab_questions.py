"""The truth that answers about a life are held against: by hand-worked villages."""

import types

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab import truths
from inhabit.lab.questions import Question, score
from inhabit.worlds.village.materials import Material
from tests.villages import GROUND, flat


@pytest.fixture(scope="module")
def page():
    """One at (8, 8) who looks north: a fruit in front, one behind it two cells higher, a friend to the east, a pond."""
    state = flat(
        places=[(8, 8), (11, 8), (2, 2), (13, 13)],
        headings=[0] * 4,
        plants=[((8, 7), 3, 1), ((5, 11), 2, 0)],
        material={(8, 12, GROUND - 1): Material.WATER},
    )
    state = eqx.tree_at(
        lambda s: (s.minds.weight, s.minds.set_point, s.people.alive),
        state,
        (jnp.full((4, 6), 1 / 6), jnp.full((4, 6), 0.8), jnp.array([True, True, True, False])),
    )
    return types.SimpleNamespace(place=types.SimpleNamespace(state=jax.tree.map(np.asarray, state)))


def test_a_thing_is_there_or_within_reach_and_only_if_it_is_ripe_or_alive(page):
    assert truths.is_there(page, "fruit 3", 0, -1) and not truths.is_there(page, "fruit 3", 0, -2)
    assert truths.is_there(page, "fruit 3", 2, -3, reach=2) and not truths.is_there(page, "fruit 2", -3, 3)
    assert truths.is_there(page, "person 1", 3, 0) and not truths.is_there(page, "person 3", 5, 5)
    assert truths.is_there(page, "water", 0, 4) and truths.directions(page, "water") == ["south"]
    assert truths.directions(page, "hearth") == [] and truths.directions(page, "fruit 3") == ["north"]


def test_what_is_in_front_must_be_named_unless_it_hangs_too_high(page):
    assert truths.in_front(page) == {"fruit 3"}
    state = page.place.state
    high = eqx.tree_at(lambda s: s.plants.place, state, state.plants.place + np.array([0, 0, 2]))
    assert truths.in_front(types.SimpleNamespace(place=types.SimpleNamespace(state=high))) == set()


def test_gains_are_nothing_when_all_is_full_and_together_the_whole_when_all_is_empty(page):
    state = page.place.state
    levels = lambda level: types.SimpleNamespace(
        place=types.SimpleNamespace(
            state=eqx.tree_at(
                lambda s: (s.people.levels, s.people.health),
                state,
                (np.full_like(state.people.levels, level), np.full_like(state.people.health, level)),
            )
        )
    )
    assert truths.true_gains(levels(1.0)) == pytest.approx(0, abs=1e-7)
    empty = truths.true_gains(levels(0.0))
    assert empty.sum() == pytest.approx(1) and empty[:6] == pytest.approx(empty[0])


def test_scores_are_shares_of_all_and_of_each_kind():
    asked = [
        Question(kind, 0, 0, "?", "", right, ()) for kind, right in (("sees", True), ("sees", False), ("why", True))
    ]
    assert score(asked) == {"all": pytest.approx(2 / 3), "sees": 0.5, "why": 1.0}


def test_rarity_is_a_ratio_of_counts_in_nats_and_surer_the_more_were_counted():
    nats, error = truths.rarity(500.0, np.array([500.0, 250.0, 1000.0]), 1000)
    assert nats == pytest.approx([0, np.log(2), -np.log(2)])
    assert error == pytest.approx(np.sqrt([0.001 + 0.001, 0.001 + 0.003, 0.001 + 0]))
