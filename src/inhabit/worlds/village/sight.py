"""Sight: what a body sees of the voxels around it, in its own frame, with what stands between left out.

The window runs from 2 cells behind to 6 ahead, 4 to either side and 2 up and down. A cell is seen when the cell just
before it on the way from the eye, its predecessor, is seen and can be seen through; predecessors are fixed, so that the
window is worked out ring by ring from the eye outwards. A column of 8 cells travels as one number, 4 bits a cell.
"""

import functools
import operator
from collections import Counter

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt8, UInt32

from inhabit.worlds.village.doing import AHEAD
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.state import People, Plants

BEHIND, BEFORE, SIDE, RISE = 2, 6, 4, 2
"""How far the window reaches: behind, ahead, to either side, up and down."""

OPAQUE = (Material.EARTH, Material.STONE, Material.TRUNK, Material.LEAVES, Material.BLOCK, Material.HIDDEN)
"""What cannot be seen through. Water, bushes and the fire can."""

EYE = 0.25
"""Height of the eye above the middle of the body's cell, in cells."""

LEVELS = 8
"""Cells of a column."""

_AHEAD, _RIGHT = (grid.ravel() for grid in np.mgrid[-BEHIND : BEFORE + 1, -SIDE : SIDE + 1])
_RING = np.maximum(np.abs(_AHEAD), np.abs(_RIGHT))
_ORDER = np.argsort(_RING, kind="stable")
_RINGS = [np.flatnonzero(ring == _RING) for ring in range(BEFORE + 1)]


def predecessor(ahead: int, right: int, up: int) -> tuple[int, int, int]:
    """The cell one step nearer to the eye, which is in cell 0, 0, 0.

    Next to the eye, above and below come after the cell that they touch. Elsewhere it is the cell on the straight line
    from the eye to the upper face of the cell, one ring nearer; halves to the side are rounded towards the eye.
    """
    ring = max(abs(ahead), abs(right))
    if ring <= 1:
        return (ahead, right, up - int(np.sign(up))) if abs(up) > 1 else (0, 0, 0)
    share = (ring - 1) / ring
    side = lambda offset: int(np.sign(offset) * np.ceil(abs(offset) * share - 0.5))
    return side(ahead), side(right), int(np.floor(EYE + (up + 0.5 - EYE) * share + 0.5))


def columns(voxels: UInt8[Array, "x y z"]) -> UInt32[Array, "x y"]:
    """Each column as one number, the lowest cell in the lowest 4 bits."""
    return jnp.sum(voxels.astype(jnp.uint32) << (4 * jnp.arange(LEVELS, dtype=jnp.uint32)), -1, dtype=jnp.uint32)


def things(size: tuple[int, ...], plants: Plants, people: People) -> UInt32[Array, "x y"]:
    """What is to be seen in each column besides the materials.

    Bits 0 to 2: 1 + the look of ripe fruit; 3 to 5: its cell; 6 to 10: 1 + who stands there; 11 to 13: that one's cell.
    """
    ripe = jnp.where(plants.fruit > 0, 1 + plants.look + 8 * plants.place[:, 2], 0)
    who = (1 + jnp.arange(len(people.alive)) + 32 * people.place[:, 2]) << 6
    column = lambda place: place[:, 0] * size[1] + place[:, 1]
    at = jnp.concatenate([column(plants.place), jnp.where(people.alive, column(people.place), size[0] * size[1])])
    flat = jnp.zeros(size[0] * size[1], jnp.uint32)
    return flat.at[at].set(jnp.concatenate([ripe, who]).astype(jnp.uint32), mode="drop").reshape(size)


