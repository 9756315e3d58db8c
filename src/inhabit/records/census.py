"""What a log holds: how many lives, makers, words, acts, ratings, choices."""

import collections
import dataclasses
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from inhabit.records.reading import Reading
from inhabit.types import Life, Message

SAYING = 4
"""Words that a message must have for its repetition to count."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers in a few words: how many, least, middle, mean, most; `None` where there are none."""

    count: int
    low: float | None = None
    median: float | None = None
    mean: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, numbers: Iterable[float]) -> "Range":
        """Sum up numbers."""
        known = sorted(numbers)
        if not known:
            return cls(count=0)
        median, mean = statistics.median(known), statistics.fmean(known)
        return cls(count=len(known), low=known[0], median=median, mean=mean, high=known[-1])

    @property
    def varies(self) -> bool:
        """Whether there are two different numbers."""
        return self.count > 0 and self.low != self.high


@dataclasses.dataclass(frozen=True, kw_only=True)
class Census:
    """What was read. *Turns* are the maker's messages, *heard* ones are everybody else's.

    Attributes:
        format: The log's format.
        files: Files read.
        set_aside: Things that could not be read.
        mended: Things read after a repair.
        lives: Lives.
        makers: Different makers.
        repeated_makers: Makers of two lives or more.
        lives_per_maker: How many lives a maker has.
        messages: All messages.
        turns: The maker's messages.
        turns_per_life: How many a life has.
        words: Words of the maker and of the others, by `maker` and `others`.
        acts: How often each act is done by a maker, the most common first.
        acts_heard: The same of the others.
        turns_with_act: The maker's messages whose act the log says.
        stances: How often makers asked for, offered or refused a good, where the log says.
        ratings: The maker's ratings; `ratings_vary_within` lives have two different ones.
        ratings_vary_within: Lives in which the rating changes.
        choices: Choices recorded, with `options` to a choice.
        options: How many options a choice has.
        makers_with_choices: Different makers who chose.
        timed: Messages with a time, and `timed_lives` with two or more different ones.
        timed_lives: Lives with two different times.
        goods: Goods named in values, choices or stances.
        lives_with_values: Lives whose maker's values the log knows.
        lives_naming_goods: Lives in which the maker's words name a good.
        feels: What is felt, with how often it is reported.
        traits: Keys of traits, with how many lives have them.
        outcomes: Keys of outcomes, with how many lives have them.
        outcome_numbers: Of numeric outcomes, their range.
        repeated_asks: Times that a maker heard the same words (four or more) again within a life.
    """

    format: str
    files: int
    set_aside: int
    mended: int
    lives: int
    makers: int
    repeated_makers: int
    lives_per_maker: Range
    messages: int
    turns: int
    turns_per_life: Range
    words: Mapping[str, int]
    acts: Mapping[str, int]
    acts_heard: Mapping[str, int]
    turns_with_act: int
    stances: Mapping[str, int]
    ratings: Range
    ratings_vary_within: int
    choices: int
    options: Range
    makers_with_choices: int
    timed: int
    timed_lives: int
    goods: tuple[str, ...]
    lives_with_values: int
    lives_naming_goods: int
    feels: Mapping[str, int]
    traits: Mapping[str, int]
    outcomes: Mapping[str, int]
    outcome_numbers: Mapping[str, Range]
    repeated_asks: int

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain JSON values."""
        return dataclasses.asdict(self)


def census(reading: Reading) -> Census:
    """Count what was read."""
    lives = reading.lives
    turns = [one for life in lives for one in life.messages if one.role == "user"]
    heard = [one for life in lives for one in life.messages if one.role != "user"]
    goods = _goods(lives)
    return Census(
        format=reading.format,
        files=len(reading.files),
        set_aside=len(reading.set_aside),
        mended=len(reading.mended),
        messages=len(turns) + len(heard),
        turns=len(turns),
        words={"maker": _words(turns), "others": _words(heard)},
        acts=_counts(one.act for one in turns if one.act is not None),
        acts_heard=_counts(one.act for one in heard if one.act is not None),
        turns_with_act=sum(one.act is not None for one in turns),
        stances=_counts(stance for one in turns for stance in one.stances.values()),
        ratings=Range.of(one.rating for one in turns if one.rating is not None),
        timed=sum(one.time is not None for one in (*turns, *heard)),
        goods=goods,
        lives_naming_goods=sum(_names_goods(life, goods) for life in lives),
        **_of_makers(lives),
        **_of_lives(lives),
    )


def _of_makers(lives: tuple[Life, ...]) -> dict[str, Any]:
    each = collections.Counter(life.maker for life in lives)
    return {
        "lives": len(lives),
        "makers": len(each),
        "repeated_makers": sum(count > 1 for count in each.values()),
        "lives_per_maker": Range.of(each.values()),
        "makers_with_choices": len({life.maker for life in lives if life.choices}),
    }


def _of_lives(lives: tuple[Life, ...]) -> dict[str, Any]:
    felt = (key for life in lives for feels in (life.feels, *(m.feels for m in life.messages)) for key in feels)
    return {
        "turns_per_life": Range.of(sum(one.role == "user" for one in life.messages) for life in lives),
        "ratings_vary_within": sum(len({m.rating for m in life.messages} - {None}) > 1 for life in lives),
        "choices": sum(len(life.choices) for life in lives),
        "options": Range.of(len(one.options) for life in lives for one in life.choices),
        "timed_lives": sum(len({m.time for m in life.messages} - {None}) > 1 for life in lives),
        "lives_with_values": sum(bool(life.values) for life in lives),
        "feels": _counts(felt),
        "traits": _counts(key for life in lives for key in life.traits),
        "outcomes": _counts(key for life in lives for key in life.outcome),
        "outcome_numbers": _numbers(lives),
        "repeated_asks": sum(map(_repeated, lives)),
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(collections.Counter(names).most_common())


def _words(messages: Iterable[Message]) -> int:
    return sum(len(one.content.split()) for one in messages)


def _goods(lives: Iterable[Life]) -> tuple[str, ...]:
    named: dict[str, None] = {}
    for life in lives:
        named |= dict.fromkeys(life.values)
        for choice in life.choices:
            for option in choice.options:
                named |= dict.fromkeys(option)
        for one in life.messages:
            named |= dict.fromkeys(one.stances)
    return tuple(named)


def _names_goods(life: Life, goods: Iterable[str]) -> bool:
    spoken = " ".join(one.content for one in life.messages if one.role == "user").lower()
    return any(good.lower() in spoken for good in goods)


def _numbers(lives: Iterable[Life]) -> dict[str, Range]:
    found: dict[str, list[float]] = collections.defaultdict(list)
    for life in lives:
        for key, value in life.outcome.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[key].append(value)
    return {key: Range.of(values) for key, values in found.items()}


def _repeated(life: Life) -> int:
    """How often the maker heard words that were said in this life before; a bare "ok" is nobody's repetition."""
    said = collections.Counter(" ".join(m.content.lower().split()) for m in life.messages if m.role != "user")
    return sum(count - 1 for words, count in said.items() if words.count(" ") >= SAYING - 1)
