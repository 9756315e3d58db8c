"""Norms: into a new village, how many surprises until a newcomer behaves?"""

import pathlib
import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from inhabit.lab.encounters import SITUATIONS, Encounters, encounters
from inhabit.lab.experiment import Experiment, Record
from inhabit.lab.newcomers import Lived, contenders, cue, live, rows
from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap, bootstrap_mean
from inhabit.memory.memory import AbstractMemory

QUESTION = "A new village: how many surprises until the mind behaves?"
PREDICTION = (
    "The surprise memory behaves in nine of ten situations that villages judge differently within 8 surprises, the "
    "fine-tuned one needs more than 20, the frozen one never does; three in ten rumours false cost the memory at most 10 "
    "points, and cost attention over the history more."
)
SEEDS, LENGTH, CURIOSITY = 3, 60, 0.15
SURPRISE = 0.5
"""An encounter or a rumour is a surprise when displeasure was further than this from what was expected."""

CONDITIONS = {"clean": 0.0, "poisoned": 0.3}
"""Share of rumours that are false."""

TOLERANCES = np.linspace(-0.2, 0.8, 21)


OPTIMISER = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.03))


def train(mind: AbstractMemory, met: Encounters, held: Encounters, *, lessons: int, seed: int) -> AbstractMemory:
    """Bring a newcomer up in training villages: what was met is foretold, by gradient through every write.

    There it does the tempting thing half of the time, and half of the villages have false rumours. The weights kept are
    those of the best look at held-back training villages.
    """
    state, rng = OPTIMISER.init(eqx.filter(mind, eqx.is_inexact_array)), np.random.default_rng(seed)
    best, least = mind, np.inf
    for at in range(lessons):
        index = rng.choice(len(met.situation), min(16, len(met.situation)), replace=False)
        mind, state = _lesson(mind, state, rows(met, index), jax.random.key(1_000 * seed + at))
        if at % 10 == 9 or at == lessons - 1:
            now = float(_loss_of(mind, rows(held), jax.random.key(seed)))
            best, least = (mind, now) if now < least else (best, least)
    return best


def _loss(mind: AbstractMemory, part: tuple[Array, ...], key: Array) -> Array:
    keys = jax.random.split(key, len(part[0]))
    lived = jax.vmap(lambda row, key: live(mind, row, -jnp.inf, 0.5, key=key))(part, keys)
    return jnp.sum(lived.error[..., 0] ** 2) / jnp.sum(lived.did)


_loss_of = brief(_loss)


@brief
def _lesson(mind: AbstractMemory, state: Any, part: tuple[Array, ...], key: Array) -> tuple[AbstractMemory, Any]:
    gradient = eqx.filter_grad(_loss)(mind, part, key)
    gradient = jax.tree.map(lambda leaf: jnp.where(jnp.isfinite(leaf), leaf, 0.0), gradient)
    moved, state = OPTIMISER.update(gradient, state)
    return eqx.apply_updates(mind, moved), state


@brief
def lives(mind: AbstractMemory, sides: tuple[Array, ...], tolerance: float | Array, key: Array) -> Lived:
    """A life in each village."""
    keys = jax.random.split(key, len(sides[0]))
    return jax.lax.map(
        lambda one: live(mind, one[0], tolerance, CURIOSITY, key=one[1]), (sides, keys), batch_size=min(len(keys), 32)
    )


CONTESTED = np.isin(np.arange(SITUATIONS), [2, 6, 7, 10, 15])
"""The situations that some villages call wrong and others do not."""


def behaves(
    expected: Float[np.ndarray, "rows *time situations"],
    wrong: Bool[np.ndarray, "rows situations"],
    tolerance: float,
) -> Float[np.ndarray, " rows *time"]:
    """Share of contested situations in which the right thing would be done: left where it is wrong, done where it is not.

    Where a village has both kinds, each kind counts half, so that who never does anything scores a half.
    """
    wrong = wrong.reshape(len(wrong), *[1] * (expected.ndim - 2), -1)
    does = expected < tolerance
    bad, fine = wrong & CONTESTED, ~wrong & CONTESTED
    share = lambda right, which: (right & which).sum(-1) / np.maximum(which.sum(-1), 1)
    left, done = share(~does, bad), share(does, fine)
    both = fine.any(-1) & bad.any(-1)
    return np.where(both, (left + done) / 2, np.where(bad.any(-1), left, done))


def compliant(
    expected: Float[np.ndarray, "rows *time situations"],
    wrong: Bool[np.ndarray, "rows situations"],
    tolerance: float,
) -> Float[np.ndarray, " rows *time"]:
    """Share of the situations in which the tempting thing is wrong that it would be left in."""
    wrong = wrong.reshape(len(wrong), *[1] * (expected.ndim - 2), -1)
    return ((expected >= tolerance) & wrong).sum(-1) / np.maximum(wrong.sum(-1), 1)


def by_surprises(score: Float[np.ndarray, "villages time"], surprises: Int[np.ndarray, "villages time"], most: int):
    """Score when so many surprises had been met: rows of villages, columns from 0 to `most`; the last stays."""
    return np.stack(
        [score[np.arange(len(score)), np.minimum((surprises < n).sum(1), score.shape[1] - 1)] for n in range(most + 1)],
        1,
    )


def tolerance_of(mind: AbstractMemory, met: Encounters, seed: int) -> float:
    """The tolerance with which a mind behaves best over its life, in training villages."""
    scores = []
    for tolerance in TOLERANCES:
        lived = lives(mind, rows(met), jnp.asarray(tolerance), jax.random.key(seed))
        scores.append(behaves(np.asarray(lived.before), met.wrong, tolerance).mean())
    return float(TOLERANCES[int(np.argmax(scores))])


