"""The market: makers whose values are known. Who can stand in for them, a mind or a language model of their traffic?"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.lab.experiment import Record
from inhabit.learning.codebook import turns
from inhabit.learning.comparing import Sides, card, compare, fit_sides, live, twins_view
from inhabit.learning.fitting import Settings
from inhabit.learning.judging import departed
from inhabit.learning.listening import Schedule
from inhabit.learning.people import People
from inhabit.maths import scores
from inhabit.maths.compiling import BRIEF
from inhabit.maths.intervals import Estimate, bootstrap, bootstrap_mean
from inhabit.speech.twin import Twin
from inhabit.types import Life
from inhabit.worlds.market.intervention import intervene, situation_at
from inhabit.worlds.market.lives import life_id, lives, truth
from inhabit.worlds.market.options import ACTS, GOODS
from inhabit.worlds.market.rule import act_probabilities
from inhabit.worlds.market.world import Record as Lived
from inhabit.worlds.market.world import run

QUESTION = "Fitted from traffic alone, who stands in better for its makers: a mind or an equal-compute language model?"
PREDICTION = (
    "The mind foretells acts better, recovers hidden values with rank correlation of at least .9 and calibrated "
    "intervals, and under interventions that the logs never showed errs at most a fifth as much as the twin."
)
STRESS, FULL = 0.95, 6.0
"""What the interventions set: stress at the upper end, and levels twice as high as any meeting begins with."""
INTERVENTIONS = ("nothing changed", "stress .95", "stomach full", "values swapped")


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a market is lived and how long both sides learn."""

    makers: int = 64
    meetings: int = 32
    held: int = 2
    epochs: int = 16
    batch: int = 16
    reading: float = 1.5
    probes: int = 400


QUICK = Scale(makers=48, meetings=12, epochs=10, reading=0.5, probes=96)
"""For the demo; most of its time is spent compiling."""


def market(
    *, scale: Scale | None = None, seed: int = 0, watch: Callable[[str], None] = lambda stage: None
) -> tuple[Record, People]:
    """Live a market, fit mind and twin to what was said and done in it, and hold both against the truth."""
    scale, began = scale or Scale(), time.monotonic()
    watch("living")
    lived = run(makers=scale.makers, meetings=scale.meetings, key=jax.random.key(seed))
    # To accept and to refuse are acts: the same decision is not told a second time as a choice.
    everyone = [dataclasses.replace(life, traits={"name": life.maker}, choices=()) for life in lives(lived)]
    first_held = (scale.meetings - scale.held) * scale.makers // 2
    cut = {life_id(meeting, side) for meeting in range(first_held, len(lived.pairs)) for side in (0, 1)}
    train = [life for life in everyone if life.id not in cut]
    held = [life for life in everyone if life.id in cut]
    sides = fit_sides(
        train,
        settings=Settings(
            schedule=Schedule(epochs=scale.epochs, batch=scale.batch, patience=scale.epochs),
            vocabulary=800,
            length=24,
            most_lives=scale.meetings,
            seed=seed,
        ),
        layout={"knows": ("traits", "feels"), "sees": ("own", "partner")},
        vocabulary=512,
        passes=scale.reading,
        watch=watch,
    )
    watch("judging")
    names = sides.people.codebook.acts
    places = [(life.id, turn.index) for life in departed(held) for turn in turns(life)]
    acts, told = compare(sides, train, held, rivals={"truth": _true_acts(lived, places, names)}, seed=seed)
    probes, probed = _probes(sides, held, lived, first_held, scale, seed)
    measured, baselines = _split(acts | probes)
    measured |= _values(sides.people, lived, seed)
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


def _true_acts(lived: Lived, places: Sequence[tuple[str, int]], acts: Sequence[str]) -> list[np.ndarray]:
    """Log-probabilities by the market's own rule."""
    meetings = jnp.array([int(life.split("-")[1]) for life, _ in places])
    chances = _probabilities(
        lived, meetings, jnp.array([turn for _, turn in places]), 0, jnp.zeros((len(places), 2), int)
    )
    return list(np.log(np.maximum(_in_order(np.asarray(chances), acts), 1e-9)))


def _in_order(chances: np.ndarray, acts: Sequence[str]) -> np.ndarray:
    """Columns of the market's acts in the order of a codebook."""
    return np.stack([chances[:, ACTS.index(act)] if act in ACTS else 0 * chances[:, 0] for act in acts], axis=1)


def _probabilities(lived: Lived, meetings, turns, kind: int, swap):
    """The true distribution of the next act at each place under one of `INTERVENTIONS`."""

    def one(meeting, turn, swap):
        now = situation_at(lived, meeting, turn)
        if kind == 1:
            now = intervene(now, stress=jnp.asarray(STRESS))
        if kind == 2:
            now = intervene(now, levels=jnp.full(len(GOODS), FULL))
        if kind == 3:
            weights = now.makers.value[0]
            now = intervene(now, weights=weights.at[swap].set(weights[swap[::-1]]))
        return act_probabilities(now)

    every = jax.jit(lambda m, t, s: jax.lax.map(lambda x: one(*x), (m, t, s), batch_size=256), compiler_options=BRIEF)
    return every(meetings, turns, swap)


