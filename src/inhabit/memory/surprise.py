"""Surprise memory: what is expected refines it, what is surprising waits until something agrees with it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.associative import Association
from inhabit.maths.chunk import Pace
from inhabit.memory import encounter as encounters
from inhabit.memory import lesson as lessons
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.caution import Caution
from inhabit.memory.encounter import Encounter, MemoryState
from inhabit.memory.lesson import Aside, Taught
from inhabit.memory.memory import AbstractMemory, MemoryInfo
from inhabit.types import Key


class SurpriseMemory(AbstractMemory[MemoryState]):
    """A precision-weighted associative memory with a gate and a quarantine.

    An expected event is written with the Kalman gain: with the gate open and no drift the belief is exactly the
    posterior of Bayesian linear regression. The belief's covariance is in units of the noise, so the belief and every
    event's predicted variance do not depend on the running noise, and a chunk of events can be taken at once
    (`memory.living`). An event beyond the gate is set against three accounts (`memory.lesson`): a claim that waits
    foresaw it, the world has changed as nobody foresaw, or it is an outlier. In the first two cases it is learned at
    once, and what was believed waits in its stead; otherwise it waits itself. What waits takes part in what is
    expected by its posterior odds. With a conviction above 0 and no change met yet, unrelated outliers pass for a
    change with probability below `exp(-conviction)`.

    Cues and values should be of order 1. What is learned (all unconstrained, all differentiable):

    Attributes:
        log_variance: Logarithm of the prior variance of the map, in units of the values squared, were the noise what
            `log_noise` says; it moves in proportion to the noise found.
        log_noise: Logarithm of the prior noise variance of a value's dimension.
        log_weight: Logarithm of how many squared deviations the prior noise is worth.
        log_drift: Logarithm of the variance that the map gains at each event, as a share of the noise; it grows
            towards the prior variance, never beyond, and the mean leans back to the prior at the same rate.
        caution: What decides over surprises.
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
    caution: Caution
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
        experience: float = 4.0,
        inflation: float = 1.0,
        returning: float = -6.0,
        repeated: float = 100.0,
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
            conviction: Nats by which a surprise is held to be an outlier rather than a change; below 0 a surprise of
                ordinary size is learned at once.
            experience: How many surprises that conviction is worth; what becomes of surprises moves it.
            inflation: How many times noisier than an event a surprise is held to be while it waits.
            returning: Log-odds that a former belief keeps, however often it was contradicted.
            repeated: Nats by which one event may speak for a surprise that waits, at most: whoever errs may err again.
            slack: By how much wider the gate stands where nothing is known; positive.
            prior: Map expected before anything is lived; nothing (zeros) if left out.
            limit: Cues and values with an entry beyond this are ignored.
            horizon: Events over which the running noise is averaged, so that it stays alive.
            slots: How many claims can wait.

        Raises:
            ValueError: A variance or weight that is not positive, or a share outside `[0, 1)`.
        """
        positive = {
            "variance": variance,
            "noise": noise,
            "weight": weight,
            "slack": slack,
            "slots": slots,
            "experience": experience,
            "inflation": inflation,
        }
        if wrong := {name: number for name, number in positive.items() if number <= 0}:
            raise ValueError(f"{', '.join(positive)} are positive, got {wrong}")
        if not (0 <= drift < 1 and 0 <= fade < 1):
            raise ValueError(f"drift and fade are shares in [0, 1), got {drift} and {fade}")
        self.keys, self.values, self.limit, self.horizon, self.slots = keys, values, limit, horizon, slots
        self.log_variance, self.log_noise, self.log_weight = jnp.log(jnp.array([variance, noise, weight]))
        self.log_drift = jnp.log(jnp.maximum(jnp.array(drift), _LEAST))
        self.caution = Caution(
            gate=gate,
            slack=slack,
            conviction=conviction,
            experience=experience,
            inflation=inflation,
            returning=returning,
            repeated=repeated,
            fade=fade,
        )
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

    def init(self, *, key: Key | None = None) -> MemoryState:
        """Know what the prior knows; nothing waits."""
        return MemoryState(
            belief=Association(mean=self.prior, covariance=self.pace.variance * jnp.eye(self.keys)),
            aside=Aside(waiting_room.empty(self.slots, self.keys, self.values), jnp.zeros(2)),
            noise=jnp.exp(self.log_noise),
            weight=jnp.exp(self.log_weight),
        )

    def read(
        self, state: MemoryState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, and the predicted variance of each dimension; a bad cue reads as nothing.

        What waits takes part by its posterior probability, in the variance too.
        """
        cue = jnp.where(self.sane(cue), cue, 0.0)
        _, open_ = associative.spread(state.belief.covariance, cue)
        share, reach = waiting_room.shares(state.aside.quarantine, cue)
        moved = (share * reach) @ state.aside.quarantine.errors
        between = share * reach**2 @ jnp.mean(state.aside.quarantine.errors**2, -1) - jnp.mean(moved**2)
        return associative.expected(state.belief.mean, cue) + moved, state.noise * (1 + open_) + between

    def sane(self, part: Float[Array, "*events any"]) -> Bool[Array, "*events"]:
        """Whether a cue or value may come in: finite, and no entry beyond the limit."""
        return jnp.all(jnp.abs(part) <= self.limit, axis=-1)  # false for NaN

    def wait(self, state: MemoryState, events: Float[Array, ""] | float) -> MemoryState:
        """Let logical time pass in which nothing happens: lean back to the prior, and let the quarantine fade."""
        pace = self.pace
        return eqx.tree_at(
            lambda s: (s.belief, s.aside.quarantine),
            state,
            (
                associative.relax(state.belief, pace.prior, pace.variance, jnp.exp(events * pace.rate)),
                waiting_room.fade(state.aside.quarantine, self.caution.keep**events),
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
        of = (encounter.met, encounter.covered, encounter.aside, self.caution)
        taught = jax.lax.cond(encounter.beyond, lessons.shaken, lessons.calm, *of)
        return self.write(state, encounter, taught)

    def meet(
        self, state: MemoryState, event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]]
    ) -> Encounter:
        """The first third of a step: lean back to the prior, and set the event against what is believed."""
        sane = self.sane(event[0]) & self.sane(event[1])
        cue, value = (jnp.where(sane, part, 0.0) for part in event)
        later = self.wait(state, sane.astype(cue.dtype))  # nothing happens to one who lives through what cannot be
        return encounters.meet(later, cue, value, sane, variance=self.pace.variance, caution=self.caution)

    def write(self, state: MemoryState, encounter: Encounter, taught: Taught) -> tuple[MemoryState, MemoryInfo]:
        """The last third: take the lesson into the belief and the running noise."""
        return encounters.write(state, encounter, taught, keep=self.keep)


_LEAST = 1e-12
