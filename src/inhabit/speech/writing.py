"""Writing a life down as a flattening lays it out, token by token."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from inhabit.speech.flattening import Flattening
from inhabit.speech.plans import Plan
from inhabit.speech.sheets import MAKER, RATING, Kind, Sheet, answer_token, plain
from inhabit.types import Life, Message


def written(
    layout: Flattening, life: Life, *, plans: Mapping[int, Plan] | None = None, answers: Mapping[str, str] | None = None
) -> Sheet:
    """Flatten a whole life.

    Args:
        layout: How lives become tokens.
        life: What was lived.
        plans: What some of the maker's messages (by index) meant; a message without takes its own labels.
        answers: Known answers to questions; a question without is asked, but counts nothing.
    """
    writer = Writer(layout, answers or {})
    writer.beginning(life)
    for index, message in enumerate(life.messages):
        writer.message(index, message, (plans or {}).get(index))
    writer.put("<end>")
    writer.ask_all(-1)
    return writer.sheet()


def prompted(layout: Flattening, life: Life, turn: Message, plan: Plan | None = None) -> list[int]:
    """Tokens up to where the maker, after `life`, acts (or, told a plan, speaks).

    Args:
        layout: How lives become tokens.
        life: What happened so far.
        turn: What the maker sees and feels now; its act and words are not read.
        plan: What to say; None asks for the act first.
    """
    writer = Writer(layout, {})
    writer.beginning(life)
    for index, message in enumerate(life.messages):
        writer.message(index, message, None)
    writer.before(turn, plan, len(life.messages))
    if plan is not None:
        writer.meaning(turn, plan, len(life.messages))
    return [entry.token.token for entry in writer.entries]


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


class Writer:
    """Writes one life, token by token."""

    def __init__(self, layout: Flattening, answers: Mapping[str, str]):
        self.layout, self.answers = layout, answers
        self.entries: list[_Entry] = []

    def put(self, name: str, kind: Kind = Kind.CONTEXT, message: int = -1) -> None:
        """One special token."""
        self.entries.append(_Entry(_Foretold(self.layout.tokens.id(name), kind, message)))

    def text(self, text: str, kind: Kind = Kind.CONTEXT, message: int = -1) -> None:
        """Words."""
        self.entries += [_Entry(_Foretold(token, kind, message)) for token in self.layout.tokens.encode(text)]

    def known(self, name: str, facts: Mapping[str, Any]) -> None:
        """Facts under a heading; nothing when there are none."""
        if facts:
            self.put(f"<{name}>")
            self.text(plain(facts))

    def beginning(self, life: Life) -> None:
        """What is known from the start."""
        self.put("<start>")
        for name in self.layout.knows:
            self.known(name, getattr(life, name))

    def message(self, index: int, message: Message, plan: Plan | None) -> None:
        """One message, and what is asked after it."""
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
        """What is done; a maker's act that is not told is foretold all the same."""
        name = name if name in self.layout.tokens else "<act:?>"
        kind = Kind.ACT if mine and name != "<act:?>" else Kind.CONTEXT
        if "act" in self.layout.tells:
            self.put(name, kind, index)
        elif mine:
            self.entries[-1].instead = _Foretold(self.layout.tokens.id(name), kind, index)

    def ask(self, question: str, answer: str | None, index: int) -> None:
        """Ask, without telling the answer."""
        name = answer_token(question, answer or "")
        known = name in self.layout.tokens
        target = _Foretold(self.layout.tokens.id(name), Kind.ANSWER, index) if known else _Foretold(0, message=index)
        number = list(self.layout.questions).index(question)
        self.put(f"<ask:{question}?>", Kind.CONTEXT, index)
        self.entries[-1].instead, self.entries[-1].question = target, number

    def ask_all(self, index: int) -> None:
        """Ask every question but the rating's."""
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
