"""Mouths: what turns a plan into words. Here the seam, and the mouth that is a small transformer told the plan."""

import abc
import dataclasses
from collections.abc import Callable, Sequence

from inhabit.speech.flattening import Flattening
from inhabit.speech.plans import Plan
from inhabit.speech.sampling import Sampler
from inhabit.speech.sheets import MAKER
from inhabit.speech.transformer import Transformer
from inhabit.speech.writing import prompted
from inhabit.types import Key, Life, Message


class AbstractMouth(abc.ABC):
    """Turns a plan into words."""

    @abc.abstractmethod
    def say(self, plan: Plan, context: Life, *, key: Key) -> str:
        """Words for a plan.

        Args:
            plan: What is to be said.
            context: The life so far, up to the message that is to be said.
            key: Random key; the same key says the same words.
        """


def context_words(messages: Sequence[Message], last: int = 2) -> str:
    """The words of the last few messages, oldest first."""
    return "\n".join(message.content for message in messages[-last:])


def agreement(meant: Plan, read: Plan) -> float:
    """How much of a plan came through: 1 for the act and each stance, 1/2 for each amount; less what was added."""
    goods = {*meant.stances, *read.stances}
    stances = sum(meant.stances.get(good) == read.stances.get(good) for good in goods) - len(
        {*read.stances} - {*meant.stances}
    )
    amounts = sum(read.amounts.get(good) == amount for good, amount in meant.amounts.items())
    return float(meant.act is None or meant.act == read.act) + stances + 0.5 * amounts


@dataclasses.dataclass(frozen=True)
class SmallMouth(AbstractMouth):
    """A small transformer told the plan: draws a few candidates and says the one that reads back best.

    Attributes:
        model: Fitted on documents of `flattening` weighed as `MOUTH`.
        flattening: How a life and a plan are its text.
        reads: From words and the life so far to the plan that a listener would understand.
        candidates: How many are drawn.
        temperature: Below 1, more like the most likely.
        top: Share of probability that is kept.
        most: Longest message in tokens.
    """

    model: Transformer
    flattening: Flattening
    reads: Callable[[str, Life], Plan]
    candidates: int = 4
    temperature: float = 0.8
    top: float = 0.95
    most: int = 64

    def say(self, plan: Plan, context: Life, *, key: Key) -> str:
        """Words for a plan; among equals, the first drawn that was not said before in this talk."""
        turn = Message(role=MAKER, content="", feels=plan.feels)
        prompt = prompted(self.flattening, context, turn, plan)
        sampler = Sampler(self.model, self.flattening.tokens.id("<stop>"), self.most)
        drawn = sampler(prompt, key=key, count=self.candidates, temperature=self.temperature, top=self.top)
        words = [self.flattening.tokens.decode(ids).strip() for ids in drawn]
        said = {message.content for message in context.messages}
        return max(words, key=lambda one: (bool(one), agreement(plan, self.reads(one, context)), one not in said))


@dataclasses.dataclass(frozen=True)
class Wordless(AbstractMouth):
    """Says nothing: for lives where only acts matter."""

    def say(self, plan: Plan, context: Life, *, key: Key) -> str:
        """No words."""
        del plan, context, key
        return ""
