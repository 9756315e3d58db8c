"""Answering: what a dweller says when it is asked; from what it perceives, knows, values and would do, and nothing else."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.mind.dweller import knowing, recalling
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.lived import DwellerState
from inhabit.mind.dweller.percept import Conduct, Sensation

OCTANTS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
"""In the order in which places are said."""

FULL = 1.0
"""The level at which a need is imagined away."""

PURPOSE = 0.1
"""Below how many nats no need is given as the reason of a deed."""


class Asked(eqx.Module):
    """A moment in a life about which one is asked.

    Attributes:
        before: State of the mind before it perceived.
        after: State after it did what it did.
        sensed: What it perceived.
        act: What it did.
    """

    before: DwellerState
    after: DwellerState
    sensed: Sensation
    act: Conduct


@dataclasses.dataclass(frozen=True)
class Thing:
    """Something in sight.

    Attributes:
        what: Name: a topic, or a person as `person 2`.
        east: Cells to the east.
        south: Cells to the south.
    """

    what: str
    east: int
    south: int


@dataclasses.dataclass(frozen=True)
class Place:
    """Where something is held to be; `None` in its stead where that is not known.

    Attributes:
        east: Cells to the east of oneself.
        south: Cells to the south.
        told: Whether that is hearsay; then the distance is rough.
        age: Steps since it was seen or told.
    """

    east: int
    south: int
    told: bool
    age: int


@dataclasses.dataclass(frozen=True)
class Change:
    """Something that is otherwise than it was.

    Attributes:
        what: Name of what it is about: a fruit, a place, a need.
        was: As it was; empty if it was not known.
        now: As it is.
    """

    what: str
    was: str
    now: str


def sees(mind: Dweller, asked: Asked) -> list[Thing]:
    """What is in sight, nearest first; of water only the nearest."""
    innate, sensed = mind.innate, asked.sensed
    _, turn = knowing.here(innate, sensed)
    spots = knowing.columns_away(innate) @ np.asarray(turn)
    present, _ = knowing.in_columns(innate, sensed)
    person = np.asarray(sensed.window.person).max(-1).reshape(-1)
    found = [(innate.topics[1 + topic].lower(), spots[column]) for topic, column in np.argwhere(np.asarray(present))]
    found += [(f"person {person[column] - 1}", spots[column]) for column in np.flatnonzero(person)]
    found.sort(key=lambda one: (int(np.abs(one[1]).sum()), one[0], tuple(one[1])))
    wet = [one for one in found if one[0] == "water"][:1]
    return [Thing(name, int(at[0]), int(at[1])) for name, at in found if name != "water" or at is wet[0][1]]


def where(mind: Dweller, asked: Asked, topic: int) -> Place | None:
    """Where something is, as far as one knows."""
    innate = mind.innate
    places = _sought(mind, asked)
    row = len(knowing.SOUGHT) + topic
    if not bool(places.known[row]):
        return None
    me, _ = knowing.here(innate, asked.sensed)
    east, south = np.asarray(knowing.cell_of(innate, places.cell[row]) - me)
    return Place(int(east), int(south), bool(places.told[row]), int(places.age[row]))


@eqx.filter_jit
def wants(mind: Dweller, asked: Asked) -> Float[Array, " goods"]:
    """How much one wants of each good: what filling it up would add to one's wellbeing, 0 to 1."""
    store, goods = asked.after.store, asked.sensed.body[: len(mind.innate.goods)]
    full = store.utility(jnp.ones_like(goods), asked.after.mood)
    gain = jax.vmap(lambda one: store.utility(goods + one, asked.after.mood))(jnp.diag(FULL - goods))
    return (gain - store.utility(goods, asked.after.mood)) / full


@eqx.filter_jit
def why(mind: Dweller, asked: Asked) -> Float[Array, " goods"]:
    """For each good: by how many nats the deed would have been less likely, had one had one's fill of it."""

    def likelihood(goods: Float[Array, " goods"]) -> Float[Array, ""]:
        body = jnp.concatenate([goods, asked.sensed.body[goods.shape[0] :]])
        imagined = eqx.tree_at(lambda s: s.body, asked.sensed, body)
        return hand_nats(mind, asked.before, imagined)[asked.act.hand]

    goods = asked.sensed.body[: len(mind.innate.goods)]
    filled = jnp.where(jnp.eye(goods.shape[0], dtype=bool), FULL, goods)
    return likelihood(goods) - jax.vmap(likelihood)(filled)


def hand_nats(mind: Dweller, before: DwellerState, sensed: Sensation) -> Float[Array, " hands"]:
    """Log-probability of each deed of the hand, were this perceived."""
    state, moment, _, _ = mind.notice(before, sensed)
    _, thought = mind.think(state.core, jax.tree.map(lambda leaf: leaf[None], moment))
    return jax.nn.log_softmax(thought.hand[0])


def beliefs(mind: Dweller, state: DwellerState) -> list[str]:
    """What the fruit of each look is held to be; empty where one does not know."""
    mean = np.asarray(_beliefs(mind, state))
    names = mind.innate.qualities
    return [names[1 + int(row.argmax())].lower() if row.max() > 0.5 else "" for row in mean]


def changed(mind: Dweller, then: Asked, now: Asked) -> list[Change]:
    """What has changed since: beliefs about fruits, and the level of the body that moved most."""
    innate = mind.innate
    old, new = beliefs(mind, then.after), beliefs(mind, now.after)
    changes = [
        Change(innate.topics[innate.fruit + look].lower(), was, is_)
        for look, (was, is_) in enumerate(zip(old, new))
        if was != is_
    ]
    moved = np.asarray(now.sensed.body - then.sensed.body)[: len(innate.goods)]
    most = int(np.abs(moved).argmax())
    word = "rose" if moved[most] > 0 else "fell"
    return [
        *changes,
        Change(
            innate.goods[most], f"{float(then.sensed.body[most]):.2f}", f"{word} to {float(now.sensed.body[most]):.2f}"
        ),
    ]


def direction(east: int, south: int) -> str:
    """A direction in words."""
    if east == 0 and south == 0:
        return "here"
    octant = round(float(np.arctan2(east, -south)) * 4 / np.pi) % 8
    steps = max(abs(east), abs(south))
    return f"{steps} step{'s' * (steps > 1)} {OCTANTS[octant]}"


@eqx.filter_jit
def _sought(mind: Dweller, asked: Asked) -> knowing.Whereabouts:
    return recalling.sought(mind.innate, mind.lore, asked.after, asked.sensed)


@eqx.filter_jit
def _beliefs(mind: Dweller, state: DwellerState) -> Float[Array, "looks kinds"]:
    return recalling.beliefs(mind.innate, mind.lore, state)[0]
