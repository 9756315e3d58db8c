import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from inhabit.maths import associative
from inhabit.maths.associative import Association


def belief(seed=0, keys=5, values=3):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(keys, keys))
    return Association(
        mean=jnp.asarray(rng.normal(size=(keys, values)), jnp.float32),
        covariance=jnp.asarray(root @ root.T / keys + 0.1 * np.eye(keys), jnp.float32),
    )


def test_correction_is_josephs_form():
    before, key, error = belief(), jnp.arange(5.0) / 5, jnp.array([1.0, -2.0, 0.5])
    gain = associative.Gain(direction=jnp.linspace(-0.3, 0.4, 5), noise=jnp.array(0.7))
    after = associative.correct(before, key, error, gain)
    left = np.eye(5) - np.outer(gain.direction, key)
    slow = left @ np.asarray(before.covariance) @ left.T + 0.7 * np.outer(gain.direction, gain.direction)
    np.testing.assert_allclose(after.covariance, slow, atol=1e-5)
    np.testing.assert_allclose(after.mean, before.mean + np.outer(gain.direction, error), atol=1e-6)


def test_a_change_and_a_write_in_one_are_the_two_one_after_the_other():
    before, key, error = belief(), jnp.arange(5.0) / 5, jnp.array([1.0, -2.0, 0.5])
    covered, open_ = associative.spread(before.covariance, key)
    noise, change = jnp.array(0.2), jnp.array(1.5)
    together = associative.correct(before, key, error, associative.kalman_gain(covered, open_, noise, change))
    wider = np.asarray(before.covariance) + 1.5 * np.outer(covered, covered) / float(open_) ** 2
    gain = wider @ np.asarray(key) / (key @ wider @ key + 0.2)
    np.testing.assert_allclose(together.mean, before.mean + np.outer(gain, error), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        together.covariance, wider - np.outer(gain, wider @ np.asarray(key)), rtol=1e-4, atol=1e-5
    )


def test_relaxing_for_ever_arrives_at_the_prior():
    after = belief()
    for _ in range(60):
        after = associative.relax(after, jnp.ones((5, 3)), jnp.array(2.0), jnp.array(0.7))
    np.testing.assert_allclose(after.mean, np.ones((5, 3)), atol=1e-5)
    np.testing.assert_allclose(after.covariance, 2 * np.eye(5), atol=1e-5)


def test_chi_square_limit_agrees_with_scipy():
    for dims in (4, 16, 64):
        exact = stats.chi2.ppf(stats.norm.cdf(3.0), dims) / dims
        assert associative.chi_square_limit(jnp.array(3.0), dims) == pytest.approx(exact, rel=0.02)


def test_straight_through_has_the_value_of_one_and_the_gradient_of_the_other():
    import jax

    value, gradient = jax.value_and_grad(lambda x: associative.straight_through(x > 0, jax.nn.sigmoid(x)))(2.0)
    assert value == 1.0
    assert gradient == pytest.approx(float(jax.nn.sigmoid(2.0) * jax.nn.sigmoid(-2.0)), rel=1e-5)
