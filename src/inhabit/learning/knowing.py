"""Knowing someone: living through what was really lived, foretelling every act, and learning who the person is."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.learning.calibrating import trust
from inhabit.learning.codebook import Codebook, Lesson
from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.mind.person.lived import Deed, PersonState
from inhabit.mind.person.own import Belief, Own, own_size
from inhabit.mind.person.person import Person
from inhabit.types import Life, Percept

BATCH = 64
"""Lives lived at once: one compiled program serves every number of lives."""


class Told(NamedTuple):
    """What was foretold at every turn of a life, before the turn was shown.

    Attributes:
        acts: Log-probability of each act, whatever it is aimed at.
        done: Log-probability of what was done: the act and the good it was aimed at.
        ratings: Log-probability of each rating level.
        surprise: Normalised surprise of what was heard.
    """

    acts: Float[Array, "*batch time acts"]
    done: Float[Array, "*batch time"]
    ratings: Float[Array, "*batch time ratings"]
    surprise: Float[Array, "*batch time"]


@brief
def live_through(person: Person, lessons: Lesson, beliefs: Belief) -> tuple[Belief, Told]:
    """Live through a batch of lives, sharpening the belief about each one's maker with every act."""

    def one(lesson: Lesson, belief: Belief) -> tuple[Belief, Told]:
        first = eqx.tree_at(lambda s: s.belief, person.init(known=lesson.values), belief)

        def turn(state, lived):
            percept, deed, living = lived
            after, (intention, info) = person.watch(state, percept, deed)
            joint = intention.log_probability
            told = Told(
                jax.nn.logsumexp(joint, axis=1),
                joint[deed.act.act, deed.act.good],
                jax.nn.log_softmax(intention.rating),
                info.surprise,
            )
            return jax.tree.map(lambda new, old: jnp.where(living, new, old), after, state), told

        last, told = jax.lax.scan(turn, first, (lesson.percepts, lesson.deeds, lesson.living))
        return last.belief, told

    return jax.vmap(one)(lessons, beliefs)


def know(
    person: Person, codebook: Codebook, lives: Sequence[Sequence[Life]], beliefs: Belief
) -> tuple[Belief, list[list[Told]]]:
    """Live through several lives of each of several makers, one after another, carrying what is believed of them.

    Args:
        person: The shared part.
        codebook: How lives become arrays.
        lives: The lives of each maker, in the order in which they were lived.
        beliefs: What is believed of each maker before; stacked.

    Returns:
        What is believed of each maker after, and what was foretold in each life.
    """
    told: list[list[Told]] = [[] for _ in lives]
    for rows, nth in _batches(lives):
        lessons = codebook.lessons([lives[row][nth] for row in rows])
        filled, now = _filled((lessons, jax.tree.map(lambda leaf, rows=rows: leaf[np.array(rows)], beliefs)))
        after, found = live_through(person, filled, now)
        found = jax.tree.map(np.asarray, found)
        for place, row in enumerate(rows):
            told[row].append(jax.tree.map(lambda leaf, place=place: leaf[place], found))
        beliefs = jax.tree.map(lambda old, new, rows=rows: old.at[np.array(rows)].set(new[: len(rows)]), beliefs, after)
    return beliefs, told


