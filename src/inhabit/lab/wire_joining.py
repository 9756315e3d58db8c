"""Joining by surprise over many machines, beside KV with random Wp-words, on several seeds, every symbol counted.

    python -m inhabit.lab.wire_joining MACHINE.dot ... --out FOLDER [--seeds 3] [--ways kv,joined] [--sizes 10-100]

appends one row a machine, way and seed to `FOLDER/joining.jsonl` (rows that are there are not run again), prints the
comparison and writes it to `FOLDER/joining.md`. Machines that are the same as one before are passed over. `random:STATES:INPUTS:SEED`
names a machine drawn at random, `MACHINE.dot~SEED` one of which a few transitions were changed, `MACHINE.dot^SEED` one in which
states were hidden: machines that nobody has looked at.
"""

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from inhabit.lab.wire_makers import WAYS
from inhabit.maths.conformance import exact_share, w_suite
from inhabit.worlds.wire import SHIPPED, DotError, Machine, difference, minimal, random_machine, read_dot

Row = dict[str, Any]


def named(name: str) -> Machine:
    """A file's machine, a shipped one, one drawn at random, or a file's with a few transitions changed or states hidden.

    Raises:
        DotError: The file holds no machine.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    if name.startswith("random:"):
        states, inputs, seed = map(int, name.split(":")[1:])
        return random_machine(states, inputs, seed)
    for mark, change in (("~", mutated), ("^", with_secret)):
        file, found, seed_text = name.partition(mark)
        if found:
            return change(read_dot(file), int(seed_text))
    return read_dot(name)


def mutated(machine: Machine, seed: int, *, share: float = 0.05) -> Machine:
    """The machine with a share of its transitions sent to other states: as like the old one as a bug makes it."""
    generator = np.random.default_rng(seed)
    following = machine.next.copy()
    cells = generator.permutation(following.size)[: max(1, round(share * following.size))]
    following.ravel()[cells] = generator.integers(machine.states, size=len(cells))
    changed = Machine(
        following, machine.out, machine.inputs, machine.outputs, machine.initial, f"{machine.name}~{seed}"
    )
    return minimal(changed)


def with_secret(machine: Machine, seed: int) -> Machine:
    """The machine with one to ten hidden states more: a message that sets a mode, or one that is let pass only so often.

    A mode is set by one transition, cleared by three in ten, and shows at one transition only, which leads elsewhere or is
    answered otherwise. A message that changed nothing is let pass one to three times, then it leads elsewhere.
    """
    generator = np.random.default_rng(seed)
    for _ in range(1000):
        following, out = (_mode if generator.random() < 0.5 else _limit)(machine, generator)
        name = f"{machine.name}^{seed}"
        changed = minimal(Machine(following, out, machine.inputs, machine.outputs, machine.initial, name))
        if machine.states < changed.states <= machine.states + 10:
            return changed
    raise ValueError(f"{machine.name}: no states could be hidden in it by seed {seed}; take another one")


def _mode(machine: Machine, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    count, width = machine.next.shape
    kept = np.where(generator.random((count, width)) < 0.3, machine.next, machine.next + count)
    following, out = np.concatenate([machine.next, kept]), np.concatenate([machine.out, machine.out])
    following[generator.integers(count), generator.integers(width)] += count
    state, symbol = count + generator.integers(count), generator.integers(width)
    if generator.random() < 0.5:
        following[state, symbol] = generator.choice(machine.next[:, symbol])
    else:
        out[state, symbol] = generator.choice(machine.out[:, symbol])
    return following.astype(np.int32), out


def _limit(machine: Machine, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    count = machine.states
    state, times = int(generator.integers(count)), int(generator.integers(1, 4))
    still = np.flatnonzero(machine.next[state] == state)
    if not len(still):
        return machine.next, machine.out
    symbol, twins = int(generator.choice(still)), np.arange(count, count + times)
    rows = np.repeat(machine.next[state][None], times, axis=0)
    rows[:, still] = twins[:, None]
    rows[:, symbol] = [*twins[1:], generator.choice(machine.next[:, symbol])]
    following = np.concatenate([machine.next, rows]).astype(np.int32)
    following[state, symbol] = count
    return following, np.concatenate([machine.out, np.repeat(machine.out[state][None], times, axis=0)])


def row(name: str, machine: Machine, way: str, seed: int) -> Row:
    """What one way took on one machine, and how faithful its model is."""
    began = time.process_time()
    maker = WAYS[way](machine, seed)
    spent = time.process_time() - began
    words, lengths = w_suite(machine.next, machine.out, machine.initial)
    words = np.maximum(words, 0)
    return {
        "machine": name, "states": machine.states, "inputs": len(machine.inputs), "way": way, "seed": seed,
        "found": maker.machine.states, "symbols": maker.symbols, "resets": maker.resets,
        "exact": difference(machine, maker.machine) is None,
        "suite": exact_share(machine.run(words), maker.machine.run(words), lengths), "cpu_seconds": round(spent, 2),
    }  # fmt: skip


def compared(rows: Iterable[Row], way: str, rival: str = "kv") -> list[Row]:
    """For each machine: the greatest share of the rival's cheapest equally faithful run that `way` needed on a seed.

    `share` is `None` where the rival was never as faithful as `way`.
    """
    by: dict[str, dict[str, list[Row]]] = {}
    for one in rows:
        by.setdefault(one["machine"], {}).setdefault(one["way"], []).append(one)
    found = []
    for machine, ways in by.items():
        if way not in ways:
            continue
        shares = []
        for mine in ways[way]:
            equal = [theirs["symbols"] for theirs in ways.get(rival, ()) if theirs["suite"] >= mine["suite"]]
            shares += [mine["symbols"] / min(equal)] if equal else []
        found.append(
            {"machine": machine, "states": ways[way][0]["states"], "inputs": ways[way][0]["inputs"]}
            | _several(ways[way])
            | {f"rival_{name}": value for name, value in _several(ways.get(rival, ())).items()}
            | {"share": max(shares) if shares else None}
        )
    return found


def _several(rows: Sequence[Row]) -> Row:
    """What several seeds came to."""
    return {
        "seeds": len(rows), "exact": sum(one["exact"] for one in rows),
        "suite": min((one["suite"] for one in rows), default=None),
        "symbols": int(np.median([one["symbols"] for one in rows])) if rows else None,
    }  # fmt: skip


def table(found: Sequence[Row], way: str) -> str:
    """The comparison in Markdown, the largest machines first."""
    head = (
        "machine",
        "states",
        "inputs",
        "KV: symbols",
        "suite",
        "exact",
        f"{way}: symbols",
        "suite",
        "exact",
        "share",
    )
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in sorted(found, key=lambda one: (-one["states"], one["machine"])):
        both = [_cells(one["rival_symbols"], one["rival_suite"], one["rival_exact"], one["rival_seeds"])]
        both.append(_cells(one["symbols"], one["suite"], one["exact"], one["seeds"]))
        share = "–" if one["share"] is None else f"{one['share']:.2f}"
        lines.append(f"| {one['machine']} | {one['states']} | {one['inputs']} | {' | '.join(both)} | {share} |")
    return "\n".join(lines) + "\n"


def _cells(symbols: int | None, suite: float | None, exact: int, seeds: int) -> str:
    return f"{symbols:,} | {suite:.4f} | {exact}/{seeds}" if seeds else "– | – | –"


def saved(file: pathlib.Path) -> list[Row]:
    """The rows of a file, whole lines only."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def summary(rows: list[Row], way: str) -> Row:
    """The comparison in one line."""
    found = compared(rows, way)
    shares = [one["share"] for one in found if one["share"] is not None]
    return {
        "way": way, "machines": len(found), "exact on every seed": sum(one["exact"] == one["seeds"] for one in found),
        "exact on none": sum(one["exact"] == 0 for one in found),
        "kv exact on none": sum(one["rival_exact"] == 0 for one in found),
        "least suite": min((one["suite"] for one in found), default=None),
        "median share": float(np.median(shares)) if shares else None, "greatest share": max(shares, default=None),
        "over half": [one["machine"] for one in found if (one["share"] or 0) > 0.5],
        "not exact": [(one["machine"], one["exact"], one["seeds"]) for one in found if one["exact"] < one["seeds"]],
    }  # fmt: skip


