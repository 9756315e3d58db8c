"""Memory: written while it is lived with, does a memory that waits with surprises beat one that swallows them?"""

import pathlib
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from inhabit.lab import memory_speed
from inhabit.lab.experiment import Experiment, Record
from inhabit.lab.memory_tasks import KEYS, LENGTH, TASKS, VALUES, Lives, bayes, lives
from inhabit.maths.flops import count
from inhabit.maths.intervals import bootstrap_mean
from inhabit.memory.delta import DeltaMemory
from inhabit.memory.none import NoMemory
from inhabit.memory.surprise import SurpriseMemory
from inhabit.memory.twolayer import TwoLayerMemory

QUESTION = "Does a memory that is written by precision, and lets surprises wait, beat one that writes everything?"
PREDICTION = (
    "Ahead of a frozen network, attention, dynamic evaluation and the gated delta rule on at least four of six tasks; "
    "within 1.2 times Bayes' optimum on regression; behind where the last value wins, for a first change has to wait."
)
SEEDS = 3


class Attention(eqx.Module):
    """In-context attention: the past weighted by likeness of cue and by recency, and a place to attend to nothing."""

    sharpness: Float[Array, ""]
    recency: Float[Array, ""]
    nothing: Float[Array, ""]

    def __init__(self):
        self.sharpness, self.recency, self.nothing = jnp.array([8.0, 0.05, 2.0])


def foretell(model: Any, cues: Float[Array, "time keys"], values: Float[Array, "time values"]) -> Array:
    """What was expected of each event before it was met."""
    if isinstance(model, Attention):
        steps = jnp.arange(cues.shape[0])
        apart = steps[:, None] - steps
        score = model.sharpness * cues @ cues.T - model.recency * apart
        score = jnp.where(apart > 0, score, -jnp.inf)
        score = jnp.concatenate([score, jnp.full((cues.shape[0], 1), 1.0) * model.nothing], axis=1)
        return jax.nn.softmax(score)[:, :-1] @ values
    _, innovation = jax.lax.scan(
        lambda state, event: (lambda after: (after[0], after[1].innovation))(model.step(state, event)),
        model.init(),
        (cues, values),
    )
    return values - innovation


def makers() -> dict[str, Callable[[int], Any]]:
    """Every contender, by name, from a seed."""
    return {
        "memory": lambda seed: SurpriseMemory(KEYS, VALUES, noise=0.02, drift=1e-3, slots=8, conviction=2.0),
        "delta rule": lambda seed: DeltaMemory(KEYS, VALUES, rate=0.7),
        "dynamic evaluation": lambda seed: TwoLayerMemory(KEYS, VALUES, 32, key=jax.random.key(seed)),
        "attention": lambda seed: Attention(),
        "frozen": lambda seed: NoMemory(KEYS, VALUES),
    }


@eqx.filter_jit
def _errors(model: Any, cues: Any, values: Any, truth: Any, asked: Any) -> Array:
    said = jax.lax.map(lambda one: foretell(model, *one), (cues, values))
    return jnp.sum(jnp.mean((said - truth) ** 2, -1) * asked, -1) / jnp.sum(asked, -1)


def train(model: Any, *, steps: int, seed: int, each: int = 4, rate: float = 0.05) -> Any:
    """Learn what is learned, by gradient through every write of lives that change and that are poisoned.

    Every task counts by the logarithm of its error, so that none drowns the others. The weights kept are those of the
    best validation lives, which are neither of training nor of the test.
    """
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))
    held, state = _mixture(8, 10_000 + seed), optimiser.init(eqx.filter(model, eqx.is_array))

    def loss(model, sides):
        def task(part):
            said = jax.vmap(lambda cue, value: foretell(model, cue, value))(part[0], part[1])
            error = jnp.sum(jnp.mean((said - part[2]) ** 2, -1) * part[3]) / jnp.sum(part[3])
            return jnp.log(error + 1e-4)

        return jnp.mean(jax.lax.map(task, sides))

    @eqx.filter_jit
    def lesson(model, state, sides):
        _, gradient = eqx.filter_value_and_grad(loss)(model, sides)
        gradient = jax.tree.map(lambda leaf: jnp.where(jnp.isfinite(leaf), leaf, 0.0), gradient)
        moved, state = optimiser.update(gradient, state)
        return eqx.apply_updates(model, moved), state

    judge = eqx.filter_jit(loss)
    best, least = model, float(judge(model, held))
    for at in range(steps):
        model, state = lesson(model, state, _mixture(each, 1_000 * (seed + 1) + at))
        if at % 10 == 9 and (now := float(judge(model, held))) < least:
            best, least = model, now
    return best


def _mixture(each: int, seed: int) -> tuple[Array, ...]:
    drawn = [lives(task, each, seed) for task in TASKS]
    return tuple(jnp.stack([getattr(one, side) for one in drawn]) for side in ("cues", "values", "truth", "asked"))


def memory(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment: `tasks`, or `speed` beside the peer that `INHABIT_PEER_TITANS` names."""
    if on == "speed":
        return memory_speed.speed(seed=seed, quick=quick)
    began = time.monotonic()
    seeds = tuple(range(seed, seed + (1 if quick else SEEDS)))
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    work: dict[str, float] = {}
    for one in seeds:
        tests = {task: _test(task, 4 if quick else 32, one) for task in TASKS}
        for name, make in makers().items():
            model = make(one)
            if jax.tree.leaves(eqx.filter(model, eqx.is_array)):
                model = train(model, steps=2 if quick else 40, seed=one)
            work[name] = _work(model, tests["regression"])
            for task, test in tests.items():
                errors = _errors(model, test.cues, test.values, test.truth, test.asked)
                found.setdefault((task, name), []).append(np.asarray(errors))
        found.setdefault(("regression", "Bayes' optimum"), []).append(bayes(tests["regression"]))
    groups = np.concatenate([[f"{one}-{at}" for at in range(len(found["regression", "memory"][0]))] for one in seeds])
    scores = {pair: bootstrap_mean(np.concatenate(each), groups) for pair, each in found.items()}
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={f"{task}: memory": scores[task, "memory"] for task in TASKS},
        baselines={f"{task}: {name}": one for (task, name), one in scores.items() if name != "memory"},
        flops=work,
        seeds=seeds,
        seconds=time.monotonic() - began,
        predictions=[
            {"task": task, "model": name, "seed": one, "life": at, "squared error": float(error)}
            for (task, name), each in found.items()
            for one, errors in zip(seeds, each)
            for at, error in enumerate(errors)
        ],
    )


def _test(task: str, number: int, seed: int) -> Lives:
    """Lives never trained on; recall is tested at ten times the length of training."""
    return lives(task, number, 1_000_000 + seed, 10 * LENGTH if task == "recall at length" else LENGTH)


def _work(model: Any, test: Lives) -> float:
    """Floating-point operations of an event, all heads and both matrices counted."""
    arrays, rest = eqx.partition(model, eqx.is_array)
    life = (jnp.asarray(test.cues[0]), jnp.asarray(test.values[0]))
    return float(count(lambda arrays, *life: foretell(eqx.combine(arrays, rest), *life), arrays, *life).flops) / LENGTH


MEMORY = Experiment(name="memory", question=QUESTION, sets=("tasks", "speed"), run=memory)
