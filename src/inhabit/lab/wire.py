"""The wire: could a model of the traffic ever be the machine, how much more compute would it take, what does asking cost?"""

import dataclasses
import json
import os
import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inhabit.lab.experiment import Experiment, MissingData, Record, Watch, unwatched
from inhabit.lab.sweep import QUICK, SMALL, Cell, Plan, Suite, heard, memoryless, suite, sweep
from inhabit.lab.wire_makers import rows
from inhabit.lab.wire_picture import draw
from inhabit.maths.extrapolation import held_out, reach
from inhabit.maths.intervals import Estimate
from inhabit.maths.scaling import FORMS, Law, Runs, resampled
from inhabit.records.atomic import replaced
from inhabit.worlds.wire import SHIPPED, Machine, read_dot

QUESTION = (
    "Two machines talk: could a model of the traffic ever be one of them, and how much more compute would it take?"
)
PREDICTION = (
    "Networks that overhear stay below 90 % of the conformance suite and need 3 to 4 orders of magnitude more compute;"
    " a maker that joins answers at least 99 % of it."
)
DRIVEN = ("recurrent", 64)
"""The network that hears a stranger who is driven to every state in turn: the active network, and a generous one."""
WITHIN = (1, 2, 3, 4, 6, 10)
MAKERS = ("table", "rpni", "merged", "kv", "lsharp", "asked", "joined")
QUICK_MAKERS = ("table", "rpni", "merged little", "kv", "lsharp", "asked", "joined")
MEASURES = (
    *(f"suite after {times} L" for times in (0, 1, 3, 10)),
    "distinction",
    "compression",
    "steps to error",
    "sessions of 1 L",
    "sessions of 3 L",
    "next output",
)


def machines() -> dict[str, pathlib.Path]:
    """Machines under `INHABIT_DATA/machines`, by the names of their files."""
    told = os.environ.get("INHABIT_DATA")
    folder = pathlib.Path(told).expanduser() / "machines" if told else None
    found = sorted(folder.rglob("*.dot")) if folder and folder.is_dir() else []
    return {path.stem: path for path in found}


def machine_named(name: str) -> Machine:
    """A shipped machine, or one of the data folder.

    Raises:
        MissingData: There is none of that name.
        DotError: Its file holds no deterministic, complete Mealy machine.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    if name not in machines():
        raise MissingData(f"no machine {name!r}: let INHABIT_DATA name the folder that holds machines/{name}.dot")
    return read_dot(machines()[name])


def plan_of(on: str, quick: bool) -> Plan:
    """What is swept: everything, or what takes minutes (a shipped machine has the richer quick plan)."""
    return (QUICK if on in SHIPPED else SMALL) if quick else Plan()


def wire(
    on: str, *, seed: int, quick: bool, out: pathlib.Path, resume: bool = False, watch: Watch = unwatched
) -> Record:
    """Sweep networks over a machine's traffic, let makers listen and join, and extrapolate."""
    began, machine, plan = time.monotonic(), machine_named(on), plan_of(on, quick)
    plan = dataclasses.replace(plan, seeds=tuple(seed + own for own in plan.seeds))
    driven = dataclasses.replace(plan, models=(DRIVEN,), kinds=("driven",), seeds=plan.seeds[:1])
    plans = [plan] if plan.models == QUICK.models else [plan, driven]
    cells = sweep(machine, plans, out / "cells.jsonl", resume=resume, watch=watch)
    looks = dataclasses.replace(plan.looks, length=plan.length)
    made = list(rows(machine, QUICK_MAKERS if quick else MAKERS, seed, looks, out))
    return conclude(machine, cells, made, plan, out, resamples=20 if quick else 40, began=began)