def main(words: list[str]) -> None:
    """Run what is missing, print each row, then the comparison."""
    parser = argparse.ArgumentParser(prog="inhabit.lab.wire_joining", description="Joining beside KV, over machines.")
    parser.add_argument(
        "machines", nargs="+", help="files, shipped machines, random:STATES:INPUTS:SEED, FILE~SEED, FILE^SEED"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ways", default="kv,joined")
    parser.add_argument("--sizes", default="10-100", help="states, from-to; other machines are passed over")
    chosen = parser.parse_args(words)
    least, most = map(int, chosen.sizes.split("-"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    file, seen = chosen.out / "joining.jsonl", set[tuple[bytes, bytes]]()
    rows = saved(file)
    done = {(one["machine"], one["way"], one["seed"]) for one in rows}
    for argument in chosen.machines:
        try:
            machine = named(argument)
        except DotError as error:
            print(error, file=sys.stderr)
            continue
        same = machine.next.tobytes(), machine.out.tobytes()
        if same in seen or not least <= machine.states <= most:
            continue
        seen.add(same)
        name = pathlib.Path(argument).name.replace(".dot", "")
        for way in chosen.ways.split(","):
            for seed in range(chosen.seeds):
                if (name, way, seed) not in done:
                    rows.append(row(name, machine, way, seed))
                    with file.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(rows[-1]) + "\n")
                    print(json.dumps(rows[-1]), flush=True)
    for way in chosen.ways.split(","):
        if way != "kv":
            print(json.dumps(summary(rows, way)), flush=True)
            (chosen.out / "joining.md").write_text(table(compared(rows, way), way), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
