"""What modelling the maker costs on the wire: heard or joined, by every learner, with symbols counted and fidelity measured.

    python -m inhabit.lab.wire_makers MACHINE.dot ... --out FOLDER [--seed 0] [--ways joined,kv] [--quick]

writes `rows.jsonl`, one row a machine and way. `joined` has listened to habitual talkers first; `asked` has heard nothing;
`merged` and `rpni` have only heard a stranger's random talk. `--quick` looks as closely as `lab wire --quick` does.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from inhabit.lab.sweep import SMALL, plainly
from inhabit.lab.wire_fidelity import Looks, fidelity, of_machine
from inhabit.learning.joining.classics import MissingLearner, classic, rpni
from inhabit.learning.joining.line import Line
from inhabit.learning.joining.merging import merge_states
from inhabit.learning.joining.saving import save_machine
from inhabit.learning.joining.surprise import join
from inhabit.maths.fidelity import memoryless
from inhabit.maths.shared_suite import SharedSuite, Tables
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
CLOSELY = Looks(length=LENGTH)
OVERHEARD = 24_000
"""Random sessions that `merged` hears: 960,000 pairs."""


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


def merged(machine: Machine, seed: int) -> Maker:
    """Merge states over a stranger's random traffic."""
    return _merged(machine, seed, OVERHEARD)


def merged_little(machine: Machine, seed: int) -> Maker:
    """The same over a twentieth of it."""
    return _merged(machine, seed, OVERHEARD // 20)


def _merged(machine: Machine, seed: int, sessions: int) -> Maker:
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
    "merged little": merged_little,
    "kv": _classic("kv"),
    "lsharp": _classic("lsharp"),
    "asked": asked,
    "joined": joined,
}
"""Ways of making a model of the maker."""
ACTIVE = frozenset({"kv", "lsharp", "asked", "joined"})
"""Those that speak on the line."""


def row(
    machine: Machine, way: str, seed: int, looks: Looks = CLOSELY, into: pathlib.Path | None = None
) -> dict[str, Any]:
    """One row of the table: a machine, a way, what it took and how faithful it is.

    `fidelity` is the share of the whole suite, `suite after n L` that of the words that `looks` asks. The model is kept as
    `<way>.mind` in the folder `into`, if one is given.

    Raises:
        MissingLearner: The way is a classic one, and AALpy is not installed.
    """
    began = time.process_time()
    maker = WAYS[way](machine, seed)
    spent = time.process_time() - began
    model = maker.machine
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        save_machine(into / f"{way.replace(' ', '-')}.mind", model)
    suite = SharedSuite.of(Tables(machine.next, machine.out, machine.initial))
    return {
        "machine": machine.name, "name": way, "way": "active" if way in ACTIVE else "passive", "seed": seed,
        "states_of_machine": machine.states, "inputs": len(machine.inputs), "states": model.states,
        "symbols": maker.symbols, "resets": maker.resets, "heard": maker.heard, "cpu_seconds": round(spent, 3),
        "exact": difference(machine, model) is None, "fidelity": suite.share(Tables(model.next, model.out, model.initial)),
        **plainly(fidelity(machine, of_machine(model), looks, seed)),
    }  # fmt: skip


def rows(
    machine: Machine, ways: Iterable[str], seed: int, looks: Looks = CLOSELY, into: pathlib.Path | None = None
) -> Iterator[dict[str, Any]]:
    """A row for each way; classic ones are passed over where AALpy is not installed."""
    for way in ways:
        try:
            yield row(machine, way, seed, looks, into)
        except MissingLearner as missing:
            print(missing, file=sys.stderr)


def main(words: list[str]) -> None:
    """Measure the machines named, by the ways named, and write the rows."""
    parser = argparse.ArgumentParser(prog="inhabit.lab.wire_makers", description="What modelling the maker costs.")
    parser.add_argument("machines", nargs="+", help="files, or names of shipped machines")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sizes", default="1-100000", help="states, from-to; other machines are passed over")
    chosen = parser.parse_args(words)
    least, most = map(int, chosen.sizes.split("-"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    looks = dataclasses.replace(SMALL.looks, length=SMALL.length) if chosen.quick else CLOSELY
    found = []
    for name in chosen.machines:
        try:
            machine = SHIPPED[name] if name in SHIPPED else read_dot(name)
        except DotError as error:
            print(error, file=sys.stderr)
            continue
        if not least <= machine.states <= most:
            continue
        for one in rows(machine, chosen.ways.split(","), chosen.seed, looks):
            found.append(one)
            print(json.dumps(one), flush=True)
    with replaced(chosen.out / "rows.jsonl") as new:
        new.write_text("".join(json.dumps(one) + "\n" for one in found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
