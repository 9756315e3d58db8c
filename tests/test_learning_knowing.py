"""Knowing someone: own parts settled from all lives at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.learning.accounts import live
from inhabit.learning.fitting import _latest, split, validating
from inhabit.learning.knowing import _evidence, _filled, _lognormal, _parted, settle
from inhabit.learning.listening import Schedule, _pauses
from inhabit.mind.person.own import Belief
from inhabit.types import Life, Message
from tests.tiny import tiny_lives, tiny_people


def lives_of(makers: int, each: int) -> list[Life]:
    said = (Message(role="user", content="hello"),)
    return [Life(id=f"{m}-{n}", maker=str(m), messages=said) for n in range(each) for m in range(makers)]


def test_makers_who_come_back_are_checked_on_their_last_lives():
    learn, check = validating(lives_of(4, 10), 0.2, seed=0)
    assert {life.maker for life in learn} == {life.maker for life in check}
    assert sorted(life.id for life in check) == sorted(f"{m}-{n}" for m in range(4) for n in (8, 9))


def test_makers_who_rarely_come_back_are_held_out_whole():
    lives = lives_of(10, 2)
    assert validating(lives, 0.2, seed=0) == split(lives, 0.2, seed=0)
    learn, check = validating(lives, 0.2, seed=0)
    assert not {life.maker for life in learn} & {life.maker for life in check}


@pytest.mark.slow
def test_settling_finds_where_the_score_vanishes():
    people, lives = tiny_people(), tiny_lives()
    lessons = people.codebook.lessons(lives, {maker: i for i, maker in enumerate(people.makers)})
    open_ended = eqx.tree_at(lambda p: p.policy.end.bias, people.person, jnp.zeros(1))  # for these lives do end
    person, beliefs, work = settle(open_ended, lessons, 3)
    again, later, _ = settle(open_ended, lessons, 3, rounds=9)
    assert work > 0
    np.testing.assert_allclose(person.pool.own(beliefs.mean[0]).vector, again.pool.own(later.mean[0]).vector, atol=0.15)
    informed = np.linalg.eigvalsh(np.asarray(beliefs.precision))
    assert informed.min() > 0.99 and informed.max() > 1.005


def test_nobody_with_no_life_is_a_stranger():
    people = tiny_people()
    _, beliefs, _ = settle(people.person, people.codebook.lessons(tiny_lives()[:1], {"ann": 0}), 2, rounds=2)
    np.testing.assert_array_equal(beliefs.mean[1], jnp.zeros(beliefs.mean.shape[1]))
    np.testing.assert_array_equal(beliefs.precision[1], jnp.eye(beliefs.mean.shape[1]))
    assert jax.tree.all(jax.tree.map(lambda leaf: bool(jnp.isfinite(leaf).all()), beliefs))


def test_acts_are_heard_where_they_tell_what_they_are_expected_to_of_a_lognormal_value():
    person, mean, variance, best = tiny_people().person, 0.3, 0.4, 1.7
    shift, weight = _lognormal(person, np.full((1, person.pool.centre.shape[0]), variance))
    assert not shift[:, person.goods :].any() and (weight[:, person.goods :] == 1).all(), "only values are lognormal"
    nodes, chance = np.polynomial.hermite_e.hermegauss(60)
    spread = float(jnp.exp(person.pool.log_spread[0]))

    def told(z):
        value = np.exp(spread * z)
        return np.stack([(best - value) * value * spread, (value * spread) ** 2])

    expected = told(mean + np.sqrt(variance) * nodes) @ chance / chance.sum()
    np.testing.assert_allclose(weight[0, 0] * told(mean + shift[0, 0]), expected, rtol=1e-5)


def test_lives_are_parted_by_whether_the_shared_part_saw_them():
    of, last = np.array([0, 1, 0, 1, 0]), np.array([False, False, False, True, True])
    assert _parted(of, last).tolist() == [0, 0, 0, 1, 1]
    assert _parted(np.zeros(4, int), np.ones(4, bool)).tolist() == [0, 1, 0, 1], "else every other one"


def test_everyone_is_settled_from_their_latest_lives():
    assert _latest(lives_of(2, 3), ("0", "1"), 2) == [2, 4, 3, 5]


def test_makers_are_settled_on_the_way_and_never_after_the_last_epoch():
    assert _pauses(Schedule(epochs=12)) == {3, 6, 9}
    assert all(epochs not in _pauses(Schedule(epochs=epochs)) for epochs in range(1, 9))


def test_what_a_life_tells_of_its_maker_is_the_slope_of_its_likelihood():
    people, eps = tiny_people(), 0.02
    lessons = people.codebook.lessons(tiny_lives()[:1])
    size, goods = people.beliefs.mean.shape[1], people.person.goods
    standard = jnp.linspace(-1.0, 1.0, size)
    belief = Belief(standard[None], jnp.eye(size)[None])
    batch = _filled((jax.tree.map(jnp.asarray, lessons), belief))
    told, sure = _evidence(people.person, *batch, lessons.living.sum())
    beyond = _evidence(people.person, *batch, np.asarray(lessons.living.shape[1]))
    np.testing.assert_array_equal(told, beyond[0], "what is beyond a life's end tells nothing")
    np.testing.assert_array_equal(sure, beyond[1])
    steps = eps * jnp.eye(size)[3 * goods : 3 * goods + 2]

    either = jnp.concatenate([standard + steps, standard - steps])
    given = live(people.person, jax.tree.map(lambda leaf: np.repeat(leaf, len(either), 0), lessons), either)
    likely = (given.act + given.stances + given.rating + given.ends).sum(1)
    slope = (likely[: len(steps)] - likely[len(steps) :]) / (2 * eps)
    np.testing.assert_allclose(told[0, 3 * goods : 3 * goods + 2], slope, rtol=0.02, atol=2e-4)
    assert abs(slope).min() > 1e-3, "patience tells, and temper by the mood that it led to"
