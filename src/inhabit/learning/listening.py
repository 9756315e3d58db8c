"""Listening: fit a person's shared and own parts to the lives of many makers."""

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from inhabit.learning.accounts import account, live, work_of_living
from inhabit.learning.codebook import Lesson
from inhabit.maths.compiling import brief, give_back
from inhabit.maths.flops import count
from inhabit.mind.person.own import Belief, own_size
from inhabit.mind.person.person import Person
from inhabit.types import Key

PASS, SMALLEST = 24, 4
"""Steps that a pass over a small log should have, and the fewest lives heard at once for their sake."""

BRIEFLY = 300_000
"""Turns heard in all passes together, below which compiling well takes longer than learning."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how carefully to listen.

    Attributes:
        epochs: Most passes over the lives; fewer when the validation lives say that it is enough.
        batch: Most lives heard at once; fewer of a small log, so that a pass has some `PASS` steps.
        rate: Peak learning rate.
        decay: Weight decay of the networks.
        ridge: The same of tables that can be read.
        brisk: How much faster the few numbers that can be read (makers, values, mood, pulls) learn than the networks.
        deafness: Share of the phrases that are not heard while learning, so that no single one is relied upon.
        patience: Epochs without a better validation score after which listening stops.
    """

    epochs: int = 30
    batch: int = 32
    rate: float = 3e-3
    decay: float = 1e-2
    ridge: float = 1e-2
    brisk: float = 12.0
    deafness: float = 0.2
    patience: int = 5

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1 or self.rate <= 0:
            raise ValueError(f"epochs, batch, patience and rate must be positive; got {self}")


class Makers(eqx.Module):
    """A mean-field Gaussian belief over every maker's own part, in the population's units, while listening.

    Attributes:
        mean: One row a maker.
        log_deviation: Log of each number's standard deviation.
    """

    mean: Float[Array, "makers own"]
    log_deviation: Float[Array, "makers own"]

    @classmethod
    def strangers(cls, makers: int, own: int) -> "Makers":
        """Begin with every maker a stranger."""
        return cls(jnp.zeros((makers, own)), jnp.full((makers, own), -1.2))

    def draw(self, maker: Int[Array, " lives"], *, key: Key) -> Float[Array, "lives own"]:
        """Draw the own part of each life's maker."""
        noise = jax.random.normal(key, (maker.shape[0], self.mean.shape[1]))
        return self.mean[maker] + jnp.exp(self.log_deviation[maker]) * noise

    @property
    def divergence(self) -> Float[Array, " makers"]:
        """KL divergence of each maker's belief from the population, in nats."""
        variance = jnp.exp(2 * self.log_deviation)
        return 0.5 * jnp.sum(variance + self.mean**2 - 1 - 2 * self.log_deviation, axis=1)


class Fitted(NamedTuple):
    """What listening found.

    Attributes:
        person: The shared part.
        makers: Belief about each maker, in the order of the codes given in the lessons.
        curve: Loss in nats per turn on the training lives, and on the validation lives, after each epoch.
        flops: Floating-point operations spent on learning and on validation, counted.
    """

    person: Person
    makers: Makers
    curve: tuple[tuple[float, float], ...]
    flops: float