def see(
    columns: UInt32[Array, "x y"],
    things: UInt32[Array, "x y"],
    place: Int[Array, " 3"],
    heading: Int[Array, ""],
    me: Int[Array, ""],
) -> UInt8[Array, "senses=3 ahead=9 right=9 up=5"]:
    """What one person sees: materials, ripe fruit, and people, as in `Observation`."""
    size = columns.shape
    turn = jnp.asarray(AHEAD)
    ahead, right = turn[heading], turn[(heading + 1) % 4]
    x = place[0] + _AHEAD * ahead[0] + _RIGHT * right[0]
    y = place[1] + _AHEAD * ahead[1] + _RIGHT * right[1]
    inside = (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])
    at = jnp.clip(x, 0, size[0] - 1) * size[1] + jnp.clip(y, 0, size[1] - 1)
    column, thing = columns.ravel()[at], jnp.where(inside, things.ravel()[at], 0)
    z = place[2] + np.arange(-RISE, RISE + 1)
    cell = (column[:, None] >> (4 * jnp.clip(z, 0, LEVELS - 1)).astype(jnp.uint32)) & 15
    cell = jnp.where(inside[:, None] & (z >= 0) & (z < LEVELS), cell, int(Material.HIDDEN))
    seen = visible(_solid(cell))[:, None] >> np.arange(2 * RISE + 1, dtype=np.uint32) & 1 == 1
    fruit, person = thing & 7, (thing >> 6) & 31
    hangs = seen & ((thing[:, None] >> 3) & 7 == z) & (fruit > 0)[:, None]
    stands = seen & (thing[:, None] >> 11 == z) & ((person > 0) & (person != me + 1))[:, None]
    views = (
        jnp.where(seen, cell, int(Material.HIDDEN)),
        jnp.where(hangs, fruit[:, None], 0),
        jnp.where(stands, person[:, None], 0),
    )
    shape = (BEHIND + BEFORE + 1, 2 * SIDE + 1, 2 * RISE + 1)
    return jnp.stack([view.astype(jnp.uint8).reshape(shape) for view in views])


def _solid(cell: UInt32[Array, "columns up"]) -> UInt32[Array, " columns"]:
    """Which of each column's five cells cannot be seen through, a bit each."""
    opaque = np.uint32(sum(1 << material for material in OPAQUE))
    return jnp.sum(((opaque >> cell) & 1) << np.arange(2 * RISE + 1, dtype=np.uint32), 1, dtype=jnp.uint32)


def visible(solid: UInt32[Array, " columns=81"]) -> UInt32[Array, " columns=81"]:
    """Which cells of the window are seen, from which cannot be seen through; five bits a column."""
    clear = ~solid
    found = [_beside(clear[_RINGS[0]]), _beside(clear[_RINGS[1]])]
    for ring in range(2, BEFORE + 1):
        through = found[-1] & clear[_RINGS[ring - 1]]
        found.append(_spread(through[_NEARER[ring]], ring))
    return jnp.concatenate(found)[np.argsort(_ORDER)]


def _beside(clear: UInt32[Array, " some"]) -> UInt32[Array, " some"]:
    """What is seen of a column that the eye is in or touches: three cells, and what they do not hide above and below."""
    return jnp.uint32(0b01110) | (clear & 0b01000) << 1 | (clear & 0b00010) >> 1


def _spread(nearer: UInt32[Array, " some"], ring: int) -> UInt32[Array, " some"]:
    """Move each bit of the predecessors' columns to the cells that it comes before."""
    masks: Counter[int] = Counter()
    for height in range(-RISE, RISE + 1):
        masks[height - predecessor(ring, 0, height)[2]] += 1 << (height + RISE)
    parts = [(nearer << up if up >= 0 else nearer >> -up) & np.uint32(mask) for up, mask in masks.items()]
    return functools.reduce(operator.or_, parts)


def _positions(ring: int) -> np.ndarray:
    """Where the predecessor of each column of a ring is found in the ring before it."""
    at = _RINGS[ring]
    nearer = np.array([predecessor(ahead, right, 0)[:2] for ahead, right in zip(_AHEAD[at], _RIGHT[at])])
    return np.searchsorted(_RINGS[ring - 1], (nearer[:, 0] + BEHIND) * (2 * SIDE + 1) + nearer[:, 1] + SIDE)


_NEARER = {ring: _positions(ring) for ring in range(2, BEFORE + 1)}
