"""How fast the memory is, beside `titans-pytorch` in the same run, on one core.

The peer's Python (an environment of its own with torch and titans-pytorch) is named by `INHABIT_PEER_TITANS`; without it
only this house's side is measured. Every side is a process of its own, so that each has its own peak memory; once all
have compiled, they take their passes in turn, and the best pass counts, in CPU seconds of one thread.

`taskset -c 0 python -m inhabit.lab.memory_speed 1 1024 128 64` measures one shape and prints it.
"""

import argparse
import contextlib
import functools
import itertools
import json
import os
import pathlib
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from inhabit.lab.experiment import MissingData, Record
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate
from inhabit.memory.dispatch import Dispatch
from inhabit.memory.layer import MemoryLayer
from inhabit.memory.living import step_heads
from inhabit.memory.surprise import MemoryState
from inhabit.memory.twolayer import TwoLayerMemory

QUESTION = "How many events a second, on one core, and how long does one event take?"
PREDICTION = "At least twice the peer's tokens a second where the peer learns within a call; one event within 60 us."
PEER = "INHABIT_PEER_TITANS"
PASSES = 7
PATIENCE = 300
"""Seconds that one side may take to compile; the longer is recorded as not finished."""
OURS = {"memory": None, "memory in chunks": 32, "two layers": None}
"""Our sides, and how many events XLA takes at once; by the compiled kernel if none."""
THEIRS = tuple(" ".join(side) for side in itertools.product(("online", "default"), ("1", "2"), ("compiled", "eager")))
"""Sides of the peer: what it does within a call, its layers, and whether torch compiles it."""
SHAPES = tuple(itertools.product((1, 8), (1024, 4096), (128, 384), (16, 64)))
"""Batch, length, width, and the chunk after which the peer (and our two layers) change their weights."""

_PEER = """
import json, sys, time, torch
from titans_pytorch import MemoryMLP, NeuralMemory
torch.set_num_threads(1)
job = json.loads(sys.argv[1])
(batch, length, width, chunk), (mode, depth, compiled) = job["shape"], job["side"].split()
memory = NeuralMemory(dim=width, chunk_size=chunk, heads=1, batch_size=chunk if mode == "online" else None,
    model=MemoryMLP(width, depth=int(depth)))
sequence = torch.randn(batch, length, width)
run = torch.compile(memory) if compiled == "compiled" else memory
def once():
    with torch.set_grad_enabled(job["backward"]):
        read = run(sequence)[0]
    if job["backward"]:
        read.sum().backward()
began = time.perf_counter()
once()
print(json.dumps({"first": time.perf_counter() - began}), flush=True)
for line in sys.stdin:
    began = time.process_time()
    once()
    spent = time.process_time() - began
    peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"seconds": spent, "peak": peak}), flush=True)
"""


def speed(*, seed: int, quick: bool, out: pathlib.Path, resume: bool = False) -> Record:
    """Measure every shape; `quick`: one shape, the peer compiled only. What was measured is kept in `out` by shape.

    Raises:
        MissingData: The process may use more than one core.
    """
    if len(os.sched_getaffinity(0)) > 1:
        raise MissingData("speed is measured on one core: run it under `taskset -c 0`")
    began = time.monotonic()
    measured = latency(seed)
    baselines: dict[str, Estimate] = {}
    work: dict[str, float] = {}
    for shape, backward in itertools.product([(1, 1024, 128, 64)] if quick else SHAPES, (False, True)):
        name = "{} x {} x {}, chunk {}, ".format(*shape) + ("forward and backward" if backward else "forward")
        kept = out / "cells" / f"speed-{name.replace(', ', '-').replace(' ', '')}.json"
        if resume and kept.exists():
            found = json.loads(kept.read_text("utf-8"))
        else:
            found = beside(shape, backward, [*OURS, *_sides(backward, quick)], seed=seed)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found), "utf-8")
        for side, told in found.items():
            of = measured if side in OURS else baselines
            of[f"{name}: tokens/s, {side}"] = _exactly(shape[0] * shape[1] / told["seconds"] if told else np.nan)
            for number, unit in (("first", "s of first call"), ("peak", "peak MiB")):
                if told:
                    of[f"{name}: {unit}, {side}"] = _exactly(told[number])
            if told and side in OURS:
                work[f"{name}: {side}"] = work_of(side, shape, backward)
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=measured,
        baselines=baselines,
        flops=work,
        seeds=(seed,),
        seconds=time.monotonic() - began,
    )


