"""Plans: what is to be said, before there are words for it; and reading them back out of words."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

from inhabit.speech.lexicon import Lexicon, named


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a message means.

    Attributes:
        act: What is done by saying it, from the log's vocabulary of acts.
        stances: What is said of each good: `"ask"`, `"offer"` or `"refuse"`; a good left out is not spoken of.
        amounts: How many of each good: what would be the speaker's of an asked good, the other's of an offered one.
        feels: What is felt while saying it.
    """

    act: str | None = None
    stances: Mapping[str, str] = dataclasses.field(default_factory=dict)
    amounts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    feels: Mapping[str, float] = dataclasses.field(default_factory=dict)


ACTS = (
    "propose", "ask", "offer", "refuse", "agree", "reject", "thank", "question", "complain", "greet", "chat",
)  # fmt: skip
"""What `read_plan` can call an utterance; `propose` asks for one good and offers another."""

FEELS = {"🙂": "joy", "😀": "joy", "☹": "sadness", "😮": "surprise", "😡": "anger"}
"""Signs of feeling that people write."""

_SHORT = {
    "i'm": "i am", "i'd": "i would", "i'll": "i will", "i've": "i have", "im": "i am", "ill": "i will",
    "we'd": "we would", "we'll": "we will", "we're": "we are", "we've": "we have", "you'd": "you would",
    "you'll": "you will", "u": "you", "you're": "you are", "you've": "you have", "don't": "do not",
    "dont": "do not", "doesn't": "do not", "didn't": "do not", "can't": "can not", "cant": "can not",
    "cannot": "can not", "won't": "will not", "wouldn't": "would not", "couldn't": "could not",
    "isn't": "is not", "aren't": "are not", "wanna": "want", "gonna": "will", "let's": "let us",
    "haven't": "have not", "gimme": "give me", "shouldn't": "should not", "every": "all", "ya": "you",
    "y'all": "you",
}  # fmt: skip
_SELF, _OTHER, _ME = {"i", "we"}, {"you"}, {"me", "myself", "us"}
_WORTH = set(["priority", "essential", "important", "crucial", "necessary"])
_WANT = _WORTH | set(
    ["need", "needs", "needed", "want", "wants", "wanted", "require", "like", "love", "prefer", "interested"]
)
_FIRST = set(
    ["priority", "top", "first", "highest", "main", "biggest", "most", "greatest", "least", "lowest", "last", "second"]
)
_LACK = set(["low", "short", "lack", "lacking", "forgot", "lost", "out"])
_HOLD = set(
    [
        "take",
        "get",
        "have",
        "keep",
        "getting",
        "taking",
        "keeping",
        "having",
        "receive",
        "use",
        "hoping",
        "looking",
        "grab",
    ]
)
_GIVE = set(
    [
        "give",
        "giving",
        "offer",
        "offering",
        "spare",
        "trade",
        "trading",
        "share",
        "provide",
        "part",
        "sacrifice",
        "swap",
        "exchange",
        "let",
    ]
)
_HAND = _GIVE | {"leave", "leaves", "leaving", "get"}
_NOT, _PLENTY = (
    {"not", "no", "never", "least"},
    set(["plenty", "lots", "enough", "already", "extra", "loads", "ton", "tons"]),
)
_INQUIRIES = set(["do", "did", "are", "what", "which", "why", "how"])
_CUT = {".", "!", "?", ";", "but", "because", "since", "although", "though", "however", "while", "so"}

_AGREE = (
    r"\b(deal|agree|agreed|sounds (good|great|fair|reasonable|perfect)|works for me|that works|perfect|fine with|"
    r"accept|ok|okay|sure|yes|yeah|fair enough)\b"
)
_REJECT = (
    r"\b(no deal|not (fair|accept|agree|work|do that|sure|happy)|can not (do|accept|agree|go)|will not work|unfair|"
    r"no way|nope|disagree)\b|^no\b"
)
_PATTERNS = (
    ("reject", _REJECT),
    ("thank", r"\b(thanks|thank|thx|appreciate)\b"),
    ("agree", _AGREE),
    ("question", r"\?"),
    ("complain", r"\b(unfair|ridiculous|greedy|selfish|rude|terrible|annoying|already (said|told|asked))\b"),
    ("greet", r"\b(hello|hi|hey|howdy|greetings|good (morning|afternoon|evening|day))\b"),
)