def norms(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment in villages never lived in before."""
    began = time.monotonic()
    seeds = tuple(range(seed, seed + (1 if quick else SEEDS)))
    length, some = (16, 8) if quick else (LENGTH, 48)
    found: dict[str, list[np.ndarray]] = {}
    groups: list[str] = []
    work: dict[str, float] = {}
    predictions = []
    for one in seeds:
        upbringing, held, new = _villages(some, length, one)
        groups += [f"{one}-{village}" for village in range(len(new.situation))]
        for name, mind in contenders(length, one).items():
            mind = train(mind, upbringing, held, lessons=4 if quick else 40, seed=one)
            tolerance = tolerance_of(mind, held, one)
            work[f"{name}, an encounter"] = _work(mind, new)
            for condition, share in CONDITIONS.items():
                lived = lives(
                    mind, rows(new.poisoned(share, 99 + one)), jnp.asarray(tolerance), jax.random.key(50 + one)
                )
                told = _told(lived, new, tolerance)
                for figure, each in told.items():
                    found.setdefault(f"{name}, {condition}: {figure}", []).append(each)
                predictions += _raw(lived, new, name, condition, one, tolerance)
    whole = {name: np.concatenate(each) for name, each in found.items()}
    figures = {name: _figure(each, groups) for name, each in whole.items()}
    own = lambda part: part.startswith("memory")
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={name: one for name, one in figures.items() if own(name)} | _costs(whole, groups),
        baselines={name: one for name, one in figures.items() if not own(name)},
        flops=work,
        seeds=seeds,
        seconds=time.monotonic() - began,
        predictions=predictions,
    )


def _villages(some: int, length: int, seed: int) -> tuple[Encounters, Encounters, Encounters]:
    """Training villages (half of them with false rumours), held-back training villages likewise, and new ones."""
    parts = [encounters(villages=some, length=length, seed=1_000 * (seed + 1) + part) for part in range(3)]
    half = np.arange(some)[:, None] % 2 == 0

    def mixed(met: Encounters) -> Encounters:
        claim = np.where(half, met.claim, met.poisoned(0.3, seed).claim)
        return Encounters(met.situation, met.partner, met.reaction, met.wrong, met.rumour, claim)

    return mixed(parts[0]), mixed(parts[1]), parts[2]


def _told(lived: Lived, new: Encounters, tolerance: float) -> dict[str, np.ndarray]:
    """Figures of each village."""
    expected = np.concatenate([np.asarray(lived.before), np.asarray(lived.after)[:, None]], 1)
    surprises = np.cumsum((np.abs(np.asarray(lived.error)) > SURPRISE).sum(-1), 1)
    surprises = np.concatenate([np.zeros((len(surprises), 1), int), surprises], 1)
    right, left = (rule(expected, new.wrong, tolerance) for rule in (behaves, compliant))
    curve = by_surprises(right, surprises, 20)
    obeys = by_surprises(left, surprises, 20)
    return {
        "behaves after 0 surprises": curve[:, 0],
        "behaves after 4 surprises": curve[:, 4],
        "behaves after 8 surprises": curve[:, 8],
        "behaves after 20 surprises": curve[:, 20],
        "behaves at the end": right[:, -1],
        "leaves what is wrong, after 8 surprises": obeys[:, 8],
        "leaves what is wrong, after 20 surprises": obeys[:, 20],
        "leaves what is wrong, at the end": left[:, -1],
        "surprises in all": surprises[:, -1].astype(float),
        "surprises until nine of ten": curve,
    }


def _figure(each: np.ndarray, groups: list[str]) -> Estimate:
    if each.ndim == 1:
        return bootstrap_mean(each, groups, resamples=400)
    first = lambda index: float(np.argmax(np.append(each[index].mean(0), 1.0) >= 0.9))
    return bootstrap(first, groups, resamples=400)


def _costs(whole: dict[str, np.ndarray], groups: list[str]) -> dict[str, Estimate]:
    """What false rumours cost each at the end of its life."""
    names = [name.split(",")[0] for name in whole if name.endswith("clean: behaves at the end")]
    cost = lambda name: whole[f"{name}, clean: behaves at the end"] - whole[f"{name}, poisoned: behaves at the end"]
    return {f"cost of poison: {name}": bootstrap_mean(cost(name), groups, resamples=400) for name in names}


def _raw(lived: Lived, new: Encounters, name: str, condition: str, seed: int, tolerance: float) -> list[dict]:
    return [
        {
            "model": name,
            "condition": condition,
            "seed": seed,
            "village": village,
            "tolerance": round(tolerance, 3),
            "wrong": np.flatnonzero(new.wrong[village]).tolist(),
            "expected at the end": np.asarray(lived.after)[village].round(3).tolist(),
            "surprises": int((np.abs(np.asarray(lived.error)[village]) > SURPRISE).sum()),
        }
        for village in range(len(new.situation))
    ]


def _work(mind: AbstractMemory, met: Encounters) -> float:
    """Floating-point operations of one encounter with its rumour: a reading and two writes."""
    state, one = mind.init(), cue(jnp.array(0), jnp.array(1))

    def meet(mind: AbstractMemory, state, value: Array):
        expected, _ = mind.read(state, one)
        state, _ = mind.step(state, (one, value + 0 * expected))
        return mind.step(state, (one, value))[0]

    return float(count(meet, mind, state, jnp.ones(1)).flops)


NORMS = Experiment(name="norms", question=QUESTION, sets=("village",), run=norms)
