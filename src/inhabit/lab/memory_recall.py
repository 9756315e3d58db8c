"""One pass over many associations, then poison, then a real change of a few: what is left of them each time.

Errors are mean squared errors of an entry, of values with variance 1; the noise alone leaves .0025. In this unit a delta
rule of rate .5 gets what was published of it (.386 after one pass, 12.7 after poison).
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from inhabit.lab.experiment import Record
from inhabit.maths.intervals import bootstrap_mean
from inhabit.memory.delta import DeltaMemory
from inhabit.memory.memory import AbstractMemory
from inhabit.memory.surprise import SurpriseMemory

QUESTION = (
    "What is left of 32 associations after one pass, after 16 poison writes, and how soon are 8 true changes learned?"
)
PREDICTION = "Recall within .02, poison adds at most .001, and at most 8 exposures relearn what changed."
WIDTH, NUMBER, CHANGED, POISON, NOISE = 64, 32, 8, 16, 0.05
LEARNED, PATIENCE = 0.02, 20


def recall(*, seed: int, quick: bool) -> Record:
    """Measure the surprise memory and a delta rule on the same lives."""
    began = time.monotonic()
    seeds = tuple(range(seed, seed + (2 if quick else 20)))
    parts: dict[str, AbstractMemory] = {
        "memory": SurpriseMemory(WIDTH, WIDTH, noise=NOISE**2, drift=1e-4),
        "delta rule": DeltaMemory(WIDTH, WIDTH, rate=0.5, momentum=1e-6, keep=1 - 1e-6),
    }
    found: dict[str, dict[str, list[float]]] = {name: {} for name in parts}
    for name, part in parts.items():
        for one in seeds:
            for what, number in _life(part, one).items():
                found[name].setdefault(what, []).append(number)
    groups = np.array([str(one) for one in seeds])
    scores = {
        name: {what: bootstrap_mean(np.array(each), groups) for what, each in of.items()} for name, of in found.items()
    }
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=scores["memory"],
        baselines={f"{what}: delta rule": score for what, score in scores["delta rule"].items()},
        flops={},
        seeds=seeds,
        seconds=time.monotonic() - began,
        predictions=[
            {"model": name, "seed": seeds[at], "measure": what, "value": number}
            for name, of in found.items()
            for what, each in of.items()
            for at, number in enumerate(each)
        ],
    )


def _life(part: AbstractMemory, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    keys = rng.normal(size=(NUMBER, WIDTH))
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    truth, new = rng.normal(size=(NUMBER, WIDTH)), rng.normal(size=(CHANGED, WIDTH))

    def noisy(values: np.ndarray) -> np.ndarray:
        return values + NOISE * rng.normal(size=values.shape)

    def error(state: object, values: np.ndarray) -> float:
        return float(np.mean((np.asarray(_read(part, state, _f32(keys[: len(values)]))) - values) ** 2))

    state = _lived(part, part.init(), _f32(keys), _f32(noisy(truth)))
    recalled = error(state, truth)
    struck = rng.integers(0, NUMBER, POISON)
    poisoned = _lived(part, state, _f32(keys[struck]), _f32(10 * rng.normal(size=(POISON, WIDTH))))
    exposures, changing = 0, state
    while exposures < PATIENCE and error(changing, new) > LEARNED:
        changing = _lived(part, changing, _f32(keys[:CHANGED]), _f32(noisy(new)))
        exposures += 1
    return {
        "recall": recalled,
        "added by poison": error(poisoned, truth) - recalled,
        "exposures to relearn": float(exposures),
    }


def _f32(part: np.ndarray) -> Array:
    return jnp.asarray(part, jnp.float32)


@eqx.filter_jit
def _lived(part: AbstractMemory, state: object, cues: Array, values: Array) -> object:
    return jax.lax.scan(lambda state, event: (part.step(state, event)[0], None), state, (cues, values))[0]


@eqx.filter_jit
def _read(part: AbstractMemory, state: object, cues: Array) -> Array:
    return jax.vmap(lambda cue: part.read(state, cue)[0])(cues)
