import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.worlds.village import Hand, Material
from inhabit.worlds.village.doing import BLOCK, FRUIT, act
from tests.villages import GROUND, deeds, flat

do = jax.jit(act)
NORTH, EAST, SOUTH, WEST = range(4)
STAY, FORWARD, PICK, PUT, EAT, GIVE = Hand.STAY, Hand.FORWARD, Hand.PICK, Hand.PUT, Hand.EAT, Hand.GIVE


def act_by(state, *hands):
    after, outcome = do(state, deeds(*hands).hand)
    return after, np.asarray(outcome.did).tolist()


def place(state, who):
    return tuple(np.asarray(state.people.place[who]).tolist())


def test_one_walks_the_way_one_faces_and_turns_on_the_spot():
    start = flat(places=[(5, 5), (8, 5), (5, 8), (8, 8)], headings=[NORTH, EAST, SOUTH, WEST])
    after, did = act_by(start, FORWARD, FORWARD, FORWARD, FORWARD)
    assert did == [True] * 4
    assert [place(after, who) for who in range(4)] == [(5, 4, 3), (9, 5, 3), (5, 9, 3), (7, 8, 3)]
    turned, _ = act_by(start, Hand.LEFT, Hand.RIGHT, Hand.RIGHT, STAY)
    assert np.asarray(turned.people.heading).tolist() == [WEST, SOUTH, WEST, WEST]


def test_one_climbs_one_block_and_not_two():
    places = [(5, 5), (8, 5), (5, 8), (0, 8)]
    high = {(8, 4, GROUND): Material.BLOCK, (8, 4, GROUND + 1): Material.BLOCK, (5, 7, GROUND): Material.TRUNK}
    start = flat(places=places, headings=[NORTH, NORTH, NORTH, WEST], blocks=[(5, 4)], material=high)
    after, did = act_by(start, FORWARD, FORWARD, FORWARD, FORWARD)  # onto a block, two blocks, a trunk, out of the land
    assert did == [True, False, False, False]
    assert place(after, 0) == (5, 4, GROUND + 1)
    back, did = act_by(after, Hand.LEFT, STAY, STAY, STAY)
    down, did = act_by(back, FORWARD, STAY, STAY, STAY)
    assert did[0] and place(down, 0) == (4, 4, GROUND)


def test_blocks_are_picked_and_stacked():
    start = flat(
        places=[(5, 5), (12, 2), (12, 4), (12, 6)], headings=[EAST] * 4, holds=[BLOCK, 0, 0, 0], blocks=[(6, 5)]
    )
    stacked, did = act_by(start, PUT, STAY, STAY, STAY)
    assert did[0] and int(stacked.people.holds[0]) == 0
    assert np.asarray(stacked.voxels[6, 5, GROUND : GROUND + 3]).tolist() == [
        Material.BLOCK,
        Material.BLOCK,
        Material.AIR,
    ]
    lifted, did = act_by(stacked, PICK, STAY, STAY, STAY)
    assert did[0] and int(lifted.people.holds[0]) == BLOCK
    assert np.asarray(lifted.voxels).tobytes() == np.asarray(start.voxels).tobytes()
    _, did = act_by(lifted, PICK, STAY, STAY, STAY)
    assert not did[0]  # the hand is full


def test_nothing_is_built_on_water_or_under_feet_nor_pulled_from_under_them():
    water = {(6, 5, GROUND - 1): Material.WATER}
    start = flat(
        places=[(5, 5), (5, 8), (6, 8), (12, 8)],
        headings=[EAST, EAST, NORTH, EAST],
        holds=[BLOCK, BLOCK, 0, 0],
        blocks=[(6, 8)],
        material=water,
    )
    _, did = act_by(start, PUT, PUT, STAY, STAY)
    assert did[:2] == [False, False]
    empty = dataclasses.replace(start, people=dataclasses.replace(start.people, holds=jnp.zeros(4, int)))
    _, did = act_by(empty, FORWARD, PICK, STAY, STAY)
    assert did[:2] == [False, False]


def test_a_gift_goes_to_the_empty_hand_in_front():
    start = flat(
        places=[(5, 5), (6, 5), (7, 5), (12, 5)], headings=[EAST, EAST, WEST, WEST], holds=[FRUIT + 3, 0, BLOCK, 0]
    )
    after, did = act_by(start, GIVE, STAY, STAY, STAY)
    assert did[0] and np.asarray(after.people.holds).tolist() == [0, FRUIT + 3, BLOCK, 0]
    for t, holds in ((0, [0, FRUIT + 3, BLOCK, 0]), (1, [FRUIT + 3, BLOCK, 0, 0])):  # both give: the turn passes round
        now = dataclasses.replace(start, time=jnp.array(t))
        after, did = act_by(now, GIVE, STAY, GIVE, STAY)
        assert np.asarray(after.people.holds).tolist() == holds
    full, did = act_by(start, STAY, GIVE, STAY, GIVE)
    assert did[1] is False and did[3] is False  # nothing to give, nobody there
    _, did = act_by(start, GIVE, PICK, STAY, STAY)
    assert not did[0]  # a hand that picks takes no gift


