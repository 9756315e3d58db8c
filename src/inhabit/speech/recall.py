"""Recall: a mouth that says again what its maker once said, with the plan's contents filled in."""

import dataclasses
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Float, Int

from inhabit.speech.mouths import AbstractMouth, context_words
from inhabit.speech.plans import Plan
from inhabit.speech.sheets import MAKER
from inhabit.types import STANCES, Key, Life

_WORD = re.compile(r"\w+|[^\w\s]")
_NUMBER = re.compile(r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b", re.IGNORECASE)
_COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


@dataclasses.dataclass(frozen=True)
class Phrase:
    """Something once said.

    Attributes:
        plan: What it meant.
        words: How it was said.
        before: What had been said before it, in words.
        maker: Who said it.
    """

    plan: Plan
    words: str
    before: str
    maker: str


def hashed(text: str, size: int) -> Float[np.ndarray, " size"]:
    """Counts of words and pairs of words in `size` buckets."""
    words = [word.lower() for word in _WORD.findall(text)]
    out = np.zeros(size, np.float32)
    for gram in [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]:
        out[_bucket(gram, size)] += 1
    return out


def _bucket(gram: str, size: int) -> int:
    """FNV-1a: the same bucket in every process."""
    code = 2166136261
    for byte in gram.encode():
        code = (code ^ byte) * 16777619 & 0xFFFFFFFF
    return code % size


class RecallMouth(AbstractMouth):
    """Says the phrase whose plan fits best and whose situation is most alike, with goods and amounts put in.

    A phrase fits by act first, then by stance for each good, up to an exchange of goods: a phrase that asked for
    *water* serves to ask for *food* when the words name the goods. Among those that fit equally well the situation
    decides (TF-IDF of what was said before), what was said already in this talk is avoided, the maker's own phrases
    come first.

    Attributes:
        phrases: What was once said.
        goods: Names of the goods; for each, all the words that name it.
        size: Buckets of the hashed words.
    """

    def __init__(self, phrases: Sequence[Phrase], goods: Mapping[str, Sequence[str]], *, size: int = 512):
        if not phrases:
            raise ValueError("a mouth that recalls needs at least one phrase")
        self.phrases, self.size = tuple(phrases), size
        self.goods = {good: tuple(names) or (good,) for good, names in goods.items()}
        counts = np.stack([hashed(phrase.before, size) for phrase in self.phrases])
        self._rarity = np.log((1 + len(counts)) / (1 + (counts > 0).sum(0))) + 1
        self._situations = np.ascontiguousarray(_unit(np.log1p(counts) * self._rarity).T)
        acts = np.array([str(phrase.plan.act) for phrase in self.phrases])
        self._acts = {act: np.flatnonzero(acts == act) for act in np.unique(acts).tolist()}
        self._stances = np.stack([self._codes(phrase.plan) for phrase in self.phrases])
        self._shapes = np.stack([_shape(codes) for codes in self._stances])
        self._counted = np.array([bool(phrase.plan.amounts) for phrase in self.phrases])
        self._makers, self._words = _places(p.maker for p in self.phrases), _places(p.words for p in self.phrases)

    def say(self, plan: Plan, context: Life, *, key: Key) -> str:
        """Words for a plan, from phrases of the same act (of any, when nobody ever did it)."""
        some = self._acts.get(str(plan.act), np.arange(len(self.phrases)))
        codes = self._codes(plan)
        distance = np.abs(self._shapes[some] - _shape(codes)).sum(1)
        best = some[distance == distance.min()]
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        merit = self._merit(plan, codes, context)[best] + 0.2 * rng.random(len(best))
        return self._fill(self.phrases[best[np.argmax(merit)]], plan)

    def _codes(self, plan: Plan) -> Int[np.ndarray, " goods"]:
        return np.array([STANCES.index(plan.stances.get(good, "")) for good in self.goods], np.int8)

    def _merit(self, plan: Plan, codes: np.ndarray, context: Life) -> Float[np.ndarray, " phrases"]:
        """How well each phrase serves now: unsaid, of the same goods, its maker's own, in a like situation."""
        now = _unit(np.log1p(hashed(context_words(context.messages), self.size)) * self._rarity)
        heard = np.flatnonzero(now)
        merit = now[heard] @ self._situations[heard]
        merit += (self._stances == codes).all(1)
        merit += self._counted == bool(plan.amounts)
        merit[self._makers.get(context.maker, [])] += 0.5
        for message in context.messages:
            if message.role == MAKER:
                merit[self._words.get(message.content, [])] -= 4
        return merit

    def _fill(self, phrase: Phrase, plan: Plan) -> str:
        """Put the plan's goods where the phrase's were, then the plan's amounts before them."""
        swap = _matching(phrase.plan, plan)
        words = _rename(phrase.words, {self._pattern(a): self.goods.get(b, (b,))[0] for a, b in swap.items() if a != b})
        for good, amount in plan.amounts.items():
            words = self._amount(words, good, amount)
        return words

    def _pattern(self, good: str) -> str:
        return "|".join(re.escape(name) for name in sorted(self.goods.get(good, (good,)), key=len, reverse=True))

    def _amount(self, words: str, good: str, amount: int) -> str:
        name = rf"(?:{self._pattern(good)})"
        between = r"((?:\s+(?!(?:one|two|three|and)\b)[a-z']+){0,2}\s+)"
        pattern = re.compile(rf"{_NUMBER.pattern}{between}({name})\b", re.IGNORECASE)

        def put(found: re.Match[str]) -> str:
            spelled = not found.group(1).isdigit() and amount < len(_COUNTS)
            return f"{_COUNTS[amount] if spelled else amount}{found.group(2)}{found.group(3)}"

        return pattern.sub(put, words)


def _shape(codes: np.ndarray) -> np.ndarray:
    """How many goods are asked for, offered and refused."""
    return np.bincount(codes, minlength=len(STANCES))[1:]


def _places(names: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def _matching(old: Plan, new: Plan) -> dict[str, str]:
    """Which good of the new plan takes the place of each of the old: by stance, keeping a good that stays."""
    swap = {good: good for good, stance in old.stances.items() if new.stances.get(good) == stance}
    for good, stance in old.stances.items():
        free = (other for other, as_ in new.stances.items() if as_ == stance and other not in swap.values())
        if good not in swap and (other := next(free, None)) is not None:
            swap[good] = other
    without = [good for good in swap.values() if good not in swap]  # goods named in passing change places
    return swap | dict(zip(without, [good for good in swap if good not in swap.values()]))


def _rename(words: str, names: Mapping[str, str]) -> str:
    """Exchange all names at once, keeping a capital."""
    if not names:
        return words
    table = list(names.items())
    pattern = re.compile("|".join(rf"\b({old})\b" for old, _ in table), re.IGNORECASE)

    def put(found: re.Match[str]) -> str:
        new = table[(found.lastindex or 1) - 1][1]
        return new.capitalize() if found.group()[0].isupper() else new.lower()

    return pattern.sub(put, words)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
