"""Ways through a land: shortest paths by flooding from the target, thirty-two columns to a machine word."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt32

from inhabit.worlds.village.bearings import DIRECTIONS
from inhabit.worlds.village.materials import Material

STANDABLE = np.isin(np.arange(len(Material)), [Material.EARTH, Material.STONE, Material.BLOCK])
"""On which materials one can stand."""

REACH = 48
"""Longest path that is looked for, in steps."""

WORD = 32
"""Columns to a word."""


class Ground(eqx.Module):
    """The surface of a land.

    Attributes:
        height: The lowest free cell of each column.
        firm: Whether one can stand there.
        wet: Whether there is water.
        east: Whether one can step between a column and its eastern neighbour; rows of y, bits of x.
        south: The same with its southern neighbour.
    """

    height: Int[Array, "x y"]
    firm: Bool[Array, "x y"]
    wet: Bool[Array, "x y"]
    east: UInt32[Array, "y words"]
    south: UInt32[Array, "y words"]

    @classmethod
    def of(cls, voxels: Array) -> "Ground":
        """Look a land over."""
        level = jnp.arange(voxels.shape[2], dtype=jnp.uint8)
        height = jnp.sum(voxels != Material.AIR, 2, dtype=jnp.uint8)
        top = jnp.sum(jnp.where(level == height[..., None] - 1, voxels, 0), 2, dtype=jnp.uint8)
        firm = jnp.zeros(top.shape, bool)
        for material in np.flatnonzero(STANDABLE):
            firm |= top == material
        rise = height.astype(int)
        east = firm[:-1] & firm[1:] & (jnp.abs(rise[1:] - rise[:-1]) <= 1)
        south = firm[:, :-1] & firm[:, 1:] & (jnp.abs(rise[:, 1:] - rise[:, :-1]) <= 1)
        return cls(
            height=rise,
            firm=firm,
            wet=top == Material.WATER,
            east=packed(jnp.pad(east, ((0, 1), (0, 0)))),
            south=packed(jnp.pad(south, ((0, 0), (0, 1)))),
        )


def packed(mask: Bool[Array, "x y"]) -> UInt32[Array, "y words"]:
    """Rows of y, bits of x."""
    width = -mask.shape[0] % WORD
    bits = jnp.pad(mask, ((0, width), (0, 0))).T.reshape(mask.shape[1], -1, WORD)
    return jnp.sum(bits.astype(jnp.uint32) << jnp.arange(WORD, dtype=jnp.uint32), -1, dtype=jnp.uint32)


def spot(column: Int[Array, " 2"], like: UInt32[Array, "y words"]) -> UInt32[Array, "y words"]:
    """One bit, at a column; none for one outside the land."""
    rows, words = jnp.arange(like.shape[0]), jnp.arange(like.shape[1])
    here = (rows[:, None] == column[1]) & (words == column[0] // WORD) & (column[0] >= 0)
    return jnp.where(here, jnp.uint32(1) << (column[0] % WORD).astype(jnp.uint32), jnp.uint32(0))


def onward(
    ground: Ground, place: Int[Array, "people 2"], target: Int[Array, "people 2"]
) -> tuple[Bool[Array, "people 4"], Bool[Array, " people"]]:
    """Which steps (north, east, south, west) lie on a shortest path to beside the target, and whether there is a path.

    A flood spreads from the target's neighbours until it is about to reach the walker; what it has reached by then is
    nearer than the walker is.
    """

    def one(place: Int[Array, " 2"], target: Int[Array, " 2"]) -> tuple[Array, Array]:
        goal, me = spot(target, ground.east), spot(place, ground.east)
        start = (goal | _east(goal) | _west(goal) | _south(goal) | _north(goal)) & packed(ground.firm)

        def spread(_: Array, flood: Array) -> Array:
            more = flood | _east(flood & ground.east) | (_west(flood) & ground.east)
            more |= _south(flood & ground.south) | (_north(flood) & ground.south)
            return jnp.where(jnp.any(more & me), flood, more)

        flood = jax.lax.fori_loop(0, REACH, spread, start)
        grown = flood | _east(flood & ground.east) | (_west(flood) & ground.east)
        grown |= _south(flood & ground.south) | (_north(flood) & ground.south)
        beside = place + jnp.array(DIRECTIONS)
        row = jnp.clip(beside[:, 1], 0, flood.shape[0] - 1)
        word = jnp.clip(beside[:, 0] // WORD, 0, flood.shape[1] - 1)
        hit = (flood[row, word] >> (beside[:, 0] % WORD).astype(jnp.uint32)) & 1
        inside = (beside >= 0).all(-1) & (beside < jnp.array(ground.height.shape)).all(-1)
        return (hit > 0) & inside, jnp.any(grown & me)

    return jax.vmap(one)(place, target)


def _east(rows: UInt32[Array, "y words"]) -> UInt32[Array, "y words"]:
    carried = jnp.pad(rows[:, :-1] >> (WORD - 1), ((0, 0), (1, 0)))
    return (rows << 1) | carried


def _west(rows: UInt32[Array, "y words"]) -> UInt32[Array, "y words"]:
    carried = jnp.pad(rows[:, 1:] << (WORD - 1), ((0, 0), (0, 1)))
    return (rows >> 1) | carried


def _south(rows: UInt32[Array, "y words"]) -> UInt32[Array, "y words"]:
    return jnp.pad(rows[:-1], ((1, 0), (0, 0)))


def _north(rows: UInt32[Array, "y words"]) -> UInt32[Array, "y words"]:
    return jnp.pad(rows[1:], ((0, 1), (0, 0)))
