"""Driving: fitted people talk with somebody's bot, and every talk comes out as a life."""

import dataclasses
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import jax
import numpy as np

from inhabit.learning.people import People
from inhabit.learning.standing import Intervention, Reply, StandIn, Talk
from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.service import ChatService, EndpointError
from inhabit.types import LEAVE, MOODS, Key, Life, Message

SPEECHLESS = "..."
"""What a bot is sent where a person does something without a word."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Terms:
    """How people meet a bot.

    Attributes:
        model: The bot's name in the request.
        greeting: What the bot says before anyone speaks, in its own words; empty where the person speaks first.
        system: A system text that is sent before everything; empty for none.
        turns: Most turns of the person; a talk that reaches them is cut off.
        met: Acts by which a person shows that it got what it came for; empty where that is not known.

    Raises:
        ValueError: No turn at all.
    """

    model: str = "bot"
    greeting: str = ""
    system: str = ""
    turns: int = 20
    met: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.turns < 1:
            raise ValueError(f"a talk of {self.turns} turns is none; give at least 1")


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who calls on the bot.

    Attributes:
        index: Which of a run's talks it is.
        maker: Whom of the log it stands in for; `None` is a stranger drawn from the population.
    """

    index: int
    maker: str | None

    def life(self, seed: int) -> str:
        """Id of the talk: the same in every run with this seed, so that two releases can be compared talk by talk."""
        return f"run-{seed}-{self.index:05d}"


def callers(people: People, number: int, *, strangers: bool = False, seed: int = 0) -> tuple[Caller, ...]:
    """Choose who calls: makers of the log in a shuffled round, each as often as another but for one; or strangers."""
    if strangers:
        return tuple(Caller(index, None) for index in range(number))
    order = np.random.default_rng(seed).permutation(len(people.makers))
    return tuple(Caller(index, people.makers[order[index % len(order)]]) for index in range(number))


def call(person: StandIn, bot: ChatService, terms: Terms, *, life: str, key: Key) -> Life:
    """One talk, from the first word until the person leaves, the last turn is taken, or the bot fails.

    Args:
        person: Who calls.
        bot: Who answers.
        terms: Of the talk.
        life: Id of the life that comes of it.
        key: Same key and same answers, same words.

    Returns:
        The talk as the person lived it. Its messages have act, stances, mood (`feels`) and, where the log of the people
        had ratings, the rating that is expected; `outcome` has `left` (`"user"` or empty), `silently` (whether it left
        without a word), `truncated`, `met` where that is known, and `error` where the bot failed.
    """
    first, *keys = jax.random.split(key, terms.turns + 1)
    talk, told, outcome = person.begin(key=first), [], dict[str, Any]()
    heard = terms.greeting
    for turn in keys:
        if heard:
            told.append(Message(role="assistant", content=heard))
            talk = person.hear(talk, told[-1])
        talk, reply = person.reply(talk, key=turn)
        told.append(_lived(talk, reply))
        if reply.ends:
            outcome = {"left": "user", "silently": reply.message.act == LEAVE, "truncated": False}
            break
        try:
            heard = bot.ask(_sent(terms, told), model=terms.model)
        except EndpointError as error:
            outcome = {"left": "", "truncated": True, "error": str(error)}
            break
    else:
        told.append(Message(role="assistant", content=heard))
        outcome = {"left": "", "silently": False, "truncated": True}
    met = {"met": any(message.act in terms.met for message in told)} if terms.met else {}
    values = dict(zip(person.people.codebook.goods, map(float, person.people.known(person.maker))))
    return Life(
        id=life,
        maker=person.maker or life.replace("run", "stranger", 1),
        messages=tuple(told),
        values={good: worth for good, worth in values.items() if np.isfinite(worth)} | dict(person.intervention.values),
        outcome=outcome | met,
    )


def _sent(terms: Terms, told: Sequence[Message]) -> list[Mapping[str, str]]:
    """A talk as the bot is told it: the person is its `user`."""
    first: list[Mapping[str, str]] = [{"role": "system", "content": terms.system}] if terms.system else []
    return first + [{"role": message.role, "content": message.content or SPEECHLESS} for message in told]


def _lived(talk: Talk, reply: Reply) -> Message:
    """What was said, with the mood it was said in and the rating that is expected of it."""
    mood = {name: round(float(getattr(talk.state.mood, name)), 4) for name in MOODS}
    rating = None if reply.rating is None else round(reply.rating, 4)
    return dataclasses.replace(reply.message, feels=mood, rating=rating)


def drive(
    people: People,
    mouth: AbstractMouth,
    bot: ChatService,
    terms: Terms,
    who: Sequence[Caller],
    *,
    intervention: Intervention | None = None,
    seed: int = 0,
    at_once: int = 4,
    seconds: float = float("inf"),
) -> Iterator[Life]:
    """Let people call on a bot, some at once; lives come as they end, each the same whatever the others do.

    Args:
        people: The population.
        mouth: Turns plans into words.
        bot: Who answers.
        terms: Of every talk.
        who: Who calls.
        intervention: What is set from outside, for everyone.
        seed: Same seed and same answers, same lives.
        at_once: Most talks going on together.
        seconds: No talk begins later than this.
    """
    began, waiting = time.monotonic(), iter(who)
    going: set[Future[Life]] = set()

    def begin(caller: Caller) -> Life:
        person = StandIn(people, mouth, caller.maker, intervention or Intervention())
        key = jax.random.fold_in(jax.random.key(seed), caller.index)
        return call(person, bot, terms, life=caller.life(seed), key=key)

    with ThreadPoolExecutor(at_once) as pool:
        try:
            while True:
                for caller in waiting:
                    if time.monotonic() - began > seconds:
                        waiting = iter(())
                        break
                    going.add(pool.submit(begin, caller))
                    if len(going) >= at_once:
                        break
                if not going:
                    return
                done, going = wait(going, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