def conclude(
    machine: Machine,
    cells: Sequence[Cell],
    made: Sequence[Mapping[str, Any]],
    plan: Plan,
    out: pathlib.Path,
    *,
    resamples: int,
    began: float,
) -> Record:
    """What follows from the cells of a sweep and the makers beside them: laws, table, record and picture."""
    asked, seed = suite(machine, plan.words), plan.seeds[0]
    laws = {
        name: extrapolate(runs_of(mine), resamples=resamples, seed=seed)
        for name, mine in by_traffic(cells, plan.kinds).items()
    }
    out.mkdir(parents=True, exist_ok=True)
    summary = {kind: told for kind, (told, _) in laws.items()}
    last = [cell for cell in cells if "said" in cell]
    with replaced(out / "law.json") as new:
        new.write_text(json.dumps(summary | {"makers": list(made)}, indent=2) + "\n", encoding="utf-8")
    with replaced(out / "table.md") as new:
        new.write_text(table(machine, last, made), encoding="utf-8")
    draw(out / "wire.svg", machine.name, cells, made, {kind: laws[kind][1] for kind in plan.kinds})
    measured, baselines = figures(last, made, summary)
    rate = operations_a_second(cells)
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=measured,
        baselines=baselines,
        flops={"networks": sum(cell["flops"] for cell in last)}
        | {f"{row['name']} (CPU seconds at the networks' rate)": row["cpu_seconds"] * rate for row in made},
        seeds=plan.seeds,
        seconds=time.monotonic() - began,
        predictions=list(told(machine, asked, last, plan)),
    )


def operations_a_second(cells: Sequence[Cell]) -> float:
    """What the networks computed in a CPU second: makers count none, and are placed at their CPU seconds times this."""
    return float(sum(cell["flops"] for cell in cells) / max(sum(cell["cpu_seconds"] for cell in cells), 1e-9))


