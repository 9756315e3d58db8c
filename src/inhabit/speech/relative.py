"""What is said of each good: a conversation heard relative to every good in turn, as sets of named features."""

import copy
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from inhabit.speech.lexicon import Lexicon, named, ngrams
from inhabit.speech.plans import Plan, read_plan
from inhabit.types import Message

BUCKETS = 1 << 18
"""Features are hashed into so many weights; bucket 0 is never used."""

_SELF = frozenset("i me my we us our myself i'd i'll im i'm i've we'd we'll we're mine".split())
_OTHER = frozenset("you your you'd you'll you're yours u yourself".split())
_AMOUNTS = frozenset("0 1 2 3 4 5 all no half most some any a extra both rest".split())

Heard = tuple[frozenset[str], ...]
"""For each good, the names of what was said in relation to it."""


def bucket(feature: str) -> int:
    """The weight that a feature uses; the same in every process."""
    return 1 + zlib.crc32(feature.encode()) % (BUCKETS - 1)


class Ear:
    """Hears a conversation message by message and keeps, for each good, everything that was said in relation to it.

    A feature's first two letters say who spoke: `p:` the one whose values are asked (role `user` in that life),
    `s:` anyone else. What follows says how: `t|` words of a clause that names this good, `b|`, `f|` shortly before and
    after its name, `o|` words of a clause about other goods, `a|`, `x|` words of a clause without names after this or
    another good was named, `h|`, `ho|` the same where hints tell the good, `L0|` plain words with this good's number,
    `P|` the plan that was read. Only `L` features know which good it is: all others are the same for all goods.
    """

    def __init__(self, lexicon: Lexicon):
        self.lexicon = lexicon
        self.count = len(lexicon.goods)
        self.heard: list[set[str]] = [set() for _ in lexicon.goods]
        self.named: set[int] = set()
        self.spoken_for: set[str] = set()
        self.partner = Plan()
        self.turns = 0

    def told(self, message: Message) -> Heard:
        """What would have been heard after one more message; the ear itself hears nothing."""
        ear = copy.copy(self)
        ear.heard, ear.spoken_for = [set(features) for features in self.heard], set(self.spoken_for)
        return ear.hear(message)

    def hear(self, message: Message) -> Heard:
        """Take in one message; return all that was heard so far."""
        own = message.role == "user"
        self.turns += own
        plan = read_plan(message.content, self.lexicon)
        found = self._clauses(message.content)
        for good, features in enumerate(found):
            features |= set(_planned(plan, good, self.lexicon))
            features |= set(self._answer(plan, good)) if own else set()
            self.heard[good] |= {("p:" if own else "s:") + feature for feature in features}
        self.spoken_for |= set(plan.stances) if own else set()
        self.partner = self.partner if own else plan
        return tuple(frozenset(features) for features in self.heard)

    def _clauses(self, text: str) -> list[set[str]]:
        found: list[set[str]] = [set() for _ in range(self.count)]
        mentions: list[tuple[int, str, str]] = []
        for clause in self.lexicon.clauses(text):
            here = {good for word in clause if (good := named(word)) is not None}
            mentions += [
                (int(word[1:]), *_amount(clause, at)) for at, word in enumerate(clause) if named(word) is not None
            ]
            hints = self.lexicon.hinted(clause)
            for good, features in enumerate(found):
                features |= set(self._clause(clause, good, here, hints))
            self.named = here or self.named
        for good, features in enumerate(found):
            features |= set(_listed(good, mentions))
        return found

    def _clause(self, clause: Sequence[str], good: int, here: set[int], hints: Sequence[float]) -> Iterator[str]:
        words = [word if named(word) is None else "THIS" if named(word) == good else "OTHER" for word in clause]
        yield from (f"L{good}|{word}" for word in words)
        if good in here:
            yield from (f"t|{gram}" for gram in ngrams(["<", *words, ">"], 3))
            yield from _around(words)
        elif here:
            yield from (f"o|{word}" for word in words)
        elif max(hints) > 0.6:
            about = hints[good] == max(hints)
            yield f"H|{about}"
            yield from (f"{'h' if about else 'ho'}|{word}" for word in words)
        elif self.named:
            yield from (f"{'a' if good in self.named else 'x'}|{word}" for word in words)

    def _answer(self, plan: Plan, good: int) -> Iterator[str]:
        """When a good was first spoken for, and what is said to the partner's last plan for it."""
        name = self.lexicon.goods[good]
        stance, asked = plan.stances.get(name), self.partner.stances.get(name)
        if stance and name not in self.spoken_for:
            yield f"P|first {stance} after {len(self.spoken_for)} at {min(self.turns, 3)}"
        if asked:
            yield f"P|reply {stance} to {asked}"
            if plan.act in {"agree", "reject"}:
                yield f"P|reply {plan.act} to {asked}"


