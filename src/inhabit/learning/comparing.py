"""Comparing: a fitted population beside its twin and the trivial baselines, on lives that none of them has seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from inhabit.learning import reading
from inhabit.learning.codebook import goods_of
from inhabit.learning.fitting import split
from inhabit.learning.judging import Chain, departed, foretell, frequencies, measure
from inhabit.learning.people import People
from inhabit.maths.intervals import Estimate
from inhabit.speech.flattening import Flattening
from inhabit.speech.sheets import TWIN
from inhabit.speech.twin import Twin
from inhabit.types import Life

UNITS = {
    "nats": ("nats a turn", "lower"),
    "accuracy": ("share of turns", "higher"),
    "macro-F1": ("mean over acts", "higher"),
}
"""Unit of a measure, and which way is better, by the last word of its name."""


def compare(
    people: People, train: Sequence[Life], held: Sequence[Life], *, twin: Twin | None = None, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Score how well each side foretells the next act of held-out lives, with 95 % intervals over makers.

    Args:
        people: The population, fitted on `train`.
        train: What the tables count.
        held: Lives that neither side has seen; every maker's belief is updated as the life goes on.
        twin: The language model to hold beside them.
        seed: Of the intervals.

    Returns:
        Measure -> `{"mind": [value, low, high], "twin": [...] or None, "baselines": {name: [...]}, "unit", "better"}`.
    """
    train, held = (departed(_named(people, lives)) for lives in (train, held))
    told = foretell(people, held)
    acts, chain = people.codebook.acts, Chain(people.codebook, train)
    rivals: dict[str, Any] = {
        "frequencies": [frequencies(people.codebook, train)] * len(told),
        "table of last acts": [row for life in held for row in chain.foretell(life)],
    }
    if twin is not None:
        rows = _by_twin(twin, held, acts)
        rivals["twin"] = [rows[one.life, one.turn] for one in told]
    return {name: _entry(name, sides) for name, sides in measure(told, rivals, acts, seed=seed).items()}


def fit_twin(people: People, train: Sequence[Life], *, seed: int = 0) -> tuple[Twin, float]:
    """Fit a language model to the same lives, for the work that the population took; gives it and its work.

    Everything that the mind is told is in its text; the best moment is chosen by the same validation makers.
    """
    train = departed(_named(people, train))
    learn, check = split(train, 0.1, seed=seed)
    feels = {key for life in train for key in life.feels}
    flattening = Flattening.learn(
        learn, goods=goods_of(train), size=2000, knows=("feels",) if feels else (), sees=people.codebook.sights
    )

    def documents(lives: Sequence[Life]) -> list[Any]:
        return [flattening.sheet(life).document(TWIN) for life in lives]

    lesson = reading.fit(
        documents(learn),
        len(flattening.tokens),
        recipe=reading.TINY,
        budget=float(people.card["flops"]),
        validation=documents(check),
        key=jax.random.key(seed),
    )
    return Twin(lesson.model, flattening), lesson.flops


def _named(people: People, lives: Sequence[Life]) -> Sequence[Life]:
    """The same lives with induced acts where the log names none."""
    return people.acts.annotate(lives) if people.acts is not None else lives


def _by_twin(twin: Twin, held: Sequence[Life], acts: Sequence[str]) -> dict[tuple[str, int], np.ndarray]:
    """Log-probabilities of the acts at each turn; an act that the twin has no token for is all but impossible."""
    order = [twin.flattening.acts.index(act) if act in twin.flattening.acts else -1 for act in acts]
    rows: dict[tuple[str, int], np.ndarray] = {}
    for life, told in zip(held, twin.foretell(held)[0]):
        for turn, row in zip(told.turns, told.acts):
            rows[life.id, turn] = np.array([row[i] if i >= 0 else -20.0 for i in order])
    return rows


def _entry(name: str, sides: Mapping[str, Estimate]) -> dict[str, Any]:
    """One measure as a card keeps it."""
    unit, better = UNITS[name.rsplit(maxsplit=1)[-1]]
    plain = {who: [one.value, one.low, one.high] for who, one in sides.items()}
    mind, twin = plain.pop("mind"), plain.pop("twin", None)
    return {"mind": mind, "twin": twin, "baselines": plain, "unit": unit, "better": better}
