import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.worlds.village import Material
from inhabit.worlds.village.doing import AHEAD
from inhabit.worlds.village.observing import observe
from inhabit.worlds.village.sight import OPAQUE, predecessor
from tests.villages import GROUND, flat

look = jax.jit(observe)
FAR = [(0, 0), (0, 2), (0, 4)]
"""Where the other three stand out of the way."""


def at(ahead, right, up):
    return ahead + 2, right + 4, up + 2


def seen_from(column=(8, 8), heading=0, **land):
    return jax.tree.map(np.asarray, look(flat(places=[column, *FAR], headings=[heading, 0, 0, 0], **land)))


def test_flat_ground_is_seen_to_its_end_and_nothing_under_it():
    sight = seen_from((8, 8)).sight[0]
    assert (sight[:, :, 1] == Material.EARTH).all() and (sight[:, :, 0] == Material.HIDDEN).all()
    assert (sight[:, :, 2:] == Material.AIR).all()
    edge = seen_from((8, 2)).sight[0]
    assert (edge[at(2, 0, 0)[0] + 1 :] == Material.HIDDEN).all() and edge[at(2, 0, -1)] == Material.EARTH


@pytest.mark.parametrize("heading", range(4))
def test_the_window_turns_with_the_heading(heading):
    ahead, right = AHEAD[heading], AHEAD[(heading + 1) % 4]
    cell = np.array((8, 8)) + 3 * ahead + 2 * right
    sight = seen_from(heading=heading, material={(*cell, GROUND): Material.HEARTH}).sight[0]
    assert [tuple(one) for one in np.argwhere(sight == Material.HEARTH)] == [at(3, 2, 0)]


def test_a_trunk_hides_what_is_behind_it():
    trunk = {(8, 6, GROUND + up): Material.TRUNK for up in range(3)}
    behind = {(8, 4, GROUND): Material.HEARTH, (6, 4, GROUND): Material.HEARTH}
    sight = seen_from(material=trunk | behind).sight[0]
    assert sight[at(2, 0, 0)] == sight[at(2, 0, 1)] == sight[at(2, 0, 2)] == Material.TRUNK
    assert (sight[at(3, 0, 0)[0] :, 4] == Material.HIDDEN).all()  # the whole column of columns behind
    assert sight[at(4, -2, 0)] == Material.HEARTH  # beside the shadow
    assert (sight[at(1, 0, 0)[0], 4, 2:] == Material.AIR).all() and sight[at(1, 0, -1)] == Material.EARTH


def test_one_looks_over_an_edge_down_a_step_and_not_over_a_block():
    low = {(x, y, GROUND - 1): Material.AIR for x in range(16) for y in range(7)}
    down = seen_from(material=low).sight[0]
    assert down[at(1, 0, -1)] == Material.EARTH and down[at(2, 0, -1)] == Material.AIR
    assert down[at(2, 0, -2)] == Material.HIDDEN  # right under the edge
    assert (down[at(3, 0, -2)[0] :, 4, 0] == Material.EARTH).all()
    over = seen_from(blocks=[(8, 7)], material={(8, 5, GROUND): Material.HEARTH}).sight[0]
    assert over[at(1, 0, 0)] == Material.BLOCK and over[at(3, 0, 0)] == Material.HIDDEN
    assert over[at(2, 0, 1)] == Material.AIR


