"""Pupils of Craftax-Classic: survivors of this house, with the parts and schools that are compared, and a peer's flat PPO."""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.lab import craftax_peer
from inhabit.learning import lessons as school
from inhabit.learning import living
from inhabit.learning.schooling import Schooling
from inhabit.learning.surviving import Wilds, World
from inhabit.maths.flops import count
from inhabit.mind.survivor import Survivor
from inhabit.senses.voxels import AbstractSight, FlatSight, VoxelSight
from inhabit.types import Key

STEPS = 1_000_000
"""Of school."""

STRETCH = 50
"""Steps that are lived in one call of the compiled program."""

WIDTH, COLUMN, ROW = 192, 16, 48
"""Of what is seen: the whole code, a cell's, a row's."""

FLAT = 45
"""Hidden units of a flat sight with about as many parameters."""


PEERS = Schooling(
    lives=64,
    steps=32,
    births=16,
    epochs=4,
    minibatches=8,
    rate=2e-4,
    calmed=float("inf"),
    discount=0.99,
    lambda_=0.8,
    entropy=0.01,
    settled=10**9,
    value=0.25,
    expectation=0.0,
    longest=1.0,
    hasty=False,
)
"""With the hyper-parameters of Craftax_Baselines, as far as they carry over.

The same: rate at first, epochs, minibatches, discount, lambda, clip, entropy, weight of the value, longest gradient. Not the same:
64 worlds for 32 steps between lessons (theirs: 256 for 16), a rate that does not fall, values whose change is not
clipped, minibatches of whole lives, and a life that ends waits for the next lesson.
"""

BRISK = dataclasses.replace(PEERS, discount=0.95, lambda_=0.65, rate=4.5e-4, value=1.0, epochs=3)
"""A shorter horizon and a higher rate, as suits few steps (chosen on seed 100)."""

THRIFTY = dataclasses.replace(BRISK, epochs=2)
"""The same, going through each lesson twice instead of three times (looked at on seed 100)."""

SETS: Mapping[str, tuple[str, Schooling]] = {
    "native": ("native", PEERS),
    "flat": ("flat", PEERS),
    "brisk": ("native", BRISK),
    "thrifty": ("native", THRIFTY),
}
"""Sight and school of each of ours."""

RIVALS: Mapping[str, craftax_peer.Terms] = {"peer": craftax_peer.Terms(), "narrow": craftax_peer.Terms(width=64)}
"""A peer's flat PPO as it was published, and with hidden layers so narrow that it costs hardly more than the world."""


class Course(Protocol):
    """Somebody at school."""

    def go_on(self, steps: int) -> tuple[float, float]:
        """Live so many more steps and learn from them: lives that ended, and their rewards together."""

    def spent(self, *, lives: int, longest: int, key: Key) -> tuple[np.ndarray, np.ndarray]:
        """Rewards and lengths of new lives in new lands; nothing is learned."""

    def work(self) -> float:
        """Floating-point operations for each step lived and learned from."""


class Ours:
    """A survivor at school."""

    def __init__(self, mind: Survivor, world: World, told: Schooling, *, seed: int):
        self.home, self.told = Wilds(world, unit=1 / (1 - told.discount)), told
        self.learner = school.enrol(mind, self.home, told, seed=seed)

    def go_on(self, steps: int) -> tuple[float, float]:
        """Some lessons."""
        lessons = steps // self.told.transitions
        self.learner, info = school.train(self.learner, self.home, self.told, lessons=lessons)
        ended = np.asarray(info.ended, float)
        return float(ended.sum()), float((ended * np.asarray(info.total)).sum() / self.home.unit)

    def spent(self, *, lives: int, longest: int, key: Key) -> tuple[np.ndarray, np.ndarray]:
        """Whole lives."""
        return lived(self.learner.mind, self.home, lives=lives, longest=longest, key=key)

    def work(self) -> float:
        """Of one lesson, a step."""
        one = count(lambda learner: school.lesson(learner, self.home, self.told), self.learner, trips=8)
        return one.flops / self.told.transitions


class Theirs:
    """A peer at school, for a million steps in all."""

    def __init__(self, world: craftax_peer.World, acts: int, terms: craftax_peer.Terms, *, seed: int):
        self.world, self.terms, self.updates = world, terms, STEPS // terms.transitions
        self.pupil = craftax_peer.enrol(world, acts, terms, self.updates, seed=seed)

    def go_on(self, steps: int) -> tuple[float, float]:
        """Some updates."""
        found = []
        for _ in range(steps // self.terms.transitions):
            self.pupil, told = craftax_peer.update(self.pupil, self.world, self.terms, self.updates)
            found.append(told)
        paid, ended = np.asarray(found, float).sum(0)
        return float(ended), float(paid)

    def spent(self, *, lives: int, longest: int, key: Key) -> tuple[np.ndarray, np.ndarray]:
        """Whole lives."""
        return craftax_peer.spent(self.pupil.network, self.world, lives=lives, longest=longest, key=key)

    def work(self) -> float:
        """Of one update, a step."""
        one = count(lambda pupil: craftax_peer.update(pupil, self.world, self.terms, self.updates), self.pupil, trips=8)
        return one.flops / self.terms.transitions


def course(name: str, *, seed: int) -> Course:
    """Somebody before school in Craftax-Classic, by name."""
    from inhabit.worlds.adapters.craftax import ACTS, CraftaxClassic

    if name in RIVALS:
        return Theirs(CraftaxClassic(), ACTS, RIVALS[name], seed=seed)
    sense, told = SETS[name]
    mind = newborn(sense, key=jax.random.split(jax.random.key(seed), 3)[0])
    return Ours(mind, CraftaxClassic(), told, seed=seed)


def newborn(sense: str, *, key: Key) -> Survivor:
    """A survivor for Craftax-Classic with native or flat sight."""
    from inhabit.worlds.adapters import craftax

    sight_key, mind_key = jax.random.split(key)
    shape, materials, creatures = (*craftax.SHAPE, 1), craftax.MATERIALS, craftax.CREATURES
    sights: Mapping[str, AbstractSight] = {
        "native": VoxelSight(shape, materials, creatures, WIDTH, column=COLUMN, row=ROW, key=sight_key),
        "flat": FlatSight(shape, materials, creatures, WIDTH, hidden=FLAT, key=sight_key),
    }
    return Survivor.create(sights[sense], WIDTH, body=craftax.BODY, deeds=craftax.ACTS, key=mind_key)


def lived(mind: Survivor, home: Wilds, *, lives: int, longest: int, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Rewards and lengths of new lives in new lands, cut off after about `longest` steps; nothing is learned."""
    birth_key, key = jax.random.split(key)
    now = living.born(mind, home, lives, key=birth_key)
    for number in range(longest // STRETCH):
        if bool(jnp.all(now.over)):
            break
        now = _lived_on(mind, home, now, key=jax.random.fold_in(key, number))
    return np.asarray(now.total) / home.unit, np.asarray(now.age)


@eqx.filter_jit
def _lived_on(mind: Survivor, home: Wilds, now: living.Lives, *, key: Key) -> living.Lives:
    return living.strong(living.live(mind, home, now, steps=STRETCH, key=key)[0])
