"""Where things are, as it is said and as it is walked: octants, distances, and a step towards a place."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.worlds.village.acts import FAR, Hand
from inhabit.worlds.village.materials import Material

DIRECTIONS = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""What a step north, east, south or west adds to x and y."""

NEAR_STEPS, FAR_STEPS = 3, 10
"""How many cells away a near and a far place are taken to be by who is told of them."""


def where_code(delta: Int[Array, "*any 2"]) -> Int[Array, "*any"]:
    """How a place that lies `delta` (east, south) away is said: `1 + 2 * octant + far`, as in `WHERES`."""
    octant = jnp.round(jnp.arctan2(delta[..., 0], -delta[..., 1]) * 4 / jnp.pi).astype(int) % 8
    return 1 + 2 * octant + (jnp.abs(delta).max(-1) > FAR)


def where_delta(code: Int[Array, "*any"]) -> Int[Array, "*any 2"]:
    """About how far away a place is that is said so; nothing (zeros) for code 0."""
    angle = ((code - 1) // 2) * (jnp.pi / 4)
    steps = jnp.where((code - 1) % 2 == 1, FAR_STEPS, NEAR_STEPS) * (code > 0)
    way = jnp.stack([jnp.sin(angle), -jnp.cos(angle)], -1)
    return jnp.round(way).astype(int) * steps[..., None]


def apart(one: Int[Array, "some 2"], other: Int[Array, "others 2"]) -> Int[Array, "some others"]:
    """Cells between places: the larger of the two distances."""
    return jnp.abs(one[:, None] - other[None]).max(-1)


def uppermost(voxels: Int[Array, "x y z"], columns: Int[Array, "*any 2"]) -> Int[Array, "*any"]:
    """Material of the uppermost cell of each column that is not air; air outside the land."""
    size = jnp.array(voxels.shape[:2])
    inside = jnp.all((columns >= 0) & (columns < size), -1)
    held = jnp.clip(columns, 0, size - 1)
    column = voxels[held[..., 0], held[..., 1]].astype(int)
    filled = column != Material.AIR
    top = jnp.max(filled * jnp.arange(1, voxels.shape[2] + 1), -1, keepdims=True)
    found = jnp.sum(column * (jnp.arange(1, voxels.shape[2] + 1) == top), -1)
    return jnp.where(inside, found, int(Material.AIR))


def steer(
    place: Int[Array, "people 2"],
    heading: Int[Array, " people"],
    target: Int[Array, "people 2"],
    ways: Bool[Array, "people 4"],
    onward: Bool[Array, "people 4"],
    whim: Float[Array, "people 4"],
) -> Int[Array, " people"]:
    """The `Hand` that brings each nearer to a target; beside the target one turns to it.

    Args:
        place: Of each.
        heading: Of each.
        target: Column of each one's target.
        ways: Whether one can step north, east, south, west.
        onward: Which of these lie on a shortest path.
        whim: Small numbers that break ties.
    """
    delta = target - place
    far = jnp.maximum(jnp.abs(delta).max(-1, keepdims=True), 1)
    progress = jnp.stack([-delta[:, 1], delta[:, 0], delta[:, 1], -delta[:, 0]], -1) / far
    turn = (jnp.arange(4) - heading[:, None]) % 4
    worth = progress + 6.0 * onward + 2.0 * (onward & (turn == 0)) + 0.3 * ((turn == 0) * 1.0 - (turn == 2)) + whim
    beside = jnp.abs(delta).sum(-1, keepdims=True) == 1
    worth = jnp.where(beside, progress * 9, jnp.where(ways, worth, -5.0))
    return turning((jnp.argmax(worth, -1) - heading) % 4)


def turning(turn: Int[Array, " people"]) -> Int[Array, " people"]:
    """The `Hand` for going 0 straight on, 1 to the right, 2 back, 3 to the left: one turns before one goes."""
    return jnp.array([Hand.FORWARD, Hand.RIGHT, Hand.RIGHT, Hand.LEFT])[turn]