@eqx.filter_jit
def _evidence(person: Person, lessons: Lesson, beliefs: Belief, turns: Int[Array, ""]) -> tuple[Array, Array]:
    """What each life of a batch tells of its maker: score and Fisher information at the mean of the belief.

    Args:
        person: The shared part.
        lessons: The batch.
        beliefs: Of each life's maker.
        turns: Length of the longest of these lives; what is beyond it is not lived through.
    """

    def begin(values: Array, belief: Belief) -> tuple[PersonState, Own]:
        first = eqx.tree_at(lambda s: s.belief, person.init(known=values), belief)
        return first, person.own(first)

    def live(state: PersonState, own: Own, percept: Percept, deed: Deed) -> tuple[PersonState, Array, Array]:
        state, _ = person.perceive(state, person.hear(percept), own)
        return person.commit(state, deed.act), *person.evidence(state, deed)

    def turn(at: Int[Array, ""], carry: tuple[PersonState, Array, Array]) -> tuple[PersonState, Array, Array]:
        states, told, sure = carry
        percepts, deeds, living = jax.tree.map(
            lambda leaf: leaf[:, at], (lessons.percepts, lessons.deeds, lessons.living)
        )
        states, score, fisher = jax.vmap(live)(states, own, percepts, deeds)
        return states, told + living[:, None] * score, sure + living[:, None, None] * fisher

    lives, size = beliefs.mean.shape
    first, own = jax.vmap(begin)(lessons.values, beliefs)
    nothing = jnp.zeros((lives, size)), jnp.zeros((lives, size, size))
    return jax.lax.fori_loop(0, turns, turn, (first, *nothing))[1:]


def settle(
    person: Person,
    lessons: Lesson,
    makers: int,
    *,
    rounds: int = 7,
    unlearned: Bool[np.ndarray, " lives"] | None = None,
) -> tuple[Person, Belief, float]:
    """Infer each maker's own part from all of its lives together, and the population from its makers.

    Each round is a step of Newton's method with the expected information (Fisher scoring) for every maker, by at most
    one standard deviation of the population in each number, all lives side by side (`_lognormal`: where). From the third
    round on, but for the last two, the population is moved to what the makers' posteriors imply (empirical Bayes, `_pooled`), and
    how far acts can be trusted to tell of their maker to what two parts of their lives say of each other (`trust`): those
    that the person was learned from and those that it was not, else every other one.

    Args:
        person: The shared part.
        lessons: Lives, stacked, those of one maker in the order in which they were lived; every maker coded.
        makers: Their number; one without a life stays a stranger.
        rounds: Steps.
        unlearned: Which lives the shared part was not learned from; none if left out.

    Returns:
        The person with the new population, what is believed of each maker, stacked, in its units, and the
        floating-point operations that it took.

    Source:
        Fisher scoring: Osborne (1992), Int. Stat. Rev. 60; the population: Train (2009), chapter 12.
    """
    of, length = np.asarray(lessons.maker), np.asarray(lessons.living).sum(1)
    half = _parted(of, np.zeros(len(of), bool) if unlearned is None else unlearned)
    alike = np.split(np.argsort(length, kind="stable"), np.arange(BATCH, len(of), BATCH))
    size, work, a_turn, share = own_size(person.goods), 0.0, 0.0, 1.0
    mean, prior = np.zeros((makers, size)), np.tile(np.eye(size), (makers, 1, 1))
    person = eqx.tree_at(lambda p: p.pool.trust, person, jnp.asarray(1.0))
    shift, weight = np.zeros(size), np.ones((makers, size))
    for number in range(rounds):
        score, information = np.zeros((2, makers, size)), np.zeros((2, makers, size, size))
        at = mean + shift
        for lives in alike:
            rows, side, turns = of[lives], half[lives], int(length[lives].max())
            some = jax.tree.map(lambda leaf, lives=lives: leaf[lives], lessons)
            guess = Belief(jnp.asarray(at[rows], jnp.float32), jnp.asarray(prior[rows], jnp.float32))
            filled = _filled((some, guess))
            a_turn = a_turn or count(_evidence, person, *filled, jnp.asarray(1), trips=1).flops
            work += turns * a_turn
            told, sure = _evidence(person, *filled, jnp.asarray(turns))
            np.add.at(score, (side, rows), np.asarray(told[: len(rows)], float))
            np.add.at(information, (side, rows), np.asarray(sure[: len(rows)], float))
        score, information = score * weight, information * np.sqrt(weight[:, :, None] * weight[:, None, :])
        moving = 2 <= number < rounds - 2
        share = trust(mean, score, information) if moving else share
        precision = prior + share * information.sum(0)
        variance = np.diagonal(np.linalg.inv(precision), axis1=1, axis2=2)
        step = np.linalg.solve(precision, (share * score.sum(0) - mean)[..., None])[..., 0]
        mean = mean + np.clip(step, -1.0, 1.0)
        if moving:
            person, mean = _pooled(person, mean, variance)
        shift, weight = _lognormal(person, variance)
    person = eqx.tree_at(lambda p: p.pool.trust, person, jnp.asarray(share))
    return person, Belief(jnp.asarray(mean, jnp.float32), jnp.asarray(precision, jnp.float32)), work


