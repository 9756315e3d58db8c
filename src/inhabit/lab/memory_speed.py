"""How fast the memory is, beside `titans-pytorch` in the same run, on one core.

The peer's Python (an environment of its own with torch and titans-pytorch) is named by `INHABIT_PEER_TITANS`; without it
only this house's side is measured. Both sides count CPU seconds of one thread, the best of a few passes, in turn.
"""

import functools
import itertools
import json
import os
import pathlib
import subprocess
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
PASSES = 3
PATIENCE = 300
"""Seconds that one measurement of the peer may take, compiling included; the longer is recorded as not finished."""
MODES = (("online", 1), ("default", 1), ("online", 2), ("default", 2))
CHUNK = 32
"""Events that the surprise memory takes at once: it changes the speed and not the numbers, so it is ours to pick."""

_PEER = """
import json, sys, time, torch
from titans_pytorch import MemoryMLP, NeuralMemory
torch.set_num_threads(1)
job = json.loads(sys.argv[1])
memory = NeuralMemory(dim=job["width"], chunk_size=job["chunk"], heads=1,
    batch_size=job["chunk"] if job["mode"] == "online" else None, model=MemoryMLP(job["width"], depth=job["depth"]))
sequence = torch.randn(job["batch"], job["length"], job["width"])
run = torch.compile(memory) if job["compiled"] else memory
def forward():
    with torch.set_grad_enabled(job["backward"]):
        read = run(sequence)[0]
    if job["backward"]:
        read.sum().backward()
began = time.perf_counter()
forward()
first, spent = time.perf_counter() - began, []
for _ in range(job["passes"]):
    began = time.process_time()
    forward()
    spent.append(time.process_time() - began)
print(json.dumps({"seconds": min(spent), "first": first,
    "peak": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024}))
"""


def speed(*, seed: int, quick: bool) -> Record:
    """Measure every shape, ours and the peer's in turn; `quick`: one shape, the peer compiled only.

    Raises:
        MissingData: The process may use more than one core.
    """
    if len(os.sched_getaffinity(0)) > 1:
        raise MissingData("speed is measured on one core: run it under `taskset -c 0`")
    began = time.monotonic()
    measured, baselines, work = latency(seed), {}, {}
    every = ((1, 8), (1024, 4096), (128, 384), (16, 64))
    shapes = [(1, 1024, 128, 64)] if quick else list(itertools.product(*every))
    for batch, length, width, chunk in shapes:
        for backward in (False, True):
            name = f"{batch} x {length} x {width}, chunk {chunk}, {'forward and backward' if backward else 'forward'}"
            tokens = batch * length
            for part in ("memory", "two layers"):
                seconds, first, flops = _ours(part, batch, length, width, chunk, backward, seed)
                measured[f"{name}: tokens/s of our {part}"] = _exactly(tokens / seconds)
                measured[f"{name}: first call of our {part}, s"] = _exactly(first)
                work[f"{name}: {part}"] = flops
            job: dict[str, Any] = {"batch": batch, "length": length, "width": width, "chunk": chunk}
            job |= {"backward": backward, "passes": PASSES}
            for (mode, depth), compiled in _sides(backward, quick):
                said = _theirs(str(os.environ[PEER]), job | {"mode": mode, "depth": depth, "compiled": compiled})
                side = f"{mode}, {depth} layer, {'compiled' if compiled else 'eager'}"
                baselines[f"{name}: tokens/s {side}"] = _exactly(tokens / said["seconds"] if said else np.nan)
                if said:
                    baselines[f"{name}: first call, s {side}"] = _exactly(said["first"])
                    baselines[f"{name}: peak MiB {side}"] = _exactly(said["peak"])
    measured["peak of all shapes, MiB"] = _exactly(_peak())
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=measured,
        baselines=baselines,
        flops=work,
        seeds=(seed,),
        seconds=time.monotonic() - began,
    )


def _sides(backward: bool, quick: bool) -> list[tuple[tuple[str, int], bool]]:
    """Modes of the peer, and whether compiled; none without it."""
    if not os.environ.get(PEER):
        return []
    if quick:
        return [(mode, True) for mode in (MODES[1:2] if backward else MODES[:3])]
    return list(itertools.product(MODES, (False, True)))


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
    inside = _best(lambda: loop(layer.init()))[0] / events
    low, middle, high = np.percentile(np.array(spent[20:]) * 1e6, [25, 50, 75])
    return {
        "one event dispatched, us": Estimate(float(middle), float(low), float(high)),
        "one event in a compiled loop, us": _exactly(inside * 1e6),
    }


def _watched(after: tuple[Any, Any]) -> tuple[Any, Any]:
    return after[0], after[1].surprise


def _ours(
    part: str, batch: int, length: int, width: int, chunk: int, backward: bool, seed: int
) -> tuple[float, float, float]:
    """Seconds of a pass, seconds of the first call, and counted floating-point operations of a pass."""
    layer = MemoryLayer(width, key=jax.random.key(seed))
    two = TwoLayerMemory(width, width, 2 * width, key=jax.random.key(seed))
    sequence = jax.random.normal(jax.random.key(seed + 1), (batch, length, width))

    def read(parts: tuple[MemoryLayer, TwoLayerMemory], sequence: jax.Array) -> jax.Array:
        layer, two = parts
        if part == "memory":
            return jnp.sum(jax.lax.map(lambda one: layer.live(layer.init(), one, chunk=CHUNK)[1], sequence))

        def alone(one: jax.Array) -> jax.Array:
            cues, values, queries = jnp.split(one @ layer.project, 3, axis=-1)
            cues, queries = (side / (1e-3 + jnp.linalg.norm(side, axis=-1, keepdims=True)) for side in (cues, queries))
            return two.live(two.init(), cues, values, queries, chunk=chunk)[1]

        return jnp.sum(jax.lax.map(alone, sequence))

    run = jax.grad(read, allow_int=True) if backward else read
    once = jax.jit(run)
    seconds, first = _best(lambda: once((layer, two), sequence))
    return seconds, first, float(count(run, (layer, two), sequence).flops)


def _best(call: Callable[[], Any]) -> tuple[float, float]:
    start = time.perf_counter()
    jax.block_until_ready(call())
    first, spent = time.perf_counter() - start, []
    for _ in range(PASSES):
        start = time.process_time()
        jax.block_until_ready(call())
        spent.append(time.process_time() - start)
    return min(spent), first


def _theirs(python: str, job: dict[str, Any]) -> dict[str, float] | None:
    """The peer's figures of one job; None if it failed or took too long."""
    try:
        done = subprocess.run(
            [python, "-c", _PEER, json.dumps(job)], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _peak() -> float:
    """Most memory that this process ever held, in MiB; `getrusage` would tell a parent's."""
    return int(pathlib.Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) / 1024


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)
