"""Returns against plain loops and hand-worked numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths import returns


def _drawn(time: int, seed: int):
    rng = np.random.default_rng(seed)
    reward, value = rng.normal(size=time).astype("f4"), rng.normal(size=time + 1).astype("f4")
    discount = (0.9 * (rng.random(time) > 0.2)).astype("f4")
    return reward, discount, value


@pytest.mark.parametrize("lambda_", [0.0, 0.6, 1.0])
def test_advantages_are_the_discounted_sum_of_the_errors(lambda_):
    reward, discount, value = _drawn(12, 0)
    delta = reward + discount * value[1:] - value[:-1]
    plain = [sum(delta[k] * np.prod(lambda_ * discount[t:k], initial=1.0) for k in range(t, 12)) for t in range(12)]
    found = returns.advantages(jnp.array(reward), jnp.array(discount), jnp.array(value), lambda_)
    np.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-5)


def test_returns_follow_their_recursion():
    reward, discount, value = _drawn(9, 1)
    expected, later = np.zeros(9), value[-1]
    for t in reversed(range(9)):
        later = reward[t] + discount[t] * (0.3 * value[t + 1] + 0.7 * later)
        expected[t] = later
    found = returns.lambda_returns(jnp.array(reward), jnp.array(discount), jnp.array(value), 0.7)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_comes_after_death_counts_for_nothing():
    reward, discount, value = jnp.ones(4), jnp.array([0.9, 0.0, 0.9, 0.9]), jnp.zeros(5)
    later = reward.at[3].set(100.0)
    first, second = (returns.advantages(r, discount, value, 1.0)[:2] for r in (reward, later))
    np.testing.assert_allclose(first, [1.9, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(first, second)


def test_a_ratio_beyond_the_clip_is_no_longer_paid_for():
    gain = lambda log_ratio, advantage: returns.clipped_surrogate(log_ratio, jnp.array(advantage), 0.2)
    slope = jax.grad(gain)
    assert slope(jnp.log(1.1), 2.0) == pytest.approx(2.2, rel=1e-5)
    assert slope(jnp.log(1.3), 2.0) == 0  # good, and already much likelier
    assert slope(jnp.log(0.7), -2.0) == 0  # bad, and already much rarer
    assert slope(jnp.log(1.3), -2.0) == pytest.approx(-2.6, rel=1e-5)  # bad and likelier: still to be undone
    assert gain(jnp.log(1.3), 2.0) == pytest.approx(2.4, rel=1e-5)


def test_the_divergence_estimate_has_the_kl_as_its_mean():
    old, new = jnp.log(jnp.array([0.2, 0.5, 0.3])), jnp.log(jnp.array([0.4, 0.4, 0.2]))
    estimate = jnp.sum(jnp.exp(old) * returns.divergence(new - old))
    assert estimate == pytest.approx(float(jnp.sum(jnp.exp(old) * (old - new))), abs=1e-6)


def test_steps_that_do_not_count_change_nothing():
    values, weight = jnp.array([1.0, 2.0, 6.0, 900.0]), jnp.array([1.0, 1.0, 1.0, 0.0])
    assert returns.weighted_mean(values, weight) == 3
    scaled = returns.standardised(values, weight)[:3]
    np.testing.assert_allclose(scaled, (values[:3] - 3) / np.std([1, 2, 6]), rtol=1e-5)
    assert returns.weighted_mean(values, jnp.zeros(4)) == 0
