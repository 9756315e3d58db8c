"""Fitting people: from the lives of a log to minds that can stand in for their makers."""

import collections
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning import listening
from inhabit.learning.codebook import Codebook, Lesson, goods_of, turns
from inhabit.learning.knowing import settle
from inhabit.learning.listening import Schedule
from inhabit.learning.names import Names
from inhabit.learning.people import People
from inhabit.maths.compiling import brief
from inhabit.mind.person.affordances import balance_of, needs, pays, signs
from inhabit.mind.person.person import Person
from inhabit.senses.text import Ear, inverse_frequency
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.mouths import context_words
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase
from inhabit.types import LEAVE, OWN, Key, Life

PHRASES = 20_000
"""Most phrases kept for recall; the latest of each maker come first."""

OFTEN = 5
"""Lives of a maker from which on some of them can tell when to stop, instead of other makers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How people are fitted.

    Attributes:
        schedule: How long to listen.
        vocabulary: Most phrases that the ear learns.
        length: Phrases of one message that are heard.
        validation: Share of the makers (or of the lives of each: `validating`) that choose the epoch, not learned from.
        most_lives: Lives of one maker from which the own part is inferred (the latest).
        seed: Same seed, same people.
    """

    schedule: Schedule = dataclasses.field(default_factory=Schedule)
    vocabulary: int = 4000
    length: int = 64
    validation: float = 0.1
    most_lives: int = 16
    seed: int = 0


def fit_people(
    lives: Sequence[Life],
    *,
    settings: Settings | None = None,
    called: Mapping[str, tuple[str, ...]] | None = None,
    names: Names | None = None,
    watch: Callable[[int, float, float], None] = lambda epoch, train, valid: None,
) -> People:
    """Fit everyone in a log.

    Args:
        lives: The log.
        settings: How to fit.
        called: What each good may be called in words; its own name, and what the log calls it, if left out.
        names: How words are given acts; learned from the log, where it names none, if left out.
        watch: Told the epoch and the loss on training and validation makers.

    Raises:
        ValueError: Fewer than four lives, or nobody who ever acts.
    """
    settings = settings or Settings()
    lives = [life for life in lives if any(m.role == "user" for m in life.messages)]
    if len(lives) < 4:
        raise ValueError(f"{len(lives)} lives with a maker's messages; at least 4 are needed to learn and to validate")
    names = names or Names.learn(lives, seed=settings.seed)
    lives = names.of(lives)
    called = called or _called(goods_of(lives), names.lexicon)
    train, held = validating(lives, settings.validation, seed=settings.seed)
    ear = Ear.learned(
        (m.content for life in train for m in life.messages),
        size=settings.vocabulary,
        least=2,
        length=settings.length,
        goods=called,
    )
    codebook = Codebook.learn(train, ear=ear)
    makers = tuple(dict.fromkeys(life.maker for life in train))
    lessons = codebook.lessons(train, {maker: i for i, maker in enumerate(makers)})
    rows = _latest(train, makers, settings.most_lives)
    recent = jax.tree.map(lambda leaf: leaf[rows], lessons)
    shape = shape_of(codebook) | _done(codebook, lessons)
    for_person, for_fit = jax.random.split(jax.random.key(settings.seed))
    weight = inverse_frequency(np.asarray(lessons.percepts.words).reshape(-1, ear.length), ear.buckets)
    fitted = listening.fit(
        _born(weight, shape, key=for_person),
        lessons,
        codebook.lessons(held, {maker: i for i, maker in enumerate(makers)}),
        schedule=settings.schedule,
        watch=watch,
        settle=lambda person: settle(person, recent, len(makers), rounds=6),
        key=for_fit,
    )
    everyone = tuple(dict.fromkeys(life.maker for life in lives))
    last = [lives[row] for row in _latest(lives, everyone, settings.most_lives)]
    unlearned = {life.id for life in held}
    person, believed, inferring = settle(
        fitted.person,
        codebook.lessons(last, {maker: i for i, maker in enumerate(everyone)}),
        len(everyone),
        unlearned=np.array([life.id in unlearned for life in last]),
    )
    return People(
        person=person,
        codebook=codebook,
        makers=everyone,
        beliefs=believed,
        values=_values(lives, everyone, codebook.goods),
        phrases=phrases(lives),
        called=called,
        names=names,
        shape=shape | {"aimed": list(codebook.aimed_mask)},
        card={
            "lives": len(lives),
            "makers": len(everyone),
            "messages": sum(len(life.messages) for life in lives),
            "seed": settings.seed,
            "flops": fitted.flops + inferring,
            "curve": [list(point) for point in fitted.curve],
        },
    )


