"""Craftax: how well does a mind of this house's parts live in a world of others, after a million steps?"""

import dataclasses
import pathlib
import time
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.lab.experiment import Experiment, MissingData, Record
from inhabit.learning import lessons as school
from inhabit.learning import living
from inhabit.learning.schooling import Schooling
from inhabit.learning.surviving import Wilds
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.mind.survivor import Survivor
from inhabit.senses.voxels import AbstractSight, FlatSight, VoxelSight
from inhabit.types import Key

QUESTION = (
    "Craftax-Classic, a million steps: what does a mind of this house's parts come to, learning as in the village?"
)
PREDICTION = (
    "A life is worth at least 4.6 (22 achievements pay 1 each), at no more than 172 CPU seconds without compiling; and "
    "native sight is ahead of a flat one of as many parameters."
)
STEPS, QUICK_STEPS = 1_000_000, 8_192
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
)
"""With the hyper-parameters of Craftax_Baselines, as far as they carry over.

The same: rate at first, epochs, minibatches, discount, lambda, clip, entropy, weight of the value, longest gradient. Not the same:
their 1,024 worlds of 64 steps would leave 15 lessons in a million steps, here there are 488; their rate falls to 0; a
life that ends waits for the next lesson.
"""

BRISK = dataclasses.replace(PEERS, discount=0.95, lambda_=0.65, rate=4.5e-4, value=1.0, epochs=3)
"""A shorter horizon and a higher rate, as suits few steps (chosen on seed 100)."""

SETS: Mapping[str, tuple[str, Schooling]] = {
    "native": ("native", PEERS),
    "flat": ("flat", PEERS),
    "brisk": ("native", BRISK),
}
"""Sight and school of each set."""


@dataclasses.dataclass(frozen=True)
class Schooled:
    """What school came to.

    Attributes:
        mind: As it left.
        rewards: Mean reward of the lives that ended in each tenth of it.
        spent: CPU seconds, without compiling and the first lesson.
        compiling: CPU seconds of compiling, the first lives and the first lesson.
        work: Floating-point operations of one lesson.
    """

    mind: Survivor
    rewards: tuple[float, ...]
    spent: float
    compiling: float
    work: float


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


def schooled(mind: Survivor, home: Wilds, told: Schooling, *, steps: int, seed: int) -> Schooled:
    """Send a newborn to school for so many steps, those waited for a rebirth counted too."""
    began, number = time.process_time(), steps // told.transitions
    learner = school.enrol(mind, home, told, seed=seed)
    work = count(lambda one: school.lesson(one, home, told), learner, trips=8).flops
    learner, first = school.train(learner, home, told, lessons=1)
    jax.block_until_ready(first.reward)
    compiled = time.process_time()
    learner, info = school.train(learner, home, told, lessons=number - 1)
    jax.block_until_ready(learner.lessons)
    spent = time.process_time() - compiled
    tenths = np.array_split(np.stack([info.ended, info.ended * info.total / home.unit]).astype(float), 10, axis=1)
    rewards = tuple(float(paid / max(ended, 1.0)) for ended, paid in (tenth.sum(1) for tenth in tenths))
    return Schooled(learner.mind, rewards, spent, compiled - began, work)


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
    """School a mind and let it live in lands that it has not seen."""
    try:
        from inhabit.worlds.adapters.craftax import CraftaxClassic
    except ImportError as missing:
        raise MissingData(str(missing)) from missing
    began, (sense, told) = time.monotonic(), SETS[on]
    steps, lives, longest = (QUICK_STEPS, QUICK_LIVES, QUICK_LONGEST) if quick else (STEPS, LIVES, LONGEST)
    home = Wilds(CraftaxClassic(), unit=1 / (1 - told.discount))
    born_key, new_key, own_key = jax.random.split(jax.random.key(seed), 3)
    child = newborn(sense, key=born_key)
    grown = schooled(child, home, told, steps=steps, seed=seed)
    rows: list[dict[str, Any]] = []
    for name, mind, key in (("grown", grown.mind, own_key), ("newborn", child, new_key)):
        made = lived(mind, home, lives=lives, longest=longest, key=key)
        rows += [{"mind": name, "reward": float(r), "steps": int(s)} for r, s in zip(*made)]
    of = lambda mind, what: _mean([row[what] for row in rows if row["mind"] == mind])
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={
            "reward of a life": of("grown", "reward"),
            "steps of a life": of("grown", "steps"),
            **{f"reward in tenth {i} of school": _mean([one]) for i, one in enumerate(grown.rewards, 1)},
            "CPU seconds": _mean([grown.spent]),
            "CPU seconds of compiling": _mean([grown.compiling]),
        },
        baselines={"reward of a life, newborn": of("newborn", "reward")},
        flops={"growing up": grown.work * (steps // told.transitions)},
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=rows,
    )


def _mean(values: list[float]) -> Estimate:
    return bootstrap_mean(np.asarray(values, float), np.arange(len(values)))


CRAFTAX = Experiment(name="craftax", question=QUESTION, sets=tuple(SETS), run=craftax)
