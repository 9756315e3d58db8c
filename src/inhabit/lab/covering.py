"""Covering: why do intervals of values miss in the market? Makers who act as the mind itself expects are read again."""

import dataclasses
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from inhabit.lab.experiment import Record
from inhabit.lab.market import Scale, against, days_of, recovered
from inhabit.learning.codebook import Lesson
from inhabit.learning.fitting import fit_people
from inhabit.learning.knowing import settle
from inhabit.learning.people import People
from inhabit.maths.compiling import brief
from inhabit.maths.intervals import Estimate
from inhabit.mind.person.person import Person
from inhabit.types import Act, Key

QUESTION = (
    "Intervals of values cover too little: is the mind wrong by its own lights, or are makers other than it thinks?"
)
PREDICTION = (
    "By its own lights it is right: who acts as it expects is covered at 90 %. What is missing is common to all acts."
)


def covering(*, scale: Scale, seed: int = 0) -> Record:
    """Fit minds to a market; then let minds drawn from their beliefs act in its stead, and read those."""
    began, days = time.monotonic(), days_of(scale, seed)
    people = fit_people(days.train, settings=scale.settings(seed))
    lessons = people.codebook.lessons(days.train, {maker: i for i, maker in enumerate(people.makers)})
    for_makers, for_acts = jax.random.split(jax.random.key(seed))
    drawn = _drawn(people, key=for_makers)
    person, beliefs, _ = settle(people.person, relived(people.person, lessons, drawn, key=for_acts), len(drawn))
    again = dataclasses.replace(people, person=person, beliefs=beliefs)
    true = np.asarray(jax.vmap(lambda z: people.person.pool.own(z).weights)(drawn))
    found = np.array([list(again.worth(maker).values()) for maker in again.makers])
    trust = float(people.person.pool.trust)
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={
            **recovered(people, days.lived, seed),
            **against("own kind", true, found, people.makers, seed),
            "trust between lives": Estimate(trust, trust, trust),
        },
        baselines={},
        flops={"mind": float(people.card["flops"])},
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=[
            {"task": "own kind", "maker": maker, "true": true[row].tolist(), "found": found[row].tolist()}
            for row, maker in enumerate(people.makers)
        ],
    )


def relived(person: Person, lessons: Lesson, standard: Float[Array, "makers own"], *, key: Key) -> Lesson:
    """The same lives, heard, seen and felt as they were, but acted as such makers would act in the person's own model.

    Whether an act is the last is drawn too; the life is heard on all the same, so that there is as much to read as there was.

    Args:
        person: The shared part.
        lessons: Lives, stacked, every maker coded.
        standard: Each maker's own part, in the population's units.
        key: Random key.
    """
    done = _acted(person, lessons, standard[np.asarray(lessons.maker)], jax.random.split(key, len(lessons.maker)))
    return eqx.tree_at(lambda s: (s.acts, s.ends), lessons, jax.tree.map(np.asarray, done))


@brief
def _acted(
    person: Person, lessons: Lesson, standard: Float[Array, "lives own"], keys: Array
) -> tuple[Act, Bool[Array, "lives time"]]:
    def one(lesson: Lesson, standard: Array, key: Array) -> tuple[Act, Bool[Array, " time"]]:
        first = eqx.tree_at(lambda s: s.belief.mean, person.init(known=lesson.values), standard)
        turns = jax.random.split(key, lesson.living.shape[0])

        def turn(state, given):
            percept, key = given
            for_act, for_end = jax.random.split(key)
            own = person.own(state)
            state, _ = person.perceive(state, person.hear(percept), own)
            wants = person.wants(state, own)
            act = person.draw(wants, key=for_act)
            ends = jax.random.bernoulli(for_end, jax.nn.sigmoid(person.policy.ending(wants, act)))
            return person.commit(state, act), (act, ends)

        return jax.lax.scan(turn, first, (lesson.percepts, turns))[1]

    return jax.vmap(one)(jax.tree.map(jnp.asarray, lessons), standard, keys)


def _drawn(people: People, *, key: Key) -> Float[Array, "makers own"]:
    """A draw from what is believed of each maker."""
    noise = jax.random.normal(key, people.beliefs.mean.shape)
    return jax.vmap(lambda belief, noise: belief.draw(noise))(people.beliefs, noise)
