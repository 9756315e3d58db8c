"""A Mealy machine as two integer tables; thousands of sessions step through it at once."""

import dataclasses
import functools
from typing import Any

import numpy as np
from jaxtyping import Int


@dataclasses.dataclass(frozen=True, eq=False)
class Machine:
    """A deterministic, complete Mealy machine.

    Attributes:
        next: `next[state, input]`, the state that follows.
        out: `out[state, input]`, the output that is answered, an index into `outputs`.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        initial: The state in which a connection begins.
        name: What the machine is called.

    Raises:
        ValueError: The tables do not fit one another, or point outside.
    """

    next: Int[np.ndarray, "states inputs"]
    out: Int[np.ndarray, "states inputs"]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    initial: int = 0
    name: str = "machine"

    def __post_init__(self):
        shape = (len(self.next), len(self.inputs))
        if self.next.shape != shape or self.out.shape != shape or 0 in shape:
            raise ValueError(f"tables of {self.next.shape} and {self.out.shape} do not fit {shape[1]} inputs")
        for table, count, what in ((self.next, shape[0], "state"), (self.out, len(self.outputs), "output")):
            if table.min() < 0 or table.max() >= count:
                raise ValueError(f"{self.name}: a transition names {what} {table.max()} of only {count}")
        if not 0 <= self.initial < shape[0]:
            raise ValueError(f"{self.name}: initial state {self.initial} of only {shape[0]}")

    @property
    def states(self) -> int:
        """How many states it has."""
        return len(self.next)

    def run(
        self, words: Int[np.ndarray, "sessions length"], start: Int[np.ndarray, " sessions"] | int | None = None
    ) -> Int[np.ndarray, "sessions length"]:
        """Answer each word; each session begins in `start` (the initial state if left out).

        Words that lie by time in memory and are of `intp` (`by_time`) are stepped without being copied.
        """
        return self._step(words, start)[0].T

    def trace(
        self, words: Int[np.ndarray, "sessions length"], start: Int[np.ndarray, " sessions"] | int | None = None
    ) -> tuple[Int[np.ndarray, "sessions length"], Int[np.ndarray, "sessions steps"]]:
        """Answer each word, and say which states were passed: `length + 1` of them, the first being `start`."""
        first = np.broadcast_to(np.asarray(self.initial if start is None else start, np.intp), len(words))
        outputs, rows = self._step(words, start, keep=True)
        return outputs.T, np.concatenate([first[None], rows // len(self.inputs)]).T

    def _step(self, words: np.ndarray, start: np.ndarray | int | None, *, keep: bool = False) -> tuple[np.ndarray, Any]:
        """Answers by time, and the rows of the flat table after each step (only the last one if not kept).

        Source:
            Two gathers a step over all sessions, on tables laid flat.
        """
        width = len(self.inputs)
        following, answers = self._flat
        said = by_time(words).T
        if said.size and said.view(np.uintp).max() >= width:
            raise ValueError(f"{self.name}: a word has an input outside 0 to {width - 1}")
        length, count = said.shape
        rows = np.empty((length if keep else 1, count), np.intp)
        outputs, cell = np.empty((length, count), np.int32), np.empty(count, np.intp)
        row = np.broadcast_to(np.multiply(self.initial if start is None else start, width), count)
        for time in range(length):
            np.add(row, said[time], out=cell)
            row = rows[time if keep else 0]
            np.take(answers, cell, out=outputs[time], mode="clip")
            np.take(following, cell, out=row, mode="clip")
        return outputs, rows

    @functools.cached_property
    def _flat(self) -> tuple[np.ndarray, np.ndarray]:
        return self.next.ravel().astype(np.intp) * len(self.inputs), self.out.ravel().astype(np.int32)

    @functools.cached_property
    def distance(self) -> Int[np.ndarray, "states goals"]:
        """Steps of a shortest path from each state to each; `states` where there is none."""
        far = self.states
        steps = np.full((far, far), far, np.int32)
        np.fill_diagonal(steps, 0)
        for _ in range(far):
            shorter = np.minimum(steps, 1 + steps[self.next].min(axis=1))
            shorter = np.minimum(shorter, far)
            if (shorter == steps).all():
                break
            steps = shorter
        return steps

    @functools.cached_property
    def depth(self) -> Int[np.ndarray, " states"]:
        """Steps from the initial state to each state."""
        return self.distance[self.initial]

    def path(self, state: int, start: int | None = None) -> tuple[int, ...]:
        """A shortest word that leads to `state` (the first in the order of the inputs).

        Raises:
            ValueError: No word leads there.
        """
        at = self.initial if start is None else start
        if self.distance[at, state] >= self.states and at != state:
            raise ValueError(f"{self.name}: no word leads from state {at} to state {state}")
        word = []
        while at != state:
            chosen = int(np.argmin(self.distance[self.next[at], state]))
            word.append(chosen)
            at = int(self.next[at, chosen])
        return tuple(word)


def by_time(words: Int[np.ndarray, "sessions length"]) -> Int[np.ndarray, "sessions length"]:
    """The words as machines are stepped fastest: of `intp`, all sessions' first symbols side by side in memory."""
    return np.ascontiguousarray(np.asarray(words).T, np.intp).T


def minimal(machine: Machine) -> Machine:
    """The smallest machine that answers alike; its states are numbered in breadth-first order from the initial one.

    Source:
        Moore (1956), by refining classes of states until none splits.
    """
    classes = np.unique(machine.out, axis=0, return_inverse=True)[1].ravel()
    while True:
        rows = np.column_stack([classes, classes[machine.next]])
        finer = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
        if finer.max() == classes.max():
            break
        classes = finer
    first = np.unique(classes, return_index=True)[1]
    return _numbered(
        dataclasses.replace(
            machine, next=classes[machine.next[first]], out=machine.out[first], initial=int(classes[machine.initial])
        )
    )


def _numbered(machine: Machine) -> Machine:
    """Drop what cannot be reached; number the rest breadth-first."""
    order, seen = [machine.initial], {machine.initial}
    for state in order:
        for target in machine.next[state].tolist():
            if target not in seen:
                seen.add(target)
                order.append(target)
    number = np.full(machine.states, -1, np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    return dataclasses.replace(
        machine, next=number[machine.next[order]], out=machine.out[order].astype(np.int32), initial=0
    )


def difference(first: Machine, second: Machine) -> tuple[int, ...] | None:
    """A shortest word that the two answer differently, or `None` if they are the same machine.

    Outputs are compared by name, so that machines with other numberings can be compared.

    Raises:
        ValueError: They do not have the same inputs.
    """
    if first.inputs != second.inputs:
        raise ValueError("the two machines have other inputs; only machines over one alphabet can be compared")
    names = {name: number for number, name in enumerate(dict.fromkeys(first.outputs + second.outputs))}
    mine = np.array([names[name] for name in first.outputs])[first.out]
    theirs = np.array([names[name] for name in second.outputs])[second.out]
    start = (first.initial, second.initial)
    came: dict[tuple[int, int], tuple[tuple[int, int], int] | None] = {start: None}
    queue = [start]
    for pair in queue:
        differs = np.flatnonzero(mine[pair[0]] != theirs[pair[1]])
        if len(differs):
            word, step = [int(differs[0])], came[pair]
            while step is not None:
                word.append(step[1])
                step = came[step[0]]
            return tuple(reversed(word))
        for symbol, after in enumerate(zip(first.next[pair[0]].tolist(), second.next[pair[1]].tolist())):
            if after not in came:
                came[after] = (pair, symbol)
                queue.append(after)
    return None


def random_machine(states: int, inputs: int, seed: int, outputs: int = 5) -> Machine:
    """A machine whose transitions are drawn at random, minimised: it may have fewer states than asked for."""
    generator = np.random.default_rng(seed)
    return minimal(
        Machine(
            generator.integers(states, size=(states, inputs)).astype(np.int32),
            generator.integers(outputs, size=(states, inputs)).astype(np.int32),
            tuple(f"i{number}" for number in range(inputs)),
            tuple(f"o{number}" for number in range(outputs)),
        )
    )
