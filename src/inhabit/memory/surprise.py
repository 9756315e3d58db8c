"""Surprise memory: what is expected refines it, what is surprising waits until something agrees with it."""

import abc
from typing import Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.associative import Association, Gain, straight_through
from inhabit.types import Key

State = TypeVar("State")


class MemoryInfo(eqx.Module):
    """What one event told the memory; only watched.

    Attributes:
        innovation: Value less what was expected, in the units of the values.
        surprise: Normalised: squared innovation over predicted variance, mean over dimensions. 1 when all is as
            expected, whatever the scale of the values.
        surprisal: `-log p(value | cue)` in nats, Gaussian.
        information: Information gain in nats: how far the belief moved. 0 if nothing was written.
        written: Share of the innovation that the belief took in at this cue; 0 if nothing was written.
        quarantined: The event was beyond the gate and waits.
        confirmed: The event was beyond the gate and agreed with what waited: both were learned.
        ignored: The event was not finite or absurdly large and left no trace.
    """

    innovation: Float[Array, " values"]
    surprise: Float[Array, ""]
    surprisal: Float[Array, ""]
    information: Float[Array, ""]
    written: Float[Array, ""]
    quarantined: Bool[Array, ""]
    confirmed: Bool[Array, ""]
    ignored: Bool[Array, ""]