def _lognormal(person: Person, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where acts are to be heard for a belief that is normal in the log of values, while acts weigh the values themselves.

    For a log-likelihood that is quadratic in a value `v = exp(m + s z)`, and a belief in `log v` of mean `m` and variance
    `q`, the expected score and information are those at `m + 3 q / 2` times `exp(-q)`. At `m` itself they are the mode's,
    which lies above the mean: what is worth little may be worth hardly anything, what is worth much not much more.

    Args:
        person: The shared part.
        variance: Of each number of each maker, in the population's units.

    Returns:
        What to add to the mean, in the population's units, and the factor; for each number of each maker.

    Source:
        Opper & Archambeau (2009), The variational Gaussian approximation revisited, Neural Computation 21.
    """
    spread = np.exp(np.asarray(person.pool.log_spread)) * (np.arange(variance.shape[1]) < person.goods)
    return 1.5 * spread * variance, np.exp(-(spread**2) * variance)


def _parted(of: Int[np.ndarray, " lives"], unlearned: Bool[np.ndarray, " lives"]) -> Int[np.ndarray, " lives"]:
    """Which of two parts each life is in, told whose it is; see `settle`."""
    lives, apart = np.bincount(of), np.bincount(of, unlearned)
    order, nth = np.argsort(of, kind="stable"), np.zeros(len(of), int)
    nth[order] = np.arange(len(of)) - np.repeat(np.cumsum(lives) - lives, lives)
    return np.where(((apart > 0) & (apart < lives))[of], unlearned, nth % 2)


def _pooled(person: Person, mean: np.ndarray, variance: np.ndarray) -> tuple[Person, np.ndarray]:
    """The population that the makers' posteriors imply, and their means in its units.

    A spread is moved to where its evidence is greatest by MacKay's fixed point, which counts only what the lives
    determine: the expectation-maximisation step all but stands still where they determine little.

    Source:
        MacKay (1992), Bayesian interpolation, Neural Computation 4, section 4.
    """
    centre, spread = np.asarray(person.pool.centre), np.exp(np.asarray(person.pool.log_spread))
    middle = mean.mean(0)
    determined = np.clip(1 - variance, 0.0, 1.0).sum(0)
    factor = np.clip(np.sqrt((((mean - middle) ** 2).sum(0) + 1) / (determined + 1)), 0.5, 2.0)
    new = (centre + spread * middle, np.log(spread * factor))
    pool = tuple(jnp.asarray(part, jnp.float32) for part in new)
    person = eqx.tree_at(lambda p: (p.pool.centre, p.pool.log_spread), person, pool)
    return person, (mean - middle) / factor


def _batches(lives: Sequence[Sequence[Life]]) -> Iterator[tuple[list[int], int]]:
    """First everyone's first life, `BATCH` makers at a time, then everyone's second, and so on."""
    for nth in range(max((len(each) for each in lives), default=0)):
        rows = [row for row, each in enumerate(lives) if len(each) > nth]
        for begin in range(0, len(rows), BATCH):
            yield rows[begin : begin + BATCH], nth


def _filled(tree: tuple[Lesson, Belief]) -> tuple[Lesson, Belief]:
    """Fill a batch up by repeating its last row."""
    short = BATCH - tree[0].maker.shape[0]
    return jax.tree.map(lambda leaf: jnp.concatenate([leaf, jnp.repeat(jnp.asarray(leaf[-1:]), short, 0)]), tree)
