"""Living: a mind learns by acting in a world; world, mind and learning are one compiled program."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree

from inhabit.learning.home import AbstractHome, Turn
from inhabit.maths import returns
from inhabit.mind.dweller.actor import AbstractActor, Relived, Trace
from inhabit.types import Key


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schooling:
    """How much is lived before each lesson, and how much is learned from it.

    Attributes:
        lives: Lives that are lived side by side.
        steps: Steps of each between lessons.
        births: New lives drawn between lessons, to take the place of those that ended; shared if more did.
        epochs: How often each lesson is gone through.
        minibatches: Into how many parts the lives are dealt.
        rate: Of Adam.
        discount: Of the next step's reward.
        lambda_: Of the advantages.
        clip: Of PPO's ratio.
        entropy: Worth of a nat of the policy's entropy.
        value: Weight of the value's squared error.
        expectation: Weight of a nat of surprisal, all modalities together.
        longest: Norm at which a gradient is cut.
        watching: Weight of a nat of what others would have done in one's place, at the first lesson; 0 watches nobody.
        weaned: Lessons until that weight has fallen to 0, in a straight line.
    """

    lives: int = 128
    steps: int = 32
    births: int = 64
    epochs: int = 2
    minibatches: int = 4
    rate: float = 1e-3
    discount: float = 0.99
    lambda_: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 4.0
    expectation: float = 0.02
    longest: float = 0.5
    watching: float = 0.0
    weaned: int = 200

    def __post_init__(self):
        if self.lives % self.minibatches:
            raise ValueError(f"{self.lives} lives cannot be dealt evenly into {self.minibatches} minibatches")
        if not 1 <= self.births <= self.lives:
            raise ValueError(f"births must be 1 to {self.lives} (as many as there are lives), got {self.births}")
        if not 0 <= self.discount < 1:
            raise ValueError(f"discount must be at least 0 and below 1, got {self.discount}")

    @property
    def transitions(self) -> int:
        """Steps lived for one lesson."""
        return self.lives * self.steps

    def optimiser(self) -> optax.GradientTransformation:
        """Adam, with its gradients cut."""
        return optax.chain(optax.clip_by_global_norm(self.longest), optax.adam(self.rate, eps=1e-5))


class Lives(eqx.Module):
    """Lives that go on side by side; every leaf has a leading axis of lives.

    Attributes:
        place: Where each goes on.
        mind: The state of each mind.
        over: Which have ended and wait to be replaced.
        total: Worth of each so far: the sum of its rewards, each made one number by the mind's own values.
        age: Steps lived.
    """

    place: PyTree
    mind: PyTree
    over: Bool[Array, " lives"]
    total: Float[Array, " lives"]
    age: Int[Array, " lives"]


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
    """

    core: PyTree
    trace: Trace
    advantage: Float[Array, "*lives time"]
    target: Float[Array, "*lives time goods"]
    counts: Float[Array, "*lives time"]
    shown: PyTree
    heed: Float[Array, "*lives"]


def enrol(mind: AbstractActor, home: AbstractHome, schooling: Schooling, *, seed: int) -> Learner:
    """A learner before its first lesson."""
    lives = born(mind, home, schooling.lives, key=jax.random.fold_in(jax.random.key(seed), 2**31 - 1))
    momentum = schooling.optimiser().init(eqx.filter(mind, eqx.is_inexact_array))
    return strong(Learner(mind, momentum, lives, jnp.zeros((), int), jnp.asarray(seed)))


def born(mind: AbstractActor, home: AbstractHome, number: int, *, key: Key) -> Lives:
    """New lives."""
    place, state = jax.vmap(lambda key: home.begin(mind, key=key))(jax.random.split(key, number))
    nothing = jnp.zeros(number)
    return Lives(place, state, jnp.zeros(number, bool), nothing, nothing.astype(int))


def reborn(lives: Lives, fresh: Lives) -> Lives:
    """Replace the lives that are over, in their order, by new ones; too few new ones go round again."""
    which = (jnp.cumsum(lives.over) - 1) % fresh.over.shape[0]

    def replace(old: Array, new: Array) -> Array:
        return jnp.where(lives.over.reshape(-1, *[1] * (old.ndim - 1)), new[which], old)

    return jax.tree.map(replace, lives, fresh)