def _subject(words: Sequence[str], at: int) -> str:
    """Who was last named before position `at`: `I`, `U` or `-`."""
    for word in reversed(words[:at]):
        if word in _SELF | _OTHER:
            return "I" if word in _SELF else "U"
    return "-"


def _amount(words: Sequence[str], at: int) -> tuple[str, str]:
    """Who, and how many, of the good named at position `at`."""
    amount = "-"
    for word in reversed(words[max(0, at - 3) : at]):
        if word in _AMOUNTS or named(word) is not None or word in {"THIS", "OTHER"}:
            amount = word if word in _AMOUNTS else "-"
            break
    return _subject(words, at), amount


def _around(words: Sequence[str]) -> Iterator[str]:
    """The near neighbours of this good's name."""
    for at in (at for at, word in enumerate(words) if word == "THIS"):
        yield from (f"b|{word}" for word in words[max(0, at - 5) : at])
        yield from (f"f|{word}" for word in words[at + 1 : at + 4])
        subject, amount = _amount(words, at)
        yield f"sa{'?' if words[-1] == '?' else ''}|{subject} {amount}"


def _listed(good: int, mentions: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    """Where this good stands among those named in an utterance, by order and by amount."""
    order = list(dict.fromkeys(other for other, _, _ in mentions))
    if order:
        yield f"ord|{order.index(good) + 1 if good in order else '-'} of {len(order)}"
    for subject in ("I", "U"):
        said = {other: amount for other, who, amount in mentions if who == subject and amount.isdigit()}
        if said:
            mine = int(said.get(good, -1))
            more = sum(int(amount) > mine for other, amount in said.items() if other != good)
            less = sum(int(amount) < mine for other, amount in said.items() if other != good) if mine >= 0 else 0
            yield f"cmp|{subject} {mine} {more} {less} {len(said)}"
            yield f"cmp|{subject} {mine}"


def _planned(plan: Plan, good: int, lexicon: Lexicon) -> Iterator[str]:
    """What a plan says of this good, alone and beside the others."""
    name, others = lexicon.goods[good], [other for other in lexicon.goods if other != lexicon.goods[good]]
    stance, share = plan.stances.get(name, "-"), _share(plan, name, lexicon)
    yield f"P|{stance}"
    yield f"P|{stance} {plan.amounts.get(name)}"
    yield f"P|act {plan.act} {stance}"
    yield f"P|{stance} vs {sorted(plan.stances.get(other, '-') for other in others)}"
    if share is not None:
        shares = [_share(plan, other, lexicon) for other in others]
        more, less = (sum(test(one) for one in shares if one is not None) for test in (share.__lt__, share.__gt__))
        yield f"P|share {share}"
        yield f"P|share above {less} below {more}"


def _share(plan: Plan, name: str, lexicon: Lexicon) -> int | None:
    """How many would be the speaker's, where amounts are spoken of."""
    if name not in plan.amounts:
        return None
    amount = plan.amounts[name]
    return amount if plan.stances[name] == "ask" else lexicon.totals.get(name, amount) - amount


def heard(messages: Iterable[Message], lexicon: Lexicon) -> Heard:
    """All that was said of each good in a conversation; messages without words (deals) are not heard."""
    ear = Ear(lexicon)
    for message in messages:
        if message.content:
            ear.hear(message)
    return tuple(frozenset(features) for features in ear.heard)


def buckets(features: Iterable[str]) -> np.ndarray:
    """Sorted distinct buckets of features."""
    return np.array(sorted({bucket(feature) for feature in features}), np.int32)
