"""The sweep: networks of several sizes overhear a machine, and are asked its conformance suite as they go."""

import dataclasses
import json
import pathlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from inhabit.lab.experiment import Watch, unwatched
from inhabit.lab.wire_fidelity import Looks, fidelity, of_network
from inhabit.learning.overhearing import (
    Course,
    Network,
    answers,
    exact,
    flops_of_step,
    interleave,
    listen,
    network,
    parameters,
)
from inhabit.maths.conformance import w_suite
from inhabit.worlds.wire import Machine, Traffic, draw_habits, driven_traffic, habitual_traffic, random_traffic

Cell = dict[str, Any]
KINDS = ("random", "habitual", "driven")
"""Traffic: a stranger talks at random; a client with habits talks; a stranger is first driven to every state in turn."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What is swept.

    Attributes:
        models: Family and width of each network.
        kinds: Of `KINDS`.
        stops: Stretches of traffic after which each network is examined, rising.
        seeds: Of network and traffic alike.
        length: Inputs of one session.
        words: Most words of the suite that are asked (drawn once, the same for all).
        course: How networks listen.
        looks: How closely the grown networks are measured.
    """

    models: tuple[tuple[str, int], ...] = (
        ("transformer", 16),
        ("recurrent", 16),
        ("recurrent", 32),
        ("transformer", 32),
        ("recurrent", 64),
        ("transformer", 64),
    )
    kinds: tuple[str, ...] = ("random", "habitual")
    stops: tuple[int, ...] = (1, 4, 16, 32, 64, 128, 256)
    seeds: tuple[int, ...] = (0, 1, 2)
    length: int = 24
    words: int = 1024
    course: Course = dataclasses.field(default_factory=Course)
    looks: Looks = dataclasses.field(default_factory=Looks)


QUICK = Plan(
    models=(("transformer", 16), ("recurrent", 16), ("recurrent", 32)),
    stops=(1, 2, 4, 8, 16, 32),
    seeds=(0, 1, 2),
    length=16,
    words=512,
    looks=Looks(words=128, pairs=24, sessions=128, talkers=8),
)
"""Some two minutes on two cores, much of it compiling."""
SMALL = Plan(
    models=(("recurrent", 16), ("recurrent", 32), ("recurrent", 64)),
    stops=(1, 2, 4, 8, 16, 32, 64, 128),
    words=512,
    looks=Looks(words=256, pairs=50, sessions=128, talkers=12),
)
"""The quick plan of a machine that is not shipped: three sizes by eight lots of data, some minutes on one core."""


@dataclasses.dataclass(frozen=True)
class Suite:
    """Words that are asked, with the truth.

    Attributes:
        words: Inputs; what lies beyond a word's length does not count.
        truth: What the machine answers.
        lengths: Of each word.
        full: How many words the whole suite has.
    """

    words: Int[np.ndarray, "words longest"]
    truth: Int[np.ndarray, "words longest"]
    lengths: Int[np.ndarray, " words"]
    full: int


def suite(machine: Machine, most: int, *, seed: int = 0) -> Suite:
    """Words of the machine's W-method suite; `most` of them drawn without replacement if it has more."""
    words, lengths = w_suite(machine.next, machine.out, machine.initial)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(words))[:most])
    words = np.maximum(words, 0)[chosen]
    return Suite(words, machine.run(words), lengths[chosen], len(lengths))


