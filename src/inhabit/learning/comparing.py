"""Comparing: minds beside an equal-compute language model of the same traffic, and beside tables, on unseen lives."""

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning import reading
from inhabit.learning.accounts import live
from inhabit.learning.codebook import OTHER, goods_of
from inhabit.learning.fitting import Settings, fit_people, validating
from inhabit.learning.judging import (
    Chain,
    Foretold,
    as_named,
    departed,
    foretell,
    frequencies,
    measure,
    measure_ratings,
)
from inhabit.learning.mouthing import read_mouth
from inhabit.learning.names import Names
from inhabit.learning.people import People
from inhabit.maths.compiling import give_back
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.speech.flattening import Flattening
from inhabit.speech.sheets import TWIN
from inhabit.speech.twin import Twin
from inhabit.speech.writing import written
from inhabit.types import Life

UNITS = {"nats": ("nats a turn", "lower"), "bits": ("bits a message", "lower")}
"""Unit of a measure, and which way is better, by the last word of its name; all others are shares, higher better."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sides:
    """Both sides, fitted to the same lives with the same counted work.

    Attributes:
        people: The minds, with their small mouth.
        twin: The language model, which got the work of the minds and of their small mouth.
        flops: Floating-point operations of each.
    """

    people: People
    twin: Twin
    flops: Mapping[str, float]


def fit_sides(
    train: Sequence[Life],
    *,
    settings: Settings | None = None,
    layout: Mapping[str, Any] | None = None,
    vocabulary: int = 1024,
    recipe: reading.Recipe = reading.TINY,
    passes: float = 8.0,
    answers: Callable[[Life], Mapping[str, str]] = lambda life: {},
    watch: Callable[[str], None] = lambda stage: None,
) -> Sides:
    """Fit minds, their small mouth, and the twin, which gets the counted work of both.

    The mouth is read while the minds listen: two threads, one for each core.

    Args:
        train: Lives to learn from, silent departures written down.
        settings: How people are fitted.
        layout: What of a life is in the text (`knows`, `sees`, `carries` of `Flattening`): all that a mind perceives;
            and the `questions` that the twin is asked.
        vocabulary: Byte pairs of the text.
        recipe: Size and learning rate of mouth and twin alike.
        passes: Passes of the mouth over the lives.
        answers: The true answers to the questions in a life, from which the twin learns to answer.
        watch: Told what begins.
    """
    settings = settings or Settings()
    watch("mind and mouth")
    names = Names.learn(train, seed=settings.seed)
    learn, check = validating(named := names.of(train), settings.validation, seed=settings.seed)
    flattening = Flattening.learn(learn, goods=goods_of(named), size=vocabulary, **(layout or {}))
    for_mouth, for_twin = jax.random.split(jax.random.key(settings.seed + 1))
    found: dict[str, reading.Lesson] = {}

    def mouthe() -> None:
        found["mouth"] = read_mouth(flattening, learn, check, recipe=recipe, passes=passes, key=for_mouth)

    mouth = threading.Thread(target=mouthe)
    mouth.start()
    people = fit_people(train, settings=settings, names=names)
    mouth.join()
    give_back()
    both = people.card["flops"] + found["mouth"].flops + found["mouth"].checking
    watch("twin")
    documents, valid = (
        [written(flattening, life, answers=answers(life)).document(TWIN) for life in some] for some in (learn, check)
    )
    twin = reading.fit(documents, len(flattening.tokens), recipe=recipe, validation=valid, budget=both, key=for_twin)
    give_back()
    return Sides(
        people=dataclasses.replace(people, mouth=Twin(found["mouth"].model, flattening)),
        twin=Twin(twin.model, flattening),
        flops={"mind": both, "mind without its mouth": people.card["flops"], "twin": twin.flops + twin.checking},
    )


def compare(
    sides: Sides | People,
    train: Sequence[Life],
    held: Sequence[Life],
    *,
    rivals: Mapping[str, Sequence[np.ndarray]] | None = None,
    seed: int = 0,
) -> tuple[dict[str, dict[str, Estimate]], list[Foretold]]:
    """Score how well each side foretells acts, ratings and words of held-out lives, with 95 % intervals over makers.

    Turns whose act the log does not name are left out.

    Args:
        sides: Both sides, or minds alone.
        train: What the tables count.
        held: Lives that no side has seen; what is believed of each maker is sharpened as a life goes on.
        rivals: Others that foretold the same turns: a row of log-probabilities over the acts for each.
        seed: Of the intervals.

    Returns:
        Measure -> who -> estimate, and what the minds foretold.
    """
    people = sides.people if isinstance(sides, Sides) else sides
    train, held = (people.names.of(departed(lives)) for lives in (train, held))
    told = foretell(people, held)
    chain = Chain(people.codebook, train)
    frequent = frequencies(people.codebook, train)
    rows: dict[str, Any] = {
        **(rivals or {}),
        "table of last acts": [row for life in held for row in chain.foretell(life)],
        "frequencies": [frequent] * len(told),
    }
    ratings = measure_ratings(told, people.codebook, train, seed=seed)
    if not isinstance(sides, Sides) or people.mouth is None:
        return measure(told, rows, people.codebook.acts, seed=seed) | ratings, told
    acts, words, plans = twins_view(sides.twin, held, people.codebook.acts)
    unnamed = np.zeros(len(people.codebook.acts))
    rows["twin"] = [acts.get((one.life, one.turn), unnamed) for one in told]
    table = measure(told, rows, people.codebook.acts, seed=seed) | ratings
    _, mouthed, _ = twins_view(people.mouth, held, people.codebook.acts)
    views = {"mind": (mouthed, _plans(people, held, told)), "twin": (words, plans)}
    named = [one for one in told if (one.life, one.turn) in acts and people.codebook.acts[one.true] != OTHER]
    places, makers = [(one.life, one.turn) for one in named], [one.maker for one in named]
    for who, (said, planned) in views.items():
        whole = [(said.get(place, 0.0) + planned[place]) / np.log(2) for place in places]
        alone = [said.get(place, 0.0) / np.log(2) for place in places]
        for name, bits in (("whole message, bits", whole), ("words given the plan, bits", alone)):
            table.setdefault(name, {})[who] = bootstrap_mean(bits, makers, resamples=300, seed=seed)
    return table, told


def card(table: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, Any]]:
    """A table of measures as a card keeps it: mind, twin, baselines, unit, and which way is better."""
    out = {}
    for name, row in table.items():
        plain = {who: [one.value, one.low, one.high] for who, one in row.items()}
        mind, twin = plain.pop("mind"), plain.pop("twin", None)
        unit, better = UNITS.get(name.rsplit(maxsplit=1)[-1], ("share", "higher"))
        out[name] = {"mind": mind, "twin": twin, "baselines": plain, "unit": unit, "better": better}
    return out


def mine_and_others(table: Mapping[str, Mapping[str, Estimate]]) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """The mind's figures, and everybody else's."""
    mine = {f"{measure}: mind": row["mind"] for measure, row in table.items()}
    others = {f"{measure}: {who}": one for measure, row in table.items() for who, one in row.items() if who != "mind"}
    return mine, others


def twins_view(twin: Twin, held: Sequence[Life], acts: Sequence[str]) -> tuple[dict, dict, dict]:
    """For each turn: log-probabilities of the acts, nats of the words, and nats of act and stances.

    An act that the twin has no token for is all but impossible.
    """
    order = [twin.flattening.acts.index(act) if act in twin.flattening.acts else -1 for act in acts]
    rows, words, plans = {}, {}, {}
    for life, told in zip(held, twin.foretell(held)[0]):
        for turn, row in zip(told.turns, told.acts):
            rows[life.id, turn] = np.array([row[i] if i >= 0 else -20.0 for i in order])
        for turn, nats, stances in zip(told.spoken, told.words, told.stances):
            words[life.id, turn] = float(nats)
            act = life.messages[turn].act
            known = act in acts and (life.id, turn) in rows
            plans[life.id, turn] = float(stances) - (float(rows[life.id, turn][acts.index(act)]) if known else 0.0)
    return rows, words, plans


def _plans(people: People, held: Sequence[Life], told: Sequence[Foretold]) -> dict[tuple[str, int], float]:
    """The mind's nats for act, good and stances of each turn whose act, as is known, the log names."""
    lessons = people.codebook.lessons(held)
    makers = [life.maker if life.maker in people.makers else None for life in held]
    stances = np.asarray(live(people.person, lessons, jnp.stack([people.belief(m).mean for m in makers])).stances)
    each = iter(stances[np.asarray(lessons.living)])
    names = people.codebook.acts
    known = [float(as_named(one.acts, names)[one.true] - one.acts[one.true]) for one in told]
    return {(one.life, one.turn): -one.aims - more - float(next(each)) for one, more in zip(told, known)}
