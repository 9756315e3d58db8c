import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths.utility import (
    drive,
    homeostatic_reward,
    hyperbolic_discount,
    interacting_utility,
    loss_averse,
    td_update,
)


def test_complements_raise_and_substitutes_lower_what_the_other_is_worth():
    parts = jnp.array([1.0, 4.0])
    for strength in (0.5, 0.0, -0.5):
        coupling = jnp.array([[0.0, strength], [strength, 0.0]])
        assert interacting_utility(parts, coupling) == pytest.approx(5 + 2 * strength)
        cross = jax.hessian(interacting_utility)(parts, coupling)[0, 1]
        assert np.sign(cross) == np.sign(strength)
    assert np.isfinite(jax.grad(interacting_utility)(jnp.zeros(2), jnp.ones((2, 2)))).all()


def test_losses_weigh_more_and_late_rewards_less():
    assert loss_averse(jnp.array([-2.0, 2.0]), 2.5).tolist() == [-5.0, 2.0]
    assert hyperbolic_discount(jnp.array([0.0, 4.0]), 0.25).tolist() == [1.0, 0.5]


def test_what_a_good_is_worth_is_learned_from_reward():
    worth, true = jnp.zeros(3), np.array([1.0, -0.5, 2.0])
    rng = np.random.default_rng(0)
    for eaten in np.eye(3)[rng.integers(0, 3, 300)]:
        worth, _ = td_update(worth, jnp.array(eaten, jnp.float32), jnp.float32(true @ eaten), jnp.float32(0), rate=0.2)
    assert np.asarray(worth) == pytest.approx(true, abs=1e-3)


def test_discounted_reward_is_greatest_where_levels_are_kept_near_their_set_points():
    # Keramati & Gutkin (2014): with a discount below 1, the path of most reward is that of least summed drive.
    set_point, weight = jnp.array([1.0, 2.0]), jnp.ones(2)
    rng, discount, length = np.random.default_rng(0), 0.9, 12
    start = np.zeros((40, 1, 2))
    walks = np.concatenate([start, rng.normal(1, 1, (40, length, 2))], axis=1)
    walks[:, -1] = np.asarray(set_point)  # all come home in the end
    drives = jax.vmap(jax.vmap(lambda level: drive(level, set_point, weight)))(jnp.asarray(walks, jnp.float32))
    reward = homeostatic_reward(drives[:, :-1], drives[:, 1:])
    reaped = np.asarray(reward @ discount ** jnp.arange(length))
    away = np.asarray(drives[:, 1:] @ discount ** jnp.arange(length))
    assert reaped == pytest.approx(float(drives[0, 0]) - (1 - discount) * away, abs=1e-4)
    assert reaped.argmax() == away.argmin()