class AbstractMemory(eqx.Module, Generic[State]):
    """A memory from cues to values that is written while it is lived with."""

    keys: eqx.AbstractVar[int]
    values: eqx.AbstractVar[int]

    @abc.abstractmethod
    def init(self, *, key: Key | None = None) -> State:
        """The memory of someone who has lived nothing yet."""

    @abc.abstractmethod
    def read(
        self, state: State, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, and the predicted variance of each of its dimensions."""

    @abc.abstractmethod
    def step(
        self,
        state: State,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[State, MemoryInfo]:
        """Live through one event, a cue and the value met with it."""


class MemoryState(eqx.Module):
    """What a surprise memory has lived.

    Attributes:
        belief: What is held to be so.
        quarantine: What surprising events would change about the belief, were they true: a belief in *differences*.
        noise: Running variance of the values around the truth.
        weight: How many squared deviations `noise` rests on.
    """

    belief: Association
    quarantine: Association
    noise: Float[Array, ""]
    weight: Float[Array, ""]


class SurpriseMemory(AbstractMemory[MemoryState]):
    """A precision-weighted associative memory with a gate and a quarantine.

    An expected event is written with the Kalman gain: with the gate open and no drift the belief is exactly the
    posterior of Bayesian linear regression with unknown noise. An event beyond the gate is set against three
    accounts: the belief is right, it is an outlier, or the world has changed in the way that the quarantine has
    already seen. Only if the last beats both others is it learned, then at once; otherwise it waits and fades, and an
    event that confirms the belief clears the quarantine at its cue. The Bayes factor against the outlier must exceed
    `exp(conviction)`, so unrelated outliers pass for agreement with probability below `exp(-conviction)`.

    Cues and values should be of order 1. What is learned (all unconstrained, all differentiable):

    Attributes:
        log_variance: Logarithm of the prior variance of the map, in units of the values squared.
        log_noise: Logarithm of the prior noise variance of a value's dimension.
        log_weight: Logarithm of how many squared deviations the prior noise is worth.
        log_drift: Logarithm of the variance that the map gains at each event, as a share of the running noise; it
            grows towards the prior variance, never beyond, and the mean leans back to the prior at the same rate.
        fade: Logit of what share of the quarantine is forgotten at each event.
        gate: How rare a surprise is let in, as a standard normal deviate (3.1 lets in 99.9 %).
        conviction: Nats by which the quarantine must beat the outlier.
        prior: Map expected before anything is lived.

    Source:
        Kalman (1960); West & Harrison (1997) for the running noise; Titans (arXiv 2501.00663) for the idea of a memory
        written by surprise at test time.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    limit: float = eqx.field(static=True)
    horizon: float = eqx.field(static=True)
    log_variance: Float[Array, ""]
    log_noise: Float[Array, ""]
    log_weight: Float[Array, ""]
    log_drift: Float[Array, ""]
    fade: Float[Array, ""]
    gate: Float[Array, ""]
    conviction: Float[Array, ""]
    prior: Float[Array, "keys values"]

    def __init__(
        self,
        keys: int,
        values: int,
        *,
        variance: float = 1.0,
        noise: float = 0.1,
        weight: float = 8.0,
        drift: float = 1e-3,
        fade: float = 0.01,
        gate: float = 3.5,
        conviction: float = 3.0,
        prior: Float[Array, "keys values"] | None = None,
        limit: float = 1e4,
        horizon: float = 1e4,
    ):
        """Make a memory; every number is a starting point for learning.

        Args:
            keys: Width of a cue.
            values: Width of a value.
            variance: Prior variance of the map's entries.
            noise: Prior noise variance.
            weight: How many squared deviations that noise is worth.
            drift: Variance that the map gains at each event, as a share of the running noise; 0 forgets nothing, ever.
            fade: Share of the quarantine forgotten at each event.
            gate: How rare a surprise is let in, as a standard normal deviate; `1e6` is an open gate.
            conviction: Nats by which the quarantine must beat an outlier to be believed.
            prior: Map expected before anything is lived; nothing (zeros) if left out.
            limit: Cues and values with an entry beyond this are ignored.
            horizon: The running noise rests on no more squared deviations than this, so that it stays alive.

        Raises:
            ValueError: A variance or weight that is not positive, or a share outside `[0, 1)`.
        """
        if min(variance, noise, weight) <= 0:
            raise ValueError(f"variance, noise and weight are positive, got {variance}, {noise} and {weight}")
        if not (0 <= drift < 1 and 0 <= fade < 1):
            raise ValueError(f"drift and fade are shares in [0, 1), got {drift} and {fade}")
        self.keys, self.values, self.limit, self.horizon = keys, values, limit, horizon
        self.log_variance, self.log_noise, self.log_weight = jnp.log(jnp.array([variance, noise, weight]))
        self.log_drift = jnp.log(jnp.maximum(jnp.array(drift), _LEAST))
        self.fade = jnp.clip(jax.scipy.special.logit(jnp.array(fade)), -_SURE, _SURE)
        self.gate, self.conviction = jnp.array([gate, conviction])
        self.prior = jnp.zeros((keys, values)) if prior is None else jnp.asarray(prior)

    def init(self, *, key: Key | None = None) -> MemoryState:
        """Know what the prior knows; nothing waits."""
        covariance = self._variance * jnp.eye(self.keys)
        return MemoryState(
            belief=Association(mean=self.prior, covariance=covariance),
            quarantine=Association(mean=jnp.zeros_like(self.prior), covariance=covariance),
            noise=jnp.exp(self.log_noise),
            weight=jnp.exp(self.log_weight),
        )

    def read(
        self, state: MemoryState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, and the predicted variance of each dimension; a bad cue reads as nothing."""
        cue = jnp.where(self._sane(cue), cue, 0.0)
        _, open_ = associative.spread(state.belief.covariance, cue)
        return associative.expected(state.belief.mean, cue), state.noise + open_

    def step(
        self,
        state: MemoryState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[MemoryState, MemoryInfo]:
        """Live through one event: judge it by what was believed, then learn as it deserves."""
        sane = self._sane(event[0]) & self._sane(event[1])
        cue, value = (jnp.where(sane, part, 0.0) for part in event)
        relaxed = self._relax(state)
        evidence = self._judge(relaxed, cue, value)
        write = self._weigh(evidence)
        noise, weight = self._rescale(relaxed, evidence)
        after = MemoryState(
            belief=self._believe(relaxed.belief, cue, evidence, write),
            quarantine=self._wait(relaxed.quarantine, cue, evidence),
            noise=noise,
            weight=weight,
        )
        after = jax.tree.map(lambda new, old: jnp.where(sane, new, old), after, state)
        return after, _inform(evidence, write, sane)

    @property
    def _variance(self) -> Float[Array, ""]:
        return jnp.exp(self.log_variance)

    def _sane(self, part: Float[Array, " any"]) -> Bool[Array, ""]:
        return jnp.all(jnp.abs(part) <= self.limit)  # false for NaN

    def _relax(self, state: MemoryState) -> MemoryState:
        """Lean back to the prior, and let the quarantine fade."""
        nothing = jnp.zeros_like(self.prior)
        drift = jnp.minimum(jnp.exp(self.log_drift) * state.noise / self._variance, 0.5)
        return MemoryState(
            belief=associative.relax(state.belief, self.prior, self._variance, jnp.sqrt(1 - drift)),
            quarantine=associative.relax(state.quarantine, nothing, self._variance, jax.nn.sigmoid(-self.fade)),
            noise=state.noise,
            weight=state.weight,
        )

    def _judge(
        self, state: MemoryState, cue: Float[Array, " {self.keys}"], value: Float[Array, " {self.values}"]
    ) -> "_Evidence":
        """Set the event against three accounts: unchanged, an outlier, changed as the quarantine has it."""
        error = value - associative.expected(state.belief.mean, cue)
        waiting = associative.expected(state.quarantine.mean, cue)
        covered, open_ = associative.spread(state.belief.covariance, cue)
        doubted, doubt = associative.spread(state.quarantine.covariance, cue)
        variance, blank = state.noise + open_, self._variance * jnp.sum(cue**2)

        unchanged = self._log_likelihood(error, variance)
        outlier = self._log_likelihood(error, variance + blank)
        changed = self._log_likelihood(error - waiting, variance + doubt)
        agreement = jnp.minimum(changed - outlier - self.conviction, changed - unchanged)
        refutation = outlier - changed - self.conviction

        surprise = error @ error / (self.values * variance)
        limit = associative.chi_square_limit(self.gate, self.values)
        beyond = surprise > limit
        return _Evidence(
            error=error,
            waiting=waiting,
            covered=covered + _SLIGHT * self._variance * cue,
            open=open_ + _SLIGHT * blank,
            doubted=doubted,
            doubt=doubt,
            blank=blank,
            noise=state.noise,
            unchanged=unchanged,
            surprise=surprise,
            limit=limit,
            expected=straight_through(~beyond, jax.nn.sigmoid(limit - surprise)),
            confirmed=straight_through(beyond & (agreement > 0), jax.nn.sigmoid(agreement)),
            refuted=straight_through(refutation > 0, jax.nn.sigmoid(refutation)),
        )

    def _log_likelihood(self, error: Float[Array, " {self.values}"], variance: Float[Array, ""]) -> Float[Array, ""]:
        return -0.5 * (error @ error / variance + self.values * jnp.log(2 * jnp.pi * variance))

    def _weigh(self, evidence: "_Evidence") -> "_Write":
        """What the belief is to take in: the event, or on agreement what waited and the event as one estimate."""
        variance = evidence.noise + evidence.open
        share = evidence.doubt / (evidence.doubt + variance)
        pooled = evidence.waiting + share * (evidence.error - evidence.waiting)
        agreed = evidence.confirmed
        return _Write(
            error=evidence.error + agreed * (pooled - evidence.error),
            noise=evidence.noise + agreed * (jnp.maximum(share * variance, _LEAST) - evidence.noise),
            change=agreed * jnp.maximum(evidence.blank - evidence.open, 0.0),
            taken=jnp.maximum(evidence.expected, agreed),
        )

    def _believe(
        self, belief: Association, cue: Float[Array, " {self.keys}"], evidence: "_Evidence", write: "_Write"
    ) -> Association:
        """Correct the belief, unless the event has to wait."""
        gain = associative.kalman_gain(evidence.covered, evidence.open, write.noise, write.change)
        return associative.correct(belief, cue, write.error, _scale(write.taken, gain))

    def _wait(self, quarantine: Association, cue: Float[Array, " {self.keys}"], evidence: "_Evidence") -> Association:
        """Let a surprise wait; clear at this cue what was confirmed or refuted."""
        waits = 1 - jnp.maximum(evidence.expected, evidence.confirmed)
        cleared = jnp.maximum(evidence.refuted, evidence.confirmed)
        # The quarantine sees an event through the belief's own uncertainty.
        variance = evidence.noise + evidence.open
        joined = associative.kalman_gain(evidence.doubted, evidence.doubt, variance, jnp.zeros(()))
        fresh = evidence.blank / (evidence.blank + variance)
        left = evidence.blank + waits * (fresh * variance - evidence.blank)
        replaced = associative.replacing_gain(cue, left)
        target = waits * evidence.error * (1 + cleared * (fresh - 1))
        gain = jax.tree.map(
            lambda instead, besides: cleared * instead + (1 - cleared) * waits * besides, replaced, joined
        )
        return associative.correct(quarantine, cue, target - evidence.waiting, gain)

    def _rescale(self, state: MemoryState, evidence: "_Evidence") -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Update the running noise by the share that noise had in the variance.

        A surprise counts no more than the gate lets in, so poison moves it little; a confirmed change says nothing.
        """
        share = state.noise / (state.noise + evidence.open)
        count = self.values * share * (1 - evidence.confirmed)
        weight = jnp.minimum(state.weight, self.horizon)
        met = jnp.minimum(evidence.surprise, evidence.limit)
        noise = state.noise * (weight + count * met) / (weight + count)
        return jnp.maximum(noise, _LEAST), weight + count


class _Evidence(eqx.Module):
    """An event set against belief and quarantine. The last three are 0 or 1, with a gradient."""

    error: Float[Array, " values"]
    waiting: Float[Array, " values"]
    covered: Float[Array, " keys"]
    open: Float[Array, ""]
    doubted: Float[Array, " keys"]
    doubt: Float[Array, ""]
    blank: Float[Array, ""]
    noise: Float[Array, ""]
    unchanged: Float[Array, ""]
    surprise: Float[Array, ""]
    limit: Float[Array, ""]
    expected: Float[Array, ""]
    confirmed: Float[Array, ""]
    refuted: Float[Array, ""]


class _Write(eqx.Module):
    """What the belief is to take in: a change of variance at the cue, then an error with its noise; or nothing."""

    error: Float[Array, " values"]
    noise: Float[Array, ""]
    change: Float[Array, ""]
    taken: Float[Array, ""]


def _scale(share: Float[Array, ""], gain: Gain) -> Gain:
    """All of a gain where `share` is 1, no correction where it is 0, with a gradient to `share`."""
    return jax.tree.map(lambda leaf: share * leaf, gain)


def _inform(evidence: _Evidence, write: _Write, sane: Bool[Array, ""]) -> MemoryInfo:
    """Say what was learned."""
    open_ = evidence.open + write.change
    written = sane * write.taken
    return MemoryInfo(
        innovation=evidence.error,
        surprise=jnp.where(sane, evidence.surprise, 0.0),
        surprisal=jnp.where(sane, -evidence.unchanged, 0.0),
        information=written * associative.information_gain(open_, write.noise, write.error),
        written=written * open_ / (open_ + write.noise),
        quarantined=sane & (write.taken < 0.5),
        confirmed=sane & (evidence.confirmed > 0.5),
        ignored=~sane,
    )


_SURE = 16.0  # logit of all but 1e-7
_LEAST = 1e-12
_SLIGHT = 1e-6  # of the prior variance: rounding must not choose the direction of a write
