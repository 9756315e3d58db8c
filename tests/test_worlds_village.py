import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.worlds.village import Deed, Hand, Material, Quality, Say, Village
from inhabit.worlds.village.acts import WORDS
from inhabit.worlds.village.body import AMBIENT, CONDUCTION, DRAUGHT, EFFECT, FALL, NIBBLE, live
from inhabit.worlds.village.doing import BLOCK, FRUIT, GROUND
from inhabit.worlds.village.plants import CAPACITY, bearing, grow
from inhabit.worlds.village.state import DAY, SEASON, Outcome
from tests.villages import SMALL, deeds, flat

LENGTH, VILLAGES = 160, 12
LIKELY = jnp.array([*Hand, *[Hand.FORWARD] * 4, *[Hand.PICK] * 3, Hand.PUT, Hand.EAT, Hand.GIVE])
"""Random hands that get something done."""


def deed_of(key):
    """Random deeds of a village."""
    hand_key, say_key = jax.random.split(key)
    most = jnp.array([*WORDS, SMALL.people + 1])
    hand = jax.random.choice(hand_key, LIKELY, (SMALL.people,))
    return Deed(hand=hand, say=jax.random.randint(say_key, (SMALL.people, 5), 0, most))


def step(state, key):
    return SMALL.step(state, deed_of(key), key=key)


KEYS = jax.random.split(jax.random.key(1), LENGTH * VILLAGES).reshape(LENGTH, VILLAGES)


@pytest.fixture(scope="module")
def starts():
    return jax.jit(jax.vmap(lambda key: SMALL.reset(key=key)))(KEYS[0])


@pytest.fixture(scope="module")
def lives(starts):
    """Villages as they were lived under random deeds: states and events by village and step, in plain arrays.

    There is one state more than there are events.
    """
    many, states, events = jax.jit(jax.vmap(step)), [starts], []
    for keys in KEYS:
        state, event = many(states[-1], keys)
        states.append(state)
        events.append(event)
    return tuple(jax.tree.map(lambda *leaves: np.stack(leaves, 1), *each) for each in (states, events))


def test_blocks_are_never_made_nor_lost(lives):
    states, _ = lives
    blocks = (states.voxels == Material.BLOCK).sum((2, 3, 4)) + (states.people.holds == BLOCK).sum(2)
    assert (blocks == blocks[:, :1]).all() and (states.voxels == Material.BLOCK).sum((2, 3, 4)).std() > 0
    still = [m for m in Material if m not in (Material.AIR, Material.BLOCK)]
    for material in still:
        assert ((states.voxels == material) == (states.voxels[:, :1] == material)).all()


def test_fruit_comes_by_growth_and_goes_by_eating(lives):
    states, events = lives
    had = states.people.holds[:, :-1] >= FRUIT
    eaten = (had & (events.hand == Hand.EAT) & events.did).sum(2)
    assert eaten.sum() > 10
    fruit = states.plants.fruit.sum(2) + (states.people.holds >= FRUIT).sum(2)
    season = (states.time // SEASON) % 4
    bears = np.take_along_axis(states.lore.seasons, season[..., None, None], 3)[..., 0]
    in_season = np.take_along_axis(bears, states.plants.look, 2)
    grown = fruit[:, 1:] - fruit[:, :-1] + eaten
    assert (grown >= 0).all() and (grown <= in_season[:, :-1].sum(2)).all() and grown.sum() > 0
    hanging = states.plants.fruit
    hung = (had & (events.hand == Hand.PUT) & events.did).any(2)[..., None]
    more = hanging[:, 1:] - hanging[:, :-1]
    assert (hanging >= 0).all() and (more <= 0)[~in_season[:, :-1] & ~hung].all()
    assert (hanging[:, 1:] <= CAPACITY)[(hanging[:, :-1] <= CAPACITY) & ~hung].all()


def test_nobody_is_ever_in_a_wall_in_the_air_or_in_another(lives):
    states, _ = lives
    place = states.people.place
    index = np.indices(place.shape[:3])
    x, y, z = (place[..., axis] for axis in range(3))
    village, step = index[0], index[1]
    assert (states.voxels[village, step, x, y, z] == Material.AIR)[states.people.alive].all()
    assert np.isin(states.voxels[village, step, x, y, z - 1], GROUND)[states.people.alive].all()
    column = np.where(states.people.alive, x * 100 + y, -1 - np.arange(SMALL.people))
    assert all(len(set(one)) == SMALL.people for one in column.reshape(-1, SMALL.people).tolist())


def test_terminated_is_the_step_of_dying_and_the_dead_stay_as_they_are(lives):
    states, events = lives
    alive = states.people.alive
    assert (events.terminated == (alive[:, :-1] & ~alive[:, 1:])).all()
    assert 0 < events.terminated.sum() < events.terminated[:, 0].size  # some die, and a life that goes on has no end
    assert ((states.people.health == 0) == ~alive).all()
    gone = ~alive[:, :-1]
    assert not events.did[gone].any() and not events.say[gone].any()
    for name in ("place", "holds", "levels", "health"):
        now = getattr(states.people, name)
        assert (now[:, 1:][gone] == now[:, :-1][gone]).all()


def test_same_seed_same_bytes_alone_and_in_company(lives):
    states, events = lives
    state, alone = jax.tree.map(lambda leaf: leaf[3, 0], states), jax.jit(step)
    for at, key in enumerate(KEYS[:60, 3]):
        state, event = alone(state, key)
        for one, many in zip(jax.tree.leaves((state, event)), jax.tree.leaves((states, events)), strict=True):
            assert np.asarray(one).tobytes() == many[3, at + (len(many[3]) > LENGTH)].tobytes()


def test_a_step_gives_back_the_very_types_it_takes(starts):
    """Else a program that steps compiles twice."""
    one = jax.tree.map(lambda leaf: leaf[0], starts)
    after, _ = jax.eval_shape(step, one, KEYS[0, 0])
    for before, now in zip(jax.tree.leaves(jax.eval_shape(lambda state: state, one)), jax.tree.leaves(after)):
        assert (before.shape, before.dtype, before.weak_type) == (now.shape, now.dtype, now.weak_type)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves(jax.eval_shape(SMALL.observe, one)))


