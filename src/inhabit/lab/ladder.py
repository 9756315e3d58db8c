"""The ladder: what is a mind's error in the market made of? It is given what it had to guess, one thing at a time."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inhabit.lab.experiment import Record
from inhabit.lab.market import QUICK, Scale, days_of
from inhabit.lab.probing import Days, probe
from inhabit.learning.fitting import fit_people
from inhabit.maths.intervals import Estimate
from inhabit.types import MOODS, Life
from inhabit.worlds.market.lives import truth

QUESTION = "What is the mind's error under interventions made of: misread values, hidden moods, or too few lives?"
PREDICTION = "Mostly of what the policy has not learned from so few lives; true values and true moods take off little."


def ladder(*, scale: Scale = QUICK, seed: int = 0, watch: Callable[[str], None] = lambda rung: None) -> Record:
    """Fit minds to the same market as it is, told the true values, told the true moods, both, and with more meetings."""
    began, measured, lines = time.monotonic(), dict[str, Estimate](), list[dict[str, Any]]()
    more = dataclasses.replace(scale, meetings=3 * (scale.meetings - scale.held) + scale.held)
    rungs: Mapping[str, tuple[Scale, bool, bool]] = {
        "as it is": (scale, False, False),
        "values told": (scale, True, False),
        "moods told": (scale, False, True),
        "values and moods told": (scale, True, True),
        "three times the lives": (more, False, False),
    }
    flops = {}
    for name, (size, values, moods) in rungs.items():
        watch(name)
        days = told(days_of(size, seed), values=values, moods=moods)
        people = fit_people(days.train, settings=size.settings(seed))
        flops[name] = float(people.card["flops"])
        table, found = probe(people, None, days, number=scale.probes, seed=seed)
        measured |= {f"{measure}: {name}": row["mind"] for measure, row in table.items()}
        lines += [line | {"rung": name} for line in found]
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=measured,
        baselines={},
        flops=flops,
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=lines,
    )


def told(days: Days, *, values: bool, moods: bool) -> Days:
    """The same lives with what was hidden written into them: what goods are worth, and every mood before every act."""
    known, mood = truth(days.lived), np.asarray(days.lived.events.mood)
    worth = {
        name: dict(zip(known.weights(name), np.asarray(days.lived.makers.value)[i].tolist()))
        for i, name in enumerate(known.names)
    }

    def one(life: Life) -> Life:
        meeting = int(life.id.split("-")[1])
        messages = tuple(
            dataclasses.replace(
                message, feels={**message.feels, **dict(zip(MOODS, mood[meeting, turn, 0].astype(float).tolist()))}
            )
            if moods and message.role == "user" and message.act
            else message
            for turn, message in enumerate(life.messages)
        )
        return dataclasses.replace(life, messages=messages, values=worth[life.maker] if values else life.values)

    return dataclasses.replace(days, train=[one(life) for life in days.train], held=[one(life) for life in days.held])
