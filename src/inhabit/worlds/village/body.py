"""Bodies: levels that fall and are filled, warmth, company, health and stress; and death."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.worlds.village.acts import Hand, Quality, Say
from inhabit.worlds.village.state import DAY, SEASON, Outcome, State

FALL = np.array([0.006, 0.009, 0.005, 0.0, 0.004, 0.004], np.float32)
"""How much each level falls in a step; warmth has its own law."""

EFFECT = np.zeros((5, 6), np.float32)
EFFECT[Quality.NOURISHING] = (0.40, 0.05, 0, 0, 0, 0)
EFFECT[Quality.SWEET] = (0.12, 0.05, 0, 0, 0, 0.50)
EFFECT[Quality.SICKENING] = (0.05, -0.10, 0, 0, 0, 0)
EFFECT[Quality.BLAND] = (0.15, 0.05, 0, 0, 0, 0)
"""What eating a fruit of each `Quality` does to the levels."""

POISON = 1.05
"""Health that a sickening fruit costs: more than anyone has."""

NIBBLE, BITE = 0.05, 0.62
"""Share of what a fruit does to the levels that a nibble has, so that nobody lives by nibbling; and share of its poison."""

DRAUGHT = 0.35
"""Water that one drink gives."""

SLEEP, SLEEP_AT_NIGHT = 0.03, 0.05
"""Rest that a step of sleep gives."""

AMBIENT = np.array([[0.80, 0.35], [0.95, 0.60], [0.80, 0.35], [0.55, 0.12]], np.float32)
"""Warmth of each season by day and by night."""

HEARTH_REACH, HEARTH_WARMTH = 2, 1.0
"""Within how many cells of the hearth it is this warm."""

CONDUCTION = 0.04
"""Share of the difference to the surroundings that warmth changes in a step."""

COMPANY_REACH, COMPANY, TALK = 3, 0.006, 0.03
"""Company: within how many cells, what each who is liked gives in a step, and what being spoken to kindly gives."""

EARSHOT = 6
"""Within how many cells an utterance is heard."""

SCARCE, WEARING, MENDING = 0.05, 0.02, 0.002
"""A vital level below the first costs health at the second rate; when none is, health mends at the third."""

VITAL = np.array([1, 1, 1, 1, 0, 0], bool)
"""Levels that one dies without: food, water, rest, warmth."""

UPSET, SCOLDED, CALMING = 1.5, 0.1, 0.98
"""Stress for each unit of health lost and for each complaint heard against oneself, and what is left after a step."""


def night(time: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether it is night: the last third of a day."""
    return time % DAY >= 2 * DAY // 3


def live(state: State, hand: Int[Array, " people"], say: Int[Array, "people words=5"], outcome: Outcome) -> State:
    """Let a step pass in every body; `state` is after the deeds. The dead stay as they died."""
    people = state.people
    whole = hand == Hand.EAT
    rise = jnp.where(whole, 1.0, NIBBLE)[:, None] * jnp.asarray(EFFECT)[outcome.mouthed]
    gains = jnp.stack(
        [
            rise[:, 0],
            rise[:, 1] + DRAUGHT * outcome.drank,
            jnp.where(people.asleep, jnp.where(night(state.time), SLEEP_AT_NIGHT, SLEEP), 0.0),
            CONDUCTION * (_surroundings(state) - people.levels[:, 3]),
            _company(state, say),
            rise[:, 5],
        ],
        1,
    )
    levels = jnp.clip(people.levels - FALL + gains, 0.0, 1.0)
    poisoned = POISON * jnp.where(whole, 1.0, BITE) * (outcome.mouthed == Quality.SICKENING)
    lacking = jnp.sum((levels < SCARCE) & VITAL, 1)
    hurt = poisoned + WEARING * lacking
    health = jnp.clip(people.health - hurt + MENDING * (lacking == 0), 0.0, 1.0)
    stress = jnp.clip(CALMING * people.stress + UPSET * hurt + SCOLDED * _scolded(state, say), 0.0, 1.0)
    lived = people.alive
    after = dataclasses.replace(
        people,
        levels=jnp.where(lived[:, None], levels, people.levels),
        health=jnp.where(lived, health, people.health),
        stress=jnp.where(lived, stress, people.stress),
        alive=lived & (health > 0),
    )
    return dataclasses.replace(state, people=after)


def apart(place: Int[Array, "people 3"]) -> Int[Array, "people people"]:
    """Cells between people: the larger of the two distances on the ground."""
    return jnp.abs(place[:, None, :2] - place[None, :, :2]).max(-1)


def audible(state: State) -> Bool[Array, "listener speaker"]:
    """Who would hear whom; nobody hears oneself, the dead neither speak nor hear."""
    alive = state.people.alive
    near = apart(state.people.place) <= EARSHOT
    return near & alive[:, None] & alive & ~jnp.eye(len(alive), dtype=bool)


def _surroundings(state: State) -> Float[Array, " people"]:
    by_fire = jnp.abs(state.people.place[:, :2] - state.hearth).max(1) <= HEARTH_REACH
    ambient = jnp.asarray(AMBIENT)[(state.time // SEASON) % 4, night(state.time).astype(int)]
    return jnp.where(by_fire, HEARTH_WARMTH, ambient)


def _company(state: State, say: Int[Array, "people words=5"]) -> Float[Array, " people"]:
    """What those near give: by being liked, and by kind words to everybody or to oneself."""
    near = (apart(state.people.place) <= COMPANY_REACH) & audible(state)
    liked = jnp.sum(near * jnp.maximum(state.bonds.goodwill, 0.0), 1)
    kind = (say[:, 0] != Say.SILENCE) & (say[:, 0] != Say.REFUSE) & (say[:, 0] != Say.COMPLAIN)
    welcome = audible(state) & kind & _addressed(say) & (state.bonds.goodwill > -0.3)
    return COMPANY * liked + TALK * jnp.any(welcome, 1)


def _scolded(state: State, say: Int[Array, "people words=5"]) -> Int[Array, " people"]:
    to_me = say[:, 4] == 1 + jnp.arange(len(say))[:, None]
    return jnp.sum(audible(state) & to_me & (say[:, 0] == Say.COMPLAIN), 1)


def _addressed(say: Int[Array, "people words=5"]) -> Bool[Array, "listener speaker"]:
    """Spoken to this one or to everybody; gossip is for everybody."""
    to_me = say[:, 4] == 1 + jnp.arange(len(say))[:, None]
    return to_me | (say[:, 4] == 0) | (say[:, 0] == Say.GOSSIP)
