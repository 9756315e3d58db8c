"""Regard: a negotiation in the eyes of one side with values of its own, as the features of all that it could do."""

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inhabit.mind.bargainer.table import ASK, KINDS, OFFER, REFUSE, View, splits
from inhabit.types import STANCES

_AFTER = (1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 14, 17, 20)


@functools.cache
def sayings(goods: int) -> Int[np.ndarray, "sayings goods"]:
    """Every way to take stances on the goods, but for taking none."""
    return np.array(list(itertools.product(range(len(STANCES)), repeat=goods)))[1:]


@functools.cache
def shapes(goods: int) -> tuple[Float[np.ndarray, "sayings goods_stances"], Float[np.ndarray, "sayings shapes"]]:
    """Each saying as (good, stance) pairs, and which shape it has: how many are asked for, offered, refused."""
    rows = sayings(goods)
    pairs = np.stack([rows == code for code in range(1, len(STANCES))], axis=2).reshape(len(rows), -1)
    counts = [tuple((row == code).sum() for code in range(1, len(STANCES))) for row in rows]
    kinds = sorted(set(counts))
    return pairs.astype(float), np.eye(len(kinds))[[kinds.index(count) for count in counts]]


def relative(worth: Sequence[float] | np.ndarray) -> Float[np.ndarray, " goods"]:
    """Worth of each good against the mean, minus 1."""
    worth = np.asarray(worth, float)
    return worth / max(worth.mean(), 1e-9) - 1


def gains(relative_worth: np.ndarray, counts: Sequence[int]) -> Float[np.ndarray, " goods"]:
    """Utility of one more of each good, when everything on the table together is worth 1."""
    worth = np.maximum(1 + relative_worth, 0.0)
    return worth / max(float(worth @ np.asarray(counts)), 1e-9)


def heard(view: View) -> Float[np.ndarray, "goods heard"]:
    """What was heard of each good from the other side, for a guess of what it is worth to them."""
    said, count = np.minimum(view.they.said, 3) / 3, np.array(view.table.counts)
    first = view.they.first[:, None] == np.array([ASK, OFFER])
    share = np.where(np.isfinite(view.they.share), view.they.share / np.maximum(count, 1) - 0.5, 0.0)
    latest = view.they.stances[:, None] == np.array([ASK, OFFER, REFUSE])
    features = np.concatenate([said, said > 0, first, latest, share[:, None]], axis=1)
    return features - features.mean(0)


def _fit(side: np.ndarray, counts: np.ndarray, share: np.ndarray) -> np.ndarray:
    """How far shares are from what was said (mean over goods spoken of), and whether all is exactly as said."""
    known = np.isfinite(side)
    apart = np.abs(share - np.where(known, side, share)) / np.maximum(counts, 1)
    distance = apart.sum(-1) / max(known.sum(), 1)
    return np.stack([distance, (distance == 0) * float(known.all())], axis=-1)


def _enough(worth: float | np.ndarray) -> list[np.ndarray]:
    """Whether it is at least half of everything, and at least two thirds."""
    return [np.asarray(worth > least - 1e-6, float) for least in (1 / 2, 2 / 3)]


