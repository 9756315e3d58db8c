import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths import choice


def test_conditional_logit_by_hand():
    got = jnp.exp(choice.log_probabilities(jnp.array([0.0, 2.0]), 2.0))
    assert got[1] == pytest.approx(np.e / (1 + np.e), rel=1e-6)


def test_a_closed_option_has_no_probability_and_no_gradient():
    def chance(utility):
        return choice.log_probabilities(utility, 1.0, jnp.array([True, False, True]))

    utility = jnp.array([0.0, 100.0, 0.0])
    np.testing.assert_allclose(jnp.exp(chance(utility)), [0.5, 0, 0.5])
    assert jax.grad(lambda u: chance(u)[0])(utility)[1] == 0


def test_gumbel_max_draws_from_the_softmax():
    logits = jnp.log(jnp.array([0.1, 0.6, 0.3]))
    noise = jax.random.gumbel(jax.random.key(0), (20000, 3))
    drawn = jax.vmap(lambda n: choice.gumbel_max(logits, n))(noise)
    np.testing.assert_allclose(np.bincount(drawn) / 20000, [0.1, 0.6, 0.3], atol=0.015)
