"""Mind: does a mind grown in villages live well, does its speech pay, can it answer, and does each faculty earn its place?"""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np

from inhabit.lab.experiment import Experiment, Record
from inhabit.lab.lesions import FACULTIES, lesioned
from inhabit.lab.questions import ask, score
from inhabit.lab.truths import Lived
from inhabit.lab.village_twin import twin_score
from inhabit.learning import standards
from inhabit.learning.channel import channels
from inhabit.learning.growing import Growth, grow
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.mind.dweller.dweller import SIGHT, Dweller
from inhabit.senses.voxels import FlatSight

QUESTION = (
    "Grown in villages: does a mind live well, does its speech pay, can it answer, does each faculty earn its place?"
)
PREDICTIONS = {
    "growing": "At least 3 times a random life and 1.3 times a silent scripted forager, in villages never seen.",
    "speech": "An open channel beats a shut one and a shuffled one by more than two standard errors.",
    "questions": "At least 90 % of 500 questions about its own life right; the twin that heard the same talk far below.",
    "faculties": "Taking any faculty away costs more than two standard errors of return.",
    "flat": "Grown as long with flat senses of as many parameters, a mind fares worse by more than two standard errors.",
    "wide": "Grown as long with flat senses of as many operations (seven times the parameters), it still fares worse.",
}
FLAT: Mapping[str, int] = {"flat": 3, "wide": 18}
"""Hidden units of a flat sight with as many parameters (20,000) and as many multiply-adds (130,000) as the native one."""

KEPT = 50
"""Lessons after which a mind that is growing up is saved: broken off, it goes on from there."""

LESSONS, QUICK_LESSONS = 900, 20
LIVES, QUICK_LIVES = 256, 128


def flat(mind: Dweller, *, hidden: int, seed: int = 0) -> Dweller:
    """The mind with a flat sight of so many hidden units."""
    innate = mind.innate
    sight = FlatSight(
        innate.window, len(innate.materials), innate.looks, SIGHT, hidden=hidden, key=jax.random.key(seed)
    )
    return eqx.tree_at(lambda m: m.sight, mind, sight)


def grown(
    folder: pathlib.Path,
    *,
    seed: int,
    lessons: int,
    name: str = "grown",
    change: Callable[[Dweller], Dweller] = lambda mind: mind,
) -> Growth:
    """The mind that the experiment is about: from its file as far as it has grown before, then grown up."""
    path = folder / f"{name}-{seed}-{lessons}.mind"
    growth = Growth.open(path, change=change) if path.exists() else Growth.begin(seed=seed, change=change)
    folder.mkdir(parents=True, exist_ok=True)
    while growth.lessons < lessons:
        growth = grow(growth, lessons=min(KEPT, lessons - growth.lessons))
        growth.save(path)
    return growth


