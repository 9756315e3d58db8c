"""Lessons: a mind learns from what it has lived, by recurrent actor-critic; world, mind and learning are compiled together."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from inhabit.learning.home import AbstractHome, Turn
from inhabit.learning.living import Lives, born, live, reborn, strong
from inhabit.learning.schooling import Schooling
from inhabit.maths import returns
from inhabit.maths.compiling import brief
from inhabit.mind.dweller.actor import AbstractActor, Relived, Trace
from inhabit.types import Key


class Learner(eqx.Module):
    """A mind at school: everything that a lesson replaces, and nothing else.

    Attributes:
        mind: Who learns.
        momentum: State of the optimiser.
        lives: What it lives meanwhile.
        lessons: Lessons had; with the seed it gives every random key.
        seed: Of all that is random.
    """

    mind: Any
    momentum: PyTree
    lives: Lives
    lessons: Int[Array, ""]
    seed: Int[Array, ""]


class LessonInfo(eqx.Module):
    """What is only watched; with a leading axis, of many lessons.

    Attributes:
        reward: Mean worth of a step that was lived.
        ended: Lives that ended since the last lesson.
        total: Mean worth of those lives; 0 if none.
        age: Their mean length in steps.
        entropy: Of the policy, nats.
        divergence: Of the policy from what it was before the lesson, nats.
        error: Squared error of the value, in units of the reward.
        surprisal: Nats per modality.
    """

    reward: Float[Array, "*lessons"]
    ended: Int[Array, "*lessons"]
    total: Float[Array, "*lessons"]
    age: Float[Array, "*lessons"]
    entropy: Float[Array, "*lessons"]
    divergence: Float[Array, "*lessons"]
    error: Float[Array, "*lessons"]
    surprisal: Float[Array, "*lessons modalities"]


class Lesson(eqx.Module):
    """What was lived, to be learned from. Leading axes: lives, time.

    Attributes:
        core: What each mind started from.
        trace: What was seen and done.
        advantage: Of what was done: one number.
        target: Return of each good.
        counts: 1 where the life went on, 0 where it was over.
        shown: What others would have done instead, or `None`.
        heed: Weight of a nat of that.
        play: Weight of a nat of the policy's entropy.
    """

    core: PyTree
    trace: Trace
    advantage: Float[Array, "*lives time"]
    target: Float[Array, "*lives time goods"]
    counts: Float[Array, "*lives time"]
    shown: PyTree
    heed: Float[Array, "*lives"]
    play: Float[Array, "*lives"]


def enrol(mind: AbstractActor, home: AbstractHome, schooling: Schooling, *, seed: int) -> Learner:
    """A learner before its first lesson; its lives are born in the same program as those between lessons."""
    key = jax.random.fold_in(jax.random.key(seed), 2**31 - 1)
    parts = [
        _births(schooling)(mind, home, schooling.births, key=one)
        for one in jax.random.split(key, -(-schooling.lives // schooling.births))
    ]
    lives = jax.tree.map(lambda *leaves: jnp.concatenate(leaves)[: schooling.lives], *parts)
    return _enrolled(mind, lives, schooling, seed=jnp.asarray(seed))


def enrolled(mind: AbstractActor, lives: Lives, schooling: Schooling, *, seed: Int[Array, ""]) -> Learner:
    """A learner who lives these lives and has learned nothing yet."""
    momentum = schooling.optimiser().init(eqx.filter(mind, eqx.is_inexact_array))
    return strong(Learner(mind, momentum, lives, jnp.zeros((), int), seed))


_enrolled = brief(enrolled)


def _born(mind: AbstractActor, home: AbstractHome, number: int, *, key: Key) -> Lives:
    return strong(born(mind, home, number, key=key))


_BIRTHS = {True: brief(_born), False: eqx.filter_jit(_born)}


def _births(schooling: Schooling) -> Any:
    return _BIRTHS[schooling.hasty]


def remembered(
    mind: AbstractActor,
    before: Lives,
    record: tuple[Trace, Turn, Bool[Array, "lives time"]],
    schooling: Schooling,
    lessons: Int[Array, ""] | int = 0,
) -> Lesson:
    """Make a lesson of what was lived after so many lessons: advantages of each good, and by the mind's own values of all.

    The last step is not learned from: its value stands for all that comes after (to think once more just for that
    would double the part of the program that takes longest to compile).
    """
    trace, turn, lived = record
    discount = schooling.discount * ~turn.terminated[:, :-1]
    # Of a step's reward only the share 1 - discount is paid out, so that a value has the size of a reward.
    reward = (1 - schooling.discount) * turn.reward[:, :-1]
    per_good = jax.vmap(jax.vmap(returns.advantages, (1, None, 1, None), 1), (0, 0, 0, None))(
        reward, discount, trace.value, schooling.lambda_
    )
    per_good = jnp.pad(per_good, ((0, 0), (0, 1), (0, 0)))
    return Lesson(
        core=jax.vmap(mind.core)(before.mind),
        trace=trace,
        advantage=jnp.sum(per_good * trace.worth, -1),
        target=per_good + trace.value,
        counts=lived.astype(float).at[:, -1].set(0.0),
        shown=turn.shown,
        heed=jnp.full(lived.shape[0], schooling.heed(lessons)),
        play=jnp.full(lived.shape[0], schooling.play(lessons)),
    )


def loss(mind: AbstractActor, lesson: Lesson, schooling: Schooling) -> tuple[Float[Array, ""], tuple[Array, ...]]:
    """What a lesson lowers: policy, value, entropy and surprisal."""
    relived: Relived = jax.vmap(mind.relive)(lesson.core, lesson.trace, lesson.shown)
    counts = lesson.counts
    log_ratio = relived.log_probability - lesson.trace.log_probability
    gain = returns.clipped_surrogate(log_ratio, returns.standardised(lesson.advantage, counts), schooling.clip)
    error = jnp.sum((relived.value - lesson.target) ** 2 * lesson.trace.worth, -1)
    surprisal = jax.vmap(returns.weighted_mean, (2, None))(relived.surprisal, counts)
    entropy = returns.weighted_mean(relived.entropy, counts)
    error = returns.weighted_mean(error, counts)
    whole = (
        schooling.value * error
        - returns.weighted_mean(gain, counts)
        - lesson.play[0] * entropy
        + schooling.expectation * jnp.sum(surprisal)
        - returns.weighted_mean(relived.shown * lesson.heed[:, None], counts)
    )
    return whole, (entropy, returns.weighted_mean(returns.divergence(log_ratio), counts), error, surprisal)


def improve(learner: Learner, lesson: Lesson, schooling: Schooling, *, key: Key) -> tuple[Learner, tuple[Array, ...]]:
    """Learn from a lesson: some epochs of minibatches of whole lives."""
    learned, fixed = eqx.partition(learner.mind, eqx.is_inexact_array)
    calm = schooling.calm(learner.lessons)

    def better(carry: tuple[PyTree, PyTree], which: Int[Array, " part"]) -> tuple[Any, Any]:
        learned, momentum = carry
        part = jax.tree.map(lambda leaf: leaf[which], lesson)
        of = lambda learned: loss(eqx.combine(learned, fixed), part, schooling)
        gradient, watched = jax.grad(of, has_aux=True)(learned)
        with jax.numpy_dtype_promotion("standard"):
            change, momentum = schooling.optimiser().update(gradient, momentum)
        change = jax.tree.map(lambda leaf: calm * leaf, change)
        return (eqx.apply_updates(learned, change), momentum), watched

    orders = jax.vmap(lambda key: jax.random.permutation(key, schooling.lives))(
        jax.random.split(key, schooling.epochs)
    ).reshape(schooling.epochs * schooling.minibatches, -1)
    (learned, momentum), watched = jax.lax.scan(better, (learned, learner.momentum), orders)
    mind = eqx.combine(learned, fixed)
    learner = eqx.tree_at(lambda one: (one.mind, one.momentum), learner, (mind, momentum))
    return learner, jax.tree.map(lambda leaf: leaf[-1], watched)


def lesson(learner: Learner, home: AbstractHome, schooling: Schooling) -> tuple[Learner, LessonInfo]:
    """Replace who has died, live on, then learn from it."""
    newborn = born(learner.mind, home, schooling.births, key=_keys(learner)[0])
    return _learned(learner, newborn, home, schooling)


def _keys(learner: Learner) -> Key:
    """Of a lesson: for births, for living and for learning."""
    return jax.random.split(jax.random.fold_in(jax.random.key(learner.seed), learner.lessons), 3)


def _learned(learner: Learner, newborn: Lives, home: AbstractHome, schooling: Schooling) -> tuple[Learner, LessonInfo]:
    _, living, learning = _keys(learner)
    over, total, age = learner.lives.over, learner.lives.total, learner.lives.age
    before = reborn(learner.lives, newborn)
    lives, record = live(learner.mind, home, before, steps=schooling.steps, key=living)
    lived = remembered(learner.mind, before, record, schooling, learner.lessons)
    learner, (entropy, divergence, error, surprisal) = improve(learner, lived, schooling, key=learning)
    learner = eqx.tree_at(lambda one: (one.lives, one.lessons), learner, (lives, learner.lessons + 1))
    trace, turn, _ = record
    ended = over.astype(float)
    return learner, LessonInfo(
        reward=returns.weighted_mean(jnp.sum(turn.reward * trace.worth, -1), lived.counts),
        ended=jnp.sum(over),
        total=returns.weighted_mean(total, ended),
        age=returns.weighted_mean(age.astype(float), ended),
        entropy=entropy,
        divergence=divergence,
        error=error,
        surprisal=surprisal,
    )


def train(learner: Learner, home: AbstractHome, schooling: Schooling, *, lessons: int) -> tuple[Learner, LessonInfo]:
    """Have some lessons, one after another.

    World, mind and learning are one compiled program, called once a lesson; only births, which are short and many
    operations, are a program of their own, which can be compiled briefly.
    """
    infos = []
    for _ in range(lessons):
        newborn = _births(schooling)(learner.mind, home, schooling.births, key=_keys(learner)[0])
        learner, info = _lesson(learner, newborn, home, schooling)
        infos.append(info)
    return learner, jax.tree.map(lambda *leaves: jnp.stack(leaves), *infos)


@eqx.filter_jit
def _lesson(learner: Learner, newborn: Lives, home: AbstractHome, schooling: Schooling) -> tuple[Learner, LessonInfo]:
    return strong(_learned(learner, newborn, home, schooling))