def live(
    mind: AbstractActor,
    home: AbstractHome,
    lives: Lives,
    *,
    steps: int,
    key: Key,
) -> tuple[Lives, tuple[Trace, Turn, Bool[Array, "lives time"]]]:
    """Let the lives go on; nothing is learned.

    Args:
        mind: Who lives.
        home: Where.
        lives: So far.
        steps: How many.
        key: Random key.

    Returns:
        The lives, and of each step its trace, what it came to, and whether it was lived at all.
    """

    def step(lives: Lives, key: Key) -> tuple[Lives, Any]:
        mind_key, home_key = jax.random.split(key)
        percept = jax.vmap(home.percept)(lives.place)
        keys = jax.random.split(mind_key, lives.over.shape[0])
        state, trace = jax.vmap(lambda s, p, k: mind.attempt(s, p, key=k))(lives.mind, percept, keys)
        keys = jax.random.split(home_key, lives.over.shape[0])
        place, turn = jax.vmap(lambda s, a, k: home.step(s, a, key=k))(lives.place, trace.act, keys)
        lived = ~lives.over
        worth = jnp.sum(turn.reward * trace.worth, -1) * lived
        over = lives.over | turn.terminated | turn.truncated
        return Lives(place, state, over, lives.total + worth, lives.age + lived), (trace, turn, lived)

    lives, record = jax.lax.scan(step, lives, jax.random.split(key, steps))
    return lives, jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), record)


def remembered(
    mind: AbstractActor, before: Lives, record: tuple[Trace, Turn, Bool[Array, "lives time"]], schooling: Schooling
) -> Lesson:
    """Make a lesson of what was lived: advantages of each good, and by the mind's own values of all together.

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
        heed=jnp.zeros(lived.shape[0]),
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
        - schooling.entropy * entropy
        + schooling.expectation * jnp.sum(surprisal)
        - returns.weighted_mean(relived.shown * lesson.heed[:, None], counts)
    )
    return whole, (entropy, returns.weighted_mean(returns.divergence(log_ratio), counts), error, surprisal)


def improve(learner: Learner, lesson: Lesson, schooling: Schooling, *, key: Key) -> tuple[Learner, tuple[Array, ...]]:
    """Learn from a lesson: some epochs of minibatches of whole lives."""
    learned, fixed = eqx.partition(learner.mind, eqx.is_inexact_array)

    def better(carry: tuple[PyTree, PyTree], which: Int[Array, " part"]) -> tuple[Any, Any]:
        learned, momentum = carry
        part = jax.tree.map(lambda leaf: leaf[which], lesson)
        of = lambda learned: loss(eqx.combine(learned, fixed), part, schooling)
        gradient, watched = jax.grad(of, has_aux=True)(learned)
        with jax.numpy_dtype_promotion("standard"):
            change, momentum = schooling.optimiser().update(gradient, momentum)
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
    key = jax.random.fold_in(jax.random.key(learner.seed), learner.lessons)
    birth, living, learning = jax.random.split(key, 3)
    over, total, age = learner.lives.over, learner.lives.total, learner.lives.age
    before = reborn(learner.lives, born(learner.mind, home, schooling.births, key=birth))
    lives, record = live(learner.mind, home, before, steps=schooling.steps, key=living)
    lived = remembered(learner.mind, before, record, schooling)
    heed = schooling.watching * jax.nn.relu(1 - learner.lessons / schooling.weaned)
    lived = eqx.tree_at(lambda one: one.heed, lived, lived.heed + heed)
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
    """Have some lessons, one after another; world, mind and learning are one compiled program, called once a lesson."""
    infos = []
    for _ in range(lessons):
        learner, info = _lesson(learner, home, schooling)
        infos.append(info)
    return learner, jax.tree.map(lambda *leaves: jnp.stack(leaves), *infos)


@eqx.filter_jit
def _lesson(learner: Learner, home: AbstractHome, schooling: Schooling) -> tuple[Learner, LessonInfo]:
    return strong(lesson(learner, home, schooling))


def strong(tree: PyTree) -> PyTree:
    """The same with every array's type made its own, so that what comes out of a program fits into it again.

    Weak types (of what came from Python's numbers) would make the second call compile everything anew.
    """
    strengthened = lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype) if _is_number(leaf) else leaf
    return jax.tree.map(strengthened, tree)


def _is_number(leaf: Any) -> bool:
    return eqx.is_array(leaf) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