def _sides(backward: bool, quick: bool) -> list[str]:
    """Sides of the peer; none without it."""
    if not os.environ.get(PEER):
        return []
    if quick:
        return ["default 1 compiled"] if backward else ["online 1 compiled", "default 1 compiled", "online 2 compiled"]
    return list(THEIRS)


def beside(
    shape: tuple[int, int, int, int],
    backward: bool,
    sides: list[str],
    *,
    seed: int = 0,
    passes: int = PASSES,
    patience: float = PATIENCE,
) -> dict[str, dict[str, float] | None]:
    """Let sides compile one after another and then take their passes in turn.

    Returns:
        By side: `seconds` of the best pass, `first` call in seconds, `peak` in MiB; None if it failed or did not compile
        in time.
    """
    with contextlib.ExitStack() as stack:
        running, found = {}, {}
        for side in sides:
            python = [sys.executable, "-m", __spec__.name] if side in OURS else [os.environ[PEER], "-c", _PEER]
            job = json.dumps({"shape": shape, "backward": backward, "side": side, "seed": seed})
            process = subprocess.Popen([*python, job], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(process)  # waits, when it has been killed
            stack.callback(process.kill)
            found[side] = _said(process, patience)
            if found[side]:
                running[side] = process
        for _, (side, process) in itertools.product(range(passes), running.items()):
            _ask(process)
            told, before = _said(process, patience), found[side]
            if told and before:
                found[side] = before | told | {"seconds": min(told["seconds"], before.get("seconds", np.inf))}
    return found


def _ask(process: subprocess.Popen) -> None:
    assert process.stdin is not None  # for it is a pipe
    process.stdin.write("again\n")
    process.stdin.flush()


def _said(process: subprocess.Popen, patience: float) -> dict[str, float] | None:
    """What a side says next; None if it died or says nothing in time."""
    assert process.stdout is not None  # for it is a pipe
    line = process.stdout.readline() if select.select([process.stdout], [], [], patience)[0] else ""
    return json.loads(line) if line else None


def latency(seed: int, *, width: int = 128, size: int = 32, events: int = 2048) -> dict[str, Estimate]:
    """Microseconds of one event of one mind: dispatched from Python as one array, and inside a compiled loop."""
    layer = MemoryLayer(width, size=size, key=jax.random.key(seed))
    rng = np.random.default_rng(seed)
    shape = (events, width // size, size)
    cues = jnp.asarray(rng.normal(size=shape) / np.sqrt(size), jnp.float32)
    values = jnp.asarray(rng.normal(size=shape), jnp.float32) * 0.3 + cues
    heads = functools.partial(step_heads, layer.heads)
    alone: Dispatch[MemoryState] = Dispatch(heads, layer.init(), (cues[0], values[0]))
    flat, spent = alone.flat, []
    single = [(cues[at], values[at]) for at in range(300)]
    for cue, value in single:
        start = time.process_time()
        flat, told = alone.step(flat, cue, value)
        jax.block_until_ready(told)
        spent.append(time.process_time() - start)
    loop = jax.jit(lambda state: jax.lax.scan(lambda s, event: _watched(heads(s, event)), state, (cues, values)))
    inside = _best(lambda: loop(layer.init())) / events
    low, middle, high = np.percentile(np.array(spent[20:]) * 1e6, [25, 50, 75])
    return {
        "one event dispatched, us": Estimate(float(middle), float(low), float(high)),
        "one event in a compiled loop, us": _exactly(inside * 1e6),
    }


def _watched(after: tuple[Any, Any]) -> tuple[Any, Any]:
    return after[0], after[1].surprise


def _pass(side: str, shape: tuple[int, int, int, int], backward: bool, seed: int, chunk: int | None) -> tuple:
    """One pass of our side, not compiled, and what it takes; `chunk` is of the memory."""
    batch, length, width, descends = shape
    layer = MemoryLayer(width, key=jax.random.key(seed))
    two = TwoLayerMemory(width, width, 2 * width, key=jax.random.key(seed))
    sequence = jax.random.normal(jax.random.key(seed + 1), (batch, length, width))

    def memory(layer: MemoryLayer, one: jax.Array) -> jax.Array:
        return layer.live(layer.init(), one, chunk=chunk)[1]

    def two_layers(parts: tuple[MemoryLayer, TwoLayerMemory], one: jax.Array) -> jax.Array:
        layer, two = parts
        cues, values, queries = jnp.split(one @ layer.project, 3, axis=-1)
        cues, queries = (side / (1e-3 + jnp.linalg.norm(side, axis=-1, keepdims=True)) for side in (cues, queries))
        return two.live(two.init(), cues, values, queries, chunk=descends)[1]

    read, parts = (two_layers, (layer, two)) if side == "two layers" else (memory, layer)
    whole = lambda parts, sequence: jnp.sum(jax.lax.map(functools.partial(read, parts), sequence))
    return jax.grad(whole, allow_int=True) if backward else whole, (parts, sequence)


def work_of(side: str, shape: tuple[int, int, int, int], backward: bool) -> float:
    """Counted floating-point operations of one pass of our side; the kernel's are those of the chunks."""
    run, of = _pass(side, shape, backward, 0, 32)
    return float(count(run, *of).flops)


def serve(job: dict[str, Any]) -> None:
    """Be one of our sides: compile, and take a pass for every line that comes in."""
    run, of = _pass(job["side"], tuple(job["shape"]), job["backward"], job["seed"], OURS[job["side"]])
    once = functools.partial(jax.jit(run), *of)
    start = time.perf_counter()
    jax.block_until_ready(once())
    print(json.dumps({"first": time.perf_counter() - start}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        jax.block_until_ready(once())
        print(json.dumps({"seconds": time.process_time() - start, "peak": _peak()}), flush=True)


def _best(call: Callable[[], Any]) -> float:
    jax.block_until_ready(call())
    spent = []
    for _ in range(PASSES):
        start = time.process_time()
        jax.block_until_ready(call())
        spent.append(time.process_time() - start)
    return min(spent)


def _peak() -> float:
    """Most memory that this process ever held, in MiB; `getrusage` would tell a parent's."""
    return int(pathlib.Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) / 1024


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


def _main() -> None:
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        return serve(json.loads(sys.argv[1]))
    words = argparse.ArgumentParser(description="Measure one shape; prints JSON by side.")
    words.add_argument("shape", type=int, nargs=4, help="batch, length, width, the peer's chunk")
    words.add_argument("--backward", action="store_true", help="forward and backward")
    words.add_argument("--passes", type=int, default=PASSES, help="of which the best counts")
    words.add_argument("--patience", type=float, default=PATIENCE, help="seconds that one side may take to compile")
    words.add_argument("--sides", default=",".join([*OURS, *_sides(False, True)]), help=f"of {[*OURS, *THEIRS]}")
    told = words.parse_args()
    measure = functools.partial(beside, passes=told.passes, patience=told.patience)
    for side, found in measure(told.shape, told.backward, told.sides.split(",")).items():
        print(json.dumps({"shape": told.shape, "backward": told.backward, "side": side, "found": found}), flush=True)


if __name__ == "__main__":
    _main()