def mind(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment on one of its sets."""
    began = time.monotonic()
    lessons, lives = (QUICK_LESSONS, QUICK_LIVES) if quick else (LESSONS, LIVES)
    growth = grown(out.parent, seed=seed, lessons=lessons)
    run: Any = {
        "growing": _growing,
        "speech": _speech,
        "questions": _questions,
        "faculties": _faculties,
        **{name: partial(_flat, name, hidden) for name, hidden in FLAT.items()},
    }[on]
    found = run(growth, lives=lives, seed=seed, quick=quick, folder=out.parent)
    work = growth.flops() * growth.lessons
    return Record(
        question=QUESTION,
        prediction=PREDICTIONS[on],
        measured=found.measured,
        baselines=found.baselines,
        flops={"growing up": work, **found.flops},
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=found.rows,
    )


@dataclasses.dataclass(frozen=True)
class _Found:
    measured: Mapping[str, Estimate]
    baselines: Mapping[str, Estimate]
    rows: list[dict[str, Any]]
    flops: Mapping[str, float] = dataclasses.field(default_factory=dict)


def _key(seed: int) -> Any:
    return jax.random.fold_in(jax.random.key(standards.HELD_OUT), seed)


def _growing(growth: Growth, *, lives: int, seed: int, **_: Any) -> _Found:
    key = _key(seed)
    own = standards.spent(lesioned(growth.mind), growth.home, lives=lives, key=key)
    others = {name: standards.standard(name, growth.home, lives=lives, key=key) for name in standards.STANDARDS}
    total = {"grown": np.asarray(own.total), **{name: np.asarray(one.total) for name, one in others.items()}}
    rows = [{"village": i, **{name: float(t[i]) for name, t in total.items()}} for i in range(lives)]
    measured = {"return": _mean(total["grown"]), "steps lived": _mean(own.age)}
    for name in others:
        measured[f"times {name}"] = _ratio(total["grown"], total[name])
    return _Found(measured, {f"return, {name}": _mean(total[name]) for name in others}, rows)


def _speech(growth: Growth, *, lives: int, seed: int, **_: Any) -> _Found:
    total = {
        name: _total(growth, growth.mind, lives=lives, seed=seed, channel=channel)
        for name, channel in channels().items()
    }
    measured: dict[str, Estimate] = {f"return, {name}": _mean(one) for name, one in total.items()}
    for name in ("shut", "shuffled"):
        measured[f"open less {name}"] = _mean(total["open"] - total[name])
        measured[f"open less {name}, standard errors"] = _errors(total["open"] - total[name])
    rows = [{"village": i, **{name: float(one[i]) for name, one in total.items()}} for i in range(lives)]
    return _Found(measured, {}, rows)


def _questions(growth: Growth, *, lives: int, seed: int, quick: bool, **_: Any) -> _Found:
    number, few = (50, 4) if quick else (500, 25)
    mind_ = lesioned(growth.mind)
    lived = Lived.of(mind_, growth.home, lives=few, steps=192, seed=standards.HELD_OUT + seed)
    asked = ask(mind_, growth.home, lived, number=number, seed=seed)
    schooled = Lived.of(mind_, growth.home, lives=few, steps=192, seed=seed + 17)
    others = ask(mind_, growth.home, schooled, number=4 * number, seed=seed + 1)
    twin = twin_score(growth, schooled, others, lived, asked, seed=seed, quick=quick)
    groups = [one.life for one in asked]
    measured = {"right": bootstrap_mean([one.right for one in asked], groups)}
    for kind in score(asked):
        if kind != "all":
            rights = [one.right for one in asked if one.kind == kind]
            measured[f"right, {kind}"] = bootstrap_mean(rights, [one.life for one in asked if one.kind == kind])
    rows = [dataclasses.asdict(one) | {"twin": said} for one, said in zip(asked, twin.answers)]
    return _Found(measured, twin.baselines, rows, {"twin": twin.flops})


def _faculties(growth: Growth, *, lives: int, seed: int, **_: Any) -> _Found:
    """Each faculty taken from the grown mind."""
    whole = _total(growth, growth.mind, lives=lives, seed=seed)
    total = {name: _total(growth, growth.mind, name, lives=lives, seed=seed) for name in FACULTIES}
    total["speech"] = _total(growth, growth.mind, lives=lives, seed=seed, channel=channels()["shut"])
    measured = {"return, whole": _mean(whole)}
    for name, one in total.items():
        measured[f"cost without {name}"] = _mean(whole - one)
        measured[f"cost without {name}, standard errors"] = _errors(whole - one)
    rows = [
        {"village": i, "whole": float(whole[i]), **{n: float(t[i]) for n, t in total.items()}} for i in range(lives)
    ]
    return _Found(measured, {}, rows)


def _flat(name: str, hidden: int, growth: Growth, *, lives: int, seed: int, folder: pathlib.Path, **_: Any) -> _Found:
    """Flat senses grown as long as the native ones."""
    flattened = grown(folder, seed=seed, lessons=growth.lessons, name=name, change=partial(flat, hidden=hidden))
    native, other = (_total(growth, mind, lives=lives, seed=seed) for mind in (growth.mind, flattened.mind))
    measured = {
        "return, native": _mean(native),
        "return, flat": _mean(other),
        "native less flat": _mean(native - other),
        "native less flat, standard errors": _errors(native - other),
    }
    rows = [{"village": i, "native": float(a), "flat": float(b)} for i, (a, b) in enumerate(zip(native, other))]
    return _Found(measured, {}, rows)


def _total(growth: Growth, mind: Dweller, *gone: str, lives: int, seed: int, channel: Any = None) -> np.ndarray:
    """Returns of a mind, perhaps without some faculties, in the villages that all are judged in."""
    made = standards.spent(lesioned(mind, *gone), growth.home, lives=lives, channel=channel, key=_key(seed))
    return np.asarray(made.total)


def _mean(values: Any) -> Estimate:
    values = np.asarray(values, float)
    return bootstrap_mean(values, np.arange(len(values)))


def _errors(differences: np.ndarray) -> Estimate:
    """How many standard errors a mean difference is from nothing."""
    number = float(differences.mean() / (differences.std(ddof=1) / np.sqrt(len(differences))))
    return Estimate(number, number, number)


def _ratio(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Ratio of two means over the same villages, resampling villages."""
    from inhabit.maths.intervals import bootstrap

    return bootstrap(lambda rows: float(one[rows].mean() / other[rows].mean()), np.arange(len(one)))


MIND = Experiment(name="mind", question=QUESTION, sets=tuple(PREDICTIONS), run=mind)
