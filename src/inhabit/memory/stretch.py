"""A stretch of the expected, taken at once: one Cholesky a chunk gives every event's innovation and variance."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.chunk import Chunk, fading_sum, filter_chunk, prepare, running_sum
from inhabit.memory import lesson as lessons
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.encounter import MemoryState, surprisal
from inhabit.memory.lesson import Aside
from inhabit.memory.memory import MemoryInfo
from inhabit.memory.quarantine import Meeting, Quarantine
from inhabit.memory.surprise import SurpriseMemory


class Events(eqx.Module):
    """Chunks of events; what is not present is padding and takes no time."""

    cues: Float[Array, "*heads time keys"]
    values: Float[Array, "*heads time values"]
    queries: Float[Array, "*heads time keys"] | None
    present: Bool[Array, "*heads time"]


class Prepared(eqx.Module):
    """All that a chunk says without any state.

    Attributes:
        chunk: For the belief.
        cues: Zeros where not sane.
        blank: Prior variance at each cue over the noise.
        ticks: Logical time since the chunk began, after each event.
        sane: Which events take part.
    """

    chunk: Chunk
    cues: Float[Array, "*chunks time keys"]
    blank: Float[Array, "*chunks time"]
    ticks: Float[Array, "*chunks time"]
    sane: Bool[Array, "*chunks time"]


class Seen(eqx.Module):
    """What a chunk taken at once was like.

    Attributes:
        meetings: How the belief met each event.
        ticks: Logical time since the chunk began, after each event.
        sane: Which events take part.
        calm: Whether nothing in the chunk was beyond the gate.
    """

    meetings: Meeting
    ticks: Float[Array, "*chunks time"]
    sane: Bool[Array, "*chunks time"]
    calm: Bool[Array, "*chunks"]


class Lived(eqx.Module):
    """What came of many events.

    Attributes:
        info: One for each event.
        read: Value expected at each query right after its event; None without queries.
    """

    info: MemoryInfo
    read: Float[Array, "*heads time values"] | None


def prepared(memory: SurpriseMemory, events: Events) -> Prepared:
    """What a chunk says without any state."""
    sane = memory.sane(events.cues) & memory.sane(events.values) & events.present
    cues, values = (jnp.where(sane[:, None], side, 0.0) for side in (events.cues, events.values))
    pace, present = memory.pace, sane.astype(cues.dtype)
    return Prepared(
        chunk=prepare(cues, values, present, events.queries, pace),
        cues=cues,
        blank=pace.variance * jnp.sum(cues**2, -1),
        ticks=running_sum(present),
        sane=sane,
    )


def at_once(memory: SurpriseMemory, state: MemoryState, events: Prepared) -> tuple[MemoryState, Lived, Seen]:
    """Take a chunk as if nothing in it were beyond the gate and nothing waited; say what was seen."""
    sane = events.sane
    belief, filtered = filter_chunk(state.belief, events.chunk, memory.pace)
    spread, met = filtered.deviation**2, jnp.mean(filtered.white**2, axis=-1)
    count, left = jnp.where(sane, memory.values / spread, 0.0), jnp.power(memory.keep, events.ticks)
    weight = fading_sum(state.weight, count, left)
    total = fading_sum(state.weight * state.noise, count * met, left)
    noise = jnp.maximum(total / weight, 1e-12)
    before = jnp.concatenate([state.noise[None], noise[:-1]])
    surprise = jnp.where(sane, met / before, 0.0)
    error = filtered.white * filtered.deviation[:, None]
    meetings = Meeting(cue=events.cues, error=error, spread=spread, blank=events.blank, noise=before)
    after = MemoryState(belief=belief, aside=state.aside, noise=noise[-1], weight=weight[-1])
    open_ = spread - 1
    info = MemoryInfo(
        innovation=error,
        surprise=surprise,
        surprisal=jnp.where(sane, surprisal(error, before * spread), 0.0),
        information=sane * associative.information_gain(open_ * before, before, error),
        written=sane * open_ / spread,
        quarantined=jnp.zeros_like(sane),
        confirmed=jnp.zeros_like(sane),
        ignored=~sane,
    )
    calm = jnp.all(surprise <= memory.caution.admitted(spread, events.blank, memory.values))
    return after, Lived(info=info, read=filtered.read), Seen(meetings, events.ticks, sane, calm)


def waited(
    memory: SurpriseMemory, state: MemoryState, seen: Seen, queries: Float[Array, "time keys"] | None
) -> tuple[Aside, Float[Array, "time values"], Float[Array, "time values"] | None]:
    """What still waits after a chunk in which nothing was beyond the gate, and how it moved what was expected.

    Returns:
        What is held beside the belief; what the claims added to what was expected of each event, and at each query.
    """
    first, present = state.aside.quarantine, seen.sane[:, None]
    faded = jax.vmap(lambda tick: waiting_room.fade(first, memory.caution.keep**tick))(seen.ticks)
    told = jax.lax.stop_gradient(jax.vmap(waiting_room.evidence)(faded, seen.meetings))
    against = jnp.cumsum(jnp.where(present, jnp.minimum(told, 0.0), 0.0), axis=0)
    odds = jnp.where(first.former, jnp.maximum(first.odds + against, memory.caution.returning), first.odds + against)
    gone = present & jax.vmap(waiting_room.refuted)(faded, told)
    ever = jnp.cumsum(gone, axis=0) > 0

    def held(odds: Array, gone: Array) -> Quarantine:
        return eqx.tree_at(lambda q: (q.odds, q.weight), faded, (odds, jnp.where(gone, 0.0, faded.weight)))

    def earlier(first: Array, later: Array) -> Array:
        return jnp.concatenate([first[None], later[:-1]])

    before = held(earlier(first.odds, odds), earlier(jnp.zeros_like(ever[0]), ever))
    after = held(odds, ever)
    refuted = jnp.sum(ever[-1]).astype(odds.dtype)
    aside = Aside(
        quarantine=jax.tree.map(lambda leaf: leaf[-1], after),
        experience=state.aside.experience + refuted * lessons.OUTLIER,
    )
    asked = None if queries is None else jax.vmap(waiting_room.hedge)(after, queries)
    return aside, jax.vmap(waiting_room.hedge)(before, seen.meetings.cue), asked
