"""Callers: are patience and temper, which nobody told, found in how people talk with a bot, rate it and leave?"""

import dataclasses
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from inhabit.lab.experiment import Record
from inhabit.learning.comparing import compare, fit_sides, mine_and_others
from inhabit.learning.fitting import Settings
from inhabit.learning.judging import departed
from inhabit.learning.listening import Schedule
from inhabit.learning.people import People
from inhabit.maths.intervals import Estimate, bootstrap_ranks
from inhabit.types import Life
from inhabit.worlds.callers import Caller, callers, calls

QUESTION = "Are patience and temper, which nobody told, found in how people talk with a bot, rate it and leave?"
PREDICTION = (
    "Both are ranked with a correlation of at least .8, better than by plain averages of a caller's own calls; "
    "knowing a caller makes its ratings cheaper than knowing only the population does."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How many call, how often, and how many of everyone's last calls are held out."""

    people: int = 48
    each: int = 24
    held: int = 6
    epochs: int = 30


QUICK = Scale(people=12, each=8, held=2, epochs=3)


def calling(*, scale: Scale, seed: int) -> Record:
    """Fit mind and twin to the first calls of everyone; hold both to the last ones, and the mind to the truth."""
    began, rng = time.monotonic(), np.random.default_rng(seed)
    who = callers(scale.people, rng)
    everyone, cut = departed(calls(who, scale.each, rng)), (scale.each - scale.held) * scale.people
    train, held = everyone[:cut], everyone[cut:]
    settings = Settings(schedule=Schedule(epochs=scale.epochs), seed=seed)
    sides = fit_sides(train, settings=settings, vocabulary=512)
    table, told = compare(sides, train, held, seed=seed)
    unknown = [dataclasses.replace(life, maker=f"someone {index}") for index, life in enumerate(held)]
    strange, _ = compare(sides.people, train, unknown, seed=seed)
    table = {name: row | ({"mind that meets a stranger": strange[name]["mind"]} if name in strange else {})
             for name, row in table.items()}  # fmt: skip
    measured, baselines = recovered(sides.people, who, train, seed)
    measured |= {name: row["mind"] for name, row in table.items()}
    baselines |= mine_and_others(table)[1]
    acts = sides.people.codebook.acts
    traits = [{"task": "traits", "maker": m, "true": dataclasses.asdict(who[m]), **sides.people.traits(m)} for m in who]
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=measured,
        baselines=baselines,
        flops=sides.flops,
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=[*(one.line(acts) for one in told), *traits],
    )


def recovered(
    people: People, who: Mapping[str, Caller], train: Sequence[Life], seed: int
) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """Rank correlation of what is believed with the truth, and that of plain averages of everyone's own calls."""
    names = list(who)
    turns: dict[str, list[int]] = defaultdict(list)
    ratings: dict[str, list[float]] = defaultdict(list)
    for life in train:
        said = [message for message in life.messages if message.role == "user" and message.content]
        turns[life.maker].append(len(said))
        ratings[life.maker] += [message.rating for message in said if message.rating is not None]
    averages = {
        "patience": ("turns a call", [np.mean(turns[name]) for name in names]),
        "temper": ("mean rating, lowest first", [-np.mean(ratings[name]) for name in names]),
    }
    measured, baselines = {}, {}
    for trait, (plain, guessed) in averages.items():
        true = np.array([getattr(who[name], trait) for name in names])
        found = np.array([people.traits(name)[trait][0] for name in names])
        measured[f"{trait}, rank correlation"] = bootstrap_ranks(true, found, names, resamples=300, seed=seed)
        baselines[f"{trait}, rank correlation: {plain}"] = bootstrap_ranks(
            true, np.array(guessed), names, resamples=300, seed=seed
        )
    return measured, baselines
