"""Deeds of the hand: what can be done, who comes first, and what it does to the land, the plants and the hands."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt8

from inhabit.worlds.village.acts import Hand
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.state import Outcome, People, Plants, State

AHEAD = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)])
"""What a step ahead adds to x and y, by heading: north, east, south, west."""

BLOCK, FRUIT = 1, 2
"""Codes of `People.holds`: a block, and a fruit of look 0."""

GROUND = (Material.EARTH, Material.STONE, Material.BLOCK)
"""What one can stand on and build on."""


@dataclasses.dataclass(frozen=True)
class Front:
    """What is in the column in front of each person.

    Attributes:
        column: Its x and y; may lie outside the land.
        height: The lowest free cell: where one would stand on it; at least the land's height if there is none.
        top: Material of the uppermost filled cell; `HIDDEN` outside the land.
        person: 1 + the living person who stands there, else 0.
    """

    column: Int[Array, "people 2"]
    height: Int[Array, " people"]
    top: Int[Array, " people"]
    person: Int[Array, " people"]


def act(state: State, hand: Int[Array, " people"]) -> tuple[State, Outcome]:
    """Do what all do at once.

    Everything is judged by the village as it stood before the step, with one exception: gifts change hands first. A
    column that several would enter, pick from or put on in the same step belongs to one of them, and who comes first
    passes round: in step `t` person `t mod people`, then the next. Where someone stands when the step begins nobody
    can enter or build, even if that one leaves. Of several givers to one hand the first gives, unless that hand picks.
    The dead do nothing.
    """
    people, plants = state.people, state.plants
    before = front(state)
    turn = (jnp.arange(len(hand)) - state.time) % len(hand)
    hand = jnp.where(people.alive, hand, int(Hand.STAY))
    gave = gifts(people, hand, before, turn)
    holds = jnp.where(gave > 0, 0, people.holds) + given(gave, people.holds)
    walks, plant, lifts, puts = _possible(people, plants, holds, hand, before, state.voxels.shape[2])
    won = first(before.column, walks | (plant > 0) | lifts | puts, turn)
    walks, plant, lifts, puts = walks & won, jnp.where(won, plant, 0), lifts & won, puts & won
    fruit = people.holds >= FRUIT
    eats, tastes = (hand == Hand.EAT) & fruit, (hand == Hand.TASTE) & fruit
    drinks = (hand == Hand.EAT) & ~fruit & (before.top == Material.WATER)
    holds = jnp.where(eats | puts, 0, jnp.where(lifts, BLOCK, holds))
    holds = jnp.where(plant > 0, FRUIT + _taken(plant, plants.look), holds)
    hung = _hung(people, plants, hand, before)
    holds = jnp.where(hung > 0, 0, holds)
    look = jnp.arange(len(state.lore.quality)) == (people.holds - FRUIT)[:, None]
    mouthed = jnp.where(eats | tastes, jnp.sum(look * state.lore.quality, 1), 0)
    always = (hand == Hand.STAY) | (hand == Hand.LEFT) | (hand == Hand.RIGHT) | (hand == Hand.REST)
    did = always | walks | (plant > 0) | lifts | puts | (hung > 0) | eats | tastes | drinks | (gave > 0)
    outcome = Outcome(
        did=did & people.alive, picked=plant, gave=gave, front=before.person, mouthed=mouthed, drank=drinks
    )
    there = jnp.concatenate([before.column, before.height[:, None]], 1)
    turned = people.heading + (hand == Hand.RIGHT) - (hand == Hand.LEFT)
    after = dataclasses.replace(
        people,
        place=jnp.where(walks[:, None], there, people.place),
        heading=turned % 4,
        holds=holds,
        taste=mouthed,
        asleep=hand == Hand.REST,
    )
    every = 1 + jnp.arange(len(plants.look))
    more = jnp.sum(hung[:, None] == every, 0) - jnp.sum(plant[:, None] == every, 0)
    state = dataclasses.replace(
        state,
        people=after,
        plants=dataclasses.replace(plants, fruit=plants.fruit + more),
        voxels=_moved(state.voxels, there, lifts, puts),
    )
    return state, outcome


def front(state: State) -> Front:
    """Look up the column in front of each."""
    people, (width, depth, levels) = state.people, state.voxels.shape
    column = people.place[:, :2] + jnp.asarray(AHEAD)[people.heading]
    held = jnp.clip(column, 0, jnp.array([width - 1, depth - 1]))
    inside = jnp.all(held == column, 1)
    filling = state.voxels[held[:, 0], held[:, 1]].astype(int)
    height = jnp.sum(filling != Material.AIR, 1)
    top = jnp.sum(jnp.where(jnp.arange(levels) == height[:, None] - 1, filling, 0), 1)
    same = jnp.all(column[:, None] == people.place[None, :, :2], -1) & people.alive
    return Front(
        column=column,
        height=height,
        top=jnp.where(inside, top, int(Material.HIDDEN)),
        person=jnp.sum(same * jnp.arange(1, len(column) + 1), 1),
    )


def first(
    column: Int[Array, "people 2"], wanting: Bool[Array, " people"], turn: Int[Array, " people"]
) -> Bool[Array, " people"]:
    """Of those who want the same column, only the one whose turn is first."""
    same = jnp.all(column[:, None] == column, -1) & wanting
    return wanting & ~jnp.any(same & (turn < turn[:, None]), 1)


def gifts(
    people: People, hand: Int[Array, " people"], before: Front, turn: Int[Array, " people"]
) -> Int[Array, " people"]:
    """1 + the person that each hands something to, else 0."""
    open_ = people.alive & (people.holds == 0) & (hand != Hand.PICK)
    facing = before.person[:, None] == 1 + jnp.arange(len(hand))
    reaches = facing & open_ & ((hand == Hand.GIVE) & (people.holds > 0))[:, None]
    earlier = jnp.any(reaches[None] & (turn < turn[:, None])[..., None], 1)
    return jnp.sum((reaches & ~earlier) * jnp.arange(1, len(hand) + 1), 1)


def given(gave: Int[Array, " people"], holds: Int[Array, " people"]) -> Int[Array, " people"]:
    """What each gets into the hand."""
    return jnp.sum((gave[:, None] == 1 + jnp.arange(len(gave))) * holds[:, None], 0)


def _possible(
    people: People,
    plants: Plants,
    holds: Int[Array, " people"],
    hand: Int[Array, " people"],
    before: Front,
    levels: int,
) -> tuple[Array, Array, Array, Array]:
    """Who could walk, pick from which plant (1 + index), lift a block, put one down, were nobody else in the way."""
    free = people.alive & (before.person == 0)
    ground = jnp.any(before.top[:, None] == jnp.array(GROUND), 1) & (before.height < levels) & free
    rise = before.height - people.place[:, 2]
    walks = (hand == Hand.FORWARD) & ground & (jnp.abs(rise) <= 1)
    picks = (hand == Hand.PICK) & free & (holds == 0)
    low, within = jnp.abs(rise - 1) <= 1, jnp.abs(rise) <= 1  # the uppermost filled cell, and the one above it
    lifts = picks & low & (before.top == Material.BLOCK)
    puts = (hand == Hand.PUT) & ground & within & (people.holds == BLOCK)
    here = jnp.all(before.column[:, None] == plants.place[None, :, :2], -1) & (plants.fruit > 0)
    plant = jnp.sum(here * jnp.arange(1, len(plants.look) + 1), 1)
    return walks, jnp.where(picks & low, plant, 0), lifts, puts


def _hung(people: People, plants: Plants, hand: Int[Array, " people"], before: Front) -> Int[Array, " people"]:
    """1 + the plant on which each hangs a fruit of its own look back, else 0."""
    here = jnp.all(before.column[:, None] == plants.place[None, :, :2], -1)
    same = here & (plants.look == people.holds[:, None] - FRUIT)
    low = jnp.abs(before.height - people.place[:, 2] - 1) <= 1
    plant = jnp.sum(same * jnp.arange(1, len(plants.look) + 1), 1)
    return jnp.where((hand == Hand.PUT) & low & people.alive, plant, 0)


def _taken(plant: Int[Array, " people"], look: Int[Array, " plants"]) -> Int[Array, " people"]:
    return jnp.sum((plant[:, None] == 1 + jnp.arange(len(look))) * look, 1)


def _moved(
    voxels: UInt8[Array, "x y z"],
    there: Int[Array, "people 3"],
    lifts: Bool[Array, " people"],
    puts: Bool[Array, " people"],
) -> UInt8[Array, "x y z"]:
    """Take away lifted blocks and add those put down."""
    x = jnp.where(lifts | puts, there[:, 0], voxels.shape[0])  # nowhere, for who does neither
    z = there[:, 2] - lifts
    material = jnp.where(puts, int(Material.BLOCK), int(Material.AIR)).astype(jnp.uint8)
    return voxels.at[x, there[:, 1], z].set(material, mode="drop")