def fit(
    person: Person,
    lessons: Lesson,
    held: Lesson,
    *,
    schedule: Schedule | None = None,
    watch: Callable[[int, float, float], None] = lambda epoch, train, valid: None,
    settle: Callable[[Person], tuple[Person, Belief, float]] | None = None,
    key: Key,
) -> Fitted:
    """Fit the shared part and every maker's own part by stochastic variational inference.

    What is judged and given back is the average of all numbers over about the last pass, which forgets less of what was
    learned early in it and more of what was learned by heart.

    Args:
        person: A fresh person; its numbers are where learning begins.
        lessons: Training lives, stacked, every maker coded from 0 on.
        held: Validation lives, of the same makers or (coded -1) of strangers; they choose the epoch, nothing else.
        schedule: How long to listen.
        watch: Told the epoch and both scores as learning goes on.
        settle: Infers every maker's own part, and the population, from a person half-way; without it they are only
            learned step by step, and what repeats in a talk is taken for a habit where it is a value.
        key: Random key.

    Source:
        Hoffman et al. (2013), Stochastic variational inference; Polyak & Juditsky (1992) for the average.
    """
    schedule = schedule or Schedule()
    number = int(np.max(lessons.maker)) + 1
    lives_of = jnp.asarray(np.bincount(np.asarray(lessons.maker), minlength=number).astype(np.float32))
    lessons, held = (jax.tree.map(jnp.asarray, part) for part in (lessons, held))
    epoch, optimiser = _epoch(schedule, lessons.maker.shape[0])
    learn = (brief if lessons.living.size * schedule.epochs < BRIEFLY else eqx.filter_jit)(epoch)
    carry = brief(_begun)(person, number, optimiser)
    model = carry[0]
    work = count(epoch, carry, lessons, lives_of, key).flops + work_of_living(person, held, _believed(model[1], held))

    best, best_score, waited, curve, settling = model, np.inf, 0, [], 0.0
    give_back()
    for index, draw in enumerate(jax.random.split(key, schedule.epochs)):
        carry, loss = learn(carry, lessons, lives_of, draw)
        if not index:
            give_back()  # what compiling a pass takes is the most that fitting ever holds
        score = _held_loss(carry[2], held)
        curve.append((float(loss), score))
        watch(index, *curve[-1])
        waited = 0 if score < best_score else waited + 1
        if score < best_score:
            best, best_score = carry[2], score
        if waited >= schedule.patience:
            break
        if settle is not None and index + 1 in _pauses(schedule):
            carry, spent = _settled(carry, settle)
            settling += spent
    return Fitted(best[0], best[1], tuple(curve), work * len(curve) + settling)


def _pauses(schedule: Schedule) -> set[int]:
    """After which epochs makers are settled anew: a quarter, a half and three quarters of the way, never after the last."""
    return {round(schedule.epochs * part / 4) for part in (1, 2, 3)} - {schedule.epochs}


def _settled(carry: tuple, settle: Callable[[Person], tuple[Person, Belief, float]]) -> tuple[tuple, float]:
    """Go on from what the whole lives say of every maker."""
    (person, makers), opened, (average, _), number = carry
    person, belief, work = settle(person)
    deviation = jnp.sqrt(1 / jnp.diagonal(belief.precision, axis1=1, axis2=2))
    makers = _strong(Makers(belief.mean, jnp.log(deviation)))
    average = eqx.tree_at(lambda p: p.pool, average, person.pool)
    return (_strong((person, makers)), opened, _strong((average, makers)), number), work


def _begun(person: Person, makers: int, optimiser: optax.GradientTransformation) -> tuple:
    """What learning carries from step to step: the model, the optimiser's state, the average, the steps taken."""
    model = _strong((person, Makers.strangers(makers, own_size(person.goods))))
    return model, _strong(optimiser.init(eqx.filter(model, eqx.is_inexact_array))), model, jnp.zeros(())


