"""Memory: written while it is lived with, does a memory that waits with surprises beat one that swallows them?"""

import itertools
import json
import os
import pathlib
import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from inhabit.lab import memory_recall, memory_speed
from inhabit.lab.experiment import Experiment, Record, Watch, unwatched
from inhabit.lab.memory_models import AbstractForeteller, makers
from inhabit.lab.memory_peer import peer
from inhabit.lab.memory_tasks import LENGTH, TASKS, Lives, bayes, lives
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap_mean

QUESTION = "Does a memory that is written by precision, and lets surprises wait, beat one that writes everything?"
PREDICTION = (
    "Ahead of a frozen network, attention, dynamic evaluation, the gated delta rule and titans-pytorch on at least four "
    "of six tasks; within 1.2 times Bayes' optimum on regression; closest under poison, where attention may be ahead."
)
SEEDS, PEER = 3, "titans-pytorch"
LESSONS, EACH = 100, 4
"""Lessons, and lives of each task in one."""


@eqx.filter_jit
def _errors(model: AbstractForeteller, cues: Array, values: Array, truth: Array, asked: Array) -> Array:
    said = jax.vmap(model.foretell)(cues, values)
    return jnp.sum(jnp.mean((said - truth) ** 2, -1) * asked, -1) / jnp.sum(asked, -1)


def train(model: AbstractForeteller, *, lessons: int, seed: int, rate: float = 0.03) -> AbstractForeteller:
    """Learn what is learned, by gradient through every write of lives that change and that are poisoned.

    Every task counts by the logarithm of its error, so that none drowns the others. The model kept is that of the
    best validation lives, which are neither of training nor of the test.

    Args:
        model: As it starts.
        lessons: Steps of gradient descent.
        seed: Of the lives.
        rate: Of learning, at its highest; it falls to nothing by a cosine.
    """
    schedule = optax.cosine_decay_schedule(rate, lessons)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))

    def loss(model: AbstractForeteller, sides: tuple[Array, ...]) -> Array:
        flat = [side.reshape(-1, *side.shape[2:]) for side in sides]
        errors = _errors(model, *flat).reshape(sides[0].shape[:2])
        return jnp.mean(jnp.log(jnp.mean(errors, axis=1) + 1e-4))

    @eqx.filter_jit
    def lesson(model, state, sides):
        value, gradient = eqx.filter_value_and_grad(loss)(model, sides)
        gradient = jax.tree.map(lambda leaf: jnp.where(jnp.isfinite(leaf), leaf, 0.0), gradient)
        moved, state = optimiser.update(gradient, state)
        return eqx.apply_updates(model, moved), state, value

    judge = eqx.filter_jit(loss)
    held = _sides(_mixture(16, 10_000 + seed))
    best, least = model, float(judge(model, held))
    for at in range(lessons):
        model, state, _ = lesson(model, state, _sides(_lesson(seed, at)))
        if at % 10 == 9 and (now := float(judge(model, held))) < least:
            best, least = model, now
    return best


def _lesson(seed: int, at: int) -> Lives:
    return _mixture(EACH, 1_000_000 * (seed + 2) + at)


def _mixture(each: int, seed: int) -> Lives:
    """Lives of every task: of tasks x lives x events."""
    drawn = [lives(task, each, seed) for task in TASKS]
    return Lives(*(np.stack([getattr(one, side) for one in drawn]) for side in ("cues", "values", "truth", "asked")))


def _sides(mixture: Lives) -> tuple[Array, ...]:
    return tuple(jnp.asarray(side) for side in (mixture.cues, mixture.values, mixture.truth, mixture.asked))


