"""How fast villages are lived, beside Craftax-Classic-Symbolic, each side in fresh processes on one core, in turn.

Run `python -m inhabit.lab.village_speed --peer PYTHON`, where PYTHON is the interpreter of an environment that has
craftax (or let `INHABIT_PEER_CRAFTAX` name it). Both sides do random deeds in many worlds at once inside one compiled
scan, with every observation made and kept, and without beginning anew (a world begun at every step and thrown away
would cost the peer most of its time). Speeds are agent-steps per CPU second once compiled; the first step is from the
end of the imports to the first observation, cold and with a filled compilation cache; peak memory is of the process.
What begins a world is compiled briefly on both sides, for it runs once.

Where JAX has an accelerator both sides run on it, and the clock on the wall counts instead of CPU seconds. Several numbers of
worlds can be told; each is measured in turn and printed to standard error as it comes.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import jax
import jax.numpy as jnp

from inhabit.maths.compiling import BRIEF
from inhabit.types import Key
from inhabit.worlds.village.acts import WORDS, Deed, Hand
from inhabit.worlds.village.world import Village

PEER = "INHABIT_PEER_CRAFTAX"

THEIRS = """
import json, sys, time
import jax
from craftax.craftax_env import make_craftax_env_from_name
worlds, steps, passes = map(int, sys.argv[1:])
env = make_craftax_env_from_name("Craftax-Classic-Symbolic-v1", auto_reset=False)
params, actions = env.default_params, env.action_space().n
def begin(key):
    return jax.vmap(env.reset, (0, None))(jax.random.split(key, worlds), params)
def live(start, key):
    def one(now, key):
        deed, chance = jax.random.split(key)
        action = jax.random.randint(deed, (worlds,), 0, actions)
        seen, state, *_ = jax.vmap(env.step, (0, 0, 0, None))(jax.random.split(chance, worlds), now[1], action, params)
        return (seen, state), None
    return jax.lax.scan(one, start, jax.random.split(key, steps))[0]
began = time.perf_counter(), time.process_time()
live, cpu = jax.jit(live), jax.default_backend() == "cpu"
clock = time.process_time if cpu else time.perf_counter
BRIEF = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True} if cpu else None
start = jax.jit(begin, compiler_options=BRIEF)(jax.random.key(0))
jax.block_until_ready(live(start, jax.random.key(1)))
first, spent = (time.perf_counter() - began[0], time.process_time() - began[1]), []
for _ in range(passes):
    at = clock()
    jax.block_until_ready(live(start, jax.random.key(1)))
    spent.append(clock() - at)
print(json.dumps({"steps per second": worlds * steps / min(spent), "first s": first[0], "first CPU s": first[1],
    "peak MiB": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024}))