def heard(machine: Machine, kind: str, sessions: int, length: int, seed: int, *, fresh: bool = False) -> Traffic:
    """Traffic of a kind; `fresh` draws other sessions of the same talker.

    Raises:
        ValueError: There is no such kind.
    """
    own = seed + 10_000 * fresh
    if kind == "random":
        return random_traffic(machine, sessions, length, own)
    if kind == "habitual":
        return habitual_traffic(machine, sessions, length, own, habits=draw_habits(machine, seed))
    if kind != "driven":
        raise ValueError(f"no traffic {kind!r}; there is {', '.join(KINDS)}")
    goals = [state for state in range(machine.states) if machine.depth[state] < machine.states]
    each = -(-sessions // len(goals))
    parts = [driven_traffic(machine, goal, each, length, own + 101 * goal) for goal in goals]
    order = np.random.default_rng(own).permutation(each * len(goals))[:sessions]
    return Traffic(*(np.concatenate(column)[order] for column in zip(*parts)))


def memoryless(traffic: Traffic, words: Int[np.ndarray, "words length"]) -> Int[np.ndarray, "words length"]:
    """The trivial baseline: to each input the output it was most often answered with."""
    width = int(max(traffic.inputs.max(), words.max())) + 1
    table = np.zeros((width, int(traffic.outputs.max()) + 1))
    np.add.at(table, (traffic.inputs.ravel(), traffic.outputs.ravel()), 1)
    return table.argmax(axis=1)[words].astype(np.int32)


def sweep(
    machine: Machine, plans: Sequence[Plan], file: pathlib.Path, *, resume: bool = False, watch: Watch = unwatched
) -> list[Cell]:
    """Run every cell of the plans, and append each, as one line, when its run is through.

    Args:
        machine: Who is overheard.
        plans: What is swept, one after another.
        file: Where cells are kept.
        resume: Cells that the file holds already are not run again; it is begun anew otherwise.
        watch: Told how many of how many runs are through.

    Returns:
        All cells of the plans, those of the file among them.
    """
    if not resume:
        file.unlink(missing_ok=True)
    runs = [
        (plan, (s, kind, *model)) for plan in plans for s in plan.seeds for kind in plan.kinds for model in plan.models
    ]
    known = {_name(cell): cell for cell in saved(file) if cell["machine"] == machine.name}
    cells: list[Cell] = []
    for number, (plan, run) in enumerate(runs):
        watch(number, len(runs))
        wanted = [(*run, stop * plan.course.stretch * plan.length) for stop in plan.stops]
        if not all(name in known for name in wanted):
            new = list(_run(machine, plan, suite(machine, plan.words), *run))
            _append(file, new)
            known |= {_name(cell): cell for cell in new}
        cells += [known[name] for name in wanted]
    watch(len(runs), len(runs))
    return cells


def saved(file: pathlib.Path) -> list[Cell]:
    """The cells of a file; a line that was cut off by a crash is left out."""
    found = []
    for line in file.read_text("utf-8").splitlines() if file.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def _append(file: pathlib.Path, cells: list[Cell]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cut = file.exists() and file.stat().st_size and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8", newline="\n") as out:
        out.write("\n" * bool(cut) + "".join(json.dumps(cell, allow_nan=False) + "\n" for cell in cells))


def _name(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    return (cell["seed"], cell["traffic"], cell["family"], cell["width"], cell["pairs"])


def _run(machine: Machine, plan: Plan, asked: Suite, seed: int, kind: str, family: str, width: int) -> Iterator[Cell]:
    """One network overhears one talker; a cell at each stop."""
    symbols = len(machine.inputs)
    model = network(family, width, inputs=symbols, outputs=len(machine.outputs), seed=seed)
    step = flops_of_step(model, plan.length, plan.course, symbols)
    traffic = heard(machine, kind, plan.stops[-1] * plan.course.stretch, plan.length, seed)
    began = time.process_time()
    for sessions, grown in listen(model, interleave(*traffic, symbols), plan.stops, plan.course, symbols):
        spent = time.process_time() - began
        said = answers(grown, asked.words, asked.truth, symbols)
        table = memoryless(Traffic(traffic.inputs[:sessions], traffic.outputs[:sessions]), asked.words)
        cell: Cell = {
            "machine": machine.name,
            "seed": seed,
            "traffic": kind,
            "family": family,
            "width": width,
            "parameters": parameters(model),
            "pairs": sessions * plan.length,
            "flops": step * sessions / plan.course.batch,
            "cpu_seconds": round(spent, 3),
            "words": len(asked.words),
            "fidelity": float(exact(said, asked.truth, asked.lengths).mean()),
            "memoryless": float(exact(table, asked.truth, asked.lengths).mean()),
        }
        if sessions == plan.stops[-1] * plan.course.stretch:
            cell |= _last(machine, plan, grown, traffic, kind, seed)
            cell["said"] = [row[:length].tolist() for row, length in zip(said, asked.lengths)]
        yield cell
        began = time.process_time() - spent


def _last(
    machine: Machine, plan: Plan, grown: Network, traffic: Traffic, kind: str, seed: int
) -> dict[str, float | None]:
    """Every measure of fidelity; and fresh sessions of the same talker, of L and 3 L, the table beside."""
    symbols = len(machine.inputs)
    looks = dataclasses.replace(plan.looks, length=plan.length)
    found: dict[str, float | None] = dict(plainly(fidelity(machine, of_network(grown, machine), looks, seed)))
    for times, name in ((1, "in length"), (3, "three times the length")):
        fresh = heard(machine, kind, 256, times * plan.length, seed, fresh=True)
        said, table = answers(grown, *fresh, symbols), memoryless(traffic, fresh.inputs)
        for who, told in (("network", said), ("memoryless", table)):
            found[f"exact sessions, {name}: {who}"] = float(exact(told, fresh.outputs).mean())
            found[f"next output, {name}: {who}"] = float((told == fresh.outputs).mean())
    return found


def plainly(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures for JSON, which knows no `nan`."""
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in figures.items()}
