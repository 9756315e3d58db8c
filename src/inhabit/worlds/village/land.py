"""The land of a village as it is drawn: hills, ponds, trees, loose blocks, a hearth, homes, and where plants stand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from inhabit.types import Key
from inhabit.worlds.village.materials import Material

LOWEST, HIGHEST = 2, 4
"""Least and greatest height of the ground in cells."""

TREES, ROCKS, BLOCKS = 14, 6, 12
"""How many trees, rocks and loose blocks lie about."""

POND = 2.6
"""Radius of a pond in cells, about."""


class Land(eqx.Module):
    """A land without its people.

    Attributes:
        voxels: `Material` of every cell.
        plants: The cell of each plant.
        homes: The cell where each person sleeps, and starts.
        hearth: The column of the hearth.
    """

    voxels: UInt8[Array, "x y z"]
    plants: Int[Array, "plants 3"]
    homes: Int[Array, "people 3"]
    hearth: Int[Array, " xy=2"]


def draw_land(size: tuple[int, int, int], people: int, plants: int, *, key: Key) -> Land:
    """Draw hills, one or two ponds, and a thing or nothing on each dry column."""
    hill_key, pond_key, place_key, tree_key = jax.random.split(key, 4)
    height = draw_hills(size[:2], key=hill_key)
    pond, height = draw_ponds(height, key=pond_key)
    counts = (1, plants, people, TREES, ROCKS, BLOCKS)
    columns = draw_columns(pond, sum(counts), key=place_key)
    hearth, planted, homes, trees, rocks, blocks = jnp.split(columns, np.cumsum(counts)[:-1])
    voxels = _ground(height, pond, size[2])
    trunk = jax.random.randint(tree_key, (TREES,), 2, 4)
    for at, material in ((rocks, Material.STONE), (blocks, Material.BLOCK), (planted, Material.BUSH)):
        voxels = _raised(voxels, height, at, material, jnp.ones(len(at), int))
    voxels = _raised(voxels, height, hearth, Material.HEARTH, jnp.ones(1, int))
    voxels = _raised(voxels, height, trees, Material.LEAVES, trunk + 1)
    voxels = _raised(voxels, height, trees, Material.TRUNK, trunk)
    return Land(voxels=voxels, plants=_upon(height, planted), homes=_upon(height, homes), hearth=hearth[0])


def draw_hills(size: tuple[int, int], *, key: Key) -> Int[Array, "x y"]:
    """Gentle hills: a few long waves across the land; neighbouring columns mostly differ by at most one cell."""
    wave_key, phase_key = jax.random.split(key)
    waves = jax.random.uniform(wave_key, (3, 2), minval=-1.0) * 2 * jnp.pi / 18
    phases = jax.random.uniform(phase_key, (3,), maxval=2 * jnp.pi)
    x, y = jnp.meshgrid(jnp.arange(size[0]), jnp.arange(size[1]), indexing="ij")
    rise = jnp.sin(waves[:, :1, None] * x + waves[:, 1:, None] * y + phases[:, None, None]).sum(0) / 3
    middle = (LOWEST + HIGHEST) / 2
    return jnp.clip(jnp.round(middle + 1.8 * rise), LOWEST, HIGHEST).astype(int)


def draw_ponds(height: Int[Array, "x y"], *, key: Key) -> tuple[Bool[Array, "x y"], Int[Array, "x y"]]:
    """Where water stands (one pond or two), and the heights with each pond's surface made level."""
    centre_key, edge_key, second_key = jax.random.split(key, 3)
    size = jnp.array(height.shape)
    centres = jax.random.randint(centre_key, (2, 2), 3, size - 3)
    x, y = jnp.meshgrid(*map(jnp.arange, height.shape), indexing="ij")
    ragged = POND + jax.random.uniform(edge_key, height.shape, minval=-0.7, maxval=0.7)
    apart = jnp.hypot(x - centres[:, :1, None], y - centres[:, 1:, None])
    there = (apart < ragged) & jnp.array([True, jax.random.bernoulli(second_key)])[:, None, None]
    surface = height[centres[:, 0], centres[:, 1]]
    level = jnp.where(there[0], surface[0], jnp.where(there[1], surface[1], height))
    return there.any(0), level


def draw_columns(pond: Bool[Array, "x y"], count: int, *, key: Key) -> Int[Array, "count 2"]:
    """Different dry columns in random order; the first near the middle of the land, for the hearth."""
    order: Float[Array, "x y"] = jax.random.uniform(key, pond.shape)
    x, y = (jnp.minimum(jnp.arange(side), side - 1 - jnp.arange(side)) for side in pond.shape)
    inner = jnp.minimum(x[:, None] / pond.shape[0], y / pond.shape[1]) > 0.25
    dry = jnp.where(pond, -1.0, order)
    first = jnp.argmax(jnp.where(inner, dry, dry - 2.0))
    _, best = jax.lax.top_k(dry.ravel().at[first].set(2.0), count)
    return jnp.stack([best // pond.shape[1], best % pond.shape[1]], axis=1)


def _ground(height: Int[Array, "x y"], pond: Bool[Array, "x y"], levels: int) -> UInt8[Array, "x y z"]:
    z, top = jnp.arange(levels), height[..., None]
    earth = jnp.where(z == 0, int(Material.STONE), int(Material.EARTH))
    filled = jnp.where(z < top, earth, int(Material.AIR))
    return jnp.where(pond[..., None] & (z == top - 1), int(Material.WATER), filled).astype(jnp.uint8)


def _upon(height: Int[Array, "x y"], at: Int[Array, "some 2"]) -> Int[Array, "some 3"]:
    return jnp.concatenate([at, height[at[:, 0], at[:, 1]][:, None]], axis=1)


def _raised(
    voxels: UInt8[Array, "x y z"],
    height: Int[Array, "x y"],
    at: Int[Array, "some 2"],
    material: Material,
    tall: Int[Array, " some"],
) -> UInt8[Array, "x y z"]:
    """Put `tall` cells of a material on the ground at some columns."""
    z, ground = jnp.arange(voxels.shape[2]), height[at[:, 0], at[:, 1]][:, None]
    column = voxels[at[:, 0], at[:, 1]]
    here = (z >= ground) & (z < ground + tall[:, None])
    return voxels.at[at[:, 0], at[:, 1]].set(jnp.where(here, jnp.uint8(material), column))