"""


def ours(villages: int, people: int, steps: int, passes: int) -> dict[str, float]:
    """Live `villages` for `steps` under random deeds: agent-steps per second of the best pass, and the first step."""
    village, cpu = Village(people=people), jax.default_backend() == "cpu"
    clock = time.process_time if cpu else time.perf_counter
    most = jnp.array([*WORDS, people + 1])

    def one(now: Any, key: Key) -> tuple[Any, None]:
        hand_key, say_key, step_key = jax.random.split(key, 3)
        hand = jax.random.randint(hand_key, (villages, people), 0, len(Hand))
        say = jax.random.randint(say_key, (villages, people, 5), 0, most)
        stepped = lambda state, deed, key: village.step(state, deed, key=key)
        after, _ = jax.vmap(stepped)(now[0], Deed(hand=hand, say=say), jax.random.split(step_key, villages))
        return (after, jax.vmap(village.observe)(after)), None

    def begin(key: Key) -> Any:
        state = jax.vmap(lambda key: village.reset(key=key))(jax.random.split(key, villages))
        return state, jax.vmap(village.observe)(state)

    began = time.perf_counter(), time.process_time()
    live = jax.jit(lambda start, key: jax.lax.scan(one, start, jax.random.split(key, steps))[0])
    start = jax.jit(begin, compiler_options=BRIEF if cpu else None)(jax.random.key(0))
    jax.block_until_ready(live(start, jax.random.key(1)))
    first, spent = (time.perf_counter() - began[0], time.process_time() - began[1]), []
    for _ in range(passes):
        at = clock()
        jax.block_until_ready(live(start, jax.random.key(1)))
        spent.append(clock() - at)
    return {
        "steps per second": villages * people * steps / min(spent),
        "first s": first[0],
        "first CPU s": first[1],
        "peak MiB": int(pathlib.Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) / 1024,
    }


def accelerated() -> bool:
    """Whether JAX has something better than this processor; asked in another process, which lets go of it again."""
    asked = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip() not in ("cpu", "")


def measured(words: list[str], cache: pathlib.Path | None = None, *, cpu: bool = True) -> dict[str, float]:
    """What one side says of itself, in a process of its own on one core, or on the accelerator.

    Raises:
        ValueError: It failed; with the last line of what it said.
    """
    told = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if cpu else {}
    if cache is not None:
        told |= {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)} if cpu else cores)  # the process begun below inherits it
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=os.environ | told)
    finally:
        os.sched_setaffinity(0, cores)
    if done.returncode:
        raise ValueError(f"{words[0]}: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> int:
    """Measure both sides in turn and print one JSON object."""
    words = argparse.ArgumentParser(prog="inhabit.lab.village_speed", description="The village beside Craftax-Classic.")
    words.add_argument("--peer", default=os.environ.get(PEER), help="Python that has craftax; without one, only ours.")
    words.add_argument("--people", type=int, default=4, help="People in each village.")
    words.add_argument("--worlds", type=int, nargs="+", default=[256], help="Worlds at once, of either side.")
    words.add_argument("--steps", type=int, default=100, help="Steps of a pass.")
    words.add_argument("--times", type=int, default=3, help="Processes of each side.")
    words.add_argument("--alone", action="store_true", help="Only ours, here: one JSON line.")
    told = words.parse_args()
    if told.alone:
        print(json.dumps(ours(told.worlds[0], told.people, told.steps, 5)))
        return 0
    cpu = not accelerated()
    record: dict[str, Any] = {"clock": "CPU" if cpu else "wall"}
    mine = [sys.executable, "-m", "inhabit.lab.village_speed", "--alone", "--people", str(told.people)]
    mine += ["--steps", str(told.steps), "--worlds"]
    for worlds in told.worlds:
        theirs = [told.peer, "-c", THEIRS, str(worlds), str(told.steps), "5"] if told.peer else None
        record[f"{worlds} worlds"] = beside([*mine, str(worlds)], theirs, times=told.times, cpu=cpu)
    if cpu:
        record["1,024 villages"] = measured([*mine, "1024"])
    print(json.dumps(record, indent=1))
    return 0


def beside(mine: list[str], theirs: list[str] | None, *, times: int, cpu: bool) -> dict[str, Any]:
    """Both sides in turn, so many processes of each; the first fills the caches."""
    found: dict[str, list[dict[str, float]]] = {"village": [], "craftax": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(times):
            for side, words in (("village", mine), ("craftax", theirs)):
                if words:
                    found[side].append(measured(words, pathlib.Path(folder, side), cpu=cpu))
                    print(
                        json.dumps({"side": side, "words": words[-3:], **found[side][-1]}), file=sys.stderr, flush=True
                    )
    record: dict[str, Any] = {}
    for side, runs in found.items():
        if runs:
            record[f"{side} steps per second"] = statistics.median(run["steps per second"] for run in runs)
            for what in ("first s", "first CPU s"):
                record[f"{side} {what} cold"], record[f"{side} {what} cached"] = runs[0][what], runs[-1][what]
    if found["craftax"]:
        ratios = [one["steps per second"] / other["steps per second"] for one, other in zip(*found.values())]
        record |= {"ratio": statistics.median(ratios), "ratios": ratios}
    return record | {"runs": found}


if __name__ == "__main__":
    sys.exit(main())
