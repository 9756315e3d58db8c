"""Circumstances: what a bargaining life went through, in numbers and words, by the kind of cause they may be of feeling.

Everything is read off one life of CaSiNo: the deal under the maker's own values and the partner's, how the talk went,
the tone of both sides, traits. Ratings are never read.
"""

import dataclasses
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy import sparse

from inhabit.learning.tones import tones
from inhabit.records.formats.casino import GOODS, PACKAGES, SPLITS
from inhabit.types import Life, Message

GROUPS = ("values", "fairness", "talk", "own words", "partner's words", "traits")
"""Kinds of causes: the own bundle; it beside the partner's and what was possible; the course of the talk; tones; traits."""

VIEWS: Mapping[str, str] = {
    "own": "own words",
    "own last": "own words",
    "partner": "partner's words",
    "partner last": "partner's words",
}
"""Views of the words, and the group of each; `last` are a side's last three messages."""

_LAST, _BUCKETS, _PHRASE = 3, 2**17, 3
_TOKEN = re.compile(r"[a-z]+'?[a-z]*|[0-9]+|[!?.]+|[^\w\s]")
_NAMES = {"Food": r"food|meals?|meat|snacks?", "Water": r"water|drink\w*", "Firewood": r"fire ?wood|wood|fires?"}
_RANKS = ("BEST", "MIDDLE", "LEAST")
_NUMBERS = {"one": 1, "two": 2, "three": 3, "all": 3, "1": 1, "2": 2, "3": 3}
_CLAUSE = re.compile(r"\b(i|me|my|you|your)\b((?:(?!\b(?:i|me|you)\b).){0,60})")
_CLAIM = re.compile(r"\b(one|two|three|all|1|2|3)\b(?: \w+){0,3}? (food|water|fire ?wood|wood)")
_FIVE = ("extraversion", "agreeableness", "conscientiousness", "emotional-stability", "openness-to-experiences")
_ORIGINS = ("white american", "asian american", "black or african american", "hispanic or latino")


@dataclasses.dataclass(frozen=True)
class Circumstances:
    """What some lives went through.

    Attributes:
        names: Of the columns of `numbers`.
        groups: The group of each column, one of `GROUPS`.
        numbers: One line a life; NaN where the log does not say.
        words: Counts of hashed words and phrases (up to three long), one table a view of `VIEWS`.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    numbers: Float[np.ndarray, "lives columns"]
    words: Mapping[str, sparse.csr_matrix]

    def without(self, group: str) -> "Circumstances":
        """The same with one group of causes left out."""
        if group not in GROUPS:
            raise ValueError(f"got the group {group!r}; accepted are {', '.join(GROUPS)}")
        kept = [number for number, one in enumerate(self.groups) if one != group]
        return Circumstances(
            tuple(self.names[number] for number in kept),
            tuple(self.groups[number] for number in kept),
            self.numbers[:, kept],
            {view: table for view, table in self.words.items() if VIEWS[view] != group},
        )


def circumstances(lives: Sequence[Life]) -> Circumstances:
    """Read lives of CaSiNo.

    Raises:
        ValueError: A life lacks its values, the partner's or its points.
    """
    read = [list(_numbers(life)) for life in lives]
    spoken = [_views(life) for life in lives]
    return Circumstances(
        names=tuple(name for _, name, _ in read[0]),
        groups=tuple(group for group, _, _ in read[0]),
        numbers=np.array([[value for _, _, value in line] for line in read], float),
        words={view: _counted([one[view] for one in spoken]) for view in VIEWS},
    )


def _numbers(life: Life) -> Iterator[tuple[str, str, float]]:
    own = [m.content for m in life.messages if m.role == "user" and m.act is None]
    partner = [m.content for m in life.messages if m.role != "user" and m.act is None]
    outcome = life.outcome
    if set(GOODS) - set(life.values) or {"points", "partner_values"} - set(outcome):
        raise ValueError(f"life {life.id}: expected values, points and the partner's values of {', '.join(GOODS)}")
    for group, found in (
        ("values", _bundle(life)),
        ("fairness", _fairness(life)),
        ("talk", _course(life, own, partner)),
        ("own words", _toned(own)),
        ("partner's words", _toned(partner)),
        ("traits", _traits(life)),
    ):
        for name, value in found.items():
            yield group, f"{group}: {name}", float(value)


def _worth(life: Life) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Worth of the goods to the maker, to the partner, what the maker got, and the ranks of the goods."""
    values = np.array([life.values[good] for good in GOODS], float)
    theirs = np.array([life.outcome["partner_values"][good] for good in GOODS], float)
    deal = life.outcome.get("deal")
    got = np.array([deal["you"][good] for good in GOODS], float) if deal else np.zeros(len(GOODS))
    return values, theirs, got, np.argsort(-values, kind="stable")


