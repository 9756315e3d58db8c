"""Accounts: what a mind, living a life that was really lived, would have given for each thing that happened."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.learning.codebook import Lesson
from inhabit.maths import choice
from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.mind.mind import MindInfo
from inhabit.mind.person.own import Own
from inhabit.mind.person.person import Person, PersonState

BATCH = 32
"""Lives accounted for at once by `live`: one compiled program serves every number of lives."""


class Account(eqx.Module):
    """What was told of each turn, in nats; 0 where nothing was to be told.

    Attributes:
        act: `log p(act and its good | situation)`.
        stances: Log-probability of what was said of the goods, given the act.
        rating: Log-probability of the rating.
        ends: Log-probability of ending, or not ending, with this act.
        choice: Log-probability of the option taken.
        heard: Minus half the squared error of the expectation of what was heard (unit variance).
        acts: The policy's normalised log-probabilities.
        ratings: Normalised log-probabilities over the rating levels.
        options: Normalised log-probabilities over the options of a choice.
        info: What was watched on the way.
    """

    act: Float[Array, "*batch time"]
    stances: Float[Array, "*batch time"]
    rating: Float[Array, "*batch time"]
    ends: Float[Array, "*batch time"]
    choice: Float[Array, "*batch time"]
    heard: Float[Array, "*batch time"]
    acts: Float[Array, "*batch time acts aims"]
    ratings: Float[Array, "*batch time ratings"]
    options: Float[Array, "*batch time options"]
    info: MindInfo

    @property
    def total(self) -> Float[Array, "*batch time"]:
        """All that is learned from."""
        return self.act + self.stances + self.rating + self.ends + self.choice + self.heard


def account(person: Person, lesson: Lesson, standard: Float[Array, " own"]) -> Account:
    """Live one life as someone with this own part (in the population's units), telling what each turn was given."""
    first = eqx.tree_at(lambda s: s.belief.mean, person.init(known=lesson.values), standard)
    own = person.own(first)

    def live(state, lived):
        heard, act = lived
        missed = heard.gist - state.expected
        state, info = person.perceive(state, heard, own)
        return person.commit(state, act), (state, info, -0.5 * jnp.sum(missed**2))

    heard = jax.vmap(person.hear)(lesson.percepts)
    _, (states, info, expectation) = jax.lax.scan(live, first, (heard, lesson.acts))

    def tell(state, act, rating, ends, options, chosen, expectation, info):
        wants = person.wants(state, own)
        intention = person.policy.intend(wants)
        acts = intention.log_probability
        kinds = jax.nn.log_softmax(person.policy.stances(wants, act))
        ending = person.policy.ending(wants, act)
        ratings = jax.nn.log_softmax(intention.rating)
        weighed = _weighed(person, state, own, options)
        return Account(
            act=acts[act.act, act.good],
            stances=jnp.take_along_axis(kinds, act.stances[:, None], axis=1).sum(),
            rating=jnp.where(rating >= 0, ratings[rating], 0.0),
            ends=jax.nn.log_sigmoid(jnp.where(ends, ending, -ending)),
            choice=jnp.where(chosen >= 0, weighed[chosen], 0.0) if weighed.size else jnp.zeros(()),
            heard=expectation,
            acts=acts,
            ratings=ratings,
            options=weighed,
            info=info,
        )

    told = jax.vmap(tell)(
        states, lesson.acts, lesson.rating, lesson.ends, lesson.options, lesson.chosen, expectation, info
    )
    blank = jax.tree.map(jnp.zeros_like, told)
    living = lesson.living
    return jax.tree.map(
        lambda lived, no: jnp.where(living.reshape(living.shape + (1,) * (lived.ndim - 1)), lived, no), told, blank
    )


def live(person: Person, lessons: Lesson, standard: Float[Array, "lives own"]) -> Account:
    """Account for many lives, each lived as someone with a given own part; arrays of NumPy."""
    lives = standard.shape[0]
    parts = []
    for begin in range(0, lives, BATCH):
        rows = np.minimum(np.arange(begin, begin + BATCH), lives - 1)
        told = _live(person, *jax.tree.map(lambda leaf, rows=rows: jnp.asarray(leaf)[rows], (lessons, standard)))
        parts.append(jax.tree.map(lambda leaf, begin=begin: np.asarray(leaf)[: lives - begin], told))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def work_of_living(person: Person, lessons: Lesson, standard: Float[Array, "lives own"]) -> float:
    """Floating-point operations of `live`."""
    rows = np.minimum(np.arange(BATCH), standard.shape[0] - 1)
    some = jax.tree.map(lambda leaf: jnp.asarray(leaf)[rows], (lessons, standard))
    return count(_side_by_side, person, *some).flops * -(-standard.shape[0] // BATCH)


def _side_by_side(person: Person, lessons: Lesson, standard: Float[Array, "lives own"]) -> Account:
    return jax.vmap(account, in_axes=(None, 0, 0))(person, lessons, standard)


_live = brief(_side_by_side)


def _weighed(
    person: Person, state: PersonState, own: Own, options: Float[Array, "options goods"]
) -> Float[Array, " options"]:
    """Log-probability of each option of a choice, by the value store."""
    if not options.size:
        return jnp.zeros(options.shape[0])
    return choice.log_probabilities(person.store(own).gains(options, state.stock, state.mood), 1.0)
