"""How fast machines are stepped and learned, beside AALpy, both sides in one run on one core.

python -m inhabit.lab.wire_speed [--states 500] [--inputs 30] [--machine FILE.dot [--depth 1]] [--peer]
"""

import argparse
import itertools
import json
import sys
import time
from typing import Any

import numpy as np

from inhabit.learning.joining.classics import aalpy_system, learned_with_oracle
from inhabit.learning.joining.line import Line
from inhabit.learning.joining.sifting import Hypothesis
from inhabit.maths.shared_suite import SharedSuite, Tables
from inhabit.worlds.wire import SHIPPED, Machine, by_time, difference, random_machine, read_dot


def learning(machine: Machine) -> dict[str, Any]:
    """Learn with an equivalence oracle; CPU seconds, the oracle's included."""
    began = time.process_time()
    line = Line(machine)
    hypothesis = Hypothesis(line)
    while (word := difference(hypothesis.machine(), machine)) is not None:
        hypothesis.refine(word, line.ask(word))
    return {"states": hypothesis.states, "symbols": line.symbols, "cpu_seconds": time.process_time() - began}


def stepping(machine: Machine, rounds: int = 7, depth: int = 0) -> dict[str, float]:
    """Symbols of the machine's own suite answered in a CPU second, by turns with AALpy's own system.

    Every symbol of every word counts once, however it was answered. `plain`: all words are stepped, each symbol on its
    own, the words lying by time. `shared`: a model is judged on the suite, heads and tails walked once each; the suite
    itself was made before. `aalpy`: `query` of its system, word by word, on the first thousand words.
    """
    suite = SharedSuite.of(Tables(machine.next, machine.out, machine.initial), depth=depth)
    words, some = by_time(np.maximum(suite.words, 0)), [
        tuple(word[:length].tolist()) for word, length in zip(suite.words[:1000], suite.lengths[:1000])
    ]  # fmt: skip
    model, system = Tables(*_changed(machine)), aalpy_system(machine)
    jobs = {
        "aalpy": (lambda: [system.query(word) for word in some], 1, sum(map(len, some))),
        "plain": (lambda: machine.run(words), 20, suite.symbols),
        "shared": (lambda: suite.right(model), 50, suite.symbols),
    }
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, (job, times, symbols) in jobs.items():
            began = time.process_time()
            for _ in range(times):
                job()
            rates[name].append(times * symbols / (time.process_time() - began))
    median = {name: float(np.median(rate)) for name, rate in rates.items()}
    ratios = {
        f"{name} / aalpy": float(np.median(np.array(rates[name]) / rates["aalpy"])) for name in ("plain", "shared")
    }
    steps = {"symbols": suite.symbols, "steps of shared": suite.steps(machine.states)}
    return {"words": len(suite.lengths)} | steps | median | ratios


def _changed(machine: Machine) -> tuple[np.ndarray, np.ndarray, int]:
    """The machine with one transition sent elsewhere: a model with something to find."""
    following = machine.next.copy()
    following[-1, -1] = (following[-1, -1] + 1) % machine.states
    return following, machine.out, machine.initial


def main(words: list[str]) -> None:
    """Print the figures as JSON lines."""
    parser = argparse.ArgumentParser(prog="inhabit.lab.wire_speed", description="Speed beside AALpy.")
    parser.add_argument("--states", type=int, default=500)
    parser.add_argument("--inputs", type=int, default=30)
    parser.add_argument("--machine", help="whose suite is stepped; the shipped handshake if left out")
    parser.add_argument("--depth", type=int, default=0, help="of that suite: states more than the machine's")
    parser.add_argument("--peer", action="store_true", help="learn with AALpy's KV too")
    chosen = parser.parse_args(words)
    stepped = read_dot(chosen.machine) if chosen.machine else SHIPPED["handshake"]
    print(json.dumps({"what": "stepping", "machine": stepped.name} | stepping(stepped, depth=chosen.depth)), flush=True)
    machine = random_machine(chosen.states, chosen.inputs, 0)
    for who, learn in itertools.islice((("ours", learning), ("kv", learned_with_oracle)), 1 + chosen.peer):
        print(json.dumps({"what": "learning", "who": who, "of": machine.states} | learn(machine)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