def _bundle(life: Life) -> dict[str, float]:
    """What was got, by its worth to the maker; kinks stand for set points."""
    _, _, got, ranks = _worth(life)
    points, agreed = float(life.outcome["points"]), bool(life.outcome.get("deal"))
    return {
        "points": points,
        "points from 18 squared": (points - 18) ** 2 / 10,
        "no deal": not agreed,
        "below 15": max(0.0, 15 - points),
        "below 18": max(0.0, 18 - points),
        "above 20": max(0.0, points - 20),
        **{f"packages of {rank.lower()}": got[good] for rank, good in zip(_RANKS, ranks)},
        "all of best": got[ranks[0]] == PACKAGES,
        "little of best": agreed and got[ranks[0]] <= 1,
        "packages": agreed * (got.sum() - PACKAGES * len(GOODS) / 2),
    }


def _fairness(life: Life) -> dict[str, float]:
    """Own points beside the partner's, the Pareto frontier, the Nash bargain, and what the eye sees: packages, envy."""
    values, theirs, got, ranks = _worth(life)
    agreed, points = bool(life.outcome.get("deal")), float(life.outcome["points"])
    splits = np.array([[split[good] for good in GOODS] for split in SPLITS])
    mine, yours = splits @ values, (PACKAGES - splits) @ theirs
    partner = (PACKAGES - got) @ theirs if agreed else points
    nash, left = mine[np.argmax(mine * yours)], (PACKAGES - got) @ values
    return {
        "partner's points": partner,
        "difference": points - partner,
        "behind": max(0.0, partner - points),
        "ahead": max(0.0, points - partner),
        "joint points": points + partner,
        "short of Pareto": agreed * (mine[yours >= partner].max(initial=points) - points),
        "from Nash": agreed * (points - nash),
        "joint points lost": agreed * ((mine + yours).max() - points - partner),
        "joint points possible": (mine + yours).max(),
        "same best good": ranks[0] == np.argmax(theirs),
        "values alike": values @ theirs,
        "fewer packages": agreed * max(0.0, PACKAGES * len(GOODS) - 2 * got.sum()),
        "more packages": agreed * max(0.0, 2 * got.sum() - PACKAGES * len(GOODS)),
        "envy": agreed * max(0.0, left - points),
        "worth of partner's part": agreed * (left - points),
    }


def _course(life: Life, own: Sequence[str], partner: Sequence[str]) -> dict[str, float]:
    """Length, turns, submissions, what was asked for and conceded, repetition, mimicry."""
    values, _, _, ranks = _worth(life)
    points, agreed = float(life.outcome["points"]), bool(life.outcome.get("deal"))
    words = [sum(len(text.split()) for text in side) for side in (own, partner)]
    acts = Counter((m.role == "user", m.act) for m in life.messages if m.act)
    last = life.messages[-1]
    deals = [(m.role == "user", _points(m, values)) for m in life.messages if m.act == "submit-deal"]
    submitted = [worth for mine, worth in deals if mine]
    found = {
        "messages": len(own) + len(partner),
        "messages, log": np.log1p(len(own) + len(partner)),
        "spoke first": life.messages[0].role == "user",
        "words a message, own": words[0] / max(1, len(own)),
        "words a message, partner": words[1] / max(1, len(partner)),
        "words, log": np.log1p(sum(words)),
        "words, own to partner": np.log((words[0] + 1) / (words[1] + 1)),
        "ended it": last.role == "user",
        "walked away": last.role == "user" and last.act == "walk-away",
        "was left": last.role != "user" and last.act == "walk-away",
        "regret of submitted deals": max(0.0, max((worth for _, worth in deals), default=points) - points),
        "conceded since first submission": agreed * (submitted[0] - points) if submitted else 0.0,
        "mimicry": np.mean([_alike(one, two) for one, two in zip(own, partner)] or [0.0]),
    }
    for side, mine, texts, number in (("own", True, own, words[0]), ("partner", False, partner, words[1])):
        text = " ".join(texts).lower()
        mentions = np.array([len(re.findall(_NAMES[GOODS[good]], text)) for good in ranks])
        claims = list(_claims(texts, mine))
        first = np.full(len(GOODS), PACKAGES / 2)
        for good, amount in reversed(claims):
            first[good] = amount
        said = {
            "rejections": acts[mine, "reject-deal"],
            "submissions": acts[mine, "submit-deal"],
            **{f"mentions of {rank.lower()}": n / (mentions.sum() + 1) for rank, n in zip(_RANKS, mentions)},
            "mentions a word": mentions.sum() / (number + 1),
            "claims": len(claims),
            "first claim's worth": first @ values,
            "points above first claim": agreed * (points - first @ values),
            "repetition": np.mean([max(_alike(a, b) for b in texts[:k]) for k, a in enumerate(texts) if k] or [0.0]),
            "different words": len(set(text.split())) / max(1, number),
        }
        found.update({f"{name}, {side}": value for name, value in said.items()})
    return {name: float(value) for name, value in found.items()}


