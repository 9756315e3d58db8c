"""Rivals: mind against twin at equal counted work, on the next acts and words of held-out makers of a log."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from inhabit.lab.partners import OPTIONS, QUESTION, answers, partners
from inhabit.learning.annotating import annotate
from inhabit.learning.codebook import goods_of
from inhabit.learning.comparing import compare, fit_sides, mine_and_others
from inhabit.learning.fitting import Settings
from inhabit.learning.judging import departed
from inhabit.learning.listening import Schedule
from inhabit.learning.reading import Recipe
from inhabit.maths.intervals import Estimate
from inhabit.records.reading import read
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life

LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "casino": {"knows": ("values",), "carries": ("you", "they")},
    "dealornodeal": {"knows": ("values",), "sees": ("counts",)},
    "uss": {"knows": ()},
}
"""What of a life is in the twin's text: all that the mind perceives."""

MOST, FEW = 3000, 160
"""Lives that are used of a set; and in a quick run."""


def rivals(
    on: str, path: pathlib.Path, *, seed: int, quick: bool
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]], Mapping[str, float]]:
    """Fit both sides to four fifths of the makers, and score them on the rest.

    Both sides of a dialogue are kept together. Of a large set a random part is used, the same for both.
    """
    train, held = parted(path, most=FEW if quick else MOST, seed=seed)
    settings = Settings(schedule=Schedule(epochs=3 if quick else 12, patience=4), most_lives=2, seed=seed)
    asked: dict[str, Any] = {"layout": LAYOUTS[on]}
    if on == "casino":
        asked = {"layout": {**LAYOUTS[on], "questions": {QUESTION: OPTIONS}}, "answers": answers}
    sides = fit_sides(train, settings=settings, recipe=Recipe(), passes=0.5 if quick else 1.5, **asked)
    table, told = compare(sides, train, held, seed=seed)
    mine, theirs = mine_and_others(table)
    lines = [{"set": on, **one.line(sides.people.codebook.acts)} for one in told]
    if on == "casino":
        read_by_mind, read_by_twin, more = partners(sides.twin, train, held, seed=seed)
        mine, theirs, lines = mine | read_by_mind, theirs | read_by_twin, lines + more
    return mine, theirs, lines, sides.flops


def parted(path: pathlib.Path, *, most: int, seed: int) -> tuple[list[Life], list[Life]]:
    """Read a set, of a large one a random part; four fifths of its dialogues, and the rest to measure on.

    ReDial's file of actions is not read beside the rated one, whose dialogues it tells again.
    """
    lives = [life for life in read(path).lives if not life.id.startswith("ReDial-action/")]
    if goods := goods_of(lives):
        lives = annotate(lives, Lexicon.learn(goods, lives))
    groups = sorted({together(life) for life in lives})
    order = np.random.default_rng(seed).permutation(len(groups))
    chosen = {groups[i] for i in order[: max(4, most * len(groups) // max(len(lives), most))]}
    some = departed([life for life in lives if together(life) in chosen])
    held = set(sorted(chosen)[::5])
    kept = [life for life in some if together(life) not in held]
    return kept, [life for life in some if together(life) in held]


def together(life: Life) -> str:
    """What the lives of one dialogue share."""
    return str(life.outcome.get("dialogue", life.id))
