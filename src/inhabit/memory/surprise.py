"""Surprise memory: what is expected refines it, what is surprising waits until something agrees with it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.associative import Association, straight_through
from inhabit.maths.chunk import Pace
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.memory import AbstractMemory, MemoryInfo
from inhabit.memory.quarantine import Meeting, Quarantine
from inhabit.types import Key


class MemoryState(eqx.Module):
    """What a surprise memory has lived.

    Attributes:
        belief: What is held to be so; its covariance is in units of `noise`.
        quarantine: Surprising events that wait.
        noise: Running variance of the values around the truth.
        weight: How many squared deviations `noise` rests on.
    """

    belief: Association
    quarantine: Quarantine
    noise: Float[Array, ""]
    weight: Float[Array, ""]


class SurpriseMemory(AbstractMemory[MemoryState]):
    """A precision-weighted associative memory with a gate and a quarantine.

    An expected event is written with the Kalman gain: with the gate open and no drift the belief is exactly the
    posterior of Bayesian linear regression. The belief's covariance is in units of the noise, so the belief and every
    event's predicted variance do not depend on the running noise, and a chunk of events can be taken at once
    (`memory.living`). An event beyond the gate is set against three accounts: the belief is right, it is an outlier,
    or the world has changed in the way that the quarantine has already seen. Only if the last beats both others is it
    learned, then at once; otherwise it waits and fades, and an event that confirms the belief clears the quarantine at
    its cue. The Bayes factor against the outlier must exceed `exp(conviction)`, so unrelated outliers pass for
    agreement with probability below `exp(-conviction)`.

    Cues and values should be of order 1. What is learned (all unconstrained, all differentiable):

    Attributes:
        log_variance: Logarithm of the prior variance of the map, in units of the values squared, were the noise what
            `log_noise` says; it moves in proportion to the noise found.
        log_noise: Logarithm of the prior noise variance of a value's dimension.
        log_weight: Logarithm of how many squared deviations the prior noise is worth.
        log_drift: Logarithm of the variance that the map gains at each event, as a share of the noise; it grows
            towards the prior variance, never beyond, and the mean leans back to the prior at the same rate.
        fade: Logit of what share of the quarantine is forgotten at each event.
        gate: How rare a surprise is let in, as a standard normal deviate (3.1 lets in 99.9 %).
        conviction: Nats by which the quarantine must beat the outlier.
        log_slack: Logarithm of by how much wider the gate stands where nothing is known.
        prior: Map expected before anything is lived.

    Source:
        Kalman (1960); West & Harrison (1997) for the conjugate running noise; Titans (arXiv 2501.00663) for the idea
        of a memory written by surprise at test time.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    limit: float = eqx.field(static=True)
    horizon: float = eqx.field(static=True)
    slots: int = eqx.field(static=True)
    log_variance: Float[Array, ""]
    log_noise: Float[Array, ""]
    log_weight: Float[Array, ""]
    log_drift: Float[Array, ""]
    fade: Float[Array, ""]
    gate: Float[Array, ""]
    conviction: Float[Array, ""]
    log_slack: Float[Array, ""]
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
        slack: float = 4.0,
        prior: Float[Array, "keys values"] | None = None,
        limit: float = 1e4,
        horizon: float = 1e4,
        slots: int = 16,
    ):
        """Make a memory; every number is a starting point for learning.

        Args:
            keys: Width of a cue.
            values: Width of a value.
            variance: Prior variance of the map's entries.
            noise: Prior noise variance.
            weight: How many squared deviations that noise is worth.
            drift: Variance that the map gains at each event, as a share of the noise; 0 forgets nothing, ever.
            fade: Share of the quarantine forgotten at each event.
            gate: How rare a surprise is let in, as a standard normal deviate; `1e6` is an open gate.
            conviction: Nats by which the quarantine must beat an outlier to be believed.
            slack: By how much wider the gate stands where nothing is known; positive.
            prior: Map expected before anything is lived; nothing (zeros) if left out.
            limit: Cues and values with an entry beyond this are ignored.
            horizon: Events over which the running noise is averaged, so that it stays alive.
            slots: How many surprises can wait.

        Raises:
            ValueError: A variance or weight that is not positive, or a share outside `[0, 1)`.
        """
        if min(variance, noise, weight, slack, slots) <= 0:
            raise ValueError(
                "variance, noise, weight, slack and slots are positive, "
                f"got {variance}, {noise}, {weight}, {slack} and {slots}"
            )
        if not (0 <= drift < 1 and 0 <= fade < 1):
            raise ValueError(f"drift and fade are shares in [0, 1), got {drift} and {fade}")
        self.keys, self.values, self.limit, self.horizon, self.slots = keys, values, limit, horizon, slots
        self.log_variance, self.log_noise, self.log_weight = jnp.log(jnp.array([variance, noise, weight]))
        self.log_drift = jnp.log(jnp.maximum(jnp.array(drift), _LEAST))
        self.fade = jnp.clip(jax.scipy.special.logit(jnp.array(fade)), -_SURE, _SURE)
        self.log_slack = jnp.log(jnp.array(slack))
        self.gate, self.conviction = jnp.array([gate, conviction])
        self.prior = jnp.zeros((keys, values)) if prior is None else jnp.asarray(prior)

    @property
    def pace(self) -> Pace:
        """How the belief leans back to the prior; in units of the noise."""
        variance = jnp.exp(self.log_variance - self.log_noise)
        drift = jnp.minimum(jnp.exp(self.log_drift) / variance, 0.5)
        return Pace(rate=0.5 * jnp.log1p(-drift), variance=variance, prior=self.prior)

    @property
    def keep(self) -> float:
        """Share of the running noise's weight that an event leaves."""
        return 1 - 1 / self.horizon

    def admitted(self, spread: Float[Array, "*events"], blank: Float[Array, "*events"]) -> Float[Array, "*events"]:
        """Normalised surprise beyond which an event waits.

        Where little is known there is little to protect, and how far a first value may lie is itself only guessed: the
        limit is wider by `slack` where the belief is as open as the prior.

        Args:
            spread: Predicted variance over the noise.
            blank: Prior variance at the cue over the noise.
        """
        open_ = spread - 1
        unknown = open_**2 / (spread * jnp.maximum(blank, _LEAST))
        return associative.chi_square_limit(self.gate, self.values) * (1 + jnp.exp(self.log_slack) * unknown)

    def init(self, *, key: Key | None = None) -> MemoryState:
        """Know what the prior knows; nothing waits."""
        return MemoryState(
            belief=Association(mean=self.prior, covariance=self.pace.variance * jnp.eye(self.keys)),
            quarantine=waiting_room.empty(self.slots, self.keys, self.values),
            noise=jnp.exp(self.log_noise),
            weight=jnp.exp(self.log_weight),
        )

    def read(
        self, state: MemoryState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, and the predicted variance of each dimension; a bad cue reads as nothing."""
        cue = jnp.where(self.sane(cue), cue, 0.0)
        _, open_ = associative.spread(state.belief.covariance, cue)
        return associative.expected(state.belief.mean, cue), state.noise * (1 + open_)

    def sane(self, part: Float[Array, "*events any"]) -> Bool[Array, "*events"]:
        """Whether a cue or value may come in: finite, and no entry beyond the limit."""
        return jnp.all(jnp.abs(part) <= self.limit, axis=-1)  # false for NaN

    def wait(self, state: MemoryState, events: Float[Array, ""] | float) -> MemoryState:
        """Let logical time pass in which nothing happens: lean back to the prior, and let the quarantine fade."""
        pace = self.pace
        return eqx.tree_at(
            lambda s: (s.belief, s.quarantine),
            state,
            (
                associative.relax(state.belief, pace.prior, pace.variance, jnp.exp(events * pace.rate)),
                waiting_room.fade(state.quarantine, jax.nn.sigmoid(-self.fade) ** events),
            ),
        )

    def step(
        self,
        state: MemoryState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[MemoryState, MemoryInfo]:
        """Live through one event: judge it by what was believed, then learn as it deserves."""
        encounter = self.meet(state, event)
        lesson, waiting = jax.lax.cond(
            encounter.beyond, lambda *of: self.shaken(*of), lambda *of: self.calm(*of), encounter.met, encounter.waiting
        )
        return self.write(state, encounter, lesson, waiting)

    def meet(
        self, state: MemoryState, event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]]
    ) -> "Encounter":
        """The first third of a step: lean back to the prior, and set the event against what is believed."""
        sane = self.sane(event[0]) & self.sane(event[1])
        cue, value = (jnp.where(sane, part, 0.0) for part in event)
        later = self.wait(state, 1.0)
        covered, open_ = associative.spread(later.belief.covariance, cue)
        met = Meeting(
            cue=cue,
            error=value - associative.expected(later.belief.mean, cue),
            spread=1 + open_,
            blank=self.pace.variance * jnp.sum(cue**2),
            noise=state.noise,
        )
        surprise = met.error @ met.error / (self.values * met.noise * met.spread)
        limit = self.admitted(met.spread, met.blank)
        return Encounter(
            belief=later.belief,
            waiting=later.quarantine,
            met=met,
            covered=covered,
            surprise=surprise,
            limit=limit,
            beyond=surprise > limit,
            sane=sane,
        )

    def write(
        self, state: MemoryState, encounter: "Encounter", lesson: "Lesson", waiting: Quarantine
    ) -> tuple[MemoryState, MemoryInfo]:
        """The last third: take the lesson into the belief and the running noise."""
        met, surprise, limit, sane = encounter.met, encounter.surprise, encounter.limit, encounter.sane
        open_ = met.spread - 1
        # The gate learns from what came of its decisions; what was decided does not bend towards the gate.
        soft = jax.nn.sigmoid(limit - jax.lax.stop_gradient(surprise))
        expected = straight_through(~encounter.beyond, soft)
        taken = jnp.maximum(expected, lesson.confirmed)
        gain = associative.kalman_gain(encounter.covered, open_, lesson.noise, lesson.change)
        gain = jax.tree.map(lambda leaf: taken * leaf, gain)
        count = self.values / met.spread * (1 - lesson.confirmed)
        weight = self.keep * state.weight + count
        seen = met.noise * jnp.minimum(surprise, limit)
        after = MemoryState(
            belief=associative.correct(encounter.belief, met.cue, lesson.error, gain),
            quarantine=waiting,
            noise=jnp.maximum((self.keep * state.weight * state.noise + count * seen) / weight, _LEAST),
            weight=weight,
        )
        after = jax.tree.map(lambda new, old: jnp.where(sane, new, old), after, state)
        wide = open_ + lesson.change
        told = associative.information_gain(wide * met.noise, lesson.noise * met.noise, lesson.error)
        return after, MemoryInfo(
            innovation=met.error,
            surprise=jnp.where(sane, surprise, 0.0),
            surprisal=jnp.where(sane, surprisal(met.error, met.noise * met.spread), 0.0),
            information=sane * taken * told,
            written=sane * taken * wide / (wide + lesson.noise),
            quarantined=sane & (taken < 0.5),
            confirmed=sane & (lesson.confirmed > 0.5),
            ignored=~sane,
        )

    def calm(self, met: Meeting, waiting: Quarantine) -> tuple["Lesson", Quarantine]:
        """What is expected is written as it is, and speaks against what waits at its cue."""
        gone = waiting_room.refuted(waiting, met, self.pace.variance, self.conviction)
        nothing = jnp.zeros(())
        lesson = Lesson(error=met.error, noise=jnp.ones(()), change=nothing, confirmed=nothing)
        return lesson, waiting_room.release(waiting, gone)

    def shaken(self, met: Meeting, waiting: Quarantine) -> tuple["Lesson", Quarantine]:
        """A surprise waits; if it agrees with what waits, both are learned as one estimate."""
        verdict = waiting_room.consult(waiting, met, self.pace.variance, self.conviction)
        share = verdict.doubt / (verdict.doubt + met.spread)
        pooled = verdict.waiting + share * (met.error - verdict.waiting)
        agreed = verdict.confirmed
        lesson = Lesson(
            error=met.error + agreed * (pooled - met.error),
            noise=1 + agreed * (jnp.maximum(share * met.spread, _SLIGHT) - 1),
            change=agreed * jnp.maximum(met.blank - (met.spread - 1), 0.0),
            confirmed=agreed,
        )
        learned = waiting_room.release(waiting, waiting_room.same_cue(waiting, met.cue))
        gone = waiting_room.refuted(waiting, met, self.pace.variance, self.conviction)
        kept = waiting_room.admit(waiting_room.release(waiting, gone), met)
        return lesson, jax.tree.map(lambda a, b: jnp.where(agreed > 0.5, a, b), learned, kept)


class Encounter(eqx.Module):
    """An event set against what was believed."""

    belief: Association
    waiting: Quarantine
    met: Meeting
    covered: Float[Array, " keys"]
    surprise: Float[Array, ""]
    limit: Float[Array, ""]
    beyond: Bool[Array, ""]
    sane: Bool[Array, ""]


class Lesson(eqx.Module):
    """What the belief is to take in: a change of variance at the cue, then an error with its noise over the noise."""

    error: Float[Array, " values"]
    noise: Float[Array, ""]
    change: Float[Array, ""]
    confirmed: Float[Array, ""]


def surprisal(error: Float[Array, "*events values"], variance: Float[Array, "*events"]) -> Float[Array, "*events"]:
    """`-log p` of an innovation in nats, Gaussian, the same variance in each dimension."""
    return 0.5 * (jnp.sum(error**2, -1) / variance + error.shape[-1] * jnp.log(2 * jnp.pi * variance))


_SURE = 16.0  # logit of all but 1e-7
_LEAST = 1e-12
_SLIGHT = 1e-3  # of the noise: no estimate is held to be surer than that
