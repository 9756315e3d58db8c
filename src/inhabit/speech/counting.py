"""Counting: talk of splitting few things, with all that goes without saying written out: how many, and who gets the rest."""

import re
from collections.abc import Mapping, Sequence

from inhabit.speech.lexicon import Lexicon, named
from inhabit.speech.plans import read_plan

_PASSED = {"the", "of", "my", "your", "those", "these", "that", "more", "other", "remaining", "just", "only"}
_ONE = {"a", "an", "another"}
_HOLD = {"take", "keep", "have", "get"}
_SUBJECTS = {"i", "you", "we", "i'll", "you'll", "i'd", "i'm", "ill", "we'll", "me"}
_BEGIN = {"", "and", ",", ".", "!", "?", ";", ":", "-", "or", "but", "so", "then"} | {
    "ok", "okay", "fine", "alright", "sure", "deal", "please", "just",
}  # fmt: skip
_CUT = {".", "!", "?", ";"}
_MORE = {"also", "too", "least", "well", "addition"}
"""Words by which a message adds to what was said before, and is no whole proposal."""

_INQUIRY = re.compile(r"\b(how much|what|which|value|worth|points|why)\b")


def spelled_out(text: str, lexicon: Lexicon, counts: Mapping[str, float]) -> str:
    """Write out what people who split few things leave unsaid, so that `read_plan` reads what they mean.

    - A good without a number is meant whole (`the hats` are all of them); `both`, `a` and `one of each` are numbers.
    - Goods without a verb are asked for (`2 balls and a book please`); `take the hat` without a subject is an offer.
    - Who only asks leaves the rest to the other, who only offers keeps it, except by `also`, `too`, `at least`.

    Args:
        text: A message.
        lexicon: Names of the goods.
        counts: How many of each good there are.

    Returns:
        Words in lower case; a text that names no good comes back with its meaning unchanged.
    """
    words = lexicon.words(text)
    plain = " ".join(_addressed(_numbered(words, lexicon.goods, counts)))
    if not any(named(word) is not None for word in words) and "each" not in words:
        return plain
    plan = read_plan(plain, lexicon)
    if not plan.stances and not _INQUIRY.search(plain):
        plain = f"i get {plain}"
        plan = read_plan(plain, lexicon)
    ways, left = set(plan.stances.values()), [good for good in lexicon.goods if good not in plan.stances]
    adds = words[0] == "and" or not _MORE.isdisjoint(words)
    if adds or not left or not plan.amounts or ways not in ({"ask"}, {"offer"}):
        return plain
    return f"{plain} . {'you' if ways == {'ask'} else 'i'} get {_listed(left, counts)}"


def _listed(goods: Sequence[str], counts: Mapping[str, float]) -> str:
    return " and ".join(f"{counts[good]:.0f} {good}" for good in goods)


def _numbered(words: Sequence[str], goods: Sequence[str], counts: Mapping[str, float]) -> list[str]:
    """Put a number before every good."""
    found: list[str] = []
    for word in words:
        if (good := named(word)) is not None:
            found += [_number(found, int(counts[goods[good]])), goods[good]]
        elif word == "each" and len(found) > 1 and found[-1] == "of" and found[-2].isdigit():  # 1 of each
            found.pop()
            found += _listed(goods, dict.fromkeys(goods, float(found.pop()))).split()
        else:
            found.append(word)
    return found


def _number(before: list[str], count: int) -> str:
    """How many are meant by the words before a good, which are taken away; all of them where no number is said."""
    while before and before[-1] in _PASSED:
        before.pop()
    last = before[-1] if before else ""
    meant = {"both": 2, "half": count // 2, "all": count, "every": count} | dict.fromkeys(_ONE, 1)
    if last.isdigit() or last in meant:
        before.pop()
        return last if last.isdigit() else str(meant[last])
    return str(count)


def _addressed(words: Sequence[str]) -> list[str]:
    """Say `you` before `take` and its like where a clause has no subject."""
    found: list[str] = []
    subject = False
    for word in words:
        subject = (subject or word in _SUBJECTS) and word not in _CUT
        if word in _HOLD and not subject and (found[-1] if found else "") in _BEGIN:
            found.append("you")
        found.append(word)
    return found