def _epoch(schedule: Schedule, lives: int) -> tuple[Callable, optax.GradientTransformation]:
    """One pass over the lives, and its optimiser."""
    batch = min(schedule.batch, max(SMALLEST, lives // PASS), lives)
    steps = lives // batch
    total = steps * schedule.epochs
    rate = optax.warmup_cosine_decay_schedule(0.0, schedule.rate, min(steps, total // 2), total, schedule.rate / 20)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(),
        optax.masked(optax.add_decayed_weights(schedule.decay), functools.partial(_matrices, brisk=False)),
        optax.masked(optax.add_decayed_weights(schedule.ridge), functools.partial(_matrices, brisk=True)),
        optax.masked(optax.scale(schedule.brisk), _brisk),
        optax.scale_by_learning_rate(rate),
    )

    def epoch(carry, lessons, lives_of, key):
        shuffle, draws = jax.random.split(key)
        order = jax.random.permutation(shuffle, lives)[: steps * batch].reshape(steps, batch)
        arrays, static = eqx.partition(carry, eqx.is_array)

        def step(arrays, drawn):
            rows, key = drawn
            model, opened, mean, number = eqx.combine(arrays, static)
            taught = jax.tree.map(lambda leaf: leaf[rows], lessons)
            loss, gradient = eqx.filter_value_and_grad(_loss)(model, taught, lives_of, schedule.deafness, key)
            update, opened = optimiser.update(gradient, opened, eqx.filter(model, eqx.is_inexact_array))
            model = eqx.apply_updates(model, update)
            mean = _nearer(mean, model, jnp.maximum(1 / (number + 1), 1 / steps))
            return eqx.filter((model, opened, mean, number + 1), eqx.is_array), loss

        arrays, losses = jax.lax.scan(step, arrays, (order, jax.random.split(draws, steps)))
        return eqx.combine(arrays, static), losses.mean()

    return epoch, optimiser


def _loss(
    model: tuple[Person, Makers], lessons: Lesson, lives_of: Float[Array, " makers"], deafness: float, key: Key
) -> Float[Array, ""]:
    """Negative evidence lower bound in nats per turn, on a batch of lives."""
    person, makers = model
    for_own, for_words = jax.random.split(key)
    standard = makers.draw(lessons.maker, key=for_own)
    told = jax.vmap(account, in_axes=(None, 0, 0))(person, _deafened(lessons, deafness, for_words), standard)
    divergence = makers.divergence[lessons.maker] / lives_of[lessons.maker]
    return (divergence.sum() - told.total.sum()) / lessons.living.sum()


def _held_loss(model: tuple[Person, Makers], held: Lesson) -> float:
    """Nats per turn on lives not learned from, each lived as its maker is believed to be; a stranger as the mean."""
    told = live(model[0], held, _believed(model[1], held))
    return float(-(told.total - told.heard).sum() / held.living.sum())


def _believed(makers: Makers, held: Lesson) -> Float[Array, "lives own"]:
    """The mean of what is believed of each life's maker."""
    return jnp.where((held.maker >= 0)[:, None], makers.mean[held.maker], 0.0)


def _deafened(lessons: Lesson, share: float, key: Key) -> Lesson:
    """The same lives with a share of the phrases unheard."""
    for_words, for_about, for_spoken = jax.random.split(key, 3)
    percepts = lessons.percepts
    spoken = jnp.where(jax.random.uniform(for_spoken, percepts.spoken.shape) < share, 0, percepts.spoken)
    words = jnp.where(jax.random.uniform(for_words, percepts.words.shape) < share, 0, percepts.words)
    about = jnp.where(jax.random.uniform(for_about, percepts.about.shape) < share, 0, percepts.about)
    return eqx.tree_at(
        lambda s: (s.percepts.words, s.percepts.about, s.percepts.spoken), lessons, (words, about, spoken)
    )


def _brisk(model: tuple) -> tuple:
    """Which numbers learn faster: what is a person's own and what values, mood and policy say in plain numbers."""

    def plain(part):
        person, makers = part
        policy = person.policy
        named = (
            policy.pull,
            policy.crave,
            policy.like,
            policy.deal,
            policy.trade,
            policy.part,
            policy.spend,
            policy.stand,
            policy.sight,
            policy.answer,
            policy.follow,
            policy.felt,
            policy.style,
            policy.content,
            person.feeling.leaks,
            person.feeling.gains,
            person.feeling.hears,
            person.feeling.does,
            person.shared,
        )
        return (*named, person.pool.centre, person.pool.log_spread, *jax.tree.leaves(makers))

    slow = jax.tree.map(lambda leaf: False, model)
    return eqx.tree_at(plain, slow, replace_fn=lambda _: True)


def _nearer(mean, model, share: Float[Array, ""]):
    """The average moved towards the model by a share."""
    return jax.tree.map(lambda old, new: old + share * (new - old) if eqx.is_inexact_array(old) else old, mean, model)


def _strong(tree):
    """The same arrays with their types fixed, so that one compiled program serves the first pass and all others."""
    return jax.tree.map(lambda leaf: jnp.array(leaf, leaf.dtype) if eqx.is_array(leaf) else leaf, tree)


def _matrices(model: tuple, *, brisk: bool) -> tuple:
    """The shared matrices that decay, plain or not: what is a maker's own is held by the population."""
    decays = lambda leaf, plain: eqx.is_inexact_array(leaf) and leaf.ndim >= 2 and plain is brisk
    return jax.tree.map(decays, model[0], _brisk(model)[0]), jax.tree.map(lambda leaf: False, model[1])