def _born(weight: np.ndarray, shape: Mapping[str, Any], *, key: Key) -> Person:
    """A fresh person, by one compiled program: drawn number by number, each of its arrays would compile another."""
    return brief(lambda weight, key: Person.create(weight=weight, **shape, key=key))(weight, key)


def shape_of(codebook: Codebook) -> dict[str, Any]:
    """How `Person.create` is called for the names of a log."""
    return {
        "symbols": len(codebook.heard),
        "goods": len(codebook.goods),
        "body": len(codebook.goods) + len(codebook.feels),
        "aimed": codebook.aimed_mask,
        "leaving": codebook.acts.index(LEAVE),
        "ratings": len(codebook.ratings),
        "sights": len(codebook.sights),
        "held": codebook.sights.index(OWN) if OWN in codebook.sights else None,
    }


def _done(codebook: Codebook, lessons: Lesson) -> dict[str, Any]:
    """What acts cannot be done without, and which always pay, as far as the lessons tell."""
    if not codebook.goods:
        return {}
    percepts, acts = (
        jax.tree.map(lambda leaf: leaf[lessons.living], part) for part in (lessons.percepts, lessons.acts)
    )
    shown = jnp.asarray(percepts.seen > 0)
    holds = shown[..., codebook.sights.index(OWN)] if OWN in codebook.sights else jnp.ones(shown.shape[:-1], bool)
    found = signs(shown, holds, balance_of(percepts.stances))
    return {
        "needs": needs(found, acts.act, acts.good, len(codebook.acts)),
        "pays": pays(acts.act, acts.good, acts.stances, len(codebook.acts)),
    }


def _latest(lives: Sequence[Life], makers: Sequence[str], most: int) -> list[int]:
    """Places of the latest `most` lives of each maker, maker by maker."""
    places: dict[str, list[int]] = {maker: [] for maker in makers}
    for place, life in enumerate(lives):
        places[life.maker].append(place)
    return [place for maker in makers for place in places[maker][-most:]]


def split(lives: Sequence[Life], share: float, *, seed: int) -> tuple[list[Life], list[Life]]:
    """Part the makers: `share` of them (at least one, never all) are held out with all their lives."""
    makers = sorted({life.maker for life in lives})
    if len(makers) < 2:
        cut = max(1, round(share * len(lives)))
        return list(lives[:-cut]), list(lives[-cut:])
    shuffled = np.random.default_rng(seed).permutation(len(makers))
    held = {makers[i] for i in shuffled[: max(1, min(len(makers) - 1, round(share * len(makers))))]}
    return [life for life in lives if life.maker not in held], [life for life in lives if life.maker in held]


def validating(lives: Sequence[Life], share: float, *, seed: int) -> tuple[list[Life], list[Life]]:
    """Part the lives into those to learn from and those that tell when to stop.

    Where makers come back `OFTEN` times or more on average, the last `share` of each one's lives are set apart; else
    `share` of the makers, with all their lives.
    """
    left = collections.Counter(life.maker for life in lives)
    if len(lives) < OFTEN * len(left):
        return split(lives, share, seed=seed)
    last = {maker: max(1, round(share * number)) if number > 1 else 0 for maker, number in left.items()}
    learn: list[Life] = []
    check: list[Life] = []
    for life in lives:
        (check if left[life.maker] <= last[life.maker] else learn).append(life)
        left[life.maker] -= 1
    return learn, check


def phrases(lives: Sequence[Life]) -> tuple[Phrase, ...]:
    """What the makers said, each with what it meant and what had been said before."""
    found = [
        Phrase(
            plan=Plan(act=turn.message.act, stances=turn.message.stances, feels=turn.message.feels),
            words=turn.message.content,
            before=context_words(life.messages[: turn.index]),
            maker=life.maker,
        )
        for life in lives
        for turn in turns(life)
        if turn.message.content
    ]
    return tuple(found[-PHRASES:])


def _called(goods: Sequence[str], lexicon: Lexicon | None) -> dict[str, tuple[str, ...]]:
    """What each good is called: its own name first, then what the log's people call it."""
    found = lexicon.names if lexicon is not None else {}
    return {good: tuple(dict.fromkeys([good.lower(), *(n for n, g in found.items() if g == good)])) for good in goods}


def _values(lives: Sequence[Life], makers: Sequence[str], goods: Sequence[str]) -> np.ndarray:
    """What the log says each maker values; of several lives, the last."""
    told = {life.maker: life.values for life in lives if life.values}
    return np.array([[told.get(m, {}).get(g, np.nan) for g in goods] for m in makers], np.float32).reshape(
        len(makers), len(goods)
    )
