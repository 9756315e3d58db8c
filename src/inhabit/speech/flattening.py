"""Flattening: how a life becomes one line of tokens, such that everything a mind sees is in its text."""

import dataclasses
import enum
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from inhabit.speech.packing import Document
from inhabit.speech.plans import Plan
from inhabit.speech.tokens import PAD, Tokens
from inhabit.types import LEAVE, STANCES, Life, Message

MAKER = "user"
"""The role of the maker in a life's messages."""

RATING = "rating"
"""The question how content the maker is, asked wherever the log has a rating."""


class Kind(enum.IntEnum):
    """What a target is, so that each kind can be weighed and scored by itself."""

    CONTEXT = 0
    ACT = 1
    STANCE = 2
    WORDS = 3
    ANSWER = 4


TWIN = {Kind.CONTEXT: 0.3, Kind.ACT: 1.0, Kind.STANCE: 1.0, Kind.WORDS: 1.0, Kind.ANSWER: 1.0}
"""Weights of a twin: all the maker does, and, for what it teaches of the language, some of what the maker hears."""

MOUTH = {Kind.CONTEXT: 0.3, Kind.WORDS: 1.0}
"""Weights of a mouth: the maker's words only, and some of what is heard."""


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A life flattened.

    Attributes:
        tokens: What is read.
        targets: What is foretold at each place: the next token, or the answer to a question (which is never read).
        kinds: `Kind` of each target.
        messages: Index of the message that each target belongs to; -1 for none.
        asked: Question asked at each place, as an index into the flattening's questions; -1 for none.
    """

    tokens: Int[np.ndarray, " length"]
    targets: Int[np.ndarray, " length"]
    kinds: Int[np.ndarray, " length"]
    messages: Int[np.ndarray, " length"]
    asked: Int[np.ndarray, " length"]

    def document(self, weights: Mapping[Kind, float]) -> Document:
        """The same as a transformer reads it, each kind of target weighed; a kind left out does not count."""
        table = np.array([weights.get(kind, 0.0) for kind in Kind], np.float32)
        return Document(self.tokens, self.targets, table[self.kinds] * (self.targets > 0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flattening:
    """The layout of a life in tokens.

    First what is known from the start; then each message: who, what is seen, what is felt, then the act, the stances,
    the amounts, then the words. So `p(act)` and `p(words | act)` can both be read off one pass. Questions (a rating,
    the partner's priorities) are a token whose answer is foretold but not read on, so they give nothing away.

    Attributes:
        tokens: The vocabulary.
        acts: Acts with a token, in order; always with `leave`.
        goods: Goods of which stances are told, in order.
        questions: For each question, its possible answers. `"rating"` is asked where the log has one; any other after
            every message of another and at the end.
        knows: Which of a life's `values`, `traits`, `feels` are known from the start.
        sees: Keys of a message's `sees` that are told before the act.
        carries: Keys of a message's `sees` that are told with the act (a deal's contents).
        tells: Which of `act`, `stances`, `feels` are in the text. An act that is not told is still foretold.
    """

    tokens: Tokens
    acts: tuple[str, ...]
    goods: tuple[str, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    knows: tuple[str, ...] = ("values", "traits", "feels")
    sees: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    tells: tuple[str, ...] = ("act", "stances", "feels")

    @classmethod
    def learn(
        cls,
        lives: Sequence[Life],
        *,
        goods: Sequence[str] = (),
        questions: Mapping[str, Sequence[str]] | None = None,
        size: int = 1024,
        **layout: tuple[str, ...],
    ) -> "Flattening":
        """Learn the vocabulary of some lives (those of training only).

        Args:
            lives: Where acts, roles, ratings and words are met.
            goods: Names of goods.
            questions: Possible answers to each question; a rating's are taken from the lives.
            size: Number of byte pairs, as for `Tokens.learn`.
            layout: `knows`, `sees`, `carries`, `tells`.
        """
        acts = sorted({m.act for life in lives for m in life.messages if m.act is not None} - {LEAVE})
        ratings = sorted({m.rating for life in lives for m in life.messages if m.rating is not None})
        roles = sorted({m.role for life in lives for m in life.messages} - {MAKER})
        asked = {RATING: tuple(f"{rating:g}" for rating in ratings)} if ratings else {}
        asked |= {name: tuple(options) for name, options in (questions or {}).items()}
        acts.append(LEAVE)
        specials = _specials(roles, acts, goods, asked)
        bare = cls(
            tokens=Tokens((PAD,), "{}"),
            acts=tuple(acts),
            goods=tuple(goods),
            questions=asked,
            **layout,  # type: ignore[arg-type]
        )
        texts = (text for life in lives for text in bare._texts(life))
        return dataclasses.replace(bare, tokens=Tokens.learn(texts, specials=specials, size=size))

    def sheet(
        self, life: Life, *, plans: Mapping[int, Plan] | None = None, answers: Mapping[str, str] | None = None
    ) -> Sheet:
        """Flatten a whole life.

        Args:
            life: What was lived.
            plans: What some of the maker's messages (by index) meant; a message without takes its own labels.
            answers: Known answers to questions; a question without is asked, but counts nothing.
        """
        writer = _Writer(self, answers or {})
        writer.beginning(life)
        for index, message in enumerate(life.messages):
            writer.message(index, message, (plans or {}).get(index))
        writer.put("<end>")
        writer.ask_all(-1)
        return writer.sheet()

    def prompt(self, life: Life, turn: Message, plan: Plan | None = None) -> list[int]:
        """Tokens up to where the maker, after `life`, acts (or, told a plan, speaks).

        Args:
            life: What happened so far.
            turn: What the maker sees and feels now; its act and words are not read.
            plan: What to say; None asks for the act first.
        """
        writer = _Writer(self, {})
        writer.beginning(life)
        for index, message in enumerate(life.messages):
            writer.message(index, message, None)
        writer.before(turn, plan, len(life.messages))
        if plan is not None:
            writer.meaning(turn, plan, len(life.messages))
        return [entry.token.token for entry in writer.entries]

    def choices(self) -> list[int]:
        """Ids of the act tokens, then of each question's answers, in order: what to ask of `score`."""
        answers = [_answer(name, option) for name, options in self.questions.items() for option in options]
        return [self.tokens.id(name) for name in [*(f"<act:{act}>" for act in self.acts), *answers]]

    def to_json(self) -> str:
        """One string from which `from_json` makes the same flattening."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps(fields | {"tokens": self.tokens.to_json()})

    @classmethod
    def from_json(cls, text: str) -> "Flattening":
        """Read what `to_json` wrote."""
        read = json.loads(text)
        questions = {name: tuple(options) for name, options in read.pop("questions").items()}
        tokens = Tokens.from_json(read.pop("tokens"))
        return cls(tokens=tokens, questions=questions, **{name: tuple(value) for name, value in read.items()})

    def _texts(self, life: Life) -> Iterable[str]:
        yield from (plain(getattr(life, name)) for name in self.knows)
        for message in life.messages:
            yield message.content
            yield plain({name: message.sees[name] for name in (*self.sees, *self.carries) if name in message.sees})
            yield plain(message.feels)


def plain(facts: Mapping[str, Any]) -> str:
    """Facts in few words: `{"food": 5, "held": {"water": 0.25}}` becomes `food 5, held water 0.2`."""
    return ", ".join(f"{name} {_value(value)}" for name, value in facts.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return " ".join(_value(one) for one in value)
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)


def _answer(question: str, option: str) -> str:
    return f"<answer:{question}:{option}>"


def _specials(
    roles: Sequence[str], acts: Sequence[str], goods: Sequence[str], questions: Mapping[str, Sequence[str]]
) -> list[str]:
    marks = [
        "start",
        "end",
        "says",
        "stop",
        "values",
        "traits",
        "feels",
        "sees",
        "amounts",
        "maker",
        "role:?",
        "act:?",
    ]
    names = [f"<{mark}>" for mark in marks]
    names += [f"<role:{role}>" for role in roles] + [f"<act:{act}>" for act in acts]
    names += [f"<{stance}:{good}>" for good in goods for stance in STANCES[1:]]
    for question, options in questions.items():
        names += [f"<ask:{question}?>", *(_answer(question, option) for option in options)]
    return names


class _Foretold(NamedTuple):
    """A token as something to be foretold."""

    token: int
    kind: Kind = Kind.CONTEXT
    message: int = -1


@dataclasses.dataclass
class _Entry:
    """A token read; what is foretold after it is the next token, unless `instead` says otherwise."""

    token: _Foretold
    instead: _Foretold | None = None
    question: int = -1


class _Writer:
    """Writes one life, token by token."""

    def __init__(self, layout: Flattening, answers: Mapping[str, str]):
        self.layout, self.answers = layout, answers
        self.entries: list[_Entry] = []

    def put(self, name: str, kind: Kind = Kind.CONTEXT, message: int = -1) -> None:
        self.entries.append(_Entry(_Foretold(self.layout.tokens.id(name), kind, message)))

    def text(self, text: str, kind: Kind = Kind.CONTEXT, message: int = -1) -> None:
        self.entries += [_Entry(_Foretold(token, kind, message)) for token in self.layout.tokens.encode(text)]

    def known(self, name: str, facts: Mapping[str, Any]) -> None:
        if facts:
            self.put(f"<{name}>")
            self.text(plain(facts))

    def beginning(self, life: Life) -> None:
        self.put("<start>")
        for name in self.layout.knows:
            self.known(name, getattr(life, name))

    def message(self, index: int, message: Message, plan: Plan | None) -> None:
        self.before(message, plan, index)
        self.meaning(message, plan, index)
        mine = message.role == MAKER
        words = Kind.WORDS if mine else Kind.CONTEXT
        self.text(message.content, words, index)
        self.put("<stop>", words, index)
        if message.rating is not None and RATING in self.layout.questions:
            self.ask(RATING, f"{message.rating:g}", index)
        if not mine:
            self.ask_all(index)

    def before(self, message: Message, plan: Plan | None, index: int) -> None:
        """Who speaks, what is seen and felt."""
        role = f"<role:{message.role}>"
        role = role if role in self.layout.tokens else "<role:?>"
        self.put("<maker>" if message.role == MAKER else role)
        self.known("sees", {name: message.sees[name] for name in self.layout.sees if name in message.sees})
        if "feels" in self.layout.tells:
            self.known("feels", plan.feels if plan is not None and plan.feels else message.feels)

    def meaning(self, message: Message, plan: Plan | None, index: int) -> None:
        """What is done and meant, up to where the words begin."""
        layout, mine = self.layout, message.role == MAKER
        act, stances = (plan.act, plan.stances) if plan is not None else (message.act, message.stances)
        if act is not None:
            self.act(f"<act:{act}>", index, mine)
        meant = [f"<{stances[good]}:{good}>" for good in layout.goods if stances.get(good)]
        told = "stances" in layout.tells
        kind = Kind.STANCE if mine and told and layout.goods else Kind.CONTEXT
        for stance in meant if told else ():
            self.put(stance, kind, index)
        amounts = dict(plan.amounts) if plan is not None else {}
        amounts |= {name: message.sees[name] for name in layout.carries if name in message.sees}
        if amounts:
            self.put("<amounts>", Kind.CONTEXT, index)
            self.text(plain(amounts), Kind.CONTEXT, index)
        self.put("<says>", kind, index)

    def act(self, name: str, index: int, mine: bool) -> None:
        name = name if name in self.layout.tokens else "<act:?>"
        kind = Kind.ACT if mine and name != "<act:?>" else Kind.CONTEXT
        if "act" in self.layout.tells:
            self.put(name, kind, index)
        elif mine:
            self.entries[-1].instead = _Foretold(self.layout.tokens.id(name), kind, index)

    def ask(self, question: str, answer: str | None, index: int) -> None:
        """Ask, without telling the answer."""
        name = _answer(question, answer or "")
        known = name in self.layout.tokens
        target = _Foretold(self.layout.tokens.id(name), Kind.ANSWER, index) if known else _Foretold(0, message=index)
        number = list(self.layout.questions).index(question)
        self.put(f"<ask:{question}?>", Kind.CONTEXT, index)
        self.entries[-1].instead, self.entries[-1].question = target, number

    def ask_all(self, index: int) -> None:
        for question in self.layout.questions:
            if question != RATING:
                self.ask(question, self.answers.get(question), index)

    def sheet(self) -> Sheet:
        """Shift by one: the target at a place is the token after it, unless something was asked there."""
        after = [entry.token for entry in self.entries[1:]] + [_Foretold(0)]
        foretold = [entry.instead or follows for entry, follows in zip(self.entries, after)]
        columns = zip(*foretold)
        tokens, asked = ([entry.token.token for entry in self.entries], [entry.question for entry in self.entries])
        return Sheet(*(np.array(column, np.int32) for column in (tokens, *columns, asked)))