def _probes(
    sides: Sides, held: Sequence[Life], lived: Lived, first: int, scale: Scale, seed: int
) -> tuple[dict[str, dict[str, Estimate]], list[dict[str, Any]]]:
    """Next acts under interventions, at turns of held-out meetings; error is total variation from the truth."""
    rng = np.random.default_rng(seed)
    by_id = {life.id: life for life in held}
    turns = [
        (life, i) for life in held for i, message in enumerate(life.messages) if message.role == "user" and message.act
    ]
    chosen = [turns[i] for i in rng.permutation(len(turns))[: scale.probes]]
    meetings = jnp.array([int(life.id.split("-")[1]) for life, _ in chosen])
    at = jnp.array([turn for _, turn in chosen])
    worth = np.asarray(lived.makers.value)
    names = {name: i for i, name in enumerate(truth(lived).names)}
    swap = np.array([[worth[names[life.maker]].argmax(), worth[names[life.maker]].argmin()] for life, _ in chosen])
    acts, table, lines = sides.people.codebook.acts, {}, []
    plain = None
    for kind, name in enumerate(INTERVENTIONS):
        true = _in_order(np.asarray(_probabilities(lived, meetings, at, kind, jnp.asarray(swap))), acts)
        mind = _mind_under(sides.people, by_id, chosen, kind, swap)
        twin = _twin_under(sides.twin, chosen, kind, acts)
        plain = true if plain is None else plain
        makers = [life.maker for life, _ in chosen]
        guesses = {"mind": mind, "twin": twin, "truth, nothing changed": plain}
        table[f"{name}, error"] = {
            who: bootstrap_mean(0.5 * np.abs(guess - true).sum(1), makers, resamples=300, seed=seed)
            for who, guess in guesses.items()
        }
        lines += [
            {"task": "intervention", "intervention": name, "life": life.id, "turn": turn, "maker": life.maker}
            | {who: np.round(rows[i], 4).tolist() for who, rows in {"true": true, "mind": mind, "twin": twin}.items()}
            for i, (life, turn) in enumerate(chosen)
        ]
    return table, lines


def _mind_under(people: People, by_id: Mapping[str, Life], chosen, kind: int, swap: np.ndarray) -> np.ndarray:
    """The mind's distribution of the next act when what it feels or values is set from outside."""
    book, goods = people.codebook, list(people.codebook.goods)
    lessons = book.lessons([by_id[life.id] for life, _ in chosen])
    rows = np.array([sum(m.role == "user" for m in life.messages[:turn]) for life, turn in chosen])
    at = np.arange(len(chosen))
    body = np.array(lessons.percepts.body)
    if kind == 1:
        body[at, rows, len(goods)] = STRESS
    if kind == 2:
        body[at, rows, : len(goods)] = FULL
    lessons = eqx.tree_at(lambda s: s.percepts.body, lessons, body)
    standard = np.stack([np.asarray(people.belief(life.maker).mean) for life, _ in chosen])
    if kind == 3:
        pool = people.person.pool
        centre, spread = np.asarray(pool.centre), np.exp(np.asarray(pool.log_spread))
        own = centre + spread * standard
        one, other = (np.array([goods.index(GOODS[i]) for i in swap[:, side]]) for side in (0, 1))
        own[at, one], own[at, other] = own[at, other], own[at, one]
        standard = (own - centre) / spread
    told = live(people.person, lessons, jnp.asarray(standard))
    return np.exp(np.asarray(jax.nn.logsumexp(told.acts, axis=-1)))[at, rows]


def _twin_under(twin: Twin, chosen, kind: int, acts: Sequence[str]) -> np.ndarray:
    """The twin's distribution when the same is told in its text. It has no words for values: no log ever told them."""
    told = []
    for life, turn in chosen:
        message = life.messages[turn]
        feels = dict(message.feels)
        if kind == 1:
            feels = {**feels, "stress": STRESS}
        if kind == 2:
            feels = {**feels, **dict.fromkeys(GOODS, FULL)}
        changed = dataclasses.replace(message, feels=feels)
        told.append(dataclasses.replace(life, messages=(*life.messages[:turn], changed)))
    rows, _, _ = twins_view(twin, told, acts)
    return np.exp(np.stack([rows[life.id, turn] for life, turn in chosen])) if told else np.zeros((0, len(acts)))


def _values(people: People, lived: Lived, seed: int) -> dict[str, Estimate]:
    """How well the hidden weights of the goods were recovered, and whether the intervals can be trusted."""
    known = truth(lived)
    true = np.array([[known.weights(maker)[good] for good in GOODS] for maker in people.makers])
    worth = [people.worth(maker) for maker in people.makers]
    found = np.array([[one[good] for good in GOODS] for one in worth]) / len(GOODS)
    makers = np.repeat(people.makers, len(GOODS))
    inside = ((found[..., 1] <= true) & (true <= found[..., 2])).ravel()
    patience = np.array([float(people.own(maker).patience) for maker in people.makers])
    true_patience = np.asarray(lived.makers.patience)[[known.names.index(maker) for maker in people.makers]]
    return {
        "values, rank correlation": bootstrap(
            lambda i: scores.rank_correlation(true.ravel()[i], found[..., 0].ravel()[i]),
            makers,
            resamples=300,
            seed=seed,
        ),
        "values, cover of 90 % intervals": bootstrap_mean(inside, makers, resamples=300, seed=seed),
        "patience, rank correlation": bootstrap(
            lambda i: scores.rank_correlation(true_patience[i], patience[i]), people.makers, resamples=300, seed=seed
        ),
    }


def _split(table: Mapping[str, Mapping[str, Estimate]]) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """The mind's figures, and everybody else's."""
    measured = {f"{measure}: mind": row["mind"] for measure, row in table.items()}
    others = {f"{measure}: {who}": one for measure, row in table.items() for who, one in row.items() if who != "mind"}
    return measured, others
