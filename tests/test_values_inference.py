import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from inhabit.values.inference import Gaussian, answers, fit_people, intervals, laplace


def normal_likelihood(theta, observed):
    """Observations with unit noise of each parameter; NaN where none was made."""
    return -0.5 * jnp.nansum((observed - theta) ** 2)


def logit_likelihood(theta, evidence):
    """Choices among options, each a bundle: utility is theta times its contents."""
    options, chosen = evidence
    logits = jax.nn.log_softmax(jnp.sum(options * theta, axis=-1))
    return jnp.sum(jnp.take_along_axis(logits, chosen[:, None], axis=1))


def test_with_normal_evidence_the_posterior_is_the_exact_one():
    prior = Gaussian(jnp.array([1.0, -1.0]), jnp.array([[1.0, 0.5], [0.5, 2.0]]))
    observed = jnp.array([[2.0, 0.0], [4.0, 1.0]])
    posterior = laplace(normal_likelihood, observed, prior)
    precision = np.linalg.inv(prior.covariance) + 2 * np.eye(2)
    mean = np.linalg.solve(precision, np.linalg.inv(prior.covariance) @ prior.mean + observed.sum(0))
    np.testing.assert_allclose(posterior.mean, mean, rtol=1e-4)
    np.testing.assert_allclose(posterior.covariance, np.linalg.inv(precision), rtol=1e-4)


def test_evidence_in_two_parts_gives_what_it_gives_at_once():
    prior = Gaussian.of(jnp.zeros(1), jnp.ones(1))
    first = laplace(normal_likelihood, jnp.array([[2.0]]), prior)
    both = laplace(normal_likelihood, jnp.array([[5.0]]), first)
    assert both.mean[0] == pytest.approx(7 / 3, rel=1e-4)
    assert both.covariance[0, 0] == pytest.approx(1 / 3, rel=1e-4)


def test_the_intervals_of_choices_cover_the_truth_and_pooling_finds_the_population():
    people, choices = 200, 40
    keys = jax.random.split(jax.random.key(0), 3)
    truth = jnp.array([1.0, -0.5]) + jnp.array([0.5, 1.0]) * jax.random.normal(keys[0], (people, 2))
    options = jax.random.normal(keys[1], (people, choices, 3, 2))
    logits = jnp.einsum("pcog,pg->pco", options, truth)
    chosen = jax.random.categorical(keys[2], logits)
    start = Gaussian.of(jnp.zeros(2), 3 * jnp.ones(2))
    posterior, prior = fit_people(logit_likelihood, (options, chosen), start, rounds=8)
    np.testing.assert_allclose(prior.mean, [1.0, -0.5], atol=0.2)
    np.testing.assert_allclose(prior.scale, [0.5, 1.0], atol=0.2)
    keys = jax.random.split(jax.random.key(1), people)
    low, _, high = jnp.moveaxis(jax.vmap(lambda p, k: intervals(p, lambda v: v, key=k))(posterior, keys), 1, 0)
    assert 0.85 <= float(((truth >= low) & (truth <= high)).mean()) <= 0.95


def test_answers_are_the_normal_quantiles():
    belief = Gaussian.of(jnp.array([1.0, 2.0]), jnp.array([0.5, 0.1]))
    said = answers(belief, ("tea", "honey"), lambda v: v, level=0.8, draws=20000, key=jax.random.key(0))
    assert said["tea"].value == pytest.approx(1, abs=0.02)
    assert said["tea"].high == pytest.approx(1 + 0.5 * stats.norm.ppf(0.9), abs=0.03)
    assert said["honey"].low == pytest.approx(2 - 0.1 * stats.norm.ppf(0.9), abs=0.01)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="positive"):
        Gaussian.of(jnp.zeros(1), jnp.zeros(1))
    with pytest.raises(ValueError, match="level is 90"):
        answers(Gaussian.of(jnp.zeros(1), jnp.ones(1)), ("tea",), lambda v: v, level=90, key=jax.random.key(0))
