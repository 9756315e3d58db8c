"""Probing: what would the market's makers do if something were otherwise? Minds and twin against the true rule."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.learning.accounts import live
from inhabit.learning.comparing import twins_view
from inhabit.learning.people import People
from inhabit.maths.compiling import BRIEF
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.speech.twin import Twin
from inhabit.types import Life
from inhabit.worlds.market.intervention import intervene, situation_at
from inhabit.worlds.market.lives import truth
from inhabit.worlds.market.options import ACTS, GOODS
from inhabit.worlds.market.rule import act_probabilities
from inhabit.worlds.market.world import Record as Lived

STRESS, FULL = 0.95, 6.0
"""What the interventions set: stress at the upper end, and levels twice as high as any meeting begins with."""

INTERVENTIONS = ("nothing changed", "stress .95", "stomach full", "values swapped")

BATCH = 256
"""Places asked at once: one compiled program serves every number of places and every intervention."""

Place = tuple[Life, int]
"""A life and the index of one of its maker's messages: what would be done instead of it?"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Days:
    """A market that was lived.

    Attributes:
        lived: The truth about it.
        train: Lives to learn from.
        held: Everyone's last lives.
    """

    lived: Lived
    train: Sequence[Life]
    held: Sequence[Life]


def probe(
    people: People, twin: Twin | None, days: Days, *, number: int, seed: int
) -> tuple[dict[str, dict[str, Estimate]], list[dict[str, Any]]]:
    """Next acts under interventions at `number` turns of held-out meetings; error is total variation from the truth."""
    turns = [
        (life, i)
        for life in days.held
        for i, message in enumerate(life.messages)
        if message.role == "user" and message.act
    ]
    chosen = [turns[i] for i in np.random.default_rng(seed).permutation(len(turns))[:number]]
    worth, names = np.asarray(days.lived.makers.value), {name: i for i, name in enumerate(truth(days.lived).names)}
    swap = np.array([[worth[names[life.maker]].argmax(), worth[names[life.maker]].argmin()] for life, _ in chosen])
    acts, makers = people.codebook.acts, [life.maker for life, _ in chosen]
    table: dict[str, dict[str, Estimate]] = {}
    lines: list[dict[str, Any]] = []
    plain = None
    for kind, name in enumerate(INTERVENTIONS):
        true = _in_order(_probabilities(days.lived, *_placed(chosen), kind, swap), acts)
        plain = true if plain is None else plain
        guesses = {"mind": mind_under(people, chosen, kind, swap)}
        if twin is not None:
            guesses["twin"] = _twin_under(twin, chosen, kind, acts)
        table[f"{name}, error"] = {
            who: bootstrap_mean(0.5 * np.abs(guess - true).sum(1), makers, resamples=300, seed=seed)
            for who, guess in (guesses | {"truth, nothing changed": plain}).items()
        }
        lines += [
            {"task": "intervention", "intervention": name, "life": life.id, "turn": turn, "maker": life.maker}
            | {who: np.round(rows[i], 4).tolist() for who, rows in ({"true": true} | guesses).items()}
            for i, (life, turn) in enumerate(chosen)
        ]
    return table, lines


def true_acts(lived: Lived, places: Sequence[tuple[str, int]], acts: Sequence[str]) -> list[np.ndarray]:
    """Log-probabilities of the next act by the market's own rule at turns of lives, by id."""
    meetings, turns = (np.array(part) for part in zip(*((int(life.split("-")[1]), turn) for life, turn in places)))
    chances = _probabilities(lived, meetings, turns, 0, np.zeros((len(places), 2), int))
    return list(np.log(np.maximum(_in_order(chances, acts), 1e-9)))


