"""What passes along the wire: strangers at random, habitual talkers, and two machines with each other.

Every function gives `(inputs, outputs)`, two integer arrays of sessions by time; a session begins with a reset.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from inhabit.worlds.wire.machine import Machine

Words = Int[np.ndarray, "sessions length"]


class Traffic(NamedTuple):
    """What was heard on the wire: indices into the machine's inputs and outputs, sessions by time."""

    inputs: Words
    outputs: Words


def random_traffic(machine: Machine, sessions: int, length: int, seed: int) -> Traffic:
    """A stranger says uniformly random inputs; each session begins with a reset."""
    words = np.random.default_rng(seed).integers(len(machine.inputs), size=(sessions, length), dtype=np.int32)
    return Traffic(words, machine.run(words))


def resetless_traffic(machine: Machine, length: int, seed: int, lines: int = 1) -> Traffic:
    """Lines that are never reset: each is one long session that begins in a state drawn at random."""
    generator = np.random.default_rng(seed)
    words = generator.integers(len(machine.inputs), size=(lines, length), dtype=np.int32)
    return Traffic(words, machine.run(words, generator.integers(machine.states, size=lines, dtype=np.int32)))


def driven_traffic(machine: Machine, state: int, sessions: int, length: int, seed: int) -> Traffic:
    """A stranger drives the machine to `state` first, and then talks at random; `length` counts both.

    Raises:
        ValueError: No word leads there, or none so short.
    """
    path = machine.path(state)
    if len(path) > length:
        raise ValueError(f"{machine.name}: state {state} is {len(path)} steps away, sessions have only {length}")
    words = np.random.default_rng(seed).integers(len(machine.inputs), size=(sessions, length), dtype=np.int32)
    words[:, : len(path)] = path
    return Traffic(words, machine.run(words))


class Habits(NamedTuple):
    """What a habitual talker is used to.

    Attributes:
        goals: How often it heads for each state.
        moves: `moves[state, input]`, what it says once it is where it wanted to be.
    """

    goals: Float[np.ndarray, " states"]
    moves: Float[np.ndarray, "states inputs"]


def draw_habits(machine: Machine, seed: int, *, wants: float = 0.5) -> Habits:
    """Draw a talker: it wants about a share `wants` of the states (Zipf by a random order), and has favourite moves."""
    generator = np.random.default_rng(seed)
    count = max(1, round(wants * machine.states))
    goals = np.zeros(machine.states)
    goals[generator.permutation(machine.states)[:count]] = 1 / np.arange(1, count + 1)
    moves = generator.dirichlet(np.full(len(machine.inputs), 0.3), size=machine.states)
    return Habits(goals / goals.sum(), moves)


def habitual_traffic(
    machine: Machine, sessions: int, length: int, seed: int, *, whim: float = 0.05, habits: Habits | None = None
) -> Traffic:
    """A client that knows its server: it heads for a state it wants along a short path, makes a favourite move, goes on.

    Args:
        machine: Who answers.
        sessions: How many; each begins with a reset.
        length: Inputs of each session.
        seed: Same seed, same talker and same talk.
        whim: How often it says something at random instead.
        habits: The talker; drawn by `seed` if left out.
    """
    habits = draw_habits(machine, seed) if habits is None else habits
    generator = np.random.default_rng([seed, 1])
    reachable = (machine.distance < machine.states) * habits.goals
    stay = reachable.sum(axis=1) == 0
    reachable[stay, stay] = 1.0
    wish = (reachable / reachable.sum(axis=1, keepdims=True)).cumsum(axis=1)
    move = habits.moves.cumsum(axis=1)
    toward = machine.distance[machine.next].argmin(axis=1).astype(np.int32)
    state = np.full(sessions, machine.initial, np.int32)
    goal = _pick(wish[state], generator)
    words = np.empty((sessions, length), np.int32)
    for time in range(length):
        there = (goal == state) | (machine.distance[state, goal] >= machine.states)
        said = np.where(there, _pick(move[state], generator), toward[state, goal])
        said = np.where(generator.random(sessions) < whim, generator.integers(move.shape[1], size=sessions), said)
        words[:, time] = said
        state = machine.next[state, said]
        goal = np.where(there, _pick(wish[state], generator), goal)
    return Traffic(words, machine.run(words))


def conversation(
    client: Machine, server: Machine, sessions: int, length: int, seed: int, *, whim: float = 0.0
) -> Traffic:
    """Two machines talk: what the server says is what the client hears next; given are the server's inputs and outputs.

    The client speaks first, as if it had heard its own first input; with probability `whim` it says something else.

    Raises:
        ValueError: One says what the other does not understand.
    """
    heard = _translation(server.outputs, client.inputs, "client")
    meant = _translation(client.outputs, server.inputs, "server")
    generator = np.random.default_rng(seed)
    mine = np.full(sessions, client.initial, np.int32)
    theirs = np.full(sessions, server.initial, np.int32)
    hears = np.zeros(sessions, np.int32)
    words = np.empty((sessions, length), np.int32)
    for time in range(length):
        said = meant[client.out[mine, hears]]
        mine = client.next[mine, hears]
        said = np.where(generator.random(sessions) < whim, generator.integers(len(server.inputs), size=sessions), said)
        words[:, time] = said
        hears = heard[server.out[theirs, said]]
        theirs = server.next[theirs, said]
    return Traffic(words, server.run(words))


def _translation(says: tuple[str, ...], understands: tuple[str, ...], who: str) -> Int[np.ndarray, " words"]:
    unknown = [word for word in says if word not in understands]
    if unknown:
        raise ValueError(f"the {who} does not understand {unknown[0]!r}; it knows {', '.join(understands[:8])}")
    return np.array([understands.index(word) for word in says], np.int32)


def _pick(
    cumulative: Float[np.ndarray, "sessions choices"], generator: np.random.Generator
) -> Int[np.ndarray, " sessions"]:
    """Draw one choice a row from cumulative probabilities."""
    drawn = (generator.random((len(cumulative), 1)) > cumulative).sum(axis=1)
    return np.minimum(drawn, cumulative.shape[1] - 1).astype(np.int32)