@pytest.mark.slow
def test_same_seed_same_village_alone_and_in_companies_of_any_size(starts):
    for some in (1, 5):
        again = jax.jit(jax.vmap(lambda key: SMALL.reset(key=key)))(KEYS[0, :some])
        for one, many in zip(jax.tree.leaves(again), jax.tree.leaves(starts)):
            assert np.asarray(one).tobytes() == np.asarray(many[:some]).tobytes()


def test_a_land_has_water_and_ground_to_stand_on(starts):
    starts = jax.tree.map(np.asarray, starts)
    for village in range(VILLAGES):
        voxels = starts.voxels[village]
        height = (voxels != Material.AIR).sum(-1)
        assert (np.cumprod(voxels != Material.AIR, -1).sum(-1) == height).all()  # no caves, nothing in the air
        assert (voxels == Material.WATER).sum() >= 9 and (voxels == Material.HEARTH).sum() == 1
        place, hearth = starts.plants.place[village], tuple(starts.hearth[village])
        assert (voxels == Material.BUSH).sum() == len(place) and (voxels[tuple(place.T)] == Material.BUSH).all()
        assert voxels[(*hearth, height[hearth] - 1)] == Material.HEARTH
        x, y, z = starts.people.place[village].T
        assert (height[x, y] == z).all() and np.isin(voxels[x, y, z - 1], GROUND).all()
        bare = np.where(np.isin(voxels.max(-1), (Material.EARTH, Material.STONE)), height, -9)
        rise = np.abs(np.diff(bare, axis=0))
        assert (rise[rise < 5] <= 1).mean() > 0.95


def test_lore_differs_and_always_feeds(starts):
    lores = jax.tree.map(np.asarray, starts.lore)
    for quality, seasons, norms in zip(lores.quality, lores.seasons, lores.norms):
        counts = np.bincount(quality, minlength=5)
        assert counts[Quality.NOURISHING] >= 2 and counts[Quality.SWEET] >= 1 and counts[Quality.SICKENING] >= 2
        assert seasons[quality == Quality.NOURISHING].any(0).all() and norms.sum() >= 2
        assert set(seasons.sum(1)) <= {2, 3}
    assert len({tuple(one) for one in lores.quality}) > VILLAGES // 2


def test_plants_bear_only_in_season_and_up_to_their_capacity():
    state = flat(
        places=[(0, 0), (0, 2), (0, 4), (0, 6)], headings=[0] * 4, plants=[((5, 5), look, 2) for look in range(6)]
    )
    pass_by = lambda plants, key: (grow(plants, state.lore, jnp.array(SEASON), key=key), None)
    plants, _ = jax.lax.scan(pass_by, state.plants, jax.random.split(jax.random.key(0), 400))
    wanted = np.where(
        np.asarray(state.lore.seasons)[np.asarray(plants.look), 1], CAPACITY, np.asarray(state.plants.fruit)
    )
    assert np.asarray(plants.fruit).tolist() == wanted.tolist()
    assert np.asarray(bearing(plants, state.lore, jnp.array(SEASON))).any()


def body(state, hand=Hand.STAY, say=None, mouthed=0, drank=False):
    """The first person after a step of bodies."""
    none = jnp.zeros(4, int)
    outcome = Outcome(did=none == 0, picked=none, gave=none, front=none, mouthed=none.at[0].set(mouthed),
                      drank=jnp.array([drank, False, False, False]))  # fmt: skip
    deed = deeds(hand, 0, 0, 0, say=say)
    asleep = jnp.array([hand == Hand.REST, False, False, False])
    state = dataclasses.replace(state, people=dataclasses.replace(state.people, asleep=asleep))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[0], jax.jit(live)(state, deed.hand, deed.say, outcome).people)


