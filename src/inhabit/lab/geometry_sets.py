"""Scenes with a known answer: charged bodies that pull one another, and what a villager sees."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from inhabit.maths.compiling import brief
from inhabit.types import Key
from inhabit.worlds.village.acts import Deed, Hand
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.state import Observation, State
from inhabit.worlds.village.world import Village

BODIES, SOFT, STRENGTH = 6, 0.2, 6.5
"""Bodies in a scene; what is added to a squared distance, so that no pull is infinite; the unit, so that most are about 1."""

WINDOW = (9, 9, 5)
EYE = (2, 4, 2)
"""The window of sight, and where the eye is in it."""

THINGS = ("fruit", "water", "person")
"""What is looked for in sight."""


class Bodies(eqx.Module):
    """Scenes of charged bodies. With a leading axis, many.

    Attributes:
        place: Of each body.
        like: Charge and inverse mass of each.
        pull: Acceleration of each: what is to be told.
    """

    place: Float[Array, "*many bodies 3"]
    like: Float[Array, "*many bodies 2"]
    pull: Float[Array, "*many bodies 3"]


class Views(eqx.Module):
    """What villagers see, and the truth about it. With a leading axis, many.

    Attributes:
        sight: As in `Observation`.
        ripe: As in `Observation`.
        person: As in `Observation`.
        offset: Cells ahead and to the right of the nearest of each of `THINGS` in sight.
        there: Whether there is one in sight.
        next: Material of the cell that will be in front at the height of the eye after a step forward is tried.
    """

    sight: UInt8[Array, "*many ahead=9 right=9 up=5"]
    ripe: UInt8[Array, "*many ahead=9 right=9 up=5"]
    person: UInt8[Array, "*many ahead=9 right=9 up=5"]
    offset: Float[Array, "*many things=3 two=2"]
    there: Float[Array, "*many things=3"]
    next: Int[Array, "*many"]


@dataclasses.dataclass(frozen=True)
class Parts:
    """One set: what is learned from, and what is never learned from, with the group (scene or village) of each row."""

    train: Any
    test: Any
    groups: np.ndarray


def pulls(place: Float[Array, "bodies 3"], like: Float[Array, "bodies 2"]) -> Float[Array, "bodies 3"]:
    """Softened Coulomb accelerations: equal charges repel, `-STRENGTH q q' (x' - x) / (d^2 + SOFT)^(3/2)` / mass."""
    apart = place[None] - place[:, None]
    strength = -STRENGTH * like[:, None, 0] * like[None, :, 0] / (jnp.sum(apart**2, -1) + SOFT) ** 1.5
    return jnp.sum(strength[..., None] * apart, 1) * like[:, 1:]


def bodies(number: int, *, key: Key) -> Bodies:
    """Draw scenes: places normal about one another, charges of either sign, masses from a half to two."""
    place_key, charge_key, mass_key = jax.random.split(key, 3)
    place = 1.2 * jax.random.normal(place_key, (number, BODIES, 3))
    charge = jax.random.uniform(charge_key, (number, BODIES), minval=-1.0)
    like = jnp.stack([charge, 2 ** jax.random.uniform(mass_key, charge.shape, minval=-1.0)], -1)
    return Bodies(place=place, like=like, pull=jax.vmap(pulls)(place, like))


def moved(scenes: Bodies, *, key: Key) -> Bodies:
    """The same scenes turned (or mirrored), moved by about a unit, and listed in another order."""
    turn_key, move_key, order_key = jax.random.split(key, 3)
    number = len(scenes.place)
    turn, _ = jnp.linalg.qr(jax.random.normal(turn_key, (number, 3, 3)))
    order = jnp.argsort(jax.random.uniform(order_key, scenes.place.shape[:2]), -1)
    listed = jax.tree.map(lambda leaf: jnp.take_along_axis(leaf, order[..., None], 1), scenes)
    place = listed.place @ turn + jax.random.normal(move_key, (number, 1, 3))
    return Bodies(place=place, like=listed.like, pull=listed.pull @ turn)


def mirrored(views: Views, *, key: Key) -> Views:
    """Each view as it is or with right and left exchanged, as it falls: sight knows no other symmetry."""
    flip = jax.random.bernoulli(key, 0.5, (len(views.next),))
    cells = lambda leaf: jnp.where(flip[:, None, None, None], leaf[:, :, ::-1], leaf)
    sign = jnp.where(flip[:, None], jnp.array([1.0, -1.0]), 1.0)
    return Views(
        sight=cells(views.sight),
        ripe=cells(views.ripe),
        person=cells(views.person),
        offset=views.offset * sign[:, None],
        there=views.there,
        next=views.next,
    )


def physics(samples: int, tests: int, *, seed: int) -> Parts:
    """Charged bodies."""
    train_key, test_key = jax.random.split(jax.random.key(seed))
    return Parts(bodies(samples, key=train_key), bodies(tests, key=test_key), np.arange(tests))


def village(samples: int, tests: int, *, seed: int) -> Parts:
    """Views of villagers who wander about; those tested live in villages never learned from."""
    world, looks = Village(people=8), 4
    count = -(-(samples + tests) // (looks * world.people))
    views = jax.tree.map(lambda leaf: np.asarray(leaf), _wander(world, count, looks, jax.random.key(seed)))
    rows = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[3:]), views)
    groups = np.repeat(np.arange(count), looks * world.people)
    cut = np.searchsorted(groups, groups[samples - 1], "right")
    part = lambda wanted: jax.tree.map(lambda leaf: jnp.asarray(leaf[wanted]), rows)
    return Parts(part(slice(0, samples)), part(slice(cut, None)), groups[cut:])


@brief
def _wander(world: Village, count: int, looks: int, key: Key) -> Views:
    """Views by village, moment and person; between moments everyone wanders for a dozen steps."""

    def step(state: State, key: Key) -> tuple[State, None]:
        deed_key, step_key = jax.random.split(key)
        options = jnp.array([Hand.FORWARD, Hand.FORWARD, Hand.FORWARD, Hand.LEFT, Hand.RIGHT])
        hand = jax.random.choice(deed_key, options, (world.people,))
        return world.step(state, _silent(hand), key=step_key)[0], None

    def moment(state: State, key: Key) -> tuple[State, Views]:
        walk_key, try_key = jax.random.split(key)
        state, _ = jax.lax.scan(step, state, jax.random.split(walk_key, 12))
        forward, _ = world.step(state, _silent(jnp.full(world.people, int(Hand.FORWARD))), key=try_key)
        ahead = (EYE[0] + 1, *EYE[1:])
        after = world.observe(forward).sight[:, ahead[0], ahead[1], ahead[2]]
        return state, jax.vmap(viewed)(world.observe(state), after.astype(int))

    def life(key: Key) -> Views:
        begin_key, live_key = jax.random.split(key)
        return jax.lax.scan(moment, world.reset(key=begin_key), jax.random.split(live_key, looks))[1]

    return jax.vmap(life)(jax.random.split(key, count))


def viewed(seen: Observation, after: Int[Array, ""]) -> Views:
    """One person's view with the truth about it."""
    cells = (seen.ripe > 0, seen.sight == Material.WATER, seen.person > 0)
    offset, there = jax.vmap(nearest)(jnp.stack(cells))
    return Views(sight=seen.sight, ripe=seen.ripe, person=seen.person, offset=offset, there=there, next=after)


def nearest(cells: Array) -> tuple[Float[Array, " 2"], Float[Array, ""]]:
    """Cells ahead and to the right of the nearest marked cell (of equally near ones the first), and whether any is."""
    ahead, right, _ = (jnp.asarray(axis) - eye for axis, eye in zip(np.indices(WINDOW), EYE))
    distance = jnp.where(cells, ahead**2 + right**2, 1000)
    at = jnp.argmin(distance)
    there = cells.any().astype(float)
    return there * jnp.stack([ahead.ravel()[at], right.ravel()[at]]), there


def _silent(hand: Int[Array, " people"]) -> Deed:
    return Deed(hand=hand, say=jnp.zeros((len(hand), 5), int))
