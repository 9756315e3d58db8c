"""What does a person value, by how much, how sure? Gaussian posteriors over anyone's unconstrained parameters.

Everything here takes a log-likelihood as a function, so it serves any faculty, choice rule or world. A posterior may
be the prior of the next piece of evidence: that is how a new person is learned turn by turn.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.intervals import Estimate
from inhabit.types import Key

LogLikelihood = Callable[[Float[Array, " parameters"], Any], Float[Array, ""]]
"""Log-likelihood, in nats, of one person's evidence (any tree of arrays) under a parameter vector."""


class Gaussian(eqx.Module):
    """A belief about one person's parameters (or, as a prior, about people).

    Attributes:
        mean: Best guess.
        covariance: Positive definite.
    """

    mean: Float[Array, "*people parameters"]
    covariance: Float[Array, "*people parameters parameters"]

    @classmethod
    def of(cls, mean: Float[Array, " parameters"], scale: Float[Array, " parameters"]) -> "Gaussian":
        """Independent parameters with these standard deviations; positive."""
        if not bool(jnp.all(scale > 0)):
            raise ValueError(f"standard deviations must be positive, got {np.asarray(scale)}")
        return cls(mean, jnp.diag(scale**2))

    @property
    def scale(self) -> Float[Array, "*people parameters"]:
        """Standard deviation of each parameter."""
        return jnp.sqrt(jnp.diagonal(self.covariance, axis1=-2, axis2=-1))

    def draw(self, number: int, *, key: Key) -> Float[Array, "number parameters"]:
        """Draw parameter vectors of one person."""
        root = jnp.linalg.cholesky(self.covariance)
        return self.mean + jax.random.normal(key, (number, self.mean.shape[-1])) @ root.T


def laplace(
    log_likelihood: LogLikelihood, evidence: Any, prior: Gaussian, *, start: Array | None = None, steps: int = 30
) -> Gaussian:
    """Posterior by Laplace's method: the maximum a posteriori, and the inverse of the curvature there.

    The maximum is found by Newton's method on the negative log posterior with the absolute values of the Hessian's
    eigenvalues (never below half the prior's smallest precision) and a damping that grows when a step does not help.

    Args:
        log_likelihood: Twice differentiable in its first argument.
        evidence: One person's; `vmap` over people.
        prior: Belief before the evidence.
        start: Where the search begins; the prior's mean when left out.
        steps: Most points looked at; it stops earlier once the objective falls by less than 0.001 nats.

    Source:
        MacKay (2003), chapter 27; saddle-free Newton: Dauphin et al. (2014).
    """
    precision = jnp.linalg.inv(prior.covariance)
    floor = 0.5 / jnp.linalg.eigvalsh(prior.covariance)[-1]

    def objective(theta: Float[Array, " parameters"]) -> Float[Array, ""]:
        away = theta - prior.mean
        return 0.5 * away @ precision @ away - log_likelihood(theta, evidence)

    def look(theta: Float[Array, " parameters"]) -> tuple[Array, Array, Array]:
        slope, along = jax.linearize(jax.grad(objective), theta)
        return objective(theta), slope, jax.vmap(along)(jnp.eye(theta.shape[0]))

    def improve(search: _Search) -> _Search:
        return search.seen(*look(search.trial), floor)

    found = jax.lax.while_loop(
        lambda search: ~search.flat & (search.looks < steps) & (search.damping < 1e6),
        improve,
        _Search.begin(prior.mean if start is None else start),
    )
    values, vectors = jnp.linalg.eigh(found.hessian)
    return Gaussian(found.theta, (vectors / jnp.maximum(jnp.abs(values), floor)) @ vectors.T)