@dataclasses.dataclass(frozen=True)
class Regard:
    """A table in the eyes of one side with its own values: the features of all that it could do.

    Attributes:
        view: What is seen.
        own: Relative worth of each good to oneself.
        other: What it is believed to be to the other side.
    """

    view: View
    own: Float[np.ndarray, " goods"]
    other: Float[np.ndarray, " goods"]

    @property
    def time(self) -> float:
        """Tens of messages so far, at most two."""
        return min(self.view.table.messages, 20) / 10

    def utilities(self, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What shares are worth to oneself, and are believed to be worth to the other; all goods together are 1."""
        counts = self.view.table.counts
        return share @ gains(self.own, counts), (np.array(counts) - share) @ gains(self.other, counts)

    def kinds(self) -> Float[np.ndarray, " features"]:
        """What tells which kind of move comes next."""
        view, count = self.view, self.view.table.messages
        offered, share = view.offered, view.me.share
        both = np.isfinite(offered) & np.isfinite(share)
        gap = float(np.abs(np.where(both, offered - share, 0)).sum()) / max(sum(view.table.counts), 1)
        settled = float(both.all() and gap == 0)
        agreed = float(view.they.last == KINDS.index("agree"))
        filled = [np.where(np.isfinite(x), x, np.array(view.table.counts) / 2) for x in (offered, share)]
        worths = [self.utilities(x)[0] - 0.5 for x in filled]
        late = float(count >= 10)
        rejections = view.table.rejections
        draft, agreed_on = view.draft, float(view.table.agreed)
        whole = float(np.isfinite(draft).all())
        fresh = [float(view.table.fresh == age) for age in range(3)]
        drafted: list[Any] = [
            whole,
            agreed_on,
            whole * agreed_on,
            late * whole,
            late * agreed_on,
            late * whole * agreed_on,
        ]
        drafted += [*fresh, *(late * age for age in fresh), *(whole * late * age for age in fresh)]
        drafted += [self.utilities(np.where(np.isfinite(draft), draft, np.array(view.table.counts) / 2))[0] - 0.5]
        drafted += [enough for worth in (*worths, drafted[-1]) for enough in _enough(worth + 0.5)]
        drafted += [whole * agreed_on * enough for enough in drafted[-2:]]
        plain: list[Any] = [
            1,
            count / 10,
            *(count >= after for after in _AFTER),
            gap,
            settled,
            settled * late,
            agreed * late,
        ]
        plain += [agreed * np.isfinite(share).all(), agreed * late * np.isfinite(share).all(), both.mean(), late * gap]
        plain += [np.isfinite(share).mean(), np.isfinite(offered).mean(), *worths, *(late * x for x in worths)]
        plain += [rejections > 0, rejections, (view.they.latest > 0).sum() / 3, (view.me.latest > 0).sum() / 3]
        plain += drafted
        last = np.concatenate([np.eye(len(KINDS) + 1)[side.last] for side in (view.me, view.they)])
        often = np.concatenate([np.minimum(side.kinds, 4) / 4 for side in (view.me, view.they)])
        return np.concatenate([np.array(plain, float), last, often])

    def answer(self) -> Float[np.ndarray, " features"]:
        """What tells how a standing deal is answered."""
        view, counts = self.view, np.array(self.view.table.counts)
        share = np.array(view.standing, float)
        mine, theirs = self.utilities(share)
        envy, guilt = max(theirs - mine, 0), max(mine - theirs, 0)
        own, said = _fit(view.me.share, counts, share), _fit(view.offered, counts, share)
        draft = _fit(view.draft, counts, share)
        agreed = float(view.me.last == KINDS.index("agree"))
        rejections = view.table.rejections
        plain = [1, mine - 0.5, (mine - 0.5) ** 2, theirs - 0.5, envy, guilt, *own, *said, *draft, agreed]
        return np.array([*plain, rejections > 0, min(rejections, 3) / 3, self.time, mine < 0.45, *_enough(mine)], float)

    def goods(self) -> Float[np.ndarray, "goods features"]:
        """What tells the stance on each good; the same for all goods."""
        view, own, other = self.view, self.own, self.other
        latest, standing = (view.they.latest, view.they.stances)
        known = np.isfinite(view.offered)
        left = np.where(known, view.offered / np.maximum(np.array(view.table.counts), 1) - 0.5, 0)
        first, spoken = float(not view.me.first.any()), (view.me.said.sum(1) > 0).astype(float)
        columns = [np.ones_like(own), own, own * self.time, own * first, own**2, other, other * self.time]
        columns += [latest == ASK, latest == OFFER, latest == REFUSE]
        columns += [standing == ASK, standing == OFFER, standing == REFUSE, left, known]
        columns += [spoken, view.me.latest > 0, first * (latest == ASK)]
        whole = gains(own, view.table.counts) * np.array(view.table.counts) - 1 / len(own)
        columns += [whole, whole * self.time]
        return np.stack([np.asarray(column, float) for column in columns], axis=1)

    def shape(self) -> Float[np.ndarray, " features"]:
        """What tells how many goods are asked for, offered and refused."""
        view = self.view
        shares, goods = np.isfinite(view.they.share).mean(), len(self.own)
        first = float(not view.me.first.any())
        told = [(view.they.latest == code).sum() / goods for code in (ASK, OFFER, REFUSE)]
        question = float(view.they.last == KINDS.index("question"))
        mine = (view.me.latest > 0).sum() / goods
        return np.array([1, first, self.time, self.time**2, *told, shares, question, mine, view.table.rejections > 0])

    def implied(self) -> Float[np.ndarray, "sayings features"]:
        """Whether each saying leaves enough to either side, if all that is asked for is got and the rest is left."""
        view, counts = self.view, np.array(self.view.table.counts)
        before = np.where(np.isfinite(view.draft), view.draft, counts / 2)
        stances = sayings(len(counts))
        share = np.where(stances == 0, before, np.where(stances == OFFER, 0, counts))
        mine, theirs = self.utilities(share)
        return np.stack([mine, mine**2, theirs, theirs**2, mine * theirs, *_enough(mine), *_enough(theirs)], axis=1)

    def amounts(self, stances: np.ndarray) -> Float[np.ndarray, " features"]:
        """What tells whether amounts are named."""
        view = self.view
        shares = [np.isfinite(side.share).mean() for side in (view.me, view.they)]
        number = (stances > 0).sum()
        first = float(not view.me.first.any())
        kinds = [number == 1, number == 2, number == 3, (stances == ASK).mean(), (stances == OFFER).mean()]
        return np.array([1, first, self.time, self.time**2, *shares, *kinds, (view.they.latest > 0).mean()], float)

    def splits(self, stances: np.ndarray | None) -> Float[np.ndarray, "splits features"]:
        """What speaks for each split: utilities, inequality, what was said, and the stances that it would go with.

        What one said oneself binds the deal that one submits; in talk it binds through one's values only.

        Source:
            Fehr & Schmidt (1999) for envy and guilt; Nash (1950) for the product of utilities.
        """
        view, counts = self.view, np.array(self.view.table.counts)
        share = splits(view.table.counts).astype(float)
        part = share / np.maximum(counts, 1)
        mine, theirs = self.utilities(share)
        envy, guilt = np.maximum(theirs - mine, 0), np.maximum(mine - theirs, 0)
        whole = share.sum(1) / max(counts.sum(), 1)
        evenness = [((part - 0.5) ** 2).mean(1), (whole - 0.5) ** 2, ((part == 0) | (part == 1)).mean(1)]
        evenness += [np.maximum(0.44 - whole, 0), np.maximum(whole - 0.56, 0)]
        columns = [mine, mine**2, theirs, theirs**2, mine * theirs, envy, guilt, *evenness]
        columns += [column * self.time for column in (mine, theirs, envy, guilt)]
        said = _fit(view.offered, counts, share)
        columns += [*said.T, said[:, 0] * self.time, mine * (view.table.rejections > 0)]
        columns += [part @ (view.they.stances == code) for code in (ASK, OFFER, REFUSE)]
        draft, agreed, fresh = _fit(view.draft, counts, share), float(view.table.agreed), float(view.table.fresh <= 1)
        columns += [*draft.T, *(agreed * draft).T, *(fresh * draft).T, agreed * mine, agreed * envy]
        if stances is not None:
            columns += [*_enough(mine), *_enough(theirs)]
            columns += [part @ (stances == code) for code in (ASK, OFFER, REFUSE)]
            columns += [(part == edge) @ (stances == code).astype(float) for code in (ASK, OFFER) for edge in (0, 1)]
            return np.stack(columns, axis=1)
        own = _fit(view.me.share, counts, share)
        columns += [*own.T, own[:, 0] * self.time, own[:, 1] * said[:, 1]]
        columns += [part @ (view.me.stances == code) for code in (ASK, OFFER, REFUSE)]
        return np.stack(columns, axis=1)
