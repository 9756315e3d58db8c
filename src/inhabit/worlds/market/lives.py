"""The market's record as its makers would tell it: lives, with nothing hidden in them, and the truth beside them."""

from collections.abc import Iterator, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.maths.utility import exponential_utility
from inhabit.types import STANCES, Choice, Life, Message
from inhabit.worlds.market.makers import Maker
from inhabit.worlds.market.options import ACT_OF, ACTS, GIVES, GOODS, OPTIONS, WANTS
from inhabit.worlds.market.situation import CURVATURE
from inhabit.worlds.market.words import sentence
from inhabit.worlds.market.world import Record

KINDS = tuple(f"refuse {option.reason}" if option.act == "refuse" else option.act for option in OPTIONS)
"""Which cores of the language each option is said with."""


class Truth(eqx.Module):
    """What the lives do not say.

    Attributes:
        names: Of the makers, as in `Life.maker`.
        makers: Their values, set points, tilts, patience, temper, kindness and style, in the same order.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    makers: Maker

    def weights(self, name: str) -> Mapping[str, float]:
        """Share of each good in what a maker values at rest: what a first little of it is worth by the unit."""
        index = self.names.index(name)
        return dict(zip(GOODS, np.asarray(self.makers.weight)[index].tolist()))

    def firsts(self, name: str) -> Mapping[str, float]:
        """The same of a first whole unit, which sates as it is taken in; acts weigh whole units."""
        maker = jax.tree.map(lambda leaf: leaf[self.names.index(name)], self.makers)
        whole = maker.value * exponential_utility(
            jnp.ones(len(GOODS)), maker.set_point, jnp.full(len(GOODS), CURVATURE)
        )
        return dict(zip(GOODS, np.asarray(whole / whole.sum()).tolist()))


def truth(record: Record) -> Truth:
    """The hidden part of a record."""
    return Truth(names=tuple(maker_name(i) for i in range(len(record.makers.patience))), makers=record.makers)


def maker_name(index: int) -> str:
    """Name of a maker by index."""
    return f"maker-{index:05d}"


def life_id(meeting: int, side: int) -> str:
    """Id of the life of one side (0 acted first) of a meeting."""
    return f"meeting-{meeting:06d}-{'ab'[side]}"


def lives(record: Record) -> tuple[Life, ...]:
    """Every meeting as each of its two sides lived it, the first side's life first.

    A maker's own message comes with what was seen and felt just before it, another's with what was seen and felt just
    after it. `sees` is `{"own": holdings, "partner": holdings}`, `feels` the maker's own levels; at the beginning of a life
    it also has the stress that the maker comes with. A meeting cut off at
    the world's longest talk has `outcome["left"]` empty.
    """
    plain = jax.tree.map(np.asarray, record)
    return tuple(life for meeting in range(len(plain.pairs)) for life in _meeting(plain, meeting))


def _meeting(record: Record, meeting: int) -> Iterator[Life]:
    events = jax.tree.map(lambda leaf: leaf[meeting], record.events)
    turns = int(events.done.sum())
    told = [_told(events, turn) for turn in range(turns)]
    left = ACTS[ACT_OF[events.option[turns - 1]]] == "leave"
    stocks = [_stocks(record, meeting, events, turn) for turn in range(turns + 1)]
    for side in (0, 1):
        felt, seen = zip(*(_perceived(levels, holdings, side) for levels, holdings in stocks))
        yield Life(
            id=life_id(meeting, side),
            maker=maker_name(int(record.pairs[meeting, side])),
            messages=tuple(
                Message(
                    role="user" if turn % 2 == side else "partner",
                    content=content,
                    time=float(turn),
                    act=act,
                    stances=stances,
                    sees=seen[turn + (turn % 2 != side)],
                    feels=felt[turn + (turn % 2 != side)],
                )
                for turn, (content, act, stances, _) in enumerate(told)
            ),
            choices=tuple(choice for turn, (*_, choice) in enumerate(told) if choice and turn % 2 == side),
            feels=felt[0] | {"stress": round(float(record.starts.mood[meeting, side, 0]), 3)},
            outcome={
                "partner": maker_name(int(record.pairs[meeting, 1 - side])),
                "left": ("user" if (turns - 1) % 2 == side else "partner") if left else "",
                "truncated": not left,
                "holdings": seen[-1]["own"],
            },
        )


def _stocks(record: Record, meeting: int, events, turn: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels and holdings before a turn, first side first; after the last turn they are the meeting's end."""
    if turn < len(events.option):
        levels, holdings = events.levels[turn], events.holdings[turn]
    else:
        levels, holdings = record.ends.levels[meeting], record.ends.holdings[meeting]
    flip = -1 if turn % 2 else 1
    return levels[::flip], holdings[::flip]


def _perceived(levels: np.ndarray, holdings: np.ndarray, side: int) -> tuple[dict[str, float], dict[str, dict]]:
    own, other = (dict(zip(GOODS, holdings[s].astype(int).tolist())) for s in (side, 1 - side))
    return dict(zip(GOODS, levels[side].astype(float).round(3).tolist())), {"own": own, "partner": other}


def _told(events, turn: int) -> tuple[str, str, dict[str, str], Choice | None]:
    """Words, act, stances and (where something was accepted or refused) the choice of one turn."""
    option, give, want = int(events.option[turn]), events.give[turn], events.want[turn]
    act = ACTS[ACT_OF[option]]
    pending = act in ("accept", "refuse")
    named_give, named_want = (_name(give), _name(want)) if pending else (_name(GIVES[option]), _name(WANTS[option]))
    words = sentence(KINDS[option], events.phrases[turn].tolist(), named_give, named_want)
    choice = None
    if pending:
        deal = {good: float(g - w) for good, g, w in zip(GOODS, give, want) if g != w}
        choice = Choice(at=turn, options=(deal, {}), chosen=0 if act == "accept" else 1)
    return words, act, _stances(option, give, want), choice


def _name(which: np.ndarray) -> str | None:
    return GOODS[int(which.argmax())] if which.any() else None


def _stances(option: int, give: np.ndarray, want: np.ndarray) -> dict[str, str]:
    codes = stances_of(option, give, want)
    return {good: STANCES[code] for good, code in zip(GOODS, codes) if code}


def stances_of(option: int, give: np.ndarray, want: np.ndarray) -> np.ndarray:
    """`rule.stance_codes` for one option in plain NumPy."""
    said = OPTIONS[option]
    if said.act == "accept":
        return (give + 2 * want).astype(int)
    if said.act == "refuse":
        return (3 * (give if said.reason in ("dislike", "full") else want)).astype(int)
    if said.act in ("ask", "offer"):
        return (WANTS[option] + 2 * GIVES[option]).astype(int)
    if said.act in ("eat", "praise"):
        return GIVES[option].astype(int)
    return np.zeros(len(GOODS), int)
