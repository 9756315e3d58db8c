"""What was to be expected of a machine's steps: how likely the target of each was beside all others."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from inhabit.learning.joining.line import Word
from inhabit.worlds.wire import Machine

TARGETS = 7
"""Likeliest other targets of a step that are kept in mind; one more bit stands for another answer."""
ONCE = 0.1
"""How much a step is suspected to be answered otherwise, beside 1 for leading elsewhere."""
HIDDEN = 0.1
"""How much the target of a step was to be expected that is suspected a quarter as much as one that was not at all."""


def unexpected(own: Float[np.ndarray, "states inputs"]) -> Float[np.ndarray, " steps"]:
    """How little the target of each step was to be expected, told how likely it was (`expected`): 1 if not at all.

    So few steps are wrongly believed where much was to be expected, and so few steps show a hidden state (docs/wire.md).
    """
    return (1 + own.ravel() / HIDDEN) ** -2


def known_by(machine: Machine, access: Sequence[Word]) -> Int[np.ndarray, " states"]:
    """The steps by which states are known."""
    number = {word: state for state, word in enumerate(access)}
    steps = [number[word[:-1]] * len(machine.inputs) + word[-1] for word in access if word and word[:-1] in number]
    return np.array(steps, np.intp)


def expected(
    machine: Machine,
) -> tuple[Float[np.ndarray, "states inputs targets"], Float[np.ndarray, "states inputs"]]:
    """How likely each target of each step was, the others known, but its own; and how likely its own was.

    A step leads where its input leads from elsewhere with the same answer, or nowhere, or where the state's other inputs lead,
    or anywhere.
    """
    count, width = machine.next.shape
    own = np.eye(count)[machine.next]
    same = machine.out.T[:, :, None] == machine.out.T[:, None]
    alike = np.stack([one @ ones for one, ones in zip(same.astype(float), own.transpose(1, 0, 2))], 1) - own
    row = own.sum(axis=1, keepdims=True) - own
    anywhere = own.sum(axis=(0, 1)) + 0.5 - own
    chance = sum(
        share * one / np.maximum(one.sum(axis=2, keepdims=True), 1)
        for share, one in ((0.4, alike), (0.2, row), (0.2, anywhere))
    )
    chance += 0.2 * np.eye(count)[:, None]
    return chance * (1 - own), (chance * own).sum(axis=2)


def possible(
    others: Float[np.ndarray, "states inputs targets"],
) -> tuple[Int[np.ndarray, "steps targets"], Float[np.ndarray, "steps targets+1"]]:
    """Likeliest other targets of each step, told how likely all are (`expected`), and how likely beside one another.

    The last one is another answer.
    """
    chance = others.reshape(-1, others.shape[-1])
    best = np.argsort(-chance, axis=1)[:, :TARGETS]
    picked = np.take_along_axis(chance, best, axis=1)
    picked /= np.maximum(picked.sum(axis=1, keepdims=True), 1e-9)
    missing = ((0, 0), (0, TARGETS - best.shape[1]))
    other = np.full((len(best), 1), ONCE)
    return np.pad(best, missing), np.concatenate([np.pad(picked, missing), other], axis=1)


def likeness(machine: Machine, *, pairs: int = 4096, length: int = 8, seed: int = 0) -> float:
    """Of two different states, how probably a random word of `length` inputs does not tell them apart; 1 if there is one.

    Random words are what finds a state that is taken for another one: where this is near 0 nothing can hide for long.
    """
    if machine.states == 1:
        return 1.0
    generator = np.random.default_rng(seed)
    one = generator.integers(machine.states, size=pairs)
    other = (one + generator.integers(1, machine.states, size=pairs)) % machine.states
    words = generator.integers(len(machine.inputs), size=(pairs, length))
    return float((machine.run(words, one) == machine.run(words, other)).all(axis=1).mean())
