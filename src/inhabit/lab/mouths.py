"""Mouths: is what a negotiator meant read in what each mouth says of it?"""

import os
import pathlib
from typing import Any

from inhabit.lab.rivals import parted, together
from inhabit.learning.codebook import goods_of
from inhabit.learning.fitting import phrases
from inhabit.learning.mouthing import came_through, fit_mouth, small_mouth
from inhabit.learning.names import Names
from inhabit.learning.phrasebook import Phrasebook
from inhabit.maths.intervals import Estimate
from inhabit.speech.endpoint import EndpointMouth
from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.recall import RecallMouth


def mouths(
    path: pathlib.Path, *, seed: int, quick: bool
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Measure recall and the small mouth on the plans of held-out negotiators, and an endpoint where one is named.

    The mouths learn from two thirds of the training negotiators, the listeners who judge them from the others.
    An endpoint is asked only where `INHABIT_ENDPOINT` and `INHABIT_MODEL` name one: words of the set go there.
    """
    train, held = parted(path, most=400 if quick else 2060, seed=seed)
    spoken, others = train[: 2 * len(train) // 3], train[2 * len(train) // 3 :]
    spoken = [life for life in spoken if together(life) != together(others[0])]
    goods, said = {good: (good.lower(),) for good in goods_of(train)}, phrases(spoken)
    model = fit_mouth(spoken, seed=seed, passes=1.0 if quick else 8.0)
    known: dict[str, AbstractMouth] = {
        "recall": RecallMouth(said, goods),
        "small": small_mouth(model, Phrasebook(said, Names())),
    }
    if os.environ.get("INHABIT_ENDPOINT") and os.environ.get("INHABIT_MODEL"):
        known["endpoint"] = EndpointMouth.from_environment()
    table, lines = came_through(phrases(others), known, held, most=40 if quick else 400, seed=seed)
    figures = {(who, f"{measure}: {who}"): one for measure, row in table.items() for who, one in row.items()}
    measured = {label: one for (who, label), one in figures.items() if who in known}
    return measured, {label: one for (who, label), one in figures.items() if who not in known}, lines