def table(machine: Machine, last: Sequence[Cell], made: Sequence[Mapping[str, Any]]) -> str:
    """Everyone by every measure, in Markdown; networks are means over seeds."""
    head = ("model", "heard", "symbols", "operations or CPU s", *MEASURES)
    lines = [f"{machine.name}: {machine.states} states, {len(machine.inputs)} inputs", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, mine in by_network(last).items():
        spent = [f"{mine[0]['pairs']:,}", "0", f"{np.mean([cell['flops'] for cell in mine]):.1e}"]
        lines.append("| " + " | ".join([name, *spent, *(_cell([c.get(one) for c in mine]) for one in MEASURES)]) + " |")
    for row in made:
        spent = [f"{row['heard']:,}", f"{row['symbols']:,}", f"{row['cpu_seconds']:.1f} s"]
        lines.append("| " + " | ".join([row["name"], *spent, *(_cell([row[one]]) for one in MEASURES)]) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.3f}".removesuffix(".000") if known else "–"


def by_network(last: Sequence[Cell]) -> dict[str, list[Cell]]:
    """The grown networks by name and traffic; those that differ only by seed together."""
    found: dict[str, list[Cell]] = {}
    for cell in last:
        found.setdefault(f"{cell['family']} {cell['width']}, {cell['traffic']}", []).append(cell)
    return found


def by_traffic(cells: Sequence[Cell], kinds: Sequence[str]) -> dict[str, list[Cell]]:
    """The cells of each traffic; and of each family in it, where there are several: a law for all, and one each."""
    found: dict[str, list[Cell]] = {}
    for kind in kinds:
        found[kind] = [cell for cell in cells if cell["traffic"] == kind]
        families = list(dict.fromkeys(cell["family"] for cell in found[kind]))
        for family in families if len(families) > 1 else ():
            found[f"{kind}, {family}"] = [cell for cell in found[kind] if cell["family"] == family]
    return found


def runs_of(cells: Sequence[Cell]) -> Runs:
    """Cells as runs; those that do no better than the table without memory are left out.

    Below the table a network has learned nothing of the machine's states: infidelity stands still there, on a
    plateau that says nothing about the slope after it.
    """
    chosen = [c for c in cells if c["fidelity"] > c["memoryless"] + 0.02]
    names = {name: i for i, name in enumerate(dict.fromkeys((c["family"], c["width"], c["seed"]) for c in chosen))}
    column = lambda key: np.array([float(c[key]) for c in chosen])
    return Runs(
        column("parameters"),
        column("pairs"),
        column("flops"),
        1 - column("fidelity"),
        np.array([names[c["family"], c["width"], c["seed"]] for c in chosen], int),
    )


def extrapolate(runs: Runs, *, resamples: int, seed: int) -> tuple[dict[str, Any], dict[str, list[Law]]]:
    """Orders of magnitude to 90 %, for each form and over all forms; the largest run foretold from the others."""
    if len(np.unique(runs.design)) < 8:
        return {"too few cells beat the table": len(runs.run)}, {}
    largest = float(runs.flops.max())
    fits = {form: resampled(form, runs, resamples=resamples, seed=seed) for form in FORMS}
    told: dict[str, Any] = {"largest_flops": largest, "rows": len(runs.run), "forms": {}}
    every = []
    for form, laws in fits.items():
        far, held = reach(laws, largest), held_out(form, runs, resamples=resamples, seed=seed)
        every.append(far.orders)
        told["forms"][form] = _distribution(far.orders) | {
            "largest_true": held.true,
            "largest_foretold": held.interval(),
            "largest_inside": held.inside,
            "median_loss": float(np.median([law.loss for law in laws])),
        }
    told["all_forms"] = _distribution(np.concatenate(every))
    return told, fits


def _distribution(orders: np.ndarray) -> dict[str, Any]:
    ordered = np.sort(orders)
    at = {
        f"{share:.0%}": float(ordered[min(int(share * len(ordered)), len(ordered) - 1)])
        for share in (0.05, 0.25, 0.5, 0.75, 0.95)
    }
    return {
        "orders": {name: value if np.isfinite(value) else None for name, value in at.items()},
        "unreachable": float(np.isinf(orders).mean()),
        "within": {str(most): float((orders <= most).mean()) for most in WITHIN},
    }


def figures(
    last: Sequence[Cell], made: Sequence[Mapping[str, Any]], laws: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """Scores with the trivial baseline beside each; ends of a network's figure are the least and greatest of its seeds."""
    measured: dict[str, Estimate] = {}
    baselines: dict[str, Estimate] = {}
    for row in made:
        side, who = (measured, "mind") if row["name"] == "joined" else (baselines, row["name"])
        side[f"suite exact: {who}"] = _over([row["fidelity"]])
        side |= {f"{one}: {who}": _over([row[one]]) for one in MEASURES if row[one] is not None}
    for kind in dict.fromkeys(cell["traffic"] for cell in last):
        mine = [cell for cell in last if cell["traffic"] == kind]
        baselines[f"suite exact: table without memory, {kind}"] = _over([cell["memoryless"] for cell in mine])
        for name in (name for name in mine[0] if name.startswith(("exact sessions", "next output, "))):
            baselines[f"{name}, {kind}"] = _over([cell[name] for cell in mine])
    for name, mine in by_network(last).items():
        baselines[f"suite exact: {name}"] = _over([cell["fidelity"] for cell in mine])
        for one in MEASURES:
            values = [cell[one] for cell in mine if cell.get(one) is not None]
            baselines |= {f"{one}: {name}": _over(values)} if values else {}
    for kind, told in laws.items():
        for form, one in {**told.get("forms", {}), "all forms": told.get("all_forms", {})}.items():
            if one:
                measured[f"90 % unreachable, {kind}, {form}"] = _over([one["unreachable"]])
    return measured, baselines


def _over(values: Sequence[float]) -> Estimate:
    return Estimate(float(np.mean(values)), float(min(values)), float(max(values)))


def told(machine: Machine, asked: Suite, last: Sequence[Cell], plan: Plan) -> Any:
    """A line for each network and suite word: what was asked, what is true, what the network and the table said."""
    for cell in last:
        sessions = plan.stops[-1] * plan.course.stretch
        table = memoryless(heard(machine, cell["traffic"], sessions, plan.length, cell["seed"]), asked.words)
        about = {key: cell[key] for key in ("traffic", "family", "width", "seed")}
        for word, true, said, plain, length in zip(asked.words, asked.truth, cell["said"], table, asked.lengths):
            yield about | {
                "word": word[:length].tolist(),
                "true": true[:length].tolist(),
                "said": said,
                "memoryless": plain[:length].tolist(),
            }


WIRE = Experiment(
    name="wire", question=QUESTION, sets=(*SHIPPED, *(n for n in machines() if n not in SHIPPED)), run=wire, sweep=wire
)
