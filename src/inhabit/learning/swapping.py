"""Swapping: give a mind other values in the midst of a real talk, and see whether its plan changes, and which way."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inhabit.learning.annotating import plan_of
from inhabit.learning.bargaining import Turn, worth_of
from inhabit.mind.bargainer.bargain import Bargainer, Noise
from inhabit.mind.bargainer.table import SELECT, SPEAK, SUBMIT, Move
from inhabit.types import STANCES

CONTENT = (SPEAK, SUBMIT, SELECT)
"""Kinds of move that ask, offer, refuse or propose."""


@dataclasses.dataclass(frozen=True)
class Swap:
    """One turn under the true values and with the best and the worst good's values exchanged.

    Attributes:
        turn: The turn.
        worth: The true values.
        swapped: The exchanged ones.
        before: What the mind does under the true ones.
        after: What it does under the exchanged ones, all else the same.
    """

    turn: Turn
    worth: tuple[float, ...]
    swapped: tuple[float, ...]
    before: Move
    after: Move

    @property
    def changed(self) -> bool:
        """Whether anything in the plan is different."""
        return repr(self.before) != repr(self.after)

    def direction(self, usual: Float[np.ndarray, " stances"]) -> float:
        """Above 0 when the change asks more of what is now worth more, or offers more of what is now worth less.

        The change of value times the change of what the plan would bring the speaker, summed over goods; a stance
        without an amount counts as the `usual` share that goes with it, a good unspoken of as `usual[0]`.
        """
        counts = self.turn.view.table.counts
        brought = brings(self.after, counts, usual) - brings(self.before, counts, usual)
        return float((np.array(self.swapped) - np.array(self.worth)) @ brought)

    def line(self, goods: Sequence[str]) -> dict[str, Any]:
        """The swap as a raw prediction."""
        counts = self.turn.view.table.counts
        dialogue, _, agent = self.turn.life.id.rpartition("/")
        before, after = (plan_of(move, tuple(goods), counts) for move in (self.before, self.after))
        return {
            "task": "swap",
            "dialogue_id": int(dialogue) if dialogue.isdigit() else dialogue,
            "of": agent,
            "turn": self.turn.index,
            "values": dict(zip(goods, self.worth)),
            "swapped": dict(zip(goods, self.swapped)),
            "plan": {"act": before.act, "stances": dict(before.stances), "amounts": dict(before.amounts)},
            "plan_swapped": {"act": after.act, "stances": dict(after.stances), "amounts": dict(after.amounts)},
        }


def exchanged(worth: Sequence[float]) -> tuple[float, ...]:
    """The values of the best and the worst good exchanged."""
    best, worst = int(np.argmax(worth)), int(np.argmin(worth))
    row = list(worth)
    row[best], row[worst] = row[worst], row[best]
    return tuple(row)


def swaps(mind: Bargainer, turns: Sequence[Turn], goods: Sequence[str], *, seed: int | None) -> Iterator[Swap]:
    """Swap the values in every turn in which the mind asks, offers, refuses or proposes.

    Args:
        mind: The mind.
        turns: Real states, in which it has to act.
        goods: Names of the goods.
        seed: Of the noise, the same on both sides of a swap; `None` takes the likeliest at every step.
    """
    rng = np.random.default_rng(seed)
    for turn in turns:
        counts, worth = turn.view.table.counts, tuple(worth_of(turn.life, goods).tolist())
        noise = Noise.none(counts) if seed is None else Noise.drawn(counts, rng)
        before = mind.act(turn.view, worth, noise)
        if before.kind in CONTENT:
            other = exchanged(worth)
            yield Swap(turn, worth, other, before, mind.act(turn.view, other, noise))


def usual_shares(turns: Sequence[Turn]) -> Float[np.ndarray, " stances"]:
    """The mean share of a good that people name with each stance; a half where nothing is said."""
    told: list[list[float]] = [[] for _ in STANCES]
    for turn in turns:
        for code, part, count in zip(turn.move.stances, turn.move.share, turn.view.table.counts):
            if np.isfinite(part) and count:
                told[code].append(part / count)
    return np.array([0.5, *(float(np.mean(parts)) if parts else 0.5 for parts in told[1:])])


def brings(move: Move, counts: Sequence[int], usual: Float[np.ndarray, " stances"]) -> Float[np.ndarray, " goods"]:
    """What a move would bring its maker of each good, as a share of all there is of it."""
    stances = np.array(move.stances or [0] * len(counts))
    share = np.array(move.share or [np.nan] * len(counts), float) / np.maximum(np.array(counts), 1)
    return np.where(np.isfinite(share), share, usual[stances])
