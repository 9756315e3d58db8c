"""Callers: people with hidden patience and temper call on a bot that often does not understand them.

Each bad answer is borne until the caller's patience ends, and then the caller leaves with a word; the hotter
the temper, the lower the rating that a bad answer leads to, and the likelier a complaint. Nobody is told either.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from inhabit.types import Life, Message

THINGS = ("refund", "delivery", "password", "invoice")
OPENS = ("Hi, I need help with my {}.", "Hello, question about my {}.", "My {} does not work")
ANSWERS = ("It is order {number}.", "It is about the {}, please check.", "ok, and then?")
COMPLAINS = ("I already told you it is about my {}!", "You asked me that before!", "Why do you not listen?")
QUITS = ("This is ridiculous. Bye.", "I give up, goodbye.", "Forget it, I am leaving.")
THANKS = ("Thanks!", "great, thank you", "Perfect, thanks a lot")
FAILS = ("Could you repeat that?", "Sorry, what is your order number?", "I did not understand you.")
SOLVES = ("Done! Your {} is fixed.", "All good now, your {} is solved.")

TURNS = 10
"""Most turns of a call."""


@dataclasses.dataclass(frozen=True)
class Caller:
    """What nobody is told of a caller.

    Attributes:
        patience: Bad answers that are borne; positive, the median caller's is 2.2.
        temper: How much of a rating a bad answer costs; the median caller's is 1.
    """

    patience: float
    temper: float


def callers(number: int, rng: np.random.Generator) -> dict[str, Caller]:
    """Draw callers: log-normal patience and temper, each spread by one half, independent of each other."""
    return {
        f"caller {i}": Caller(2.2 * np.exp(0.5 * rng.standard_normal()), np.exp(0.5 * rng.standard_normal()))
        for i in range(number)
    }


def calls(who: Mapping[str, Caller], each: int, rng: np.random.Generator) -> list[Life]:
    """Everyone calls `each` times, one after another; ratings run from 1 to 5."""
    return [
        Life(id=f"call-{n}-{i}", maker=name, messages=tuple(_call(caller, rng)))
        for n in range(each)
        for i, (name, caller) in enumerate(who.items())
    ]


def _call(caller: Caller, rng: np.random.Generator) -> list[Message]:
    thing, hard = str(rng.choice(THINGS)), rng.uniform(0.35, 0.85)
    said: list[Message] = []

    def say(texts: Sequence[str], mean: float, noise: float = 0.4) -> None:
        words = str(rng.choice(texts)).format(thing, number=rng.integers(100, 1000))
        rating = float(np.clip(np.round(mean + noise * rng.standard_normal()), 1, 5))
        said.append(Message(role="user", content=words, rating=rating))

    for bad in range(TURNS):
        content = 4.3 - 0.8 * caller.temper * bad
        if bad and rng.uniform() < 1 / (1 + np.exp(-3 * (bad - caller.patience))):
            say(QUITS, content)
            return said
        vexed = bad and rng.uniform() < min(0.8, 0.25 * caller.temper * bad)
        say(COMPLAINS if vexed else ANSWERS if bad else OPENS, content)
        failed = rng.uniform() < hard
        said.append(Message(role="assistant", content=str(rng.choice(FAILS if failed else SOLVES)).format(thing)))
        if not failed:
            say(THANKS, 5 - 0.4 * caller.temper * bad, 0.3)
            return said
    return said
