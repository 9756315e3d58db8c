"""What a person is told of itself, what it weighs, and what it bears in mind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.mind.person import noting
from inhabit.mind.person.affordances import balance_of, closed, needs, pays, signs
from inhabit.mind.person.feeling import repetition, reported
from inhabit.mind.person.own import Own, Pool
from inhabit.mind.person.policy import Wants, _one_by_one, _spared, _standing
from inhabit.values.mood import Mood


def wants(worth, holds, balance):
    """What drives a policy, of which only worth, holdings and what stands between the two matter here."""
    goods = len(worth)
    blank = jnp.zeros(goods)
    return Wants(
        situation=jnp.zeros(8),
        goods=jnp.zeros((goods, 2)),
        worth=jnp.array(worth),
        spare=jnp.array(worth),
        craving=blank,
        esteem=blank,
        seen=jnp.zeros((goods, 0)),
        holds=jnp.array(holds),
        balance=jnp.array(balance),
        mood=jnp.zeros(3),
        heard=jnp.asarray(0),
        last=jnp.asarray(-1),
        leaning=jnp.zeros(1),
        own=Pool(goods).own(jnp.zeros(3 * goods + 10)),
    )


def test_what_would_have_to_be_parted_with_is_the_other_good_worth_least_that_is_held():
    least, none = _spared(wants([3.0, 1.0, 2.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]))
    np.testing.assert_allclose(least, [1.0, 3.0, 1.0])
    np.testing.assert_allclose(none, [0.0, 0.0, 0.0])
    least, none = _spared(wants([3.0, 1.0], [0.0, 1.0], [0.0, 0.0]))
    np.testing.assert_allclose(least, [1.0, 0.0])
    np.testing.assert_allclose(none, [0.0, 1.0])


def test_what_stands_between_the_two_is_told_apart():
    assert _standing(wants([1.0, 1.0], [1.0, 0.0], [0.0, 0.0])).tolist() == [0.0, 0.0, 0.0]
    assert _standing(wants([1.0, 1.0], [1.0, 0.0], [-1.0, 1.0])).tolist() == [1.0, 1.0, 0.0]
    assert _standing(wants([1.0, 1.0], [1.0, 0.0], [0.0, -1.0])).tolist() == [1.0, 0.0, 1.0]


def test_a_mind_without_goods_parts_with_nothing():
    assert _spared(wants(np.zeros(0), np.zeros(0), np.zeros(0))).shape == (2, 0)
    assert _standing(wants(np.zeros(0), np.zeros(0), np.zeros(0))).tolist() == [0.0, 0.0, 0.0]


def test_values_that_are_known_take_the_place_of_those_believed_and_average_one():
    own = Own(jnp.arange(22.0) / 10, 4)
    np.testing.assert_allclose(own.told(jnp.full(4, jnp.nan)).vector, own.vector)
    told = own.told(jnp.array([6.0, 2.0, jnp.nan, jnp.nan]))
    np.testing.assert_allclose(told.values[:2], [1.5, 0.5], rtol=1e-5)
    np.testing.assert_allclose(told.vector[2:], own.vector[2:])


def test_facts_are_counted_and_the_last_word_on_a_good_stands():
    facts = noting.nothing_noted()
    for turn, stances in enumerate(([1, 0], [1, 0], [3, 2])):
        facts = noting.note(facts, noting.PARTNER, jnp.asarray(5), jnp.array(stances), jnp.asarray(float(turn)))
    assert float(noting.times(facts, noting.PARTNER, jnp.asarray(5))) == 3
    assert float(noting.times(facts, noting.SELF, jnp.asarray(5))) == 0
    facts = noting.note(facts, noting.SELF, jnp.asarray(5), jnp.array([2, 2]), jnp.asarray(3.0))
    said = np.asarray(noting.said(facts, jnp.asarray(4.0), 2)).reshape(2, 3, 3)
    assert (said[0, :, 0] > 0).tolist() == [False, False, True]
    assert (said[1, :, 0] > 0).tolist() == [False, True, False]


def test_a_mood_that_is_reported_is_felt_and_the_same_words_are_a_repetition():
    felt = reported(jnp.array([0.7, jnp.nan, jnp.nan, 9.0]), Mood.of(0.1, 0.2, 0.3))
    assert [float(part) for part in (felt.stress, felt.valence, felt.load)] == pytest.approx([0.7, 0.2, 0.3])
    words = jax.random.normal(jax.random.key(0), (16,))
    assert float(repetition(words, words)) == pytest.approx(1.0, abs=1e-3)
    assert float(repetition(words, -words)) == 0.0 and float(repetition(words, jnp.zeros(16))) == 0.0


def test_what_an_act_was_never_done_without_is_needed_and_closes_it():
    """Act 1 was always aimed at a good that is shown; act 0 at any; nothing is offered or asked for."""
    random = np.random.default_rng(0)
    shown = random.random((80, 3, 1)) < 0.5
    shown[:, 0] = True
    found = signs(jnp.asarray(shown), jnp.ones((80, 3), bool), jnp.zeros((80, 3)))
    act = np.arange(80) % 2
    good = 1 + np.where(act == 1, 0, random.integers(0, 3, 80))

    needed = needs(found, act, good, acts=3)

    assert [row[0] for row in needed] == [False, True, False]
    now = signs(jnp.array([[True], [False]]), jnp.ones(2, bool), jnp.zeros(2))
    assert closed(needed, now).tolist() == [[False, False], [False, True], [False, False]]
    assert needs(found[:10], act[:10], good[:10], acts=3) == ((False,) * 6,) * 3, "five acts are too few to tell"


def test_signs_tell_what_stands_and_whether_it_can_be_paid():
    found = signs(jnp.zeros((2, 0), bool), jnp.array([True, False]), balance_of(jnp.array([2, 1])))
    names = ("offered", "asked", "spoken of", "another held", "what is asked is held")
    assert dict(zip(names, found.T.tolist())) == {
        "offered": [True, False],
        "asked": [False, True],
        "spoken of": [True, True],
        "another held": [False, True],
        "what is asked is held": [False, False],
    }


def test_an_act_pays_that_always_names_one_good_beside_its_aim():
    """Act 0 always offers one other good, act 1 once two, act 2 only what it is aimed at."""
    act, good = np.repeat(np.arange(3), 20), np.ones(60, int)
    stances = np.tile([[1, 2, 0]], (60, 1))
    stances[20, 2] = 2
    stances[40:] = [2, 0, 0]
    assert pays(act, good, stances, acts=4) == (True, False, False, False)
    assert pays(act[:9], good[:9], stances[:9], acts=1) == (False,), "nine acts are too few to tell"


def test_what_is_given_told_good_by_good_is_the_chance_of_that_good_among_all_others():
    scores, main = jnp.array([0.3, -1.0, 5.0, 0.8]), jnp.array([False, False, True, False])
    others = jax.nn.softmax(scores[jnp.array([0, 1, 3])])
    for given, chance in zip((0, 1, 3), others):
        stances = jnp.array([1 if good == 2 else 2 * (good == given) for good in range(4)])
        told = jax.nn.log_softmax(_one_by_one(scores, main, stances))
        told = jnp.take_along_axis(told, stances[:, None], axis=1)[:, 0]
        assert float(told.sum() - told[2]) == pytest.approx(float(jnp.log(chance)), abs=2e-3)
