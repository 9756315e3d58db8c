"""Where villagers go and what their hands do there, each after the goal that it has."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.worlds.village.acts import LOOKS, NORMS, Hand, Quality, Say
from inhabit.worlds.village.bearings import DIRECTIONS, apart, steer
from inhabit.worlds.village.body import EARSHOT
from inhabit.worlds.village.norms import HUNGRY, SATED
from inhabit.worlds.village.paths import Ground, onward
from inhabit.worlds.village.state import State
from inhabit.worlds.village.wanting import COMPANY, FOOD, REST, SWEET, WARMTH, WATER

VIEW = 10
"""How many cells away villagers see whether a plant bears; their own, and when hungry all, they know anyhow."""

GLIMPSE = 9
"""How many steps away they see water or the hearth."""

DESPERATE = 0.12
"""Below this level of food or water nobody minds whose trees are whose, or greets before asking."""

ROUGH = 0.22
"""Kindness below which nobody's trees, sleep or greeting is respected."""

WORTH = np.array([[0.25, 1.0, 0.35, -9.0, 0.5], [0.1, -9.0, 1.0, -9.0, -9.0]], np.float32)
"""Worth of a fruit believed to be unknown, nourishing, sweet, sickening or bland: to who is hungry, to who wants sweets."""


class Errand(eqx.Module):
    """What each is about.

    Attributes:
        target: Column to go to.
        found: Whether one goes there for one's goal; who knows of nothing goes to whom it likes best, and asks.
        plant: 1 + the plant that is to be picked from, else 0.
        wish: 1 + the plant that one would pick from if its owner let one, else 0.
        receiver: 1 + who is to be handed what is held, else 0.
        asks: Whether one holds what one does not know and somebody is left to be asked of it; then one does not taste.
    """

    target: Int[Array, "people 2"]
    found: Bool[Array, " people"]
    plant: Int[Array, " people"]
    wish: Int[Array, " people"]
    receiver: Int[Array, " people"]
    asks: Bool[Array, " people"]


def errands(state: State, ground: Ground) -> Errand:
    """What each is about, given its goal and what it believes; first of all one gets rid of what sickens."""
    people, minds = state.people, state.minds
    place, goal = people.place[:, :2], minds.goal - 1
    plant, wish = _plants(state)
    receiver = _receivers(state)
    water, sees_water = water_known(state, ground)
    hearth, sees_hearth = hearth_known(state)
    friend, has_friend = _friends(state)
    plants = _at(state.plants.place[:, :2], plant - 1)
    empty = people.holds == 0
    picks = ((goal == FOOD) | (goal == SWEET) | (goal < 0)) & empty
    back, bad = _back(state)
    adviser, asks = _advisers(state)
    cases = (
        (bad, back, bad),
        (asks, adviser, jnp.zeros_like(asks)),
        (receiver > 0, _at(place, receiver - 1), receiver > 0),
        (goal == WATER, water, sees_water),
        (goal == REST, minds.home, jnp.ones_like(sees_water)),
        (goal == WARMTH, hearth, sees_hearth),
        (goal == COMPANY, friend, has_friend),
        (picks, plants, plant > 0),
    )
    target, found = friend, jnp.zeros(len(goal), bool)
    for which, there, known in reversed(cases):
        target = jnp.where(which[:, None], jnp.where(known[:, None], there, friend), target)
        found = jnp.where(which, known, found)
    return Errand(target=target, found=found, plant=plant * picks, wish=wish * picks, receiver=receiver, asks=asks)


def hands(state: State, ground: Ground, errand: Errand, whim: Float[Array, "people 6"]) -> Int[Array, " people"]:
    """What each one's hand does.

    Args:
        state: The village.
        ground: Its surface.
        errand: What each is about.
        whim: Uniform numbers from 0 to 1: four for the ways, one to stop or turn at, one for which way.
    """
    people, minds = state.people, state.minds
    place, goal = people.place[:, :2], minds.goal - 1
    ways = open_ways(state, ground)
    delta = errand.target - place
    facing = jnp.all(delta == jnp.array(DIRECTIONS)[people.heading], -1) & errand.found
    distance = jnp.abs(delta).max(-1)
    fruit = people.holds >= 2
    belief = jnp.sum(jnp.where(jnp.arange(LOOKS) == (people.holds - 2)[:, None], minds.believes, 0), -1)
    eager = (goal == FOOD) | (goal == SWEET)
    bad = fruit & (belief == Quality.SICKENING)
    at_home = (goal == REST) & (distance <= 1)
    spent = people.levels[:, REST] < 0.06
    hinders = fruit & ((goal == SWEET) | ((goal == WATER) & facing))
    aimless = (~errand.found & ((distance <= 2) | (goal < 0))) | (whim[:, 4] < 0.06)
    walk = jnp.where(aimless, _wander(people.heading, ways, whim), _walk(state, ground, errand, ways, whim))
    near_enough = ((goal == WARMTH) & (distance <= 2)) | ((goal == COMPANY) & (distance <= 1))
    idle = (goal < 0) & (fruit | ~errand.found)
    cases = (
        (~people.alive, Hand.STAY),
        (facing & (errand.receiver > 0) & ~bad, Hand.GIVE),
        ((at_home & (errand.receiver == 0)) | spent, Hand.REST),
        (errand.asks & (distance <= EARSHOT - 2), Hand.STAY),
        (fruit & (belief == Quality.NOTHING) & eager & ~errand.asks, Hand.TASTE),
        (bad & facing, Hand.PUT),
        (bad & (people.levels[:, :2].min(-1) < DESPERATE), Hand.EAT),
        (fruit & ((goal == FOOD) | hinders) & (errand.receiver == 0), Hand.EAT),
        ((people.holds == 1) & eager, Hand.PUT),
        (facing & (errand.plant > 0), Hand.PICK),
        (facing & (goal == WATER) & ~fruit, Hand.EAT),
        (near_enough & errand.found, Hand.STAY),
        (idle & (whim[:, 4] < 0.85), Hand.STAY),
    )
    done = jnp.select([which for which, _ in cases], [jnp.full(len(goal), int(hand)) for _, hand in cases], walk)
    return done.astype(people.heading.dtype)


