"""What lies on the table: goods to be split, what both sides have said of them so far, and the deal that stands."""

import dataclasses
import functools
import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from inhabit.types import STANCES

TALK = ("chat", "greet", "thank", "question", "agree", "reject", "complain")
"""Moves in words that say nothing of any good."""

SPEAK = "speak"
"""The move in words that says something of at least one good."""

SUBMIT, ACCEPT, REJECT, WALK, SELECT = "submit-deal", "accept-deal", "reject-deal", "walk-away", "select"
KINDS = (*TALK, SPEAK, SUBMIT, ACCEPT, REJECT, WALK, SELECT)
"""Everything that a negotiator can do."""

ASK, OFFER, REFUSE = (STANCES.index(stance) for stance in ("ask", "offer", "refuse"))


@functools.cache
def splits(counts: tuple[int, ...]) -> Int[np.ndarray, "splits goods"]:
    """Every way to split the goods: what one side gets of each, in the order of `itertools.product`."""
    return np.array(list(itertools.product(*(range(count + 1) for count in counts))))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """One thing done by one side.

    Attributes:
        kind: One of `KINDS`.
        stances: What is said of each good: 0 nothing, 1 ask, 2 offer, 3 refuse.
        share: What the mover would get of each good, where that is said; NaN where not.
    """

    kind: str
    stances: tuple[int, ...] = ()
    share: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Side:
    """What one side has said and done so far.

    Attributes:
        said: How often it asked for, offered and refused each good.
        first: Stances of the first message that took any.
        latest: Stances of its latest message.
        stances: The last stance on each good.
        share: Of each good, what it last said that it would get; NaN where it never did.
        kinds: How often it made each kind of move.
        last: The kind of its last move, -1 before any.
    """

    said: Float[np.ndarray, "goods kinds"]
    first: Int[np.ndarray, " goods"]
    latest: Int[np.ndarray, " goods"]
    stances: Int[np.ndarray, " goods"]
    share: Float[np.ndarray, " goods"]
    kinds: Float[np.ndarray, " moves"]
    last: int

    @classmethod
    def silent(cls, goods: int) -> "Side":
        """Nothing said yet."""
        none = np.zeros(goods, int)
        return cls(np.zeros((goods, 3)), none, none, none, np.full(goods, np.nan), np.zeros(len(KINDS)), -1)

    def doing(self, move: Move) -> "Side":
        """The side after a move of its own."""
        kinds = self.kinds.copy()
        kinds[KINDS.index(move.kind)] += 1
        latest = np.array(move.stances or np.zeros_like(self.stances))
        share = np.array(move.share or np.full(len(latest), np.nan), float)
        return Side(
            said=self.said + (latest[:, None] == np.arange(1, len(STANCES))),
            first=self.first if self.first.any() else latest,
            latest=latest,
            stances=np.where(latest > 0, latest, self.stances),
            share=np.where(np.isfinite(share), share, self.share),
            kinds=kinds,
            last=KINDS.index(move.kind),
        )


@dataclasses.dataclass(frozen=True)
class Table:
    """A negotiation so far, from both sides.

    Attributes:
        counts: How many of each good there are.
        sides: The two sides; whoever looks takes a `view`.
        draft: What side 0 would get of each good by the last word on it from either side; NaN before any.
        fresh: Messages since the draft last changed.
        agreed: Whether someone agreed since.
        messages: Messages in words so far.
        standing: What side 0 would get by the deal that waits for an answer, or `None`.
        by: Who submitted it.
        rejections: Deals rejected so far.
        over: Whether it has ended.
        deal: What side 0 gets by the deal that was accepted, or `None`.
    """

    counts: tuple[int, ...]
    sides: tuple[Side, Side]
    draft: Float[np.ndarray, " goods"]
    fresh: int = 0
    agreed: bool = False
    messages: int = 0
    standing: tuple[int, ...] | None = None
    by: int = 0
    rejections: int = 0
    over: bool = False
    deal: tuple[int, ...] | None = None

    @classmethod
    def laid(cls, counts: Sequence[float]) -> "Table":
        """Before the first word."""
        nobody = Side.silent(len(counts))
        return cls(tuple(int(count) for count in counts), (nobody, nobody), np.full(len(counts), np.nan))

    def view(self, side: int) -> "View":
        """The table as one side sees it."""
        standing = self.standing if side == 0 else self.other(self.standing)
        theirs = self.by != side and standing is not None
        return View(self, self.sides[side], self.sides[1 - side], standing if theirs else None, side == 0)

    def other(self, share: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """What is left of the goods."""
        return None if share is None else tuple(count - part for count, part in zip(self.counts, share))

    def after(self, side: int, move: Move) -> "Table":
        """The table after a move; an `agree` takes over what the other said it would get."""
        sides = list(self.sides)
        if move.kind == "agree" and not any(move.stances):
            left = np.array(self.counts) - sides[1 - side].share
            move = dataclasses.replace(move, share=tuple(left.tolist()))
        sides[side] = sides[side].doing(dataclasses.replace(move, share=()) if move.kind == SUBMIT else move)
        table = dataclasses.replace(self._drafted(side, move), sides=(sides[0], sides[1]))
        if move.kind in TALK or move.kind == SPEAK:
            return dataclasses.replace(table, messages=self.messages + 1)
        return table._settled(side, move)

    def _drafted(self, side: int, move: Move) -> "Table":
        """Put what is said of each good into the draft; agreeing leaves it as it is."""
        agreed = self.agreed or move.kind in ("agree", ACCEPT)
        if move.kind == "agree" or not np.isfinite(move.share).any():
            return dataclasses.replace(self, fresh=self.fresh + 1, agreed=agreed)
        share = np.array(move.share) if side == 0 else np.array(self.counts) - np.array(move.share)
        draft = np.where(np.isfinite(share), share, self.draft)
        same = np.array_equal(draft, self.draft)
        return dataclasses.replace(self, draft=draft, fresh=0, agreed=same)

    def _settled(self, side: int, move: Move) -> "Table":
        if move.kind == SUBMIT:
            share = tuple(int(part) for part in move.share)
            return dataclasses.replace(self, standing=share if side == 0 else self.other(share), by=side)
        if move.kind == ACCEPT:
            return dataclasses.replace(self, deal=self.standing, standing=None, over=True)
        if move.kind == REJECT:
            sides = list(self.sides)
            proposed = self.standing if self.by == 0 else self.other(self.standing)
            sides[self.by] = dataclasses.replace(sides[self.by], share=np.array(proposed, float))
            rejections = self.rejections + 1
            return dataclasses.replace(self, sides=(sides[0], sides[1]), standing=None, rejections=rejections)
        return dataclasses.replace(self, standing=None, over=True)


@dataclasses.dataclass(frozen=True)
class View:
    """A table as one of its sides sees it.

    Attributes:
        table: The table.
        me: The own side.
        they: The other.
        standing: What the own side would get by the other's deal that waits for an answer, or `None`.
        mine_first: Whether the own side is side 0.
    """

    table: Table
    me: Side
    they: Side
    standing: tuple[int, ...] | None
    mine_first: bool

    @property
    def draft(self) -> Float[np.ndarray, " goods"]:
        """What the own side would get by the last word on each good, whoever said it; NaN before any."""
        draft = self.table.draft
        return draft if self.mine_first else np.array(self.table.counts) - draft

    @property
    def offered(self) -> Float[np.ndarray, " goods"]:
        """What the own side would get by what the other last said of each good; NaN where nothing was."""
        return np.array(self.table.counts) - self.they.share
