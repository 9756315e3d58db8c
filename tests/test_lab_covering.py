"""Intervals held against the truth; and who acts in a maker's stead acts as the model says, having heard the same."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab.covering import relived
from inhabit.lab.market import against
from inhabit.maths.compiling import brief
from inhabit.types import Act
from tests.tiny import tiny_lives, tiny_people


def test_cover_counts_the_intervals_that_hold_the_truth():
    true = np.array([[0.2, 0.8], [0.4, 0.6], [0.5, 0.5]])
    found = np.stack([true, true - 0.1, true + 0.1], axis=2)
    found[0, 0] += 0.3
    measured = against("values", true, found, ("ann", "bob", "cy"), seed=0)
    assert measured["values, cover of 90 % intervals"].value == pytest.approx(5 / 6)
    assert measured["values, rank correlation"].value < 1.0


@pytest.mark.slow
def test_relived_lives_are_acted_as_often_as_the_policy_says():
    people, often = tiny_people(), 600
    unvalued = dataclasses.replace(tiny_lives()[2], values={})
    one = people.codebook.lessons([unvalued], {"<cy>": 0})
    many = jax.tree.map(lambda leaf: np.repeat(leaf, often, axis=0), one)
    own = people.beliefs.mean[2]
    again = relived(people.person, many, own[None], key=jax.random.key(0))
    for kept, was in zip(jax.tree.leaves(again.percepts), jax.tree.leaves(many.percepts)):
        np.testing.assert_array_equal(kept, was)

    percept = jax.tree.map(lambda leaf: jnp.asarray(leaf[0, 0]), one.percepts)
    expected, last = map(np.asarray, _chances(people.person, percept, own))
    found = np.zeros_like(expected)
    np.add.at(found, (again.acts.act[:, 0], again.acts.good[:, 0]), 1 / often)
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / often)
    assert abs(again.ends[:, 0].mean() - (expected.sum(1) * last).sum()) < 4 * np.sqrt(0.25 / often)


@brief
def _chances(person, percept, standard):
    first = person.init()
    own = person.pool.own(standard)
    state, _ = person.perceive(first, person.hear(percept), own)
    wants = person.wants(state, own)
    ending = lambda act: person.policy.ending(wants, Act(act=act, good=jnp.asarray(0), stances=jnp.zeros(0, int)))
    return jnp.exp(person.policy.intend(wants).log_probability), jax.nn.sigmoid(
        jax.vmap(ending)(jnp.arange(len(person.policy.aimed)))
    )