def open_ways(state: State, ground: Ground) -> Bool[Array, "people 4"]:
    """Whether each could step north, east, south, west: up or down one at most, and nobody stands there."""
    place = state.people.place
    columns = place[:, None, :2] + jnp.array(DIRECTIONS)
    inside = jnp.all((columns >= 0) & (columns < jnp.array(ground.firm.shape)), -1)
    held = jnp.clip(columns, 0, jnp.array(ground.firm.shape) - 1)
    climb = jnp.abs(ground.height[held[..., 0], held[..., 1]] - place[:, None, 2])
    taken = jnp.any(jnp.all(columns[:, :, None] == place[None, None, :, :2], -1) & state.people.alive, -1)
    return inside & (climb <= 1) & ground.firm[held[..., 0], held[..., 1]] & ~taken


def water_known(state: State, ground: Ground) -> tuple[Int[Array, "people 2"], Bool[Array, " people"]]:
    """Where each would go for water: the nearest that it sees, or else where it believes it to be."""
    seen, steps = nearest(ground.wet, state.people.place[:, :2])
    knows = state.minds.knows[:, 0]
    return jnp.where((steps <= GLIMPSE)[:, None], seen, knows), (steps <= GLIMPSE) | (knows[:, 0] >= 0)


def hearth_known(state: State) -> tuple[Int[Array, "people 2"], Bool[Array, " people"]]:
    """Where each would go for warmth: to the hearth that it sees, or where it believes it to be."""
    sees = jnp.abs(state.hearth - state.people.place[:, :2]).sum(-1) <= GLIMPSE
    knows = state.minds.knows[:, 1]
    return jnp.where(sees[:, None], state.hearth, knows), sees | (knows[:, 0] >= 0)