@dataclasses.dataclass
class _Reader:
    """Where a reading stands within a clause: who acts, whether it is denied, and which way goods move."""

    totals: Sequence[int | None]
    amounts: dict[int, int] = dataclasses.field(default_factory=dict)
    stances: dict[int, str] = dataclasses.field(default_factory=dict)
    subject: str = ""
    inquires: bool = False
    denied: bool = False
    way: str = ""
    verb: str = ""
    amount: str = ""
    loose: list[tuple[int, str]] = dataclasses.field(default_factory=list)

    def restart(self) -> None:
        """Begin a clause: nothing is carried over."""
        self.subject, self.inquires, self.denied, self.way, self.verb, self.amount = "", False, False, "", "", ""
        self.loose = []

    def hear(self, word: str, before: str, after: str) -> None:
        """Take one word, with its neighbours."""
        if (good := named(word)) is not None:
            self._good(good)
        elif word.isdigit() or (word == "all" and (after in {"the", "of", "your", "my"} or after[:1] in "#0123456789")):
            self.amount = word
        elif word in {"what", "which"}:
            self.inquires = True
        elif word in _ME or (word in {"you", "yourself"} and before in {"for", "to", "enough", *_HAND}):
            self._object("ask" if word in _ME else "offer", before)
        elif word in _SELF | _OTHER:
            self._subject("self" if word in _SELF else "other", before, after)
        elif word in {"my", "mine"} and after in _FIRST:
            self._settle_loose("offer" if after in {"least", "lowest", "last"} else "ask")
        elif word == "without":
            self.way, self.verb = ("offer" if before in {"do", "go", "live", "by"} else "ask"), "want"
        elif word in _NOT:
            self.denied = True
        elif word == "for" and self.verb == "give" and self.way in {"ask", "offer"}:  # what is given is swapped
            self.way, self.denied = ("offer" if self.way == "ask" else "ask"), False
        else:
            self._verb(word, before)

    def _subject(self, subject: str, before: str, after: str) -> None:
        self.subject, self.denied, self.verb, self.way, self.amount = subject, False, "", "", ""
        self.inquires = subject == "other" and before in _INQUIRIES
        if after in {":", "-", "="} or after.isdigit() or after == "all":  # you 2 food
            self.way = "ask" if subject == "self" else "offer"

    def _object(self, way: str, before: str) -> None:
        """Hear `me` or `you` as the one who gets: `for me`, `give you`, `let us`, `me: 3 food`."""
        if before in {"for", "to"}:
            self._settle_loose(way)
        elif before in _HAND:
            refused = self.denied and way == "offer" and self.subject != "other"
            self.way, self.verb = ("refuse" if refused else way), "give"
        else:
            self.way = way

    def _verb(self, word: str, before: str) -> None:
        own = self.subject == "self"
        if word in _PLENTY and own and self.verb == "hold":
            self.way = "ask" if self.denied else "offer"
        elif word in _GIVE:
            self.verb = "give"
            self.way = {"self": "refuse" if self.denied else "offer", "other": "ask"}.get(
                self.subject, "offer" if before else "ask"
            )
        elif word in _WANT and self.subject != "other" and not self.inquires:
            self.verb, self.way = "want", "offer" if self.denied else "ask"
            if word in _WORTH:
                self._settle_loose(self.way)
        elif word in _LACK and own and self.verb != "give":
            self.verb, self.way = "want", "ask"
        elif word in _HOLD and not (self.verb in {"give", "want"} and self.way):  # let you have, need to get
            self.verb = "hold"
            taken = "" if self.inquires else "refuse" if self.denied else "offer"
            self.way = "ask" if self.subject != "other" else taken

    def _good(self, good: int) -> None:
        if self.way:
            self._settle(good, self.way, self.amount)
        else:
            self.loose.append((good, self.amount))
        self.amount = ""

    def _settle_loose(self, way: str) -> None:
        for good, amount in self.loose:
            self._settle(good, way, amount)
        self.loose = []

    def _settle(self, good: int, way: str, said: str) -> None:
        """Note a stance; of two for one good, a refusal stands, then the larger share, then the later."""
        amount = self.totals[good] if said == "all" else int(said) if said else None
        old, share = self.stances.get(good), self.amounts.get(good)
        if old == "refuse" or (old and old != way and share is not None and (amount is None or amount < share)):
            return
        if old and old != way:
            self.amounts.pop(good, None)
        self.stances[good] = way
        if amount is not None:
            self.amounts[good] = amount


def _spoken(text: str, goods: Lexicon) -> list[str]:
    """Words of `text` with short forms written out."""
    return [part for word in goods.words(text) for part in _SHORT.get(word, word).split()]


def _read(words: Sequence[str], goods: Lexicon) -> _Reader:
    reader = _Reader([goods.totals.get(good) for good in goods.goods])
    for index, word in enumerate(words):
        if word in _CUT:
            reader.restart()
        else:
            reader.hear(word, words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else "")
    return reader


def _act(text: str, stances: set[str]) -> str:
    """Name the utterance by its stances, and by its phrases where it has none."""
    if {"ask", "offer"} <= stances:
        return "propose"
    if stances:
        return next(stance for stance in ("refuse", "ask", "offer") if stance in stances)
    return next((act for act, pattern in _PATTERNS if re.search(pattern, text)), "chat")


def read_plan(text: str, goods: Lexicon) -> Plan:
    """Read what an utterance asks, offers or refuses of each good, how many, what it does, what it shows of feeling.

    Read clause by clause with a small grammar of giving and taking, without learning: who acts (`I`, `you`), on which
    verb (want, hold, give), denied or not. `I don't need water` offers water, `I don't have water` asks for it,
    `I can't give water` refuses it. Amounts are the asker's share of an asked good, the other's of an offered one.
    """
    words = _spoken(text, goods)
    reader = _read(words, goods)
    return Plan(
        act=_act(" ".join(words), set(reader.stances.values())),
        stances={goods.goods[good]: stance for good, stance in sorted(reader.stances.items())},
        amounts={goods.goods[good]: amount for good, amount in sorted(reader.amounts.items())},
        feels={feel: 1.0 for sign, feel in FEELS.items() if sign in text},
    )
