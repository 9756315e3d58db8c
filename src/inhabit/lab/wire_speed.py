"""How fast machines are stepped and learned, beside AALpy, both sides in one run on one core.

python -m inhabit.lab.wire_speed [--states 500] [--inputs 30] [--machine FILE.dot] [--peer]
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
from inhabit.maths.conformance import w_suite
from inhabit.worlds.wire import SHIPPED, Machine, difference, random_machine, read_dot


def learning(machine: Machine) -> dict[str, Any]:
    """Learn with an equivalence oracle; CPU seconds, the oracle's included."""
    began = time.process_time()
    line = Line(machine)
    hypothesis = Hypothesis(line)
    while (word := difference(hypothesis.machine(), machine)) is not None:
        hypothesis.refine(word, line.ask(word))
    return {"states": hypothesis.states, "symbols": line.symbols, "cpu_seconds": time.process_time() - began}


def stepping(machine: Machine, rounds: int = 5) -> dict[str, float]:
    """Symbols a CPU second through the machine's own suite: the tables, and AALpy's own system, by turns."""
    words, lengths = w_suite(machine.next, machine.out, machine.initial)
    symbols, inputs = int(lengths.sum()), np.maximum(words, 0)
    system, some = (
        aalpy_system(machine),
        [tuple(word[:length].tolist()) for word, length in zip(words[:1000], lengths[:1000])],
    )
    ours, theirs = [], []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(10):
            machine.run(inputs)
        ours.append(10 * symbols / (time.process_time() - began))
        began = time.process_time()
        for word in some:
            system.query(word)
        theirs.append(sum(map(len, some)) / (time.process_time() - began))
    return {"ours": float(np.median(ours)), "aalpy": float(np.median(theirs)),
            "ratio": float(np.median(np.array(ours) / np.array(theirs)))}  # fmt: skip


def main(words: list[str]) -> None:
    """Print the figures as JSON lines."""
    parser = argparse.ArgumentParser(prog="inhabit.lab.wire_speed", description="Speed beside AALpy.")
    parser.add_argument("--states", type=int, default=500)
    parser.add_argument("--inputs", type=int, default=30)
    parser.add_argument("--machine", help="whose suite is stepped; the shipped handshake if left out")
    parser.add_argument("--peer", action="store_true", help="learn with AALpy's KV too")
    chosen = parser.parse_args(words)
    stepped = read_dot(chosen.machine) if chosen.machine else SHIPPED["handshake"]
    print(json.dumps({"what": "stepping", "machine": stepped.name} | stepping(stepped)), flush=True)
    machine = random_machine(chosen.states, chosen.inputs, 0)
    for who, learn in itertools.islice((("ours", learning), ("kv", learned_with_oracle)), 1 + chosen.peer):
        print(json.dumps({"what": "learning", "who": who, "of": machine.states} | learn(machine)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