class _Search(eqx.Module):
    """A damped Newton search: the best point so far with its slope and curvature, and the next to look at."""

    theta: Float[Array, " parameters"]
    objective: Float[Array, ""]
    slope: Float[Array, " parameters"]
    hessian: Float[Array, "parameters parameters"]
    trial: Float[Array, " parameters"]
    damping: Float[Array, ""]
    flat: Bool[Array, ""]
    looks: Int[Array, ""]

    @classmethod
    def begin(cls, start: Float[Array, " parameters"]) -> "_Search":
        size = start.shape[0]
        infinite, zero = jnp.array(jnp.inf), jnp.array(0.0)
        return cls(start, infinite, jnp.zeros(size), jnp.eye(size), start, zero, jnp.array(False), jnp.array(0))

    def seen(self, objective: Array, slope: Array, hessian: Array, floor: Array) -> "_Search":
        """Take the trial if it is no worse, and say where to look next."""
        better = objective <= self.objective
        theta, best, slope, hessian = jax.tree.map(
            lambda new, old: jnp.where(better, new, old),
            (self.trial, objective, slope, hessian),
            (self.theta, self.objective, self.slope, self.hessian),
        )
        damping = jnp.where(better, self.damping / 8, jnp.maximum(self.damping, 0.1) * 8)
        values, vectors = jnp.linalg.eigh(hessian)
        move = vectors @ ((vectors.T @ slope) / (jnp.maximum(jnp.abs(values), floor) + damping))
        flat = better & (self.objective - objective < 1e-3) & (damping < 1e-2)
        return _Search(theta, best, slope, hessian, theta - move, damping, flat, self.looks + 1)


def fit_people(
    log_likelihood: LogLikelihood, evidence: Any, prior: Gaussian, *, rounds: int = 5, shrink: float = 1e-3
) -> tuple[Gaussian, Gaussian]:
    """Partial pooling: posteriors of many persons, and the population prior that they imply.

    Each round infers everyone under the prior, then sets the prior's mean to the mean of the posterior means and its
    (diagonal) variance to the mean of squared deviation plus posterior variance: empirical Bayes by approximate EM.

    Args:
        log_likelihood: For one person.
        evidence: A tree of arrays with a leading axis of people.
        prior: Where the population begins; also the prior that is used when `rounds` is 0.
        rounds: How often the population is updated.
        shrink: Smallest variance that the population keeps.

    Returns:
        Posteriors (leading axis of people) and the population prior.

    Source:
        Dempster, Laird & Rubin (1977); Train (2009), chapter 12.
    """

    @eqx.filter_jit
    def everyone(evidence: Any, prior: Gaussian, start: Array | None) -> Gaussian:
        if start is None:
            return jax.vmap(lambda e: laplace(log_likelihood, e, prior))(evidence)
        return jax.vmap(lambda e, s: laplace(log_likelihood, e, prior, start=s))(evidence, start)

    posterior = everyone(evidence, prior, None)
    for _ in range(rounds):
        prior = pooled(posterior, shrink=shrink)
        posterior = everyone(evidence, prior, posterior.mean)
    return posterior, prior


def pooled(posterior: Gaussian, *, shrink: float = 1e-3) -> Gaussian:
    """The population that best explains people's posteriors, its parameters independent of one another."""
    mean = posterior.mean.mean(axis=0)
    variance = jnp.mean((posterior.mean - mean) ** 2 + posterior.scale**2, axis=0)
    return Gaussian(mean, jnp.diag(jnp.maximum(variance, shrink)))


def answers(
    posterior: Gaussian,
    names: tuple[str, ...],
    quantity: Callable[[Float[Array, " parameters"]], Float[Array, " names"]],
    *,
    level: float = 0.9,
    draws: int = 1000,
    key: Key,
) -> Mapping[str, Estimate]:
    """Say in numbers what one person values: posterior median and central interval of any quantity of the parameters.

    Args:
        posterior: One person's.
        names: Of the quantity's numbers.
        quantity: For instance `lambda v: ValueStore.from_unconstrained(v, names).weight`.
        level: Probability inside the interval.
        draws: Draws from the posterior; the interval is their quantiles.
        key: Same key, same numbers.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; an interval holds a probability between 0 and 1, for instance 0.9")
    low, middle, high = intervals(posterior, quantity, level=level, draws=draws, key=key)
    return {name: Estimate(float(m), float(lo), float(hi)) for name, lo, m, hi in zip(names, low, middle, high)}


def intervals(
    posterior: Gaussian,
    quantity: Callable[[Float[Array, " parameters"]], Float[Array, " names"]],
    *,
    level: float = 0.9,
    draws: int = 1000,
    key: Key,
) -> Float[Array, "3 names"]:
    """Low, median and high of a quantity of one person's parameters; `vmap` over people."""
    values = jax.vmap(quantity)(posterior.draw(draws, key=key))
    return jnp.quantile(values, jnp.array([(1 - level) / 2, 0.5, (1 + level) / 2]), axis=0)