def nearest(
    there: Bool[Array, "x y"], place: Int[Array, "people 2"]
) -> tuple[Int[Array, "people 2"], Int[Array, " people"]]:
    """The nearest marked column to each, and how many steps away; more steps than any land has where none is."""
    x, y = jnp.arange(there.shape[0]), jnp.arange(there.shape[1])
    steps = jnp.abs(x - place[:, :1])[:, :, None] + jnp.abs(y - place[:, 1:])[:, None, :]
    index = x[:, None] * there.shape[1] + y
    best = jnp.min(jnp.where(there, steps, 4 * sum(there.shape)) * there.size + index, (1, 2))
    at = best % there.size
    return jnp.stack([at // there.shape[1], at % there.shape[1]], -1), best // there.size


def _plants(state: State) -> tuple[Int[Array, " people"], Int[Array, " people"]]:
    """1 + the best plant that each may pick from, and 1 + the best whose owner has yet to be asked; 0 for none."""
    people, minds, plants = state.people, state.minds, state.plants
    worths = jnp.where((minds.goal == SWEET + 1)[:, None, None], WORTH[1], WORTH[0])[:, 0]
    looks = plants.look == jnp.arange(LOOKS)[:, None]
    value = jnp.sum(jnp.where(minds.believes[..., None] == jnp.arange(5), worths[:, None], 0.0), -1)
    value = jnp.sum(jnp.where(looks, value[:, :, None], 0.0), 1)  # people plants
    away = apart(people.place[:, :2], plants.place[:, :2])
    mine = plants.owner == 1 + jnp.arange(len(people.alive))[:, None]
    owner = plants.owner[:, None] == 1 + jnp.arange(len(people.alive))
    let = jnp.any(state.bonds.may.T[:, None] & owner, -1)
    desperate = (people.levels[:, FOOD] < DESPERATE)[:, None]
    allowed = mine | let | (plants.owner == 0) | desperate | ~state.lore.norms[0]
    score = value - 0.03 * away
    out_of_reach = (away <= 1) & (jnp.abs(people.place[:, 2:] - plants.place[:, 2]) > 1)
    known = (plants.fruit > 0) & ~out_of_reach & ((away <= VIEW) | mine) & (score > -0.5)
    score = jnp.where(known, score, -9.0)
    best = jnp.argmax(jnp.where(allowed, score, -9.0), -1)
    wish = jnp.argmax(jnp.where(allowed, -9.0, score), -1)
    return (1 + best) * jnp.any(known & allowed, -1), (1 + wish) * jnp.any(known & ~allowed, -1)


def _back(state: State) -> tuple[Int[Array, "people 2"], Bool[Array, " people"]]:
    """The nearest plant of the look of what each holds, and whether each believes that look to be sickening."""
    look = state.people.holds - 2
    away = apart(state.people.place[:, :2], state.plants.place[:, :2])
    there = jnp.argmin(jnp.where(state.plants.look == look[:, None], away, 999), -1)
    held = jnp.sum(jnp.where(jnp.arange(LOOKS) == look[:, None], state.minds.believes, 0), -1)
    return state.plants.place[there, :2], held == Quality.SICKENING


def _advisers(state: State) -> tuple[Int[Array, "people 2"], Bool[Array, " people"]]:
    """Who holds a fruit of which it believes nothing, and is not starving: where the one stands whom it would ask of it.

    Nobody is left to be asked where all are asleep or have been asked as often as one may; who has just asked waits.
    """
    people, bonds, minds = state.people, state.bonds, state.minds
    held = jnp.sum(jnp.where(jnp.arange(LOOKS) == (people.holds - 2)[:, None], minds.believes, 0), -1)
    unsure = (people.holds >= 2) & (held == Quality.NOTHING) & (people.levels[:, FOOD] > DESPERATE)
    place = people.place[:, :2]
    open_ = unwearied(state) & (people.alive & ~people.asleep) & ~jnp.eye(len(place), dtype=bool)
    best = jnp.argmax(jnp.where(open_, bonds.goodwill - 0.08 * apart(place, place), -9.0), -1)
    waits = state.said[:, 0] == Say.ASK_WHAT
    return jnp.where(waits[:, None], place, _at(place, best)), unsure & (waits | jnp.any(open_, -1))


def _receivers(state: State) -> Int[Array, " people"]:
    """1 + whom each means to hand what it holds: one who asked, was promised, is near and has an empty hand."""
    people, bonds = state.people, state.bonds
    away = apart(people.place[:, :2], people.place[:, :2])
    ready = (people.holds >= 2) & (people.levels[:, FOOD] > HUNGRY) & ~people.asleep & people.alive
    takers = bonds.may & (bonds.asked > 0) & (away <= 4) & (people.alive & (people.holds == 0))[None] & ready[:, None]
    takers &= ~jnp.eye(len(people.alive), dtype=bool)
    return (1 + jnp.argmax(jnp.where(takers, 9 - away, -1), -1)) * jnp.any(takers, -1)


def _friends(state: State) -> tuple[Int[Array, "people 2"], Bool[Array, " people"]]:
    """Where the one stands whom each would best be with, and whether there is one."""
    people = state.people
    place = people.place[:, :2]
    liking = state.bonds.goodwill - 0.08 * apart(place, place)
    open_ = people.alive & ~jnp.eye(len(place), dtype=bool)
    best = jnp.argmax(jnp.where(open_, liking, -9.0), -1)
    return _at(place, best), jnp.any(open_ & (state.bonds.goodwill > -0.3), -1)


def _walk(state: State, ground: Ground, errand: Errand, ways: Array, whim: Array) -> Int[Array, " people"]:
    place = state.people.place[:, :2]
    ahead, _ = onward(ground, place, errand.target)
    return steer(place, state.people.heading, errand.target, ways, ahead, 0.1 * whim[:, :4])


def _wander(
    heading: Int[Array, " people"], ways: Bool[Array, "people 4"], whim: Float[Array, "people 6"]
) -> Int[Array, " people"]:
    ahead = jnp.sum(ways & (jnp.arange(4) == heading[:, None]), -1) > 0
    turn = jnp.where(whim[:, 5] < 0.5, int(Hand.LEFT), int(Hand.RIGHT))
    return jnp.where(ahead & (whim[:, 0] < 0.85), int(Hand.FORWARD), turn)


def _at(table: Array, index: Int[Array, " people"]) -> Array:
    """Rows of a table; an index that is none reads some row."""
    return table[jnp.clip(index, 0, len(table) - 1)]


def enough(state: State) -> Bool[Array, " people"]:
    """Who has food to share: a fruit in the hand, and not hungry."""
    return (state.people.holds >= 2) & (state.people.levels[:, FOOD] > SATED)


def unwearied(state: State, heedless: Bool[Array, " people"] | bool = False) -> Bool[Array, "people people"]:
    """Whom each may ask once more: once where pestering is wrong and one heeds it, else three times, until that one sleeps."""
    heeds = state.lore.norms[NORMS.index(Quality.PESTERED)] & ~jnp.asarray(heedless)
    return jnp.where(heeds, 1, 3)[..., None] > state.bonds.asked.T


def rough(state: State) -> Bool[Array, " people"]:
    """Who is so unkind as to heed no norm."""
    return state.minds.kindness < ROUGH
