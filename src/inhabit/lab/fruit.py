"""Fruit: from A to B as A is eaten. Are known values, and what moves them, recovered from choices and from talk?"""

import pathlib
import resource
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inhabit.lab.chosen import electricity, swissmetro
from inhabit.lab.experiment import Experiment, Record
from inhabit.lab.synthetic import MEAN, SPREAD, crowd_table, shift_tables
from inhabit.learning.choices import Individuals, Taste, individuals, mixed
from inhabit.learning.choices.fitting import some_people
from inhabit.maths.intervals import Estimate, bootstrap_mean

QUESTION = "Is what a person values, and how satiation moves it, recovered from choices, from talk, from both?"
PREDICTIONS = {
    "shift": "Choices and talk together recover each person's shift better than either alone.",
    "recovery": "90 % intervals cover 85 to 95 % over 200 populations, state-dependent tastes included.",
    "crowd": "100,000 people of 20 choices each get posteriors in under five minutes on two cores.",
    "million": "A million people of 20 choices each get posteriors in bounded memory (written after the first crowd).",
    "electricity": "A household's own posterior beats 62.6 % and -0.863 nats on its last two choices; "
    "correlated tastes, picked on earlier choices, reach 65 % and -0.82.",
    "swissmetro": "-5331.25, -5215.7, -5236.9, each within 0.5, and no search from 20 random starts fails silently.",
}
"""Written before the runs."""

Found = tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]


def fruit(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment on one of its sets.

    Raises:
        MissingData: The set is not where `INHABIT_DATA` points.
    """
    del out
    began = time.monotonic()
    measured, baselines, predictions = _SETS[on](seed, quick)
    return Record(
        question=QUESTION,
        prediction=PREDICTIONS[on],
        measured=measured,
        baselines=baselines,
        flops={},
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=predictions,
    )


def _shift(seed: int, quick: bool) -> Found:
    """Each person's worth of A and its loss with each A eaten, from choices, from talk, from both."""
    tables, truth = shift_tables(people=60 if quick else 400, seed=seed)
    measured, predictions = {}, []
    for source, table in tables.items():
        fit = mixed(table, [Taste(name) for name in table.names], draws=256, seed=seed)
        found = individuals(fit, table)
        for k, name in enumerate(table.names):
            error = np.abs(found.mean[:, k] - truth[:, k])
            measured[f"error of {name}: {source}"] = bootstrap_mean(error, np.arange(len(error)), seed=seed)
        measured[f"covered: {source}"] = _covered([(found, truth)])
        predictions += [
            {"source": source, "person": i, "truth": truth[i].tolist(), "mean": found.mean[i].tolist()}
            for i in range(len(truth))
        ]
    spread = np.abs(truth - truth.mean(axis=0))
    baselines = {
        f"error of {name}: everyone alike": bootstrap_mean(spread[:, k], np.arange(len(truth)), seed=seed)
        for k, name in enumerate(table.names)
    }
    return measured, baselines, predictions


def _recovery(seed: int, quick: bool) -> Found:
    """Coverage of 90 % intervals: of the population's numbers, and of each person's."""
    inside, people, lines = [], [], []
    stated = 0
    for number in range(6 if quick else 200):
        tables, truth = shift_tables(people=150, seed=seed + 1000 + number)
        table = tables["choices"]
        fit = mixed(table, [Taste(name) for name in table.names], draws=64, seed=number)
        true = np.array([*MEAN, *SPREAD])
        estimate = fit.optimum.parameters.copy()
        estimate[len(table.names) :] = np.abs(estimate[len(table.names) :])
        error = np.sqrt(np.diag(fit.optimum.covariance()))
        hit = np.abs(estimate - true) < 1.645 * error
        stated += fit.optimum.converged
        inside.append(hit)
        people.append((individuals(fit, table), truth))
        lines.append({"population": number, "estimate": estimate.tolist(), "error": error.tolist()})
    hits = np.array(inside, float)
    measured = {
        f"covered, population: {name}": bootstrap_mean(hits[:, k], np.arange(len(hits)), seed=seed)
        for k, name in enumerate(fit.optimum.names)
    }
    measured["covered, population: all"] = bootstrap_mean(hits.mean(axis=1), np.arange(len(hits)), seed=seed)
    measured["covered, each person"] = _covered(people)
    share = stated / len(hits)
    measured["converged"] = Estimate(share, share, share)
    return measured, {"nominal": Estimate(0.9, 0.9, 0.9)}, lines


def _crowd(seed: int, quick: bool) -> Found:
    """Seconds, memory and coverage of everyone's posterior, at two sizes."""
    return _crowds((1000, 2000) if quick else (25_000, 100_000), seed)


def _million(seed: int, quick: bool) -> Found:
    """The same for a million people."""
    return _crowds((4000,) if quick else (1_000_000,), seed)


def _crowds(sizes: tuple[int, ...], seed: int) -> Found:
    measured, lines = {}, []
    for people in sizes:
        fit, held, seconds, spent = None, [], 0.0, 0.0
        for number, part in enumerate(_parts(people)):
            table, truth = crowd_table(part, 20, seed=seed + number)
            wall, began = time.monotonic(), time.process_time()
            if fit is None:
                fit = mixed(some_people(table, 10_000, seed), [Taste(n) for n in table.names], draws=128, seed=seed)
            found = individuals(fit, table, seed=seed + number + 1)
            seconds, spent = seconds + time.monotonic() - wall, spent + time.process_time() - began
            held.append((found, truth.astype(np.float32)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for name, figure in (("seconds", seconds), ("CPU seconds", spent), ("peak MiB", peak)):
            measured[f"{name}: {people:,} people"] = Estimate(figure, figure, figure)
        measured[f"covered: {people:,} people"] = _covered(held)
        for k, attribute in enumerate(found.names):
            inside = np.concatenate([(f.low[:, k] <= t[:, k]) & (t[:, k] <= f.high[:, k]) for f, t in held])
            share = float(inside.mean())
            measured[f"covered, {attribute}: {people:,} people"] = Estimate(share, share, share)
        assert fit is not None
        lines.append({"people": people, "status": fit.optimum.status, "estimate": fit.optimum.parameters.tolist()})
    return measured, {"nominal": Estimate(0.9, 0.9, 0.9)}, lines


def _parts(people: int, most: int = 50_000) -> list[int]:
    """People taken so many at a time: their choices are let go once they are known."""
    return [min(most, people - first) for first in range(0, people, most)]


def _covered(pairs: list[tuple[Individuals, np.ndarray]]) -> Estimate:
    """Share of true weights inside the people's intervals, with the normal interval over people."""
    hits = np.concatenate([((f.low <= true) & (true <= f.high)).mean(axis=1) for f, true in pairs])
    value, margin = float(hits.mean()), float(1.96 * hits.std() / np.sqrt(len(hits)))
    return Estimate(value, value - margin, value + margin)


_SETS: Mapping[str, Callable[[int, bool], Found]] = {
    "shift": _shift,
    "recovery": _recovery,
    "crowd": _crowd,
    "million": _million,
    "electricity": electricity,
    "swissmetro": swissmetro,
}

FRUIT = Experiment(name="fruit", question=QUESTION, sets=tuple(_SETS), run=fruit)