def memory(
    on: str, *, seed: int, quick: bool, out: pathlib.Path, resume: bool = False, watch: Watch = unwatched
) -> Record:
    """Run the experiment: `tasks`, `recall`, or `speed`; `INHABIT_PEER_TITANS` names the Python of the peer."""
    if on == "speed":
        return memory_speed.speed(seed=seed, quick=quick, out=out, resume=resume)
    if on == "recall":
        return memory_recall.recall(seed=seed, quick=quick)
    began, names = time.monotonic(), [*makers(), *([PEER] if os.environ.get(memory_speed.PEER) else [])]
    seeds = tuple(range(seed, seed + (1 if quick else SEEDS)))
    cells: dict[tuple[str, int], dict[str, Any]] = {}
    for one, name in itertools.product(seeds, names):
        watch(len(cells), len(seeds) * len(names))
        cells[name, one] = cell(name, one, quick=quick, out=out, resume=resume)
    watch(len(cells), len(cells))
    found = {
        (task, name): np.array([cells[name, one]["errors"][task] for one in seeds]) for name in names for task in TASKS
    }
    number = found["regression", "memory"].shape[1]
    best = [bayes(_test("regression", number, one)) for one in seeds]
    groups = np.array([f"{one}-{at}" for one in seeds for at in range(number)])
    scores = {pair: bootstrap_mean(each.ravel(), groups) for pair, each in found.items()}
    sizes = {name: cells[name, seeds[0]]["size"] for name in names}
    nearest = {task: min(set(names) - {"memory"}, key=lambda name: scores[task, name].value) for task in TASKS}
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={f"{task}: memory": scores[task, "memory"] for task in TASKS}
        | {
            f"{task}: {name} worse by, life by life": bootstrap_mean(
                (found[task, name] - found[task, "memory"]).ravel(), groups
            )
            for task, name in nearest.items()
        },
        baselines={f"{task}: {name}": one for (task, name), one in scores.items() if name != "memory"}
        | {"regression: Bayes' optimum": bootstrap_mean(np.concatenate(best), groups)}
        | {f"learned numbers: {name}": Estimate(size, size, size) for name, size in sizes.items()},
        flops={name: cells[name, seeds[0]]["flops"] for name in names},
        seeds=seeds,
        seconds=time.monotonic() - began,
        predictions=[
            {"task": task, "model": name, "seed": one, "life": at, "squared error": float(error)}
            for (task, name), each in found.items()
            for one, errors in zip(seeds, each)
            for at, error in enumerate(errors)
        ],
    )


def cell(name: str, seed: int, *, quick: bool, out: pathlib.Path, resume: bool = False) -> dict[str, Any]:
    """What one contender makes of one seed; kept in `out`, and computed again unless `resume`.

    Returns:
        `errors` (of each test life, by task), `flops` (of an event) and `size` (learned numbers).
    """
    kept = out / "cells" / f"{name}-{seed}{'-quick' if quick else ''}.json"
    if resume and kept.exists():
        return json.loads(kept.read_text("utf-8"))
    lessons, tests = 2 if quick else LESSONS, {task: _test(task, 4 if quick else 32, seed) for task in TASKS}
    if name == PEER:
        taught, held = [_lesson(seed, at) for at in range(lessons)], _mixture(16, 10_000 + seed)
        found = peer(os.environ[memory_speed.PEER], taught, held, tests, seed=seed)
    else:
        model = train(makers()[name](seed), lessons=lessons, seed=seed)
        errors = {
            task: np.asarray(
                _errors(model, *map(jnp.asarray, (test.cues, test.values, test.truth, test.asked)))
            ).tolist()
            for task, test in tests.items()
        }
        size = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))
        found = {"errors": errors, "flops": _work(model, tests["regression"]), "size": size}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), "utf-8")
    return found


def _test(task: str, number: int, seed: int) -> Lives:
    """Lives never trained on; recall is tested at ten times the length of training."""
    return lives(task, number, 900_000_000 + seed, 10 * LENGTH if task == "recall at length" else LENGTH)


def _work(model: AbstractForeteller, test: Lives) -> float:
    """Floating-point operations of an event, all heads and both matrices counted."""
    arrays, rest = eqx.partition(model, eqx.is_array)
    life = (jnp.asarray(test.cues[0]), jnp.asarray(test.values[0]))
    return float(count(lambda arrays, *life: eqx.combine(arrays, rest).counted(*life), arrays, *life).flops) / LENGTH


MEMORY = Experiment(name="memory", question=QUESTION, sets=("tasks", "recall", "speed"), run=memory, sweep=memory)
