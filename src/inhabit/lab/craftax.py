"""Craftax: how well does a mind of this house's parts live in a world of others, after a million steps?"""

import dataclasses
import pathlib
import time
from collections.abc import Mapping
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.lab import craftax_peer
from inhabit.lab.experiment import Experiment, MissingData, Record
from inhabit.learning import lessons as school
from inhabit.learning import living
from inhabit.learning.schooling import Schooling
from inhabit.learning.surviving import Wilds, World
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap, bootstrap_mean
from inhabit.mind.survivor import Survivor
from inhabit.senses.voxels import AbstractSight, FlatSight, VoxelSight
from inhabit.types import Key

QUESTION = (
    "Craftax-Classic, a million steps: what does a mind of this house's parts come to, learning as in the village?"
)
PREDICTION = (
    "A life is worth at least 4.6 (22 achievements pay 1 each), at no more CPU seconds (without compiling) than a peer's "
    "flat PPO in the same run; and native sight is ahead of a flat one of as many parameters."
)
STEPS, QUICK_STEPS, LEAST = 1_000_000, 40_960, 4_096
"""Of school; for a quick look; and the fewest that both sides can learn from."""

LIVES, QUICK_LIVES = 128, 8
LONGEST, QUICK_LONGEST = 2_000, 64
"""Steps after which a held-out life is cut off; Craftax itself cuts off after 10,000."""

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
their 1,024 worlds of 64 steps would leave 15 lessons in a million steps, here there are 488; their rate falls to 0; a
life that ends waits for the next lesson.
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

ROUNDS, STRIDE = 6, 20_480
"""Of comparing costs: rounds, and steps that each side lives and learns from in each."""


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


@dataclasses.dataclass(frozen=True)
class Tenth:
    """A part of school.

    Attributes:
        reward: Mean of the lives that ended in it; 0 if none did.
        spent: CPU seconds.
    """

    reward: float
    spent: float


def attended(pupil: Course, steps: int) -> Tenth:
    """Send somebody to school for so many steps, those waited for a rebirth counted too."""
    began = time.process_time()
    ended, paid = pupil.go_on(steps)
    return Tenth(paid / max(ended, 1.0), time.process_time() - began)


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


def craftax(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """School a mind, or a peer, and let it live in lands that it has not seen; or compare what school costs."""
    began = time.monotonic()
    try:
        found = _costs(seed=seed, quick=quick) if on == "cost" else _grown(on, seed=seed, quick=quick)
    except ImportError as missing:
        raise MissingData(str(missing)) from missing
    return Record(question=QUESTION, prediction=PREDICTION, seeds=(seed,), seconds=time.monotonic() - began, **found)


def _grown(on: str, *, seed: int, quick: bool) -> dict[str, Any]:
    steps, lives, longest = (QUICK_STEPS, QUICK_LIVES, QUICK_LONGEST) if quick else (STEPS, LIVES, LONGEST)
    _, new_key, own_key = jax.random.split(jax.random.key(seed), 3)
    compiling = time.process_time()
    pupil = course(on, seed=seed)
    rows = _rows("newborn", pupil.spent(lives=lives, longest=longest, key=new_key))
    first = attended(pupil, LEAST)
    compiling = time.process_time() - compiling
    tenths = [attended(pupil, steps // 10) for _ in range(10)]
    rows += _rows("grown", pupil.spent(lives=lives, longest=longest, key=own_key))
    of = lambda mind, what: _mean([row[what] for row in rows if row["mind"] == mind])
    cost = sum(one.spent for one in tenths)
    return {
        "measured": {
            "reward of a life": of("grown", "reward"),
            "steps of a life": of("grown", "steps"),
            **{f"reward in tenth {i} of school": _mean([one.reward]) for i, one in enumerate(tenths, 1)},
            "CPU seconds": _mean([cost]),
            "CPU seconds of compiling, the first lesson and newborn lives": _mean([compiling]),
        },
        "baselines": {"reward of a life, newborn": of("newborn", "reward")},
        "flops": {"growing up": pupil.work() * steps},
        "predictions": [{"tenth": 0, **dataclasses.asdict(first)}, *rows],
    }


def _costs(*, seed: int, quick: bool) -> dict[str, Any]:
    """CPU seconds of school for a million steps: all sides in turn, in one run."""
    pupils = {name: course(name, seed=seed) for name in (*SETS, *RIVALS)}
    rounds, stride = (2, LEAST) if quick else (ROUNDS, STRIDE)
    for pupil in pupils.values():
        attended(pupil, LEAST)
    rows = []
    for number in range(rounds):
        order = list(pupils) if number % 2 == 0 else list(pupils)[::-1]
        rows += [{"round": number, "side": name, "seconds": attended(pupils[name], stride).spent} for name in order]
    spent = {name: np.array([row["seconds"] for row in rows if row["side"] == name]) for name in pupils}
    million = {f"CPU seconds of a million steps, {n}": _mean(one / stride * 1e6) for n, one in spent.items()}
    ratios = {f"{mine}, times {peer}": _ratio(spent[mine], spent[peer]) for mine in SETS for peer in RIVALS}
    return {
        "measured": {**million, **ratios},
        "baselines": {},
        "flops": {name: pupil.work() * STEPS for name, pupil in pupils.items()},
        "predictions": rows,
    }


def _rows(mind: str, made: tuple[np.ndarray, np.ndarray]) -> list[dict[str, Any]]:
    return [{"mind": mind, "reward": float(reward), "steps": int(steps)} for reward, steps in zip(*made)]


def _mean(values: Any) -> Estimate:
    return bootstrap_mean(np.asarray(values, float), np.arange(len(values)))


def _ratio(one: np.ndarray, other: np.ndarray) -> Estimate:
    return bootstrap(lambda rows: float(one[rows].sum() / other[rows].sum()), np.arange(len(one)))


CRAFTAX = Experiment(name="craftax", question=QUESTION, sets=(*SETS, *RIVALS, "cost"), run=craftax)
