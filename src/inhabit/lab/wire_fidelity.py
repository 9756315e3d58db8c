"""Every measure of fidelity, for networks and makers alike, with the table without memory beside them.

A model is asked as one joins a wire: it hears a random prefix with the machine's own answers, then it takes the machine's
place. Networks hear their own answers from there on where a measure needs it (distinction, compression); where a word must
be exact it makes no difference.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from inhabit.learning.overhearing import Network, answers
from inhabit.maths.conformance import characterising_set, padded
from inhabit.maths.fidelity import (
    distinction_and_compression,
    exact_sessions,
    memoryless,
    steps_to_first_error,
    suite_fidelity,
)
from inhabit.maths.shared_suite import SharedSuite, Tables
from inhabit.worlds.wire import Machine, Traffic, random_traffic

Words = Int[np.ndarray, "sessions length"]
Model = Callable[[Words, int | None], Words]
"""Answers words; from the place given on it hears what it says itself (`None`: never)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Looks:
    """How closely one looks; the share of `words` words is known to about `1 / (2 sqrt(words))`.

    Attributes:
        length: The length L of a session; prefixes are of 0, L, 3 L and 10 L random inputs.
        words: Most words of the suite that are asked after prefixes.
        pairs: Pairs of prefixes for distinction and compression.
        sessions: Random sessions of length L and 3 L.
        talkers: Adversarial talkers, each of `2 L` inputs, with eight looks ahead at each turn.
    """

    length: int = 40
    words: int = 512
    pairs: int = 100
    sessions: int = 256
    talkers: int = 24


def of_machine(model: Machine) -> Model:
    """A maker's model: it keeps its own state, whatever it hears."""
    return lambda words, own: model.run(words)


def of_network(network: Network, machine: Machine) -> Model:
    """A network: it hears the machine's answers."""
    return lambda words, own: answers(network, words, machine.run(words), len(machine.inputs), own=own)


def of_table(traffic: Traffic, width: int) -> Model:
    """The table without memory."""
    table = memoryless(traffic.inputs, traffic.outputs, width)
    return lambda words, own: table[words]


def fidelity(machine: Machine, model: Model, looks: Looks, seed: int) -> dict[str, float]:
    """All measures; `nan` where one has nothing to go by.

    `suite after n L`: share of the suite's words answered exactly after random prefixes. `distinction`: of the tails that
    part two prefixes, the share that parts them for the model; `compression`: of the prefixes in one state, the share
    that the model answers alike. `steps to error`: median over adversarial talkers, `2 L + 1` if there is none.
    """
    length, width = looks.length, len(machine.inputs)
    suite = SharedSuite.of(Tables(machine.next, machine.out, machine.initial))
    some = np.sort(np.random.default_rng(seed).permutation(len(suite.lengths))[: looks.words])
    words, lengths = suite.words[some], suite.lengths[some]
    tails, ends = padded(set(characterising_set(machine.next, machine.out)))
    plain = lambda asked: model(asked, None)
    found = {
        f"suite after {times} L": suite_fidelity(
            machine.run, plain, words, lengths, width=width, prefix=times * length, seed=seed
        )
        for times in (0, 1, 3, 10)
    }
    told, one = distinction_and_compression(
        lambda asked: machine.trace(asked)[1][:, -1], lambda asked: model(asked, PREFIX), tails, ends,
        width=width, pairs=looks.pairs, prefix=PREFIX, seed=seed, truth=machine.run,
    )  # fmt: skip
    adversary = steps_to_first_error(
        machine.run, plain, width=width, sessions=looks.talkers, length=2 * length, looks=8, seed=seed
    )
    fresh = random_traffic(machine, looks.sessions, length, seed + 20_000)
    sessions = {
        f"sessions of {times} L": exact_sessions(
            machine.run, plain, width=width, sessions=looks.sessions, length=times * length, seed=seed
        )
        for times in (1, 3)
    }
    right = plain(fresh.inputs) == fresh.outputs
    rest = {"distinction": told, "compression": one, "steps to error": float(np.median(adversary))}
    return found | rest | sessions | {"next output": float(right.mean())}


PREFIX = 3
"""Length of the prefixes whose states are told apart or taken for one: short enough not to end in a sink."""
