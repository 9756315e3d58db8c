"""The field's own learners on the same line, with every symbol counted: KV and L# with random Wp-words, and RPNI.

They come from AALpy (Muškardin et al. 2022), an extra: `pip install inhabit[wire]`.
"""

import random
import time
from typing import Any

import numpy as np

from inhabit.learning.joining.line import Line
from inhabit.worlds.wire import Machine, Traffic


class MissingLearner(ImportError):
    """AALpy is not installed; the message says how to get it."""


def classic(line: Line, way: str, seed: int, *, words: int = 5000, shortest: int = 3, mean: int = 10) -> Machine:
    """Learn with `way` ("kv" or "lsharp"), testing each hypothesis with random Wp-words; symbols are in `line`.

    Args:
        line: The line; its counters count learning and testing alike.
        way: The learner.
        seed: Of the tests.
        words: Tests of one round.
        shortest: Symbols of the shortest random part.
        mean: Expected symbols of the random part beyond it.
    """
    _aalpy()
    from aalpy.learning_algs import run_KV, run_Lsharp
    from aalpy.oracles import RandomWpMethodEqOracle

    system = _System.on(line)
    alphabet = list(range(line.width))
    random.seed(seed)
    oracle = RandomWpMethodEqOracle(alphabet, system, min_length=shortest, expected_length=mean, num_tests=words)
    learn = {"kv": run_KV, "lsharp": run_Lsharp}[way]
    return tables(learn(alphabet, system, oracle, "mealy", print_level=0), line, way)


def rpni(traffic: Traffic, line: Line) -> Machine:
    """Merge states over what was heard with AALpy's RPNI; what was never heard stays where it is, answering 0."""
    _aalpy()
    from aalpy.learning_algs import run_RPNI

    data = [
        (tuple(word[: place + 1]), said[place])
        for word, said in zip(traffic.inputs.tolist(), traffic.outputs.tolist())
        for place in range(len(word))
    ]
    return tables(run_RPNI(data, "mealy", print_info=False), line, "rpni")


def as_aalpy(machine: Machine) -> Any:
    """The machine as AALpy's automaton, its symbols by number."""
    _aalpy()
    from aalpy.automata import MealyMachine, MealyState

    states = [MealyState(str(number)) for number in range(machine.states)]
    for state, following, answers in zip(states, machine.next.tolist(), machine.out.tolist()):
        state.transitions = {symbol: states[target] for symbol, target in enumerate(following)}
        state.output_fun = dict(enumerate(answers))
    return MealyMachine(states[machine.initial], states)


def aalpy_system(machine: Machine) -> Any:
    """The machine as AALpy's own system under learning, whose `query` answers a word from a reset."""
    model = as_aalpy(machine)
    from aalpy.SULs import AutomatonSUL

    return AutomatonSUL(model)


def learned_with_oracle(machine: Machine) -> dict[str, Any]:
    """Learn with AALpy's KV and its oracle that knows the machine; CPU seconds, the oracle's included."""
    model = as_aalpy(machine)
    from aalpy.learning_algs import run_KV
    from aalpy.oracles import PerfectKnowledgeEqOracle

    line = Line(machine)
    system, alphabet = _System.on(line), list(range(line.width))
    began = time.process_time()
    found = run_KV(alphabet, system, PerfectKnowledgeEqOracle(alphabet, system, model), "mealy", print_level=0)
    return {"states": len(found.states), "symbols": line.symbols, "cpu_seconds": time.process_time() - began}


def tables(model: Any, line: Line, name: str) -> Machine:
    """A machine of AALpy as tables."""
    number = {state.state_id: index for index, state in enumerate(model.states)}
    following = np.tile(np.arange(len(number), dtype=np.int32)[:, None], line.width)
    out = np.zeros_like(following)
    for state in model.states:
        for symbol, target in state.transitions.items():
            following[number[state.state_id], symbol] = number[target.state_id]
            out[number[state.state_id], symbol] = state.output_fun[symbol]
    initial = number[model.initial_state.state_id]
    return Machine(following, out, line.inputs, line.outputs, initial, name)


def _aalpy() -> None:
    try:
        import aalpy  # noqa: F401
    except ImportError as error:
        raise MissingLearner("the classic learners need AALpy: pip install 'inhabit[wire]'") from error


class _System:
    """What AALpy calls a system under learning, on our line (made late, for its class is AALpy's)."""

    @staticmethod
    def on(line: Line) -> Any:
        from aalpy.base import SUL

        class OnLine(SUL):
            def pre(self):
                line.resets += 1
                self.state = line._initial

            def post(self):
                pass

            def step(self, letter):
                line.symbols += 1
                answer = line._out[self.state][letter]
                self.state = line._next[self.state][letter]
                return answer

        return OnLine()