def _points(message: Message, values: np.ndarray) -> float:
    return float(sum(message.sees["you"][good] * worth for good, worth in zip(GOODS, values)))


def _claims(texts: Sequence[str], mine: bool) -> Iterator[tuple[int, int]]:
    """Good and the packages of it that the maker would get by what was said: `I need 2 food`, `you get all water`."""
    for text in texts:
        for clause in _CLAUSE.finditer(text.lower()):
            for claim in _CLAIM.finditer(clause[2]):
                good = next(i for i, name in enumerate(GOODS) if re.match(_NAMES[name], claim[2]))
                amount = _NUMBERS[claim[1]]
                yield good, amount if (clause[1] in ("i", "me", "my")) == mine else PACKAGES - amount


def _alike(one: str, two: str) -> float:
    """Shared words of all words."""
    first, second = set(one.lower().split()), set(two.lower().split())
    return len(first & second) / max(1, len(first | second))


def _toned(texts: Sequence[str]) -> dict[str, float]:
    """Tones of all messages of a side, and of its last two."""
    last = {f"last {name}": value for name, value in tones(texts[-2:]).items()}
    return {**tones(texts), **last}


def _traits(life: Life) -> dict[str, float]:
    traits = life.traits
    education, origin = str(traits.get("education", "")), str(traits.get("ethnicity", ""))
    return {
        "age": _number(traits.get("age")),
        "male": traits.get("gender") == "male",
        **{name: _number(traits.get(name)) for name in _FIVE},
        **{name: traits.get("svo") == name for name in ("prosocial", "proself")},
        **{name: name in origin for name in _ORIGINS},
        "bachelor": "bachelor" in education,
        "master or doctor": any(degree in education for degree in ("master", "ph", "doctor")),
        "no degree": "no degree" in education or "high school" in education,
    }


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _views(life: Life) -> dict[str, Counter[int]]:
    """Hashed phrases of each view, the goods named by their rank to the maker."""
    ranks = dict(zip((GOODS[good] for good in _worth(life)[3]), _RANKS))
    said: dict[bool, list[list[str]]] = {True: [], False: []}
    for message in life.messages:
        if message.act is None:
            said[message.role == "user"].append([_named(t, ranks) for t in _TOKEN.findall(message.content.lower())])
    own, partner = said[True], said[False]
    views = {"own": own, "own last": own[-_LAST:], "partner": partner, "partner last": partner[-_LAST:]}
    return {view: _phrases(texts) for view, texts in views.items()}


def _named(token: str, ranks: Mapping[str, str]) -> str:
    return next((ranks[good] for good, name in _NAMES.items() if re.fullmatch(name, token)), token)


def _phrases(texts: Sequence[Sequence[str]]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for text in texts:
        tokens = ["<", *text, ">"]
        for length in range(1, _PHRASE + 1):
            for start in range(len(tokens) - length + 1):
                counts[zlib.crc32(" ".join(tokens[start : start + length]).encode()) % _BUCKETS] += 1
    return counts


def _counted(lines: Sequence[Counter[int]]) -> sparse.csr_matrix:
    ends = np.cumsum([0, *map(len, lines)])
    buckets = [bucket for line in lines for bucket in line]
    counts = [float(count) for line in lines for count in line.values()]
    return sparse.csr_matrix((counts, buckets, ends), (len(lines), _BUCKETS))
