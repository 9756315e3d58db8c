"""Who acts in a maker's stead acts as the model says, at the same turns, having heard the same."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab.covering import relived
from inhabit.maths.compiling import brief
from tests.tiny import tiny_lives, tiny_people


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
    expected = np.asarray(_chances(people.person, percept, own))
    found = np.zeros_like(expected)
    np.add.at(found, (again.acts.act[:, 0], again.acts.good[:, 0]), 1 / often)
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / often)


@brief
def _chances(person, percept, standard):
    first = person.init()
    own = person.pool.own(standard)
    state, _ = person.perceive(first, person.hear(percept), own)
    return jnp.exp(person.policy.intend(person.wants(state, own)).log_probability)