def _placed(chosen: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
    """Meeting and turn of each place."""
    return np.array([int(life.id.split("-")[1]) for life, _ in chosen]), np.array([turn for _, turn in chosen])


def _in_order(chances: np.ndarray, acts: Sequence[str]) -> np.ndarray:
    """Columns of the market's acts in the order of a codebook."""
    return np.stack([chances[:, ACTS.index(act)] if act in ACTS else 0 * chances[:, 0] for act in acts], axis=1)


def _probabilities(
    lived: Lived,
    meetings: Int[np.ndarray, " places"],
    turns: Int[np.ndarray, " places"],
    kind: int,
    swap: Int[np.ndarray, "places 2"],
) -> Float[np.ndarray, "places acts"]:
    """The true distribution of the next act at each place under one of `INTERVENTIONS`."""
    found = []
    for begin in range(0, len(meetings), BATCH):
        rows = np.minimum(np.arange(begin, begin + BATCH), len(meetings) - 1)
        told = _ruled(lived, meetings[rows], turns[rows], np.asarray(kind), swap[rows])
        found.append(np.asarray(told)[: len(meetings) - begin])
    return np.concatenate(found)


def _under(lived: Lived, meeting: Array, turn: Array, kind: Array, swap: Array) -> Float[Array, " acts"]:
    now = situation_at(lived, meeting, turn)
    weights = now.makers.value[0]
    swapped = intervene(now, weights=weights.at[swap].set(weights[swap[::-1]]))
    stressed, full = intervene(now, stress=jnp.asarray(STRESS)), intervene(now, levels=jnp.full(len(GOODS), FULL))
    each = jax.tree.map(lambda *leaves: jnp.stack(leaves)[kind], now, stressed, full, swapped)
    return act_probabilities(each)


_ruled = jax.jit(jax.vmap(_under, in_axes=(None, 0, 0, None, 0)), compiler_options=BRIEF)


def mind_under(people: People, chosen: Sequence[Place], kind: int, swap: np.ndarray) -> np.ndarray:
    """The mind's distribution of the next act when what it feels or values is set from outside."""
    book, goods, at = people.codebook, list(people.codebook.goods), np.arange(len(chosen))
    lessons = book.lessons([life for life, _ in chosen])
    rows = np.array([sum(m.role == "user" for m in life.messages[:turn]) for life, turn in chosen])
    body = np.array(lessons.percepts.body)
    if kind == 1:
        body[at, rows, len(goods)] = STRESS
    if kind == 2:
        body[at, rows, : len(goods)] = FULL
    values = np.array(lessons.values)
    one, other = (np.array([goods.index(GOODS[i]) for i in swap[:, side]]) for side in (0, 1))
    if kind == 3:
        values[at, one], values[at, other] = values[at, other], values[at, one]
    lessons = eqx.tree_at(lambda s: (s.percepts.body, s.values), lessons, (body, values))
    pool = people.person.pool
    centre, spread = np.asarray(pool.centre), np.exp(np.asarray(pool.log_spread))
    own = centre + spread * np.stack([np.asarray(people.belief(life.maker).mean) for life, _ in chosen])
    if kind == 3:
        own[at, one], own[at, other] = own[at, other], own[at, one]
    told = live(people.person, lessons, jnp.asarray((own - centre) / spread))
    return np.exp(told.acts[at, rows]).sum(axis=-1)


def _twin_under(twin: Twin, chosen: Sequence[Place], kind: int, acts: Sequence[str]) -> np.ndarray:
    """The twin's distribution when the same is told in its text. It has no words for values: no log ever told them."""
    told = []
    for life, turn in chosen:
        message = life.messages[turn]
        feels: Mapping[str, float] = dict(message.feels)
        if kind == 1:
            feels = {**feels, "stress": STRESS}
        if kind == 2:
            feels = {**feels, **dict.fromkeys(GOODS, FULL)}
        changed = dataclasses.replace(message, feels=feels)
        told.append(dataclasses.replace(life, messages=(*life.messages[:turn], changed)))
    rows, _, _ = twins_view(twin, told, acts)
    return np.exp(np.stack([rows[life.id, turn] for life, turn in chosen])) if told else np.zeros((0, len(acts)))
