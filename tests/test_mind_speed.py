"""How long a step of a mind takes: alone, and inside a batch of ten thousand."""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.learning.fitting import shape_of
from inhabit.mind.person.person import Person
from tests.tiny import tiny_lives, tiny_people

MINDS = 10_000


def seconds(call, times: int) -> float:
    """Processor seconds of one call, compiled before."""
    jax.block_until_ready(call())
    began = time.process_time()
    for _ in range(times):
        jax.block_until_ready(call())
    return (time.process_time() - began) / times


@pytest.mark.slow
def test_a_mind_steps_in_five_milliseconds_and_ten_thousand_in_one_call_in_one_each():
    people = tiny_people()
    weight, shape = np.asarray(people.person.senses.text.weight), shape_of(people.codebook)
    person = Person.create(weight=weight, **shape, key=jax.random.key(1))
    lesson = people.codebook.lessons(tiny_lives()[:1])
    percept = jax.tree.map(lambda leaf: jnp.asarray(leaf[0, 0]), lesson.percepts)
    step = eqx.filter_jit(lambda person, state, key: person.step(state, percept, key=key))
    many = eqx.filter_jit(
        lambda person, states, keys: jax.vmap(lambda state, key: person.step(state, percept, key=key))(states, keys)
    )
    first, key = person.init(), jax.random.key(0)
    states = jax.tree.map(lambda leaf: jnp.repeat(leaf[None], MINDS, 0), first)
    alone = seconds(lambda: step(person, first, key), 50)
    inside = seconds(lambda: many(person, states, jax.random.split(key, MINDS)), 3) / MINDS
    print(f"a step alone {1e3 * alone:.2f} ms, inside a batch of {MINDS} {1e3 * inside:.3f} ms (processor time)")
    assert alone < 5e-3
    assert inside < 1e-3