def test_fruit_and_people_are_seen_where_they_are_unless_hidden():
    plants = [((8, 6), 3, 2), ((9, 6), 5, 0)]
    start = flat(places=[(8, 8), (7, 5), (12, 5), (13, 13)], headings=[0, 0, 3, 0], plants=plants)
    seen = jax.tree.map(np.asarray, look(start))
    assert [tuple(one) for one in np.argwhere(seen.ripe[0])] == [at(2, 0, 0)] and seen.ripe[0][at(2, 0, 0)] == 4
    assert seen.sight[0][at(2, 1, 0)] == Material.BUSH  # bare, and seen all the same
    assert sorted((tuple(one), int(seen.person[0][tuple(one)])) for one in np.argwhere(seen.person[0])) == [
        (at(3, -1, 0), 2),
        (at(3, 4, 0), 3),
    ]
    assert seen.person[2][at(5, 0, 0)] == 2  # the third looks west, at the second
    wall = {(x, 6, GROUND + up): Material.STONE for x in range(16) for up in range(4) if x not in (8, 9)}
    hidden = flat(places=[(8, 8), (7, 5), (12, 5), (13, 13)], headings=[0, 0, 3, 0], plants=plants, material=wall)
    assert not np.asarray(look(hidden).person[0]).any()


def test_nothing_is_seen_beyond_the_edge_of_the_land():
    start = flat(places=[(8, 3), (8, 0), (6, 0), (13, 13)], headings=[0] * 4, plants=[((9, 0), 3, 2)])
    seen = jax.tree.map(np.asarray, look(start))
    assert np.argwhere(seen.person[0]).tolist() == [list(at(3, -2, 0)), list(at(3, 0, 0))]
    assert np.argwhere(seen.ripe[0]).tolist() == [list(at(3, 1, 0))]


def test_sight_is_that_of_a_slow_plain_loop():
    rng = np.random.default_rng(0)
    for _ in range(3):
        columns = rng.permutation(200)[:4]
        state = flat(places=[(at // 16, at % 16) for at in columns.tolist()], headings=rng.integers(0, 4, 4))
        clutter = {tuple(rng.integers(0, 16, 2)) for _ in range(60)} - {
            tuple(place[:2]) for place in np.asarray(state.people.place)
        }
        voxels = np.array(state.voxels)
        for x, y in clutter:
            voxels[x, y, GROUND : GROUND + rng.integers(1, 4)] = rng.choice([Material.BLOCK, Material.HEARTH])
        state = dataclasses.replace(state, voxels=jnp.array(voxels))
        sight = np.asarray(look(state).sight)
        for who in range(4):
            slow = plain(voxels, np.asarray(state.people.place[who]), int(state.people.heading[who]))
            assert (sight[who] == slow).all()


def plain(voxels, place, heading):
    """What is seen, cell by cell along the way to the eye."""
    ahead, right = AHEAD[heading], AHEAD[(heading + 1) % 4]

    def material(a, r, u):
        x, y = place[:2] + a * ahead + r * right
        inside = 0 <= x < voxels.shape[0] and 0 <= y < voxels.shape[1] and 0 <= place[2] + u < voxels.shape[2]
        return voxels[x, y, place[2] + u] if inside else Material.HIDDEN

    def visible(cell):
        nearer = predecessor(*cell)
        return nearer == (0, 0, 0) or (material(*nearer) not in OPAQUE and visible(nearer))

    shown = np.zeros((9, 9, 5), int)
    for a, r, u in np.ndindex(9, 9, 5):
        cell = (a - 2, r - 4, u - 2)
        shown[a, r, u] = material(*cell) if cell == (0, 0, 0) or visible(cell) else Material.HIDDEN
    return shown


def test_the_nearest_four_are_heard_with_their_bearing():
    start = flat(places=[(8, 8), (8, 5), (10, 8), (8, 15)], headings=[1, 0, 0, 0])
    said = jnp.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 1], [6, 2, 0, 0, 0], [5, 0, 0, 0, 0]])
    heard = jax.tree.map(np.asarray, look(dataclasses.replace(start, said=said)))
    assert heard.speaker[0].tolist() == [3, 2, 0, 0]  # the fourth is out of earshot
    assert heard.heard[0].tolist() == [[6, 2, 0, 0, 0], [1, 0, 0, 0, 1], [0] * 5, [0] * 5]
    assert heard.bearing[0].tolist() == [[2 / 8, 0], [0, -3 / 8], [0, 0], [0, 0]]  # ahead, to the left
    assert heard.speaker[3].tolist() == [0, 0, 0, 0]
