"""How fast the memory is, beside `titans-pytorch` in the same run, on one core.

The peer's Python (an environment of its own with torch and titans-pytorch) is named by `INHABIT_PEER_TITANS`; without it
only this house's side is measured. Both sides count CPU seconds of one thread, the best of a few passes, in turn.
"""

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
from inhabit.memory.layer import MemoryLayer
from inhabit.memory.living import step_heads

QUESTION = "How many events a second, on one core, and how long does one event take?"
PREDICTION = "At least twice the peer's tokens a second where the peer learns within a call; one event within 60 us."
PEER = "INHABIT_PEER_TITANS"
PASSES = 3
PATIENCE = 90
"""Seconds that one measurement of the peer may take, compiling included; the longer is recorded as not finished."""
MODES = (("online", 1), ("default", 1), ("online", 2))

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
    """Measure every shape (`quick`: one, forward only, with a quarter of the patience), ours and the peer's in turn.

    Raises:
        MissingData: The process may use more than one core.
    """
    if len(os.sched_getaffinity(0)) > 1:
        raise MissingData("speed is measured on one core: run it under `taskset -c 0`")
    began = time.monotonic()
    measured, baselines, work = latency(seed), {}, {}
    peer = os.environ.get(PEER)
    every = ((1, 8), (1024, 4096), (128, 384), (16, 64))
    shapes = [(1, 1024, 128, 64)] if quick else list(itertools.product(*every))
    for batch, length, width, chunk in shapes:
        name = f"{batch} x {length} x {width}, chunk {chunk}"
        for backward in (False,) if quick else (False, True):
            way = "forward and backward" if backward else "forward"
            tokens = batch * length
            seconds, first, flops = _ours(batch, length, width, chunk, backward, seed)
            measured[f"{name}, {way}: tokens/s"] = _exactly(tokens / seconds)
            measured[f"{name}, {way}: first call, s"] = _exactly(first)
            work[f"{name}, {way}"] = flops
            for (mode, depth), compiled in itertools.product(MODES if peer else (), (False, True)):
                job: dict[str, Any] = {
                    "batch": batch,
                    "length": length,
                    "width": width,
                    "chunk": chunk,
                    "backward": backward,
                }
                job |= {"mode": mode, "depth": depth, "compiled": compiled, "passes": PASSES}
                said = _theirs(str(peer), job, PATIENCE / 4 if quick else PATIENCE)
                side = f"{mode}, {depth} layer, {'compiled' if compiled else 'eager'}"
                baselines[f"{name}, {way}: tokens/s {side}"] = _exactly(tokens / said["seconds"] if said else np.nan)
                if said:
                    baselines[f"{name}, {way}: first call, s {side}"] = _exactly(said["first"])
                    baselines[f"{name}, {way}: peak MiB {side}"] = _exactly(said["peak"])
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


def latency(seed: int, *, width: int = 128, size: int = 32, events: int = 2048) -> dict[str, Estimate]:
    """Microseconds of one event of one mind: dispatched from Python with donated state, and inside a compiled loop."""
    layer = MemoryLayer(width, size=size, key=jax.random.key(seed))
    rng = np.random.default_rng(seed)
    shape = (events, width // size, size)
    cues = jnp.asarray(rng.normal(size=shape) / np.sqrt(size), jnp.float32)
    values = jnp.asarray(rng.normal(size=shape), jnp.float32) * 0.3 + cues
    once = jax.jit(lambda state, cue, value: step_heads(layer.heads, state, (cue, value)), donate_argnums=0)
    state, spent = layer.init(), []
    single = [(cues[at], values[at]) for at in range(300)]
    for cue, value in single:
        start = time.process_time()
        state, info = once(state, cue, value)
        jax.block_until_ready(info.surprise)
        spent.append(time.process_time() - start)
    loop = jax.jit(
        lambda state: jax.lax.scan(lambda s, event: _watched(step_heads(layer.heads, s, event)), state, (cues, values))
    )
    inside = _best(lambda: loop(layer.init()))[0] / events
    low, middle, high = np.percentile(np.array(spent[20:]) * 1e6, [25, 50, 75])
    return {
        "one event dispatched, us": Estimate(float(middle), float(low), float(high)),
        "one event in a compiled loop, us": _exactly(inside * 1e6),
    }


def _watched(after: tuple[Any, Any]) -> tuple[Any, Any]:
    return after[0], after[1].surprise


def _ours(batch: int, length: int, width: int, chunk: int, backward: bool, seed: int) -> tuple[float, float, float]:
    """Seconds of a pass, seconds of the first call, and counted floating-point operations of a pass."""
    layer = MemoryLayer(width, key=jax.random.key(seed))
    sequence = jax.random.normal(jax.random.key(seed + 1), (batch, length, width))

    def read(layer: MemoryLayer, sequence: jax.Array) -> jax.Array:
        return jnp.sum(jax.lax.map(lambda one: layer.live(layer.init(), one, chunk=chunk)[1], sequence))

    run = jax.grad(read, allow_int=True) if backward else read
    once = jax.jit(run)
    seconds, first = _best(lambda: once(layer, sequence))
    return seconds, first, float(count(run, layer, sequence).flops)


def _best(call: Callable[[], Any]) -> tuple[float, float]:
    start = time.perf_counter()
    jax.block_until_ready(call())
    first, spent = time.perf_counter() - start, []
    for _ in range(PASSES):
        start = time.process_time()
        jax.block_until_ready(call())
        spent.append(time.process_time() - start)
    return min(spent), first


def _theirs(python: str, job: dict[str, Any], patience: float) -> dict[str, float] | None:
    """The peer's figures of one job; None if it failed or took too long."""
    try:
        done = subprocess.run(
            [python, "-c", _PEER, json.dumps(job)], capture_output=True, text=True, timeout=patience, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _peak() -> float:
    """Most memory that this process ever held, in MiB; `getrusage` would tell a parent's."""
    return int(pathlib.Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) / 1024


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)
