"""Living in a tiny world whose best possible life is known: do what was shown a step ago."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.learning import lessons, living
from inhabit.learning.home import AbstractHome, Turn
from inhabit.learning.schooling import Schooling
from inhabit.mind.dweller.actor import AbstractActor, Relived, Trace
from inhabit.mind.dweller.recurrence import GatedRecurrence

CUES = 3
SCHOOL = Schooling(
    lives=32,
    steps=16,
    births=4,
    value=1.0,
    minibatches=2,
    epochs=2,
    rate=1e-2,
    discount=0.5,
    entropy=0.002,
    expectation=0.0,
)


class Echo(AbstractHome):
    """Good 0 is earned by doing what was shown a step ago, good 1 by nothing; a life lasts 40 steps."""

    deadly: bool = eqx.field(static=True, default=False)

    def begin(self, mind, *, key):
        return (jax.random.randint(key, (2,), 0, CUES), jnp.zeros((), int)), mind.init()

    def percept(self, place):
        return place[0][1]

    def step(self, place, act, *, key):
        (shown, age), right = place, act == place[0][0]
        shown = jnp.stack([shown[1], jax.random.randint(key, (), 0, CUES)])
        over = age + 1 >= 40
        ended = over | (self.deadly & ~right)
        return (shown, age + 1), Turn(
            reward=jnp.stack([right.astype(float), jnp.zeros(())]),
            terminated=ended & self.deadly,
            truncated=ended & (not self.deadly),
            shown=place[0][0],
        )


class Tiny(AbstractActor):
    """A recurrence between a cue and an act."""

    memory: GatedRecurrence
    out: eqx.nn.Linear

    def __init__(self, *, key):
        one, other = jax.random.split(key)
        self.memory, self.out = GatedRecurrence(CUES, 16, key=one), eqx.nn.Linear(16 + CUES, CUES + 2, key=other)

    def init(self, *, key=None):
        return self.memory.init()

    def core(self, state):
        return state

    def _think(self, core, cues):
        seen = jax.nn.one_hot(cues, CUES)
        before, after = core, None
        after, hidden = self.memory(core, seen)
        hidden = jnp.concatenate([before[None], hidden[:-1]])
        out = jax.vmap(self.out)(jnp.concatenate([hidden, seen], 1))
        return after, jax.nn.log_softmax(out[:, :CUES]), out[:, CUES:]

    def attempt(self, state, percept, *, key):
        state, log_probability, value = self._think(state, percept[None])
        act = jax.random.categorical(key, log_probability[0])
        worth = jnp.array([1.0, 0.0])
        return state, Trace(percept, act, log_probability[0, act], value[0], worth, jnp.zeros(3), jnp.zeros(1))

    def step(self, state, percept, *, key):
        state, trace = self.attempt(state, percept, key=key)
        return state, trace.act, trace

    def relive(self, core, trace, shown=None):
        _, log_probability, value = self._think(core, trace.moment)
        chosen = jnp.take_along_axis(log_probability, trace.act[:, None], 1)[:, 0]
        entropy = -jnp.sum(jnp.exp(log_probability) * log_probability, 1)
        like = jnp.take_along_axis(log_probability, shown[:, None], 1)[:, 0]
        return Relived(chosen, entropy, value, jnp.zeros((len(entropy), 1)), like)


def _school(home=None, seed=0):
    home = home or Echo()
    return home, lessons.enrol(Tiny(key=jax.random.key(seed)), home, SCHOOL, seed=seed)


@pytest.fixture(scope="module")
def schooled():
    home, learner = _school()
    return learner, *lessons.train(learner, home, SCHOOL, lessons=60)


def test_it_learns_the_best_life_which_needs_what_was_seen_a_step_ago(schooled):
    _, _, info = schooled
    assert info.reward[0] < 0.5  # chance is 1/3
    assert jnp.mean(info.reward[-5:]) > 0.95  # the optimum is 1


def test_the_same_seed_lives_the_same_life_and_a_break_changes_nothing(schooled):
    start, _, whole = schooled
    home = Echo()
    half, first = lessons.train(start, home, SCHOOL, lessons=30)
    end, second = lessons.train(half, home, SCHOOL, lessons=30)
    np.testing.assert_array_equal(jnp.concatenate([first.reward, second.reward]), whole.reward)
    for one, other in zip(jax.tree.leaves(eqx.filter(end, eqx.is_array)), jax.tree.leaves(schooled[1])):
        np.testing.assert_array_equal(one, other)


def test_reliving_with_an_unchanged_mind_finds_the_same_probabilities_and_values():
    home, learner = _school()
    mind = learner.mind
    _, (trace, _, _) = living.live(mind, home, learner.lives, steps=16, key=jax.random.key(3))
    relived = jax.vmap(mind.relive)(jax.vmap(mind.core)(learner.lives.mind), trace, trace.act)
    np.testing.assert_allclose(relived.log_probability, trace.log_probability, atol=1e-5)
    np.testing.assert_allclose(relived.value, trace.value, atol=1e-5)
    np.testing.assert_array_equal(relived.shown, relived.log_probability)


def test_watching_alone_teaches_what_is_shown():
    home, learner = _school()
    school = dataclasses.replace(SCHOOL, watching=1.0, weaned=10**6, rate=3e-2)
    blind = eqx.tree_at(lambda one: one.mind.out.weight, learner, jnp.zeros_like(learner.mind.out.weight))
    _, info = lessons.train(blind, home, school, lessons=20)
    assert jnp.mean(info.reward[-2:]) > 0.95 > jnp.mean(info.reward[:2])


def test_death_leaves_no_return_and_a_cut_off_leaves_the_expected_one():
    home, learner = _school()
    mind = eqx.tree_at(lambda m: m.out.bias, learner.mind, jnp.array([0, 0, 0, 5.0, 5.0]))
    mind = eqx.tree_at(lambda m: m.out.weight, mind, jnp.zeros_like(mind.out.weight))  # value 5 everywhere
    for deadly, after in ((True, 0.0), (False, 0.5 * 5.0)):
        home = Echo(deadly=deadly)
        lives, record = living.live(mind, home, learner.lives, steps=60, key=jax.random.key(1))
        school = Schooling(lives=32, births=32, discount=0.5, lambda_=0.0)
        lesson = lessons.remembered(mind, learner.lives, record, school)
        _, turn, lived = record
        ended = lived & (turn.terminated | turn.truncated)
        np.testing.assert_array_equal(jnp.sum(ended, 1), 1)
        expected = 0.5 * turn.reward[..., 0][ended] + after  # half of a reward is paid out: 1 - discount
        np.testing.assert_allclose(lesson.target[..., 0][ended], expected, atol=1e-5)
        assert jnp.all(lives.age == jnp.sum(lesson.counts, 1)) and not jnp.any(lesson.counts[:, -1])


def test_only_lives_that_are_over_are_replaced_and_their_account_begins_anew():
    home, learner = _school()
    lives = eqx.tree_at(lambda one: (one.over, one.total), learner.lives, (jnp.arange(32) < 6, jnp.full(32, 7.0)))
    fresh = living.born(learner.mind, home, 4, key=jax.random.key(9))
    after = living.reborn(lives, fresh)
    assert not jnp.any(after.over)
    np.testing.assert_array_equal(after.total, jnp.where(jnp.arange(32) < 6, 0, 7))
    np.testing.assert_array_equal(after.place[0][:6], fresh.place[0][jnp.arange(6) % 4])
    np.testing.assert_array_equal(after.place[0][6:], lives.place[0][6:])


def test_a_school_that_cannot_be_dealt_out_is_refused():
    with pytest.raises(ValueError, match="30 lives cannot be dealt evenly into 4"):
        Schooling(lives=30)


def test_school_calms_down_and_plays_less_as_lessons_go_by():
    school = Schooling(calmed=400, entropy=0.01, settled=10)
    assert [float(school.calm(jnp.array(lessons))) for lessons in (0, 400, 1200)] == [1, 0.5, 0.25]
    assert [float(school.play(jnp.array(lessons))) for lessons in (9, 10)] == pytest.approx([0.01, 0.001])
