"""Craftax: how well does a mind of this house's parts live in a world of others, after a million steps?"""

import dataclasses
import pathlib
import time
from typing import Any

import jax
import numpy as np

from inhabit.lab.craftax_pupils import RIVALS, SETS, STEPS, Course, course
from inhabit.lab.experiment import Experiment, MissingData, Record
from inhabit.maths.intervals import Estimate, bootstrap, bootstrap_mean

QUESTION = (
    "Craftax-Classic, a million steps: what does a mind of this house's parts come to, learning as in the village?"
)
PREDICTION = (
    "A life is worth at least 4.6 (22 achievements pay 1 each), at no more CPU seconds (without compiling) than a peer's "
    "flat PPO in the same run; and native sight is ahead of a flat one of as many parameters."
)
QUICK_STEPS, LEAST = 40_960, 4_096
"""Of school, for a quick look; and the fewest that every side can learn from."""

LIVES, QUICK_LIVES = 128, 8
LONGEST, QUICK_LONGEST = 2_000, 64
"""Steps after which a held-out life is cut off; Craftax itself cuts off after 10,000."""

ROUNDS, STRIDE = 6, 20_480
"""Of comparing costs: rounds, and steps that each side lives and learns from in each."""


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
