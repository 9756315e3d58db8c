"""The codebook: names of acts, goods, feelings and ratings, and how a life becomes arrays that a mind can live."""

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.learning.turns import Turn
from inhabit.learning.turns import turns as spoken_turns
from inhabit.mind.person.lived import Deed
from inhabit.senses.text import Ear
from inhabit.types import DEAL, LEAVE, MOODS, STANCES, Act, Life, Message, Percept

OTHER = "other"
"""The act that stands for every act too rare in the log to be learned, and for an act the log does not name."""


class Lesson(eqx.Module):
    """One life as its maker lived it, turn by turn, padded to `time` turns.

    Attributes:
        percepts: What was perceived before each of the maker's acts.
        acts: What the maker did.
        rating: Index of the rating given with each act; -1 where there is none.
        ends: Whether the maker's part of the life ends with this act.
        options: The options of a choice made at this turn, as changes in goods; zeros where there is none.
        chosen: The option taken; -1 where no choice was made.
        living: True for a turn that was lived, False for padding.
        values: What each good is worth to the maker; NaN where the log does not know.
        maker: Index of the maker; -1 for a stranger.
    """

    percepts: Percept
    acts: Act
    rating: Int[Array, "*batch time"]
    ends: Bool[Array, "*batch time"]
    options: Float[Array, "*batch time options goods"]
    chosen: Int[Array, "*batch time"]
    living: Bool[Array, "*batch time"]
    values: Float[Array, "*batch goods"]
    maker: Int[Array, "*batch"]

    @property
    def deeds(self) -> Deed:
        """All that is seen of what the maker did, turn by turn."""
        return Deed(self.acts, self.rating, self.ends)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Codebook:
    """The names that a log uses, in the order of their codes.

    Attributes:
        acts: What makers do; always holds `leave` and `other`.
        aimed: Acts that are always about a good.
        heard: What partners do, code 0 being nothing or unknown.
        goods: What can be had.
        feels: What the body reports.
        sights: Keys of `sees` that show a number of each good.
        ratings: The rating levels, ascending.
        ear: How words are heard.
        turns: Turns of a padded life; a longer one is cut, and `cut` counts them.
        options: Most options of a choice.
        tempo: Median seconds from one turn of a maker to the next; 0 where the log has no clock.
    """

    acts: tuple[str, ...]
    aimed: tuple[str, ...]
    heard: tuple[str, ...]
    goods: tuple[str, ...]
    feels: tuple[str, ...]
    sights: tuple[str, ...]
    ratings: tuple[float, ...]
    ear: Ear
    turns: int
    options: int = 0
    tempo: float = 0.0

    @classmethod
    def learn(cls, lives: Sequence[Life], *, ear: Ear, rare: int = 2, most_turns: int = 48) -> "Codebook":
        """Collect the names that occur in `lives`; an act seen fewer than `rare` times becomes `other`."""
        acts = collections.Counter(t.message.act or OTHER for life in lives for t in turns(life))
        heard = collections.Counter(m.act for life in lives for m in life.messages if m.role != "user" and m.act)
        lengths = [len(turns(life)) for life in lives]
        return cls(
            acts=(*sorted(a for a, n in acts.items() if n >= rare and a not in (LEAVE, OTHER)), LEAVE, OTHER),
            aimed=_always_aimed(lives),
            heard=("", *sorted(a for a, n in heard.items() if n >= rare)),
            goods=goods_of(lives),
            feels=_feels(lives),
            sights=_sights(lives),
            ratings=tuple(sorted({m.rating for life in lives for m in life.messages if m.rating is not None})),
            ear=ear,
            turns=min(most_turns, -8 * (-max(lengths, default=1) // 8)),
            tempo=_tempo(lives),
            options=max((len(c.options) for life in lives for c in life.choices), default=1),
        )

    @property
    def aimed_mask(self) -> tuple[bool, ...]:
        """For each act, whether it is about a good."""
        return tuple(act in self.aimed for act in self.acts)

    def act(self, message: Message) -> tuple[int, int, np.ndarray]:
        """Code a message of the maker: act, the good it is aimed at, stance on every good."""
        name = message.act if message.act in self.acts else OTHER
        stances = self.stances(message)
        aim = _aim(message, self.goods) if name in self.aimed else 0
        return self.acts.index(name), aim, stances

    def rated(self, message: Message) -> int:
        """Index of the rating given with a message; -1 where there is none."""
        return self.ratings.index(message.rating) if message.rating in self.ratings else -1

    def stances(self, message: Message) -> np.ndarray:
        """Code what a message says of each good."""
        return np.array([STANCES.index(message.stances.get(good, "")) for good in self.goods], np.int32)

    def lesson(self, life: Life, *, maker: int = -1) -> Lesson:
        """Turn one life into padded arrays."""
        lived = turns(life)[: self.turns]
        rows = [self._row(life, turn, first=index == 0) for index, turn in enumerate(lived)]
        nothing = self._row(life, Turn(index=-1, heard=(), message=Message(role="user", content="")), first=True)
        empty = {k: np.zeros_like(v) for k, v in nothing.items()} | {"rating": np.int32(-1), "chosen": np.int32(-1)}
        rows += [empty] * (self.turns - len(rows))
        stacked: dict[str, Any] = {k: np.stack([row[k] for row in rows]) for k in rows[0]}
        percept = {f.name for f in dataclasses.fields(Percept)}
        act = {"act", "good", "said"}
        rest: dict[str, Any] = {k: v for k, v in stacked.items() if k not in percept | act}
        rest["living"] = np.arange(self.turns) < len(lived)
        rest["values"] = np.array([life.values.get(good, np.nan) for good in self.goods], np.float32)
        rest["maker"] = np.asarray(maker, np.int32)
        return Lesson(
            percepts=Percept(**{k: v for k, v in stacked.items() if k in percept}),
            acts=Act(act=stacked["act"], good=stacked["good"], stances=stacked["said"]),
            **rest,
        )

    def lessons(self, lives: Iterable[Life], makers: Mapping[str, int] | None = None) -> Lesson:
        """Turn many lives into one batch; a maker not in `makers` is a stranger."""
        known = makers or {}
        each = [self.lesson(life, maker=known.get(life.maker, -1)) for life in lives]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *each)

    def percept(
        self,
        heard: Sequence[Message],
        feels: Mapping[str, float] | None = None,
        sees: Mapping[str, Any] | None = None,
        waited: float | None = None,
        spoken: str = "",
    ) -> dict[str, Any]:
        """Code what a mind perceives before it acts.

        Args:
            heard: What came since it last acted.
            feels: Levels and states felt.
            sees: What is seen besides.
            waited: Seconds since it last acted, where that is known.
            spoken: What it said then.
        """
        text = " \n ".join(m.content for m in heard if m.content)
        stances = np.zeros(len(self.goods), np.int32)
        for message in heard:
            said = self.stances(message)
            stances = np.where(said > 0, said, stances)
        last = heard[-1].act if heard else None
        seen = np.zeros((len(self.goods), len(self.sights)), np.float32)
        for shown in (*(message.sees for message in heard), sees or {}):
            for column, key in enumerate(self.sights):
                if isinstance(shown.get(key), Mapping):
                    seen[:, column] = [float(shown[key].get(good, 0.0)) for good in self.goods]
        felt = [(feels or {}).get(name, np.nan) for name in (*self.goods, *self.feels)]
        about = [self.ear.hear_about(text, good) for good in self.goods]
        return {
            "words": self.ear.hear(text),
            "spoken": self.ear.hear(spoken),
            "about": np.stack(about) if about else np.zeros((0, self.ear.length), np.int32),
            "heard": np.int32(self.heard.index(last) if last in self.heard else 0),
            "stances": stances,
            "body": np.array(felt, np.float32),
            "seen": seen,
            "elapsed": np.float32(1.0 if waited is None or not self.tempo else max(waited / self.tempo, 1e-3)),
        }

    def _row(self, life: Life, turn: Turn, *, first: bool) -> dict[str, Any]:
        """Code one turn; what was felt at the start of the life is felt in the first."""
        act, good, said = self.act(turn.message)
        options = np.zeros((self.options, len(self.goods)), np.float32)
        chosen = np.int32(-1)
        for choice in life.choices:
            if choice.at == turn.index:
                chosen = np.int32(choice.chosen)
                options[: len(choice.options)] = [[o.get(g, 0.0) for g in self.goods] for o in choice.options]
        sees = {key: value for key, value in turn.message.sees.items() if key not in DEAL}
        feels = {**life.feels, **turn.message.feels} if first else turn.message.feels
        return self.percept(turn.heard, feels, sees, _waited(life, turn), _spoken(life, turn.index)) | {
            "act": np.int32(act),
            "good": np.int32(good),
            "said": said,
            "rating": np.int32(self.rated(turn.message)),
            "ends": np.bool_(_ends(life, turn)),
            "options": options,
            "chosen": chosen,
        }


def turns(life: Life) -> tuple[Turn, ...]:
    """Cut a life into its maker's turns.

    A life in which the maker fell silent (`fell_silent`) ends with a turn of the act `leave`.
    """
    spoken = spoken_turns(life)
    if not fell_silent(life):
        return spoken
    last = 1 + max((turn.index for turn in spoken), default=-1)
    gone = Message(role="user", content="", act=LEAVE)
    return (*spoken, Turn(index=len(life.messages), heard=life.messages[last:], message=gone))


def fell_silent(life: Life) -> bool:
    """Whether the maker left without a word: the last word is another's, who did not leave, and nothing cut it short.

    A life whose `outcome["truncated"]` is true was cut short: nobody left.
    """
    if not life.messages or life.outcome.get("truncated"):
        return False
    last = life.messages[-1]
    return last.role != "user" and last.act != LEAVE


def goods_of(lives: Iterable[Life]) -> tuple[str, ...]:
    """The goods that a log speaks of: those valued, chosen among, or taken a stance on."""
    named: set[str] = set()
    for life in lives:
        named |= set(life.values)
        named |= {good for choice in life.choices for option in choice.options for good in option}
        named |= {good for message in life.messages for good in message.stances}
    return tuple(sorted(named))


def _feels(lives: Iterable[Life]) -> tuple[str, ...]:
    """What the body reports beside the levels of goods: moods first, each in its place, then all others."""
    lives = list(lives)
    said = {name for life in lives for felt in (life.feels, *(m.feels for m in life.messages)) for name in felt}
    return (*MOODS, *sorted(said - {*goods_of(lives), *MOODS}))


def _sights(lives: Iterable[Life]) -> tuple[str, ...]:
    """Keys of `sees` under which a log shows numbers of goods."""
    goods = set(goods_of(lives := list(lives)))
    shown = (item for life in lives for message in life.messages for item in message.sees.items())
    return tuple(sorted({key for key, value in shown if isinstance(value, Mapping) and goods & set(value)}))


def _spoken(life: Life, index: int) -> str:
    """What the maker said last before a message."""
    return next((m.content for m in reversed(life.messages[: max(index, 0)]) if m.role == "user" and m.content), "")


def _waited(life: Life, turn: Turn) -> float | None:
    """Seconds since the maker's last turn; `None` at the first, and where the log has no clock."""
    before = [message.time for message in life.messages[: max(turn.index, 0)] if message.role == "user"]
    now = turn.message.time
    return None if now is None or not before or before[-1] is None else max(now - before[-1], 0.0)


def _tempo(lives: Iterable[Life]) -> float:
    waits = [_waited(life, turn) for life in lives for turn in turns(life)]
    known = [wait for wait in waits if wait is not None]
    return float(np.median(known)) if known else 0.0


def _aim(message: Message, goods: Sequence[str]) -> int:
    """The good a message is mainly about: the first asked for, else refused, else offered."""
    for stance in ("ask", "refuse", "offer"):
        for good, said in message.stances.items():
            if said == stance and good in goods:
                return 1 + goods.index(good)
    return 0


def _always_aimed(lives: Iterable[Life]) -> tuple[str, ...]:
    """Acts whose every occurrence takes a stance on some good."""
    said: dict[str, list[bool]] = collections.defaultdict(list)
    for life in lives:
        for message in life.messages:
            if message.role == "user" and message.act:
                said[message.act].append(bool(message.stances))
    return tuple(sorted(act for act, stances in said.items() if all(stances)))


def _ends(life: Life, turn: Turn) -> bool:
    """Whether the maker ended it with this turn."""
    last = turn.index >= len(life.messages) - 1 and not life.outcome.get("truncated")
    return last or turn.message.act == LEAVE