def test_fruit_is_picked_tasted_and_eaten():
    start = flat(places=[(5, 5), (7, 5), (12, 5), (12, 8)], headings=[EAST, WEST, EAST, EAST], plants=[((6, 5), 4, 2)])
    after, did = act_by(start, PICK, PICK, STAY, STAY)
    assert did[:2] == [True, False] and int(after.plants.fruit[0]) == 1  # one bush, one hand at a time
    tasted, outcome = do(after, deeds(Hand.TASTE, PICK, EAT, STAY).hand)
    quality = int(start.lore.quality[4])
    assert np.asarray(tasted.people.holds).tolist() == [FRUIT + 4, FRUIT + 4, 0, 0] and int(tasted.plants.fruit[0]) == 0
    assert np.asarray(outcome.mouthed).tolist() == [quality, 0, 0, 0] and np.asarray(outcome.picked).tolist() == [
        0,
        1,
        0,
        0,
    ]
    eaten, outcome = do(tasted, deeds(EAT, STAY, EAT, STAY).hand)
    assert np.asarray(eaten.people.holds).tolist() == [0, FRUIT + 4, 0, 0]
    assert np.asarray(eaten.people.taste).tolist() == [quality, 0, 0, 0] and not bool(outcome.did[2])


def test_one_drinks_from_water_in_front():
    start = flat(places=[(5, 5), (5, 8), (9, 5), (9, 8)], headings=[EAST] * 4, material={(6, 5, 2): Material.WATER})
    _, outcome = do(start, deeds(EAT, EAT, STAY, STAY).hand)
    assert np.asarray(outcome.drank).tolist() == [True, False, False, False]


@pytest.mark.parametrize("time, walker", [(0, 0), (1, 1), (2, 2), (3, 0), (4, 0)])
def test_who_comes_first_passes_round(time, walker):
    # three face the same column; the fourth is elsewhere, and in its turn the next in order goes
    start = flat(places=[(5, 6), (7, 6), (6, 5), (12, 12)], headings=[EAST, WEST, SOUTH, EAST])
    after, did = act_by(dataclasses.replace(start, time=jnp.array(time)), FORWARD, FORWARD, FORWARD, STAY)
    assert [who for who in range(3) if did[who]] == [walker] and place(after, walker) == (6, 6, 3)


def test_nobody_swaps_follows_or_walks_through_anybody():
    start = flat(places=[(5, 5), (6, 5), (7, 5), (12, 5)], headings=[EAST, WEST, WEST, EAST])
    _, did = act_by(start, FORWARD, FORWARD, FORWARD, FORWARD)
    assert did == [False, False, False, True]


def test_the_dead_do_nothing_and_are_not_in_the_way():
    start = flat(places=[(5, 5), (6, 5), (12, 5), (12, 8)], headings=[EAST, WEST, EAST, EAST])
    alive = jnp.array([True, False, True, True])
    start = dataclasses.replace(start, people=dataclasses.replace(start.people, alive=alive))
    after, did = act_by(start, FORWARD, FORWARD, STAY, STAY)
    assert did[:2] == [True, False] and place(after, 0) == (6, 5, 3)


crowd = st.permutations([(x, y) for x in range(5, 8) for y in range(5, 8)])
hands = st.lists(st.sampled_from([FORWARD, PICK, PUT, EAT, GIVE, FORWARD, PICK, PUT]), min_size=4, max_size=4)


@settings(max_examples=80, deadline=None)
@given(
    crowd,
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.lists(st.sampled_from([0, 0, BLOCK, FRUIT + 1, FRUIT + 5]), min_size=4, max_size=4),
    hands,
    st.integers(0, 7),
)
def test_laws_of_a_crowd(columns, headings, holds, hand, time):
    """Nothing appears or vanishes but by eating; nobody in a wall, nobody in another, nobody in the air."""
    bushes = [(columns[6], 1, 1), (columns[7], 5, 2)]
    start = flat(places=columns[:4], headings=headings, holds=holds, blocks=columns[4:6], plants=bushes)
    start = dataclasses.replace(start, time=jnp.array(time))
    after, outcome = do(start, deeds(*hand).hand)
    before_voxels, voxels = np.asarray(start.voxels), np.asarray(after.voxels)
    count = lambda state, land: int((land == Material.BLOCK).sum() + (np.asarray(state.people.holds) == BLOCK).sum())
    assert count(start, before_voxels) == count(after, voxels)
    eaten = sum(h == EAT and held >= FRUIT for h, held in zip(hand, holds))
    fruit = lambda state: int(state.plants.fruit.sum()) + int((np.asarray(state.people.holds) >= FRUIT).sum())
    assert fruit(start) - eaten == fruit(after) and int(after.plants.fruit.min()) >= 0
    changed = before_voxels != voxels
    assert set(before_voxels[changed]) | set(voxels[changed]) <= {Material.AIR, Material.BLOCK}
    places = np.asarray(after.people.place)
    assert len({tuple(one) for one in places[:, :2]}) == 4
    for who, (x, y, z) in enumerate(places):
        assert voxels[x, y, z] == Material.AIR and (voxels[x, y] != Material.AIR).sum() == z
        assert abs(places[who] - np.asarray(start.people.place[who])).max() <= 1
