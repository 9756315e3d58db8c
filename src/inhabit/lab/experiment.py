"""What an experiment is: a question, the sets it is asked on, and the record that answers it."""

import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from inhabit.maths.intervals import Estimate
from inhabit.records.atomic import replaced


class MissingData(ValueError):
    """The set is not on this machine; the message says where it was looked for and how to get it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What one run of an experiment found.

    Attributes:
        question: What was asked.
        prediction: What was expected, written before the run.
        measured: Figures by name.
        baselines: The figures to hold beside them: trivial ones, published ones.
        flops: Floating-point operations of each side.
        seeds: The seeds used.
        seconds: Wall clock.
        versions: Of Python and the packages that count.
        predictions: The raw predictions, one JSON object each, enough for someone else to score them again.
    """

    question: str
    prediction: str
    measured: Mapping[str, Estimate]
    baselines: Mapping[str, Estimate]
    flops: Mapping[str, float]
    seeds: tuple[int, ...]
    seconds: float
    versions: Mapping[str, str] = dataclasses.field(default_factory=lambda: versions())
    predictions: Iterable[Mapping[str, Any]] = ()

    def to_json(self) -> dict[str, Any]:
        """Everything but the predictions, as plain JSON values."""
        return {
            "question": self.question,
            "prediction": self.prediction,
            "measured": {name: _estimate(one) for name, one in self.measured.items()},
            "baselines": {name: _estimate(one) for name, one in self.baselines.items()},
            "flops": dict(self.flops),
            "seeds": list(self.seeds),
            "versions": dict(self.versions),
            "seconds": self.seconds,
        }

    def write(self, folder: str | pathlib.Path) -> None:
        """Write `record.json` and `predictions.jsonl`, each atomically; the record last."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with replaced(folder / "predictions.jsonl") as new, new.open("w", encoding="utf-8", newline="\n") as file:
            for prediction in self.predictions:
                file.write(json.dumps(dict(prediction), ensure_ascii=False, allow_nan=False) + "\n")
        with replaced(folder / "record.json") as new:
            text = json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False, indent=2)
            new.write_text(text + "\n", encoding="utf-8")


class Run(Protocol):
    """How an experiment is run on one of its sets."""

    def __call__(self, on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
        """Run it.

        Args:
            on: The set.
            seed: Same seed, same figures.
            quick: On a small part of the data, to see that it runs.
            out: Folder for pictures; the record is written there by whoever calls.

        Raises:
            MissingData: The set is not on this machine.
        """


Watch = Callable[[int, int], None]
"""Told, again and again, how much of how much is done."""


def unwatched(done: int, whole: int) -> None:
    """Nobody watches."""


class Sweep(Protocol):
    """How an experiment of many runs is run: it can be watched, and go on where it was cut off."""

    def __call__(self, on: str, *, seed: int, quick: bool, out: pathlib.Path, resume: bool, watch: Watch) -> Record:
        """Run it; what `out` holds already is done again unless `resume`."""


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A question that can be asked of the house.

    Attributes:
        name: What the command calls it.
        question: What it asks, in one line.
        sets: On what it can be run.
        run: Runs it.
        sweep: Runs it, if it is one of many runs; `run` is the same, from the beginning and unwatched.
    """

    name: str
    question: str
    sets: tuple[str, ...]
    run: Run
    sweep: Sweep | None = None

    def start(
        self, on: str, *, seed: int, quick: bool, out: pathlib.Path, resume: bool = False, watch: Watch = unwatched
    ) -> Record:
        """Run it; `resume` and `watch` concern only a sweep."""
        if self.sweep is None:
            return self.run(on, seed=seed, quick=quick, out=out)
        return self.sweep(on, seed=seed, quick=quick, out=out, resume=resume, watch=watch)

    def chosen(self, on: str | None) -> tuple[str, ...]:
        """The sets to run on: the one named, or all.

        Raises:
            KeyError: It has no such set.
        """
        if on is None:
            return self.sets
        if on not in self.sets:
            raise KeyError(f"{self.name} has no set {on!r}; it has {', '.join(self.sets)}")
        return (on,)


def data_folder(name: str) -> pathlib.Path:
    """The folder of a data set, below the one that `INHABIT_DATA` names.

    Raises:
        MissingData: It is not there.
    """
    told = os.environ.get("INHABIT_DATA")
    if not told:
        raise MissingData(f"no data: let INHABIT_DATA name the folder that holds {name}/")
    folder = pathlib.Path(told).expanduser() / name
    if not folder.is_dir():
        raise MissingData(f"{folder} is missing; the set is not part of this package, get it from its owners")
    return folder


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that figures can depend on."""
    packages = ("inhabit", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "tokenizers")
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _estimate(one: Estimate) -> dict[str, float | None]:
    plain = {"value": one.value, "low": one.low, "high": one.high}
    return {name: float(number) if np.isfinite(number) else None for name, number in plain.items()}
