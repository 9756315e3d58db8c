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

_YOU = {"you", "you'll", "you're", "yourself"}
_YES = re.compile(
    r"\b(yup|yep|fine|great|cool|good|done|correct|right|alright|very well|you got it|fair|i can (do|live with) that)\b"
)
_NO = re.compile(
    r"\b(not|no|never|cannot|cant|wont|arnt|unable|\w+n't)\b.*\b(deals?|agree|agreement|fair|work|good|fine|do)\b|undealable"
)
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
    words = _excepting(lexicon.words(text))
    numbered = _numbered(words, lexicon.goods, counts)
    plain = " ".join(_addressed(numbered))
    if not set(numbered) & set(lexicon.goods):
        return _answered(plain)
    plan = read_plan(plain, lexicon)
    if not plan.stances and not _INQUIRY.search(plain):
        plain = _claimed(plain.split())
        plan = read_plan(plain, lexicon)
    ways, left = set(plan.stances.values()), [good for good in lexicon.goods if good not in plan.stances]
    adds = words[0] == "and" or not _MORE.isdisjoint(words)
    if adds or not left or not plan.amounts or ways not in ({"ask"}, {"offer"}):
        return plain
    return f"{plain} . {'you' if ways == {'ask'} else 'i'} get {_listed(left, counts)}"


def _answered(plain: str) -> str:
    """Words that name no good, with a plain yes or no before them where they mean one."""
    if _NO.search(plain):
        return f"no deal , {plain}"
    return f"ok , {plain}" if _YES.search(plain) and "?" not in plain else plain


def _pronoun(words: Sequence[str]) -> str:
    """Who was last spoken of, `i` where nobody was."""
    return next(("you" if word in _YOU else "i" for word in reversed(words) if word in _SUBJECTS | _YOU), "i")


def _claimed(words: list[str]) -> str:
    """Put a verb before the first amount: it is for who was last spoken of."""
    first = next(index for index, word in enumerate(words) if word.isdigit())
    return " ".join([*words[:first], _pronoun(words[:first]), "get", *words[first:]])


def _excepting(words: Sequence[str]) -> list[str]:
    """Everything but a good for one is that good for the other."""
    found: list[str] = []
    for word in words:
        if word in {"except", "minus", "but"} and found and found[-1] in {"everything", "all"}:
            found += [".", "i" if _pronoun(found) == "you" else "you", "get"]
        else:
            found.append(word)
    return found


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
