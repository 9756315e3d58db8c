"""Six tasks on which a memory has to earn its name, as lives of cues and values with a truth to be foretold."""

import dataclasses
from collections.abc import Callable

import numpy as np

KEYS, VALUES, NOISE = 16, 8, 0.1
LENGTH = 48
"""Events of a training life."""


@dataclasses.dataclass(frozen=True)
class Lives:
    """Lives of one length.

    Attributes:
        cues: Of lives x events x keys.
        values: As they were met.
        truth: As they should have been foretold, before the event itself was seen.
        asked: Which events are scored.
    """

    cues: np.ndarray
    values: np.ndarray
    truth: np.ndarray
    asked: np.ndarray


def lives(task: str, number: int, seed: int, length: int = LENGTH) -> Lives:
    """Draw lives of a task; same seed, same lives."""
    rng = np.random.default_rng([seed, sorted(TASKS).index(task)])
    drawn = [TASKS[task](rng, length) for _ in range(number)]
    sides = (np.stack(side) for side in zip(*drawn))
    cues, values, truth, asked = sides
    return Lives(cues.astype("f4"), values.astype("f4"), truth.astype("f4"), asked.astype("f4"))


def _unit(rng: np.random.Generator, number: int) -> np.ndarray:
    keys = rng.normal(size=(number, KEYS))
    return keys / np.linalg.norm(keys, axis=-1, keepdims=True)


def _met(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    return truth + NOISE * rng.normal(size=truth.shape)


def _last_wins(rng, length):
    """Eight associations, rewritten again and again; at the end each is asked for its last value."""
    keys, held = _unit(rng, 8), rng.normal(size=(8, VALUES))
    which = np.concatenate([np.arange(8), rng.integers(0, 8, length - 16), rng.permutation(8)])
    truth = np.zeros((length, VALUES))
    for at, index in enumerate(which):
        if 8 <= at < length - 8:
            held[index] = rng.normal(size=VALUES)
        truth[at] = held[index]
    return keys[which], _met(rng, truth), truth, np.arange(length) >= length - 8


def _regression(rng, length):
    """A linear map under noise, foretold from the first event on; Bayes' optimum is known."""
    cues = rng.normal(size=(length, KEYS)) / np.sqrt(KEYS)
    truth = cues @ rng.normal(size=(KEYS, VALUES))
    return cues, _met(rng, truth), truth, np.ones(length)


def _recall(rng, length):
    """Twelve associations met in the first events, then many other events, then asked for."""
    keys, held = _unit(rng, 12), rng.normal(size=(12, VALUES))
    which = np.concatenate([np.arange(12), rng.integers(0, 6, length - 18), np.arange(6, 12)])
    return keys[which], _met(rng, held[which]), held[which], np.arange(length) >= length - 6


def _reversal(rng, length):
    """Eight associations whose values turn into others half-way; all of the second half is asked."""
    keys, held = _unit(rng, 8), rng.normal(size=(2, 8, VALUES))
    which = rng.integers(0, 8, length)
    late = np.arange(length) >= length // 2
    truth = held[late.astype(int), which]
    return keys[which], _met(rng, truth), truth, late


def _a_b_a(rng, length):
    """Six associations, then six others for long, then the first again."""
    keys, held = _unit(rng, 12), rng.normal(size=(12, VALUES))
    third = (length - 6) // 3
    which = np.concatenate(
        [rng.permutation(np.arange(third) % 6), 6 + rng.integers(0, 6, length - 6 - third), rng.permutation(6)]
    )
    return keys[which], _met(rng, held[which]), held[which], np.arange(length) >= length - 6


def _poison(rng, length):
    """Eight associations; one event in eight is ten times too large, and one source repeats one lie three times."""
    keys, held = _unit(rng, 8), rng.normal(size=(8, VALUES))
    which = np.concatenate([np.arange(8), rng.integers(0, 8, length - 8)])
    truth = held[which]
    values = _met(rng, truth)
    late = np.arange(length) >= length // 3
    loud = late & (rng.random(length) < 1 / 8)
    values[loud] = 10 * rng.normal(size=(int(loud.sum()), VALUES))
    at = int(rng.integers(length // 2, length - 6))
    which[at : at + 3], lie = which[at], rng.normal(size=VALUES)
    truth[at : at + 3], values[at : at + 3] = held[which[at]], _met(rng, np.tile(lie, (3, 1)))
    told = loud.copy()
    told[at : at + 3] = True
    return keys[which], values, truth, late & ~told


TASKS: dict[str, Callable] = {
    "last value wins": _last_wins,
    "regression": _regression,
    "recall at length": _recall,
    "reversal": _reversal,
    "A-B-A": _a_b_a,
    "poison": _poison,
}


def bayes(regression: Lives) -> np.ndarray:
    """Squared error of Bayes' optimum on each life of the regression, which knows the prior and the noise."""
    errors = []
    for cues, values, truth in zip(regression.cues, regression.values, regression.truth):
        precision, told, found = np.eye(KEYS), np.zeros((KEYS, VALUES)), []
        for cue, value, true in zip(cues, values, truth):
            found.append(np.mean((cue @ np.linalg.solve(precision, told) - true) ** 2))
            precision = precision + np.outer(cue, cue) / NOISE**2
            told = told + np.outer(cue, value) / NOISE**2
        errors.append(np.mean(found))
    return np.array(errors)
