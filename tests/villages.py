"""Small villages made by hand, for the tests of the village."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from inhabit.worlds.village import Deed, Lore, Material, Quality, Village

SMALL = Village(people=4, plants=12, size=(16, 16, 8))
GROUND = 3
"""Height at which one stands in a flat village."""


def flat(*, places, headings, holds=None, blocks=(), plants=(), material=None):
    """A flat, bare village.

    Args:
        places: Columns of the four people.
        headings: Of each.
        holds: Of each.
        blocks: Columns with a loose block.
        plants: `(column, look, fruit)` of some plants; the others stand bare along the edge.
        material: Other cells by place, as `{(x, y, z): Material}`.
    """
    state = bare()
    voxels = np.zeros(SMALL.size, np.uint8)
    voxels[:, :, :GROUND] = Material.EARTH
    edge = [((15, y), 0, 0) for y in range(15, 15 - SMALL.plants, -1)]
    growing = (list(plants) + edge)[: SMALL.plants]
    for column, _, _ in growing:
        voxels[(*column, GROUND)] = Material.BUSH
    for column in blocks:
        voxels[(*column, GROUND)] = Material.BLOCK
    for cell, what in (material or {}).items():
        voxels[cell] = what
    height = (voxels != Material.AIR).sum(-1)
    standing = jnp.array([(*place, height[place]) for place in places])
    people = dataclasses.replace(
        state.people, place=standing, heading=jnp.array(headings), holds=jnp.array(holds or [0, 0, 0, 0])
    )
    grown = dataclasses.replace(
        state.plants,
        place=jnp.array([(*column, GROUND) for column, _, _ in growing]),
        look=jnp.array([look for _, look, _ in growing]),
        fruit=jnp.array([fruit for _, _, fruit in growing]),
    )
    return dataclasses.replace(state, voxels=jnp.array(voxels), people=people, plants=grown)


def deeds(*hands, say=None):
    """Deeds of all four, silent unless told."""
    silence = jnp.zeros((4, 5), int)
    return Deed(hand=jnp.array(hands, int), say=silence if say is None else jnp.array(say, int))


def bare():
    """A village of zeros in which all are alive and well, and every quality and season occurs."""
    shapes = jax.eval_shape(lambda key: SMALL.reset(key=key), jax.random.key(0))
    state = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    people = dataclasses.replace(
        state.people,
        alive=state.people.health == 0,
        health=state.people.health + 1,
        levels=state.people.levels + 0.75,
    )
    lore = Lore(
        quality=jnp.array([Quality.SWEET, *[Quality.SICKENING] * 2, Quality.BLAND, *[Quality.NOURISHING] * 2]),
        seasons=(jnp.arange(6)[:, None] + jnp.arange(4)) % 4 < 2,
        norms=jnp.ones(4, bool),
    )
    return dataclasses.replace(state, people=people, lore=lore)
