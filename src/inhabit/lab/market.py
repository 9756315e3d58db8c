"""The market: makers whose values are known. Who can stand in for them, a mind or a language model of their traffic?"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from inhabit.lab.experiment import Record
from inhabit.lab.probing import Days, probe, true_acts
from inhabit.learning.codebook import turns
from inhabit.learning.comparing import card, compare, fit_sides, mine_and_others
from inhabit.learning.fitting import Settings
from inhabit.learning.judging import departed
from inhabit.learning.listening import Schedule
from inhabit.learning.people import People
from inhabit.maths.intervals import Estimate, bootstrap_mean, bootstrap_ranks
from inhabit.types import Life
from inhabit.worlds.market.lives import life_id, lives, truth
from inhabit.worlds.market.options import GOODS
from inhabit.worlds.market.world import Record as Lived
from inhabit.worlds.market.world import run

QUESTION = "Fitted from traffic alone, who stands in better for its makers: a mind or an equal-compute language model?"
PREDICTION = (
    "The mind foretells acts better, recovers hidden values with rank correlation of at least .9 and calibrated "
    "intervals, and under interventions that the logs never showed errs at most a fifth as much as the twin."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a market is lived and how long both sides learn."""

    makers: int = 64
    meetings: int = 32
    held: int = 2
    epochs: int = 16
    batch: int = 16
    decay: float = 0.3
    reading: float = 1.5
    probes: int = 400

    def settings(self, seed: int) -> Settings:
        """How minds are fitted to it."""
        return Settings(
            schedule=Schedule(epochs=self.epochs, batch=self.batch, decay=self.decay, patience=self.epochs),
            vocabulary=800,
            length=24,
            most_lives=self.meetings,
            seed=seed,
        )


QUICK = Scale(makers=48, meetings=12, epochs=12, reading=0.5, probes=96)
"""For the demo; most of its time is spent compiling."""


def days_of(scale: Scale, seed: int) -> Days:
    """Live a market; everyone's last meetings are held out.

    To accept and to refuse are acts: the same decision is not told a second time as a choice.
    """
    lived = run(makers=scale.makers, meetings=scale.meetings, key=jax.random.key(seed))
    everyone = [dataclasses.replace(life, traits={"name": life.maker}, choices=()) for life in lives(lived)]
    first_held = (scale.meetings - scale.held) * scale.makers // 2
    cut = {life_id(meeting, side) for meeting in range(first_held, len(lived.pairs)) for side in (0, 1)}
    return Days(
        lived=lived,
        train=[life for life in everyone if life.id not in cut],
        held=[life for life in everyone if life.id in cut],
    )


def market(
    *, scale: Scale | None = None, seed: int = 0, watch: Callable[[str], None] = lambda stage: None
) -> tuple[Record, People]:
    """Live a market, fit mind and twin to what was said and done in it, and hold both against the truth."""
    scale, began = scale or Scale(), time.monotonic()
    watch("living")
    days = days_of(scale, seed)
    lived, train, held = days.lived, days.train, days.held
    sides = fit_sides(
        train,
        settings=scale.settings(seed),
        layout={"knows": ("traits", "feels"), "sees": ("own", "partner")},
        vocabulary=512,
        passes=scale.reading,
        watch=watch,
    )
    watch("judging")
    names = sides.people.codebook.acts
    places = [(life.id, turn.index) for life in departed(held) for turn in turns(life)]
    acts, told = compare(sides, train, held, rivals={"truth": true_acts(lived, places, names)}, seed=seed)
    probes, probed = probe(sides.people, sides.twin, days, number=scale.probes, seed=seed)
    measured, baselines = mine_and_others(acts | probes)
    measured |= recovered(sides.people, lived, seed)
    return (
        Record(
            question=QUESTION,
            prediction=PREDICTION,
            measured=measured,
            baselines=baselines,
            flops=sides.flops,
            seeds=(seed,),
            seconds=time.monotonic() - began,
            predictions=[*(one.line(names) for one in told), *probed],
        ),
        dataclasses.replace(sides.people, card={**sides.people.card, **_card(held, acts)}),
    )


def _card(held: Sequence[Life], table: Mapping[str, Mapping[str, Estimate]]) -> dict[str, Any]:
    """What a report wants to know of the lives held out."""
    makers = len({life.maker for life in held})
    return {"held_out": {"way": "time", "lives": len(held), "makers": makers}, "scores": card(table)}


def recovered(people: People, lived: Lived, seed: int) -> dict[str, Estimate]:
    """How well the hidden weights of the goods were recovered, and whether the intervals can be trusted.

    What is read off acts is what a first whole unit is worth; the market's weights are what a first little is worth by the
    unit, before it sates. The intervals are held against both.
    """
    known = truth(lived)
    worth = [people.worth(maker) for maker in people.makers]
    found = np.array([[one[good] for good in GOODS] for one in worth]) / len(GOODS)
    patience = np.array([float(people.own(maker).patience) for maker in people.makers])
    true_patience = np.asarray(lived.makers.patience)[[known.names.index(maker) for maker in people.makers]]
    measured: dict[str, Estimate] = {}
    for name, true_of in (("values", known.weights), ("first units", known.firsts)):
        true = np.array([[true_of(maker)[good] for good in GOODS] for maker in people.makers])
        measured |= against(name, true, found, people.makers, seed)
    return measured | {
        "patience, rank correlation": bootstrap_ranks(true_patience, patience, people.makers, resamples=300, seed=seed),
    }


def against(name: str, true: np.ndarray, found: np.ndarray, makers: Sequence[str], seed: int) -> dict[str, Estimate]:
    """Rank correlation and cover of medians and intervals found, a row a maker, beside the truth."""
    of = np.repeat(makers, true.shape[1])
    inside = ((found[..., 1] <= true) & (true <= found[..., 2])).ravel()
    return {
        f"{name}, rank correlation": bootstrap_ranks(true.ravel(), found[..., 0].ravel(), of, resamples=300, seed=seed),
        f"{name}, cover of 90 % intervals": bootstrap_mean(inside, of, resamples=300, seed=seed),
    }
