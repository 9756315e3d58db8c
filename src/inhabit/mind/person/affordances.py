"""Affordances: what must be so of a good for an act to be possible at all, learned from what never happened."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.types import STANCES

Needs = tuple[tuple[bool, ...], ...]
"""For each act, which signs it cannot do without."""

CHANCES = 10.0
"""So often an act must have been expected without a sign, and never been done, before the sign counts as needed."""

OFFER = STANCES.index("offer")

FAR = 8.0
"""How many nats below indifference an act lies that lacks what it needs: done after all, it is a bounded surprise."""


def balance_of(stances: Int[Array, "*turns goods"]) -> Float[Array, "*turns goods"]:
    """What a partner's words would bring of each good: +1 offered, -1 asked for, 0 neither."""
    return jnp.where(stances == 2, 1.0, jnp.where(stances == 1, -1.0, 0.0))


def signs(
    shown: Bool[Array, "*turns goods sights"],
    holds: Bool[Array, "*turns goods"],
    balance: Float[Array, "*turns goods"],
) -> Bool[Array, "*turns goods signs"]:
    """What can be so of each good: shown by each sight; offered; asked; spoken of; another held; what is asked held.

    Args:
        shown: Whether there is any of the good, by each sight.
        holds: Whether the person holds any.
        balance: What the partner's standing words would bring: +1 offered, -1 asked for.
    """
    offered, asked = balance > 0, balance < 0
    other = holds.sum(-1, keepdims=True) > holds
    payable = jnp.broadcast_to(jnp.all(holds | ~asked, axis=-1, keepdims=True), asked.shape)
    return jnp.concatenate([shown, jnp.stack([offered, asked, offered | asked, other, payable], axis=-1)], axis=-1)


def needs(
    found: Bool[Array, "turns goods signs"], act: Int[np.ndarray, " turns"], good: Int[np.ndarray, " turns"], acts: int
) -> Needs:
    """Which signs each act was never done without, though it would have been by chance.

    Args:
        found: Signs of every good at every turn.
        act: What was done.
        good: What it was aimed at: 0 nothing, else 1 + the index of the good.
        acts: Number of acts.
    """
    lacking = ~np.asarray(found)
    usual, needed = lacking.mean((0, 1)), np.zeros((acts, lacking.shape[-1]), bool)
    for number in range(acts):
        (turns,) = np.nonzero((act == number) & (good > 0))
        without = lacking[turns, good[turns] - 1]
        needed[number] = ~without.any(0) & (len(turns) * usual > CHANCES)
    return tuple(tuple(row) for row in needed.tolist())


def pays(
    act: Int[np.ndarray, " turns"], good: Int[np.ndarray, " turns"], stances: Int[np.ndarray, "turns goods"], acts: int
) -> tuple[bool, ...]:
    """Which acts always name one good, and never more, to be given for the one that they are aimed at.

    Args:
        act: What was done.
        good: What it was aimed at: 0 nothing, else 1 + the index of the good.
        stances: What was said of each good.
        acts: Number of acts.
    """
    aim = np.arange(1, stances.shape[1] + 1) == good[:, None]
    once = ((stances == OFFER) & ~aim).sum(1) == 1
    times, paid = np.bincount(act, minlength=acts), np.bincount(act, once & (good > 0), minlength=acts)
    return tuple(((times > CHANCES) & (paid == times)).tolist())


def closed(needed: Needs, found: Bool[Array, "goods signs"]) -> Bool[Array, "acts goods"]:
    """Which acts lack what they need, for each good."""
    lacking = (~found).astype(int)
    return jnp.asarray(needed, int) @ lacking.T > 0
