import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths import utility

ONE = jnp.ones(1)
SHAPES = [(utility.exponential_utility, utility.exponential_marginal), (utility.power_utility, utility.power_marginal)]


def test_exponential_utility_by_hand():
    got = utility.exponential_utility(jnp.array([2.0]), jnp.array([4.0]), jnp.array([3.0]))
    assert got[0] == pytest.approx(4 / 3 * (1 - np.exp(-1.5)), rel=1e-6)


def test_power_utility_of_curvature_one_is_the_logarithm():
    got = utility.power_utility(jnp.array([3.0]), jnp.array([2.0]), ONE)
    assert got[0] == pytest.approx(2 * np.log(2.5), rel=1e-6)


@pytest.mark.parametrize("shape, marginal", SHAPES)
@pytest.mark.parametrize("level", [-2.0, 0.0, 1e-6, 0.4, 5.0, 1e4])
@pytest.mark.parametrize("curvature", [0.0, 1e-5, 1.0, 6.0])
def test_marginal_is_the_gradient_everywhere_and_finite(shape, marginal, level, curvature):
    level, curvature, set_point = jnp.array([level]), jnp.array([curvature]), jnp.array([1.5])
    gradient = jax.grad(lambda x: shape(x, set_point, curvature).sum())(level)
    np.testing.assert_allclose(gradient, marginal(level, set_point, curvature), rtol=2e-3, atol=1e-6)
    others = jax.grad(lambda s, c: shape(level, s, c).sum(), argnums=(0, 1))(set_point, curvature)
    assert all(bool(jnp.isfinite(g).all()) for g in others)


@pytest.mark.parametrize("_, marginal", SHAPES)
def test_marginal_value_falls_as_the_level_rises(_, marginal):
    levels = jnp.linspace(0, 10, 50)
    falls = jnp.diff(marginal(levels, jnp.full(50, 2.0), jnp.full(50, 1.3)))
    assert (falls < 0).all()


def test_drive_by_hand_and_reward_is_its_fall():
    before = utility.drive(jnp.zeros(2), jnp.array([3.0, 4.0]), jnp.ones(2))
    after = utility.drive(jnp.array([3.0, 0.0]), jnp.array([3.0, 4.0]), jnp.ones(2))
    assert before == pytest.approx(5, abs=2e-3) and after == pytest.approx(4, abs=2e-3)
    assert utility.homeostatic_reward(before, after) == pytest.approx(1, abs=1e-3)


def test_drive_has_a_gradient_of_zero_at_the_set_point():
    gradient = jax.grad(lambda x: utility.drive(x, jnp.ones(2), jnp.ones(2)))(jnp.ones(2))
    np.testing.assert_array_equal(gradient, 0)


def test_weights_at_rest_are_unshifted_and_always_sum_to_one():
    weight, coupling = jnp.array([0.2, 0.3, 0.5]), jnp.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    np.testing.assert_allclose(utility.shifted_weights(weight, coupling, jnp.zeros(2)), weight, rtol=1e-6)
    raw = np.array([0.2 * np.e, 0.3 * np.exp(-1), 0.5 / np.e])
    got = utility.shifted_weights(weight, coupling, jnp.array([1.0, -0.5]))
    np.testing.assert_allclose(got, raw / raw.sum(), rtol=1e-5)


@pytest.mark.parametrize("push", [-50.0, -0.1, 0.0, 0.1, 50.0])
def test_a_push_stays_inside_its_bounds_and_has_its_sign(push):
    got = utility.pushed(jnp.array(0.3), jnp.array(push), -1.0, 1.0)
    assert -1 <= got <= 1 and np.sign(got - jnp.array(0.3)) == np.sign(push)
