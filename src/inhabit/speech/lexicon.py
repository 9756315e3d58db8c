"""Lexicon: how a log's people name its goods, and which other words hint at them."""

import collections
import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from inhabit.types import Life

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[^\sa-z0-9]")
_NUMBERS = {"zero": "0", "none": "0", "one": "1", "single": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_ENDS = {".", "!", "?", ";", ":", ","}
_JOINS = set(
    ["but", "because", "so", "while", "since", "if", "then", "although", "though", "plus", "however", "unless"]
)
MARK = "#"
"""A word that names a good is written `#` and the good's number."""


def ngrams(words: Sequence[str], longest: int) -> Iterator[str]:
    """Every run of one to `longest` words."""
    for length in range(1, longest + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def named(word: str) -> int | None:
    """Index of the good that a marked word names, or `None`."""
    return int(word[1:]) if word[0] == MARK and len(word) > 1 else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Names and hints of the goods of a log.

    Attributes:
        goods: The goods, in the order of every array over goods.
        names: From a lower-case word (or two words with a blank between) to the good that it names.
        totals: How many of each good there are, as people speak of them; a good left out is not counted.
        hints: From a word or pair of words to its log-odds for each good against chance, for words that name none.
    """

    goods: tuple[str, ...]
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    totals: Mapping[str, int] = dataclasses.field(default_factory=dict)
    hints: Mapping[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {good.lower(): good for good in self.goods}
        if len(known) != len(self.goods):
            raise ValueError(f"goods {self.goods} are the same when written in lower case; give them different names")
        object.__setattr__(self, "names", {**known, **{name.lower(): good for name, good in self.names.items()}})
        if unknown := set(self.names.values()) - set(self.goods):
            raise ValueError(f"names of {sorted(unknown)}, which are not among the goods {self.goods}")

    @classmethod
    def learn(cls, goods: Sequence[str], lives: Iterable[Life]) -> "Lexicon":
        """Learn names from how the goods' own names are varied, and hints from what was said *about* a good.

        A word is a name when it is a good's name in plural or singular, or a part of it of four letters or more
        (`wood`, `fire` of `firewood`), and of no other. Hints are learned from `traits["reasons"]` (good -> why it is
        wanted) where the log has them, and from clauses that name one good only.
        """
        lives = list(lives)
        texts = [message.content for life in lives for message in life.messages]
        reasons = [(good, text) for life in lives for good, text in dict(life.traits.get("reasons", {})).items()]
        seen = {
            word
            for text in itertools.chain(texts, (text for _, text in reasons))
            for word in _TOKEN.findall(_plain(text))
        }
        plain = cls(goods=tuple(goods), names=_variants(goods, seen))
        told = [(good, plain.words(text)) for good, text in reasons if good in goods]
        plain = dataclasses.replace(plain, totals=_totals(plain, texts))
        return dataclasses.replace(plain, hints=_hints(goods, told or list(plain._single(texts))))

    def words(self, text: str) -> list[str]:
        """Lower-case words, numbers as digits and signs of `text`; names of goods become `#0`, `#1`, ..."""
        number = {good: f"{MARK}{index}" for index, good in enumerate(self.goods)}
        found: list[str] = []
        for word in _TOKEN.findall(_plain(text)):
            word = _NUMBERS.get(word, word)
            mark = number.get(self.names.get(word, ""), word)
            if not (found and mark == found[-1] and named(mark) is not None):  # fire wood is one name
                found.append(mark)
        return found

    def clauses(self, text: str) -> list[list[str]]:
        """Cut `text` into clauses; a comma inside a list of goods or amounts does not cut."""
        done: list[list[str]] = []
        current: list[str] = []
        words = self.words(text)
        for index, word in enumerate(words):
            follower = words[index + 1] if index + 1 < len(words) else ""
            listing = word == "," and (follower.isdigit() or follower[:1] == MARK or follower == "and")
            if listing or not (word in _ENDS or word in _JOINS):
                current.append(word)
                continue
            current += [word] if word in "?!" else []
            done.append(current)
            current = [word] if word in _JOINS else []
        return [clause for clause in [*done, current] if clause]

    def hinted(self, clause: Sequence[str]) -> list[float]:
        """How likely each good is what a clause without names is about; even where no word hints."""
        said = [
            self.hints[gram] for gram in ngrams([word for word in clause if word[0].isalpha()], 2) if gram in self.hints
        ]
        total = [sum(odds) for odds in zip(*said)] if said else [0.0] * len(self.goods)
        weights = [math.exp(odds - max(total)) for odds in total]
        return [weight / sum(weights) for weight in weights]

    def _single(self, texts: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Clauses that name just one good."""
        for clause in (clause for text in texts for clause in self.clauses(text)):
            goods = {good for word in clause if (good := named(word)) is not None}
            if len(goods) == 1:
                yield self.goods[goods.pop()], clause


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")


def _variants(goods: Sequence[str], seen: Iterable[str]) -> dict[str, str]:
    """Words of the log that can only be a way of writing one good's name."""
    found = {}
    for word in seen:
        stem = word.removesuffix("s") if len(word) > 3 else word
        near = [
            good
            for good in goods
            if stem == good.lower().removesuffix("s") or (len(stem) >= 4 and stem in good.lower())
        ]
        if len(near) == 1:
            found[word] = near[0]
    return found


def _totals(lexicon: Lexicon, texts: Iterable[str], *, share: float = 0.02) -> dict[str, int]:
    """The largest number said right before each good's name in more than `share` of its numbered mentions."""
    counts: dict[str, collections.Counter[int]] = collections.defaultdict(collections.Counter)
    for words in map(lexicon.words, texts):
        for number, word in itertools.pairwise(words):
            if number.isdigit() and (good := named(word)) is not None:
                counts[lexicon.goods[good]][int(number)] += 1
    return {
        good: max((number for number, count in said.items() if count > share * said.total()), default=0)
        for good, said in counts.items()
    }


def _hints(
    goods: Sequence[str], told: Sequence[tuple[str, Sequence[str]]], *, least: int = 3, share: float = 0.55
) -> dict[str, tuple[float, ...]]:
    """Words said `least` times or more, more than `share` of them of one good; one count added to each good."""
    counts: dict[str, list[float]] = collections.defaultdict(lambda: [1.0] * len(goods))
    for good, words in told:
        for gram in set(ngrams([word for word in words if word[0].isalpha()], 2)):
            counts[gram][goods.index(good)] += 1
    return {
        gram: tuple(math.log(len(goods) * one / sum(count)) for one in count)
        for gram, count in counts.items()
        if sum(count) >= least + len(goods) and max(count) > share * sum(count)
    }
