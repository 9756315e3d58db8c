"""Sight and hearing in their own geometry, against plain loops."""

import jax
import jax.numpy as jnp
import numpy as np

from inhabit.senses.hearing import Hearing
from inhabit.senses.voxels import Blind, FlatSight, VoxelSight, Window


def _window(many=2, seed=0):
    rng = np.random.default_rng(seed)
    draw = lambda high: jnp.asarray(rng.integers(0, high, (many, 3, 5, 2)).astype(np.uint8))
    return Window(draw(4), draw(3), draw(2))


def test_native_sight_is_one_map_a_column_then_one_a_row_then_one_of_all():
    sight, window = VoxelSight((3, 5, 2), 4, 2, 6, column=3, row=4, key=jax.random.key(0)), _window()
    relu = lambda x: np.maximum(x, 0)
    for one in range(2):
        rows = []
        for ahead in range(3):
            columns = []
            for right in range(5):
                code = []
                for up in range(2):
                    m, r, p = (
                        np.asarray(leaf)[one, ahead, right, up]
                        for leaf in (window.material, window.ripe, window.person)
                    )
                    code += [*(m == np.arange(4)), *(r == np.arange(1, 3)), p > 0]
                columns.append(relu(np.asarray(sight.up.weight) @ np.array(code, float) + np.asarray(sight.up.bias)))
            rows.append(relu(np.asarray(sight.right.weight) @ np.concatenate(columns) + np.asarray(sight.right.bias)))
        plain = relu(np.asarray(sight.ahead.weight) @ np.concatenate(rows) + np.asarray(sight.ahead.bias))
        np.testing.assert_allclose(sight(window)[one], plain, rtol=1e-4, atol=1e-5)


def test_other_sights_have_the_same_shape_and_the_blind_see_nothing():
    window = _window()
    assert FlatSight((3, 5, 2), 4, 2, 6, hidden=3, key=jax.random.key(0))(window).shape == (2, 6)
    np.testing.assert_array_equal(Blind(6)(window), np.zeros((2, 6)))


def test_hearing_silence_is_nothing_and_the_order_of_speakers_does_not_matter():
    hearing = Hearing((3, 3, 3, 3), 8, key=jax.random.key(1))
    rng = np.random.default_rng(0)
    heard, bearing = jnp.asarray(rng.integers(1, 3, (1, 4, 5))), jnp.asarray(rng.normal(size=(1, 4, 2)).astype("f4"))
    who = jnp.zeros(1, int)
    swapped = hearing(heard[:, ::-1], bearing[:, ::-1], who)
    np.testing.assert_allclose(hearing(heard, bearing, who), swapped, atol=1e-5)
    np.testing.assert_array_equal(hearing(heard.at[..., 0].set(0), bearing, who), np.zeros((1, 8)))


def test_hearing_tells_what_is_said_to_oneself():
    hearing = Hearing((3, 3, 3, 3), 8, key=jax.random.key(1))
    heard = jnp.zeros((1, 1, 5), int).at[0, 0].set(jnp.array([1, 2, 0, 0, 3]))
    bearing = jnp.zeros((1, 1, 2))
    to_me, to_other = (hearing(heard, bearing, jnp.array([who])) for who in (2, 1))
    assert float(jnp.max(jnp.abs(to_me - to_other))) > 0.01
