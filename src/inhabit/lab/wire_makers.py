"""What modelling the maker costs on the wire: heard or joined, by every learner, with symbols counted and fidelity measured.

    python -m inhabit.lab.wire_makers MACHINE.dot ... --out FOLDER [--seed 0] [--ways joined,kv]

writes `rows.jsonl`, one row a machine and way. `joined` has listened to habitual talkers first; `asked` has heard nothing.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from inhabit.learning.joining.classics import classic, rpni
from inhabit.learning.joining.line import Line
from inhabit.learning.joining.merging import merge_states
from inhabit.learning.joining.surprise import join
from inhabit.maths.conformance import characterising_set, padded, w_suite
from inhabit.maths.fidelity import (
    distinction_and_compression,
    exact_sessions,
    memoryless,
    steps_to_first_error,
    suite_fidelity,
)
from inhabit.records.atomic import replaced
from inhabit.worlds.wire import (
    SHIPPED,
    DotError,
    Machine,
    Traffic,
    difference,
    habitual_traffic,
    random_traffic,
    read_dot,
)

LENGTH = 40
"""Inputs of a heard session."""
TALKERS = 4
"""Habitual talkers that are heard, each in `SESSIONS` sessions."""
SESSIONS = 250
LARGEST_SUITE = 20_000
"""A suite with more words is thinned to as many, drawn at random."""


@dataclasses.dataclass(frozen=True)
class Maker:
    """A model of the machine, and what it took.

    Attributes:
        machine: The model.
        symbols: Symbols said to the machine.
        resets: Resets of it.
        heard: Pairs of input and output that were listened to.
    """

    machine: Machine
    symbols: int = 0
    resets: int = 0
    heard: int = 0


def habitual(machine: Machine, seed: int) -> Traffic:
    """What several habitual talkers say, one after another."""
    each = [habitual_traffic(machine, SESSIONS, LENGTH, TALKERS * seed + talker) for talker in range(TALKERS)]
    return Traffic(np.concatenate([one.inputs for one in each]), np.concatenate([one.outputs for one in each]))


def joined(machine: Machine, seed: int) -> Maker:
    """Listen to habitual talkers, then ask what would surprise."""
    line, heard = Line(machine), habitual(machine, seed)
    line.listen(*heard)
    found = join(line, seed=seed)
    return Maker(found.machine, found.symbols, found.resets, heard.inputs.size)


def asked(machine: Machine, seed: int) -> Maker:
    """Ask what would surprise, having heard nothing."""
    found = join(Line(machine), seed=seed)
    return Maker(found.machine, found.symbols, found.resets)


def _classic(way: str) -> Callable[[Machine, int], Maker]:
    def learn(machine: Machine, seed: int) -> Maker:
        line = Line(machine)
        return Maker(classic(line, way, seed), line.symbols, line.resets)

    return learn


def merged(machine: Machine, seed: int, sessions: int = 24_000) -> Maker:
    """Merge states over a stranger's random traffic."""
    traffic = random_traffic(machine, sessions, LENGTH, seed)
    return Maker(merge_states(traffic, machine.inputs, machine.outputs), heard=traffic.inputs.size)


def _rpni(machine: Machine, seed: int) -> Maker:
    traffic = random_traffic(machine, 500, LENGTH, seed)
    return Maker(rpni(traffic, Line(machine)), heard=traffic.inputs.size)


def table(machine: Machine, seed: int) -> Maker:
    """The table without memory, the trivial baseline."""
    traffic = random_traffic(machine, 1000, LENGTH, seed)
    said = memoryless(traffic.inputs, traffic.outputs, len(machine.inputs))[None]
    model = Machine(np.zeros_like(said), said, machine.inputs, machine.outputs, 0, "table")
    return Maker(model, heard=traffic.inputs.size)


WAYS: dict[str, Callable[[Machine, int], Maker]] = {
    "table": table,
    "rpni": _rpni,
    "merged": merged,
    "kv": _classic("kv"),
    "lsharp": _classic("lsharp"),
    "asked": asked,
    "joined": joined,
}
"""Ways of making a model of the maker."""


def fidelity(machine: Machine, model: Machine, seed: int) -> dict[str, float]:
    """Every measure of how far a model is from the machine."""
    width = len(machine.inputs)
    suite, lengths = w_suite(machine.next, machine.out, machine.initial)
    if len(suite) > LARGEST_SUITE:
        some = np.random.default_rng(seed).choice(len(suite), LARGEST_SUITE, replace=False)
        suite, lengths = suite[some], lengths[some]
    tails, ends = padded(set(characterising_set(machine.next, machine.out)))
    told, one = distinction_and_compression(
        lambda words: machine.trace(words)[1][:, -1], model.run, tails, ends,
        width=width, pairs=500, prefix=6, seed=seed, truth=machine.run,
    )  # fmt: skip
    adversary = steps_to_first_error(machine.run, model.run, width=width, sessions=50, length=80, looks=16, seed=seed)
    words = random_traffic(machine, 1000, LENGTH, seed + 1)
    measured = {
        f"suite_after_{times}L": suite_fidelity(
            machine.run, model.run, suite, lengths, width=width, prefix=times * LENGTH, seed=seed
        )
        for times in (0, 1, 3, 10)
    }
    return measured | {
        "distinction": told,
        "compression": one,
        "sessions_L": exact_sessions(machine.run, model.run, width=width, sessions=2000, length=LENGTH, seed=seed),
        "sessions_3L": exact_sessions(machine.run, model.run, width=width, sessions=2000, length=3 * LENGTH, seed=seed),
        "steps_to_error": float(np.median(adversary)),
        "next_output": float((model.run(words.inputs) == words.outputs).mean()),
    }


def row(machine: Machine, way: str, seed: int) -> dict[str, Any]:
    """One row of the table: a machine, a way, what it took and how faithful it is."""
    began = time.process_time()
    maker = WAYS[way](machine, seed)
    spent = time.process_time() - began
    return {
        "machine": machine.name, "way": way, "seed": seed,
        "states_of_machine": machine.states, "inputs": len(machine.inputs), "states": maker.machine.states,
        "symbols": maker.symbols, "resets": maker.resets, "heard": maker.heard, "cpu_seconds": round(spent, 3),
        "exact": difference(machine, maker.machine) is None,
        **{name: round(value, 6) if np.isfinite(value) else None for name, value in
           fidelity(machine, maker.machine, seed).items()},
    }  # fmt: skip


def main(words: list[str]) -> None:
    """Measure the machines named, by the ways named, and write the rows."""
    parser = argparse.ArgumentParser(prog="inhabit.lab.wire_makers", description="What modelling the maker costs.")
    parser.add_argument("machines", nargs="+", help="files, or names of shipped machines")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--sizes", default="1-100000", help="states, from-to; other machines are passed over")
    chosen = parser.parse_args(words)
    least, most = map(int, chosen.sizes.split("-"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in chosen.machines:
        try:
            machine = SHIPPED[name] if name in SHIPPED else read_dot(name)
        except DotError as error:
            print(error, file=sys.stderr)
            continue
        if not least <= machine.states <= most:
            continue
        for way in chosen.ways.split(","):
            rows.append(row(machine, way, chosen.seed))
            print(json.dumps(rows[-1]), flush=True)
    with replaced(chosen.out / "rows.jsonl") as new:
        new.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
