"""A survivor in a tiny flat land, and in Craftax where that is installed."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab import craftax_peer
from inhabit.lab.craftax import attended
from inhabit.lab.craftax_pupils import Ours, Theirs
from inhabit.learning import living
from inhabit.learning.schooling import Schooling
from inhabit.learning.surviving import Wilds
from inhabit.maths.compiling import brief
from inhabit.mind.survivor import Survivor
from inhabit.senses.voxels import VoxelSight


class Seen(eqx.Module):
    material: jax.Array
    creature: jax.Array
    body: jax.Array


class Came(eqx.Module):
    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array


class Meadow(eqx.Module):
    """A flower grows in one of three cells; 1 for picking where it was seen, and a life lasts 20 steps."""

    def reset(self, *, key):
        return jax.random.randint(key, (), 0, 3), jnp.zeros((), int)

    def observe(self, state):
        row = (jnp.arange(3) == state[0]).astype(jnp.uint8)
        return Seen(row[None], jnp.zeros((1, 3), jnp.uint8), jnp.ones(1))

    def line(self, state):
        return (jnp.arange(3) == state[0]).astype(float)

    def step(self, state, act, *, key):
        flower, age = state
        over = age + 1 >= 20
        came = Came((act == flower).astype(float), jnp.array(False), over)
        return (jax.random.randint(key, (), 0, 3), age + 1), came


def _born():
    sight = VoxelSight((1, 3, 1), 2, 1, 8, key=jax.random.key(0))
    return Survivor.create(sight, 8, body=1, deeds=3, key=jax.random.key(1))


def test_what_was_lived_is_found_again_with_an_unchanged_mind_and_is_paid_in_the_homes_unit():
    home, mind = Wilds(Meadow(), unit=2.0), _born()

    @brief
    def live(mind, key):
        lives = living.born(mind, home, 4, key=key)
        lives, (trace, turn, _) = living.live(mind, home, lives, steps=24, key=key)
        return lives, trace, turn, jax.vmap(mind.relive)(jnp.zeros((4, mind.core_.size)), trace, trace.act)

    lives, trace, turn, relived = live(mind, jax.random.key(2))
    np.testing.assert_allclose(relived.log_probability, trace.log_probability, atol=1e-5)
    np.testing.assert_allclose(relived.value, trace.value, atol=1e-5)
    flower = np.argmax(trace.moment.window.material[:, :, 0, :, 0], -1)
    np.testing.assert_array_equal(turn.reward[..., 0], 2.0 * (flower == trace.act))
    assert jnp.all(lives.age == 20) and jnp.all(turn.truncated[:, 19])
    np.testing.assert_allclose(lives.total, np.sum(turn.reward[:, :20, 0], 1))


def test_craftax_is_seen_as_it_stands_and_pays_for_what_is_first_done():
    pytest.importorskip("craftax")
    from inhabit.worlds.adapters import craftax as wilds

    world = wilds.CraftaxClassic()
    state = brief(lambda key: world.reset(key=key))(jax.random.key(0))
    seen = brief(world.observe)(state)
    down, right = (size // 2 for size in wilds.SHAPE)
    x, y = state.player_position
    np.testing.assert_array_equal(seen.material, state.map[x - down : x + down + 1, y - right : y + right + 1])
    cows = state.cows.position[state.cows.mask] - state.player_position + jnp.array([down, right])
    inside = [(int(a), int(b)) for a, b in cows if 0 <= a < wilds.SHAPE[0] and 0 <= b < wilds.SHAPE[1]]
    assert {tuple(cell) for cell in np.argwhere(seen.creature == 2).tolist()} == set(inside)
    assert seen.body.shape == (wilds.BODY,)
    tree = 5
    ahead = state.player_position + jnp.array(
        {1: (0, -1), 2: (0, 1), 3: (-1, 0), 4: (1, 0)}[int(state.player_direction)]
    )
    state = eqx.tree_at(lambda one: one.map, state, state.map.at[ahead[0], ahead[1]].set(tree))
    step = brief(lambda state, act: world.step(state, jnp.asarray(act), key=jax.random.key(1)))
    state, came = step(state, 5)
    assert came.reward == 1.0 and int(state.inventory.wood) == 1 and not came.terminated
    state, came = step(state, 5)
    assert came.reward == 0.0  # again is no achievement
    dying = state.replace(player_health=0)
    assert step(dying, 0)[1].terminated
    late = state.replace(timestep=jnp.array(9_999))
    came = step(late, 0)[1]
    assert came.truncated and not came.terminated


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_survivor_and_a_peer_learn_to_pick_what_they_see(whose):
    if whose == "ours":
        school = Schooling(
            lives=16, steps=8, births=4, minibatches=2, rate=1e-2, discount=0.5, entropy=0.002, value=1.0
        )
        pupil = Ours(_born(), Meadow(), school, seed=0)
    else:
        terms = craftax_peer.Terms(worlds=16, steps=8, births=4, minibatches=2, rate=1e-2, discount=0.5, width=16)
        pupil = Theirs(Meadow(), 3, terms, seed=0)
    before = pupil.spent(lives=16, longest=50, key=jax.random.key(5))[0].mean()
    for _ in range(6):
        last = attended(pupil, 8 * 16 * 10)
    after, age = pupil.spent(lives=16, longest=50, key=jax.random.key(5))
    assert before < 12 and last.reward > 17 and after.mean() > 17 and np.all(age == 20)  # of 20; chance is 6.7


def test_a_peers_lives_follow_one_another_and_each_is_paid_once():
    terms = craftax_peer.Terms(worlds=4, steps=45, births=2, epochs=1, minibatches=2, width=8)
    pupil = craftax_peer.enrol(Meadow(), 3, terms, 9, seed=0)
    pupil, lived = brief(craftax_peer.live)(pupil, Meadow(), terms, key=jax.random.key(3))
    assert [int(step) for step in np.flatnonzero(lived.over.all(1))] == [19, 39] and lived.over.sum() == 8
    paid = lived.reward.reshape(9, 5, 4).sum(1)  # in fives of steps
    np.testing.assert_allclose(lived.total[19], paid[:4].sum(0))
    np.testing.assert_allclose(lived.total[39], paid[4:8].sum(0))
    np.testing.assert_allclose(pupil.paid, paid[8])
    np.testing.assert_array_equal(lived.reward, lived.seen[..., :3].argmax(-1) == lived.act)