@pytest.fixture(scope="module")
def calm():
    """Four apart by day, all levels at a half, no fire near, no goodwill."""
    state = flat(places=[(2, 2), (13, 2), (2, 13), (9, 9)], headings=[0] * 4)
    people = dataclasses.replace(state.people, levels=jnp.full((4, 6), 0.5))
    return eqx.tree_at(
        lambda s: (s.people, s.hearth, s.bonds.goodwill), state, (people, jnp.array([8, 14]), jnp.zeros((4, 4)))
    )


def test_levels_fall_and_are_filled(calm):
    warmth = 0.5 + CONDUCTION * (AMBIENT[0, 0] - 0.5)
    usual = 0.5 - FALL
    usual[3] = warmth
    assert body(calm).levels == pytest.approx(usual, abs=1e-6)
    assert body(calm, Hand.EAT, drank=True).levels[1] == pytest.approx(usual[1] + DRAUGHT, abs=1e-6)
    fed = usual + EFFECT[Quality.NOURISHING]
    assert body(calm, Hand.EAT, mouthed=Quality.NOURISHING).levels == pytest.approx(fed, abs=1e-6)
    nibbled = usual + NIBBLE * EFFECT[Quality.SWEET]
    assert body(calm, Hand.TASTE, mouthed=Quality.SWEET).levels == pytest.approx(nibbled, abs=1e-6)
    by_fire = dataclasses.replace(calm, hearth=jnp.array([4, 2]), time=jnp.array(DAY - 1))
    assert body(by_fire).levels[3] == pytest.approx(0.5 + CONDUCTION * 0.5, abs=1e-6)
    by_night = dataclasses.replace(calm, time=jnp.array(DAY - 1))
    assert body(by_night).levels[3] < 0.5 < body(by_night, Hand.REST).levels[2]


def test_a_whole_sickening_fruit_kills_and_so_do_two_nibbles_but_not_one(calm):
    whole = body(calm, Hand.EAT, mouthed=Quality.SICKENING)
    nibble = body(calm, Hand.TASTE, mouthed=Quality.SICKENING)
    assert not whole.alive and nibble.alive and nibble.health < 0.5 and nibble.stress > 0.5
    hurt = dataclasses.replace(calm, people=dataclasses.replace(calm.people, health=jnp.full(4, nibble.health)))
    assert not body(hurt, Hand.TASTE, mouthed=Quality.SICKENING).alive
    assert body(hurt, Hand.TASTE, mouthed=Quality.SWEET).alive


def test_want_wears_one_down_to_death(calm):
    starved = eqx.tree_at(lambda s: s.people.levels, calm, calm.people.levels.at[0, :2].set(0.0))
    weak = eqx.tree_at(lambda s: s.people.health, starved, jnp.array([0.03, 1, 1, 1]))
    worn = body(starved)
    assert worn.health == pytest.approx(0.96, abs=1e-6) and worn.alive and worn.stress > 0
    assert not body(weak).alive and body(weak).health == 0


def test_company_and_complaints(calm):
    kind = [[0] * 5, [Say.GREET, 0, 0, 0, 1], [0] * 5, [0] * 5]
    harsh = [[0] * 5, [Say.COMPLAIN, 0, Quality.RUDE, 0, 1], [0] * 5, [0] * 5]
    near = flat(places=[(2, 2), (2, 4), (2, 13), (9, 9)], headings=[0] * 4)
    near = dataclasses.replace(calm, people=dataclasses.replace(calm.people, place=near.people.place))
    liked = eqx.tree_at(lambda s: s.bonds.goodwill, near, jnp.full((4, 4), 0.5))
    alone, beside = body(calm).levels[4], body(near).levels[4]
    assert beside == alone < body(liked).levels[4] < body(near, say=kind).levels[4]
    assert body(calm, say=kind).levels[4] == alone  # out of earshot
    assert body(near, say=harsh).stress > 0 == body(near, say=kind).stress


def test_nobody_speaks_asleep_or_to_oneself():
    start = flat(places=[(2, 2), (4, 2), (2, 4), (4, 4)], headings=[0] * 4)
    greet = [[Say.GREET, 0, 0, 0, whom] for whom in (2, 2, 0, 1)]
    after, event = jax.jit(SMALL.step)(start, deeds(0, 0, Hand.REST, 0, say=greet), key=jax.random.key(0))
    assert np.asarray(after.said).tolist() == [greet[0], [Say.GREET, 0, 0, 0, 0], [0] * 5, greet[3]]
    assert np.asarray(event.say).tolist() == np.asarray(after.said).tolist() and int(after.time) == 1


@pytest.mark.parametrize(
    "wrong", [{"people": 1}, {"people": 17}, {"plants": 6}, {"size": (24, 24, 9)}, {"size": (8, 24, 8)}, {"liars": 2.0}]
)
def test_a_village_refuses_what_cannot_be(wrong):
    with pytest.raises(ValueError, match="give"):
        Village(**wrong)
