"""An encounter: an event set against what is believed, and written as it deserves."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.associative import Association, straight_through
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.caution import Caution
from inhabit.memory.lesson import Aside, Taught
from inhabit.memory.memory import MemoryInfo
from inhabit.memory.quarantine import Meeting


class MemoryState(eqx.Module):
    """What a surprise memory has lived.

    Attributes:
        belief: What is held to be so; its covariance is in units of `noise`.
        aside: What might be otherwise, and what became of surprises.
        noise: Running variance of the values around the truth.
        weight: How many squared deviations `noise` rests on.
    """

    belief: Association
    aside: Aside
    noise: Float[Array, ""]
    weight: Float[Array, ""]


class Encounter(eqx.Module):
    """An event set against what was believed.

    Attributes:
        belief: Leaned back to the prior, before the event.
        aside: What is held beside it, faded.
        met: How the belief meets the event.
        covered: The belief's covariance times the cue.
        surprise: Normalised.
        limit: Surprise that is still let in.
        beyond: Whether it is not.
        sane: Whether the event may come in at all.
    """

    belief: Association
    aside: Aside
    met: Meeting
    covered: Float[Array, " keys"]
    surprise: Float[Array, ""]
    limit: Float[Array, ""]
    beyond: Bool[Array, ""]
    sane: Bool[Array, ""]


def meet(
    state: MemoryState,
    cue: Float[Array, " keys"],
    value: Float[Array, " values"],
    sane: Bool[Array, ""],
    *,
    variance: Float[Array, ""],
    caution: Caution,
) -> Encounter:
    """Set an event against what is believed.

    Args:
        state: Leaned back to the prior.
        cue: Zeros where not sane.
        value: Zeros where not sane.
        sane: Whether the event may come in.
        variance: Prior variance of an entry of the map over the noise.
        caution: Sets the gate.
    """
    covered, open_ = associative.spread(state.belief.covariance, cue)
    met = Meeting(
        cue=cue,
        error=value - associative.expected(state.belief.mean, cue),
        spread=1 + open_,
        blank=variance * jnp.sum(cue**2),
        noise=state.noise,
    )
    surprise = met.error @ met.error / (value.shape[0] * met.noise * met.spread)
    limit = caution.admitted(met.spread, met.blank, value.shape[0])
    return Encounter(
        belief=state.belief,
        aside=state.aside,
        met=met,
        covered=covered,
        surprise=surprise,
        limit=limit,
        beyond=surprise > limit,
        sane=sane,
    )


def write(state: MemoryState, encounter: Encounter, taught: Taught, *, keep: float) -> tuple[MemoryState, MemoryInfo]:
    """Take a lesson into the belief and the running noise.

    Args:
        state: Before the event, and before it leaned back.
        encounter: With the event.
        taught: By it.
        keep: Share of the running noise's weight that an event leaves.
    """
    met, lesson, sane = encounter.met, taught.lesson, encounter.sane
    open_ = met.spread - 1
    # The gate learns from what came of its decisions; what was decided does not bend towards the gate.
    soft = jax.nn.sigmoid(encounter.limit - jax.lax.stop_gradient(encounter.surprise))
    expected = straight_through(~encounter.beyond, soft)
    taken = jnp.maximum(expected, lesson.confirmed)
    gain = associative.kalman_gain(encounter.covered, open_, lesson.noise, lesson.change)
    gain = jax.tree.map(lambda leaf: sane * taken * leaf, gain)
    count = met.error.shape[0] / met.spread * (1 - lesson.confirmed)
    weight = keep * state.weight + count
    seen = met.noise * jnp.minimum(encounter.surprise, encounter.limit)
    noise = jnp.maximum((keep * state.weight * state.noise + count * seen) / weight, _LEAST)
    after = MemoryState(
        belief=associative.correct(encounter.belief, met.cue, lesson.error, gain),
        aside=taught.aside,
        noise=jnp.where(sane, noise, state.noise),
        weight=jnp.where(sane, weight, state.weight),
    )
    wide = open_ + lesson.change
    told = associative.information_gain(wide * met.noise, lesson.noise * met.noise, lesson.error)
    return after, MemoryInfo(
        innovation=met.error - taught.hedge,
        surprise=jnp.where(sane, encounter.surprise, 0.0),
        surprisal=jnp.where(sane, surprisal(met.error, met.noise * met.spread), 0.0),
        information=sane * taken * told,
        written=sane * taken * wide / (wide + lesson.noise),
        quarantined=sane & (taken < 0.5),
        confirmed=sane & (lesson.confirmed > 0.5),
        ignored=~sane,
    )


def surprisal(error: Float[Array, "*events values"], variance: Float[Array, "*events"]) -> Float[Array, "*events"]:
    """`-log p` of an innovation in nats, Gaussian, the same variance in each dimension."""
    return -waiting_room.log_likelihood(error, variance)


_LEAST = 1e-12
