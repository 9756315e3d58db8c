"""A stretch of the expected, taken at once: one Cholesky a chunk gives every event's innovation and variance."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.chunk import Chunk, fading_sum, filter_chunks, prepare, running_sum
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


class Seen(eqx.Module):
    """What chunks taken at once were like.

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


def at_once(memory: SurpriseMemory, state: MemoryState, events: Events) -> tuple[MemoryState, Lived, Seen]:
    """Take chunks as if nothing in them were beyond the gate and nothing waited; say what was seen."""
    sane, cues, values = _sane(memory, events)
    pace = memory.pace
    chunks: Chunk = jax.vmap(functools.partial(prepare, pace=pace))(
        cues, values, sane.astype(cues.dtype), events.queries
    )
    belief, filtered = filter_chunks(state.belief, chunks, pace)
    spread, met = filtered.deviation**2, jnp.mean(filtered.white**2, axis=-1)
    ticks = running_sum(sane.astype(met.dtype))
    count = jnp.where(sane, memory.values / spread, 0.0)
    weight = fading_sum(state.weight, count, memory.keep, ticks)
    total = fading_sum(state.weight * state.noise, count * met, memory.keep, ticks)
    noise = jnp.maximum(total / weight, 1e-12)
    before = jnp.concatenate([state.noise[None], noise.ravel()[:-1]]).reshape(noise.shape)
    surprise = jnp.where(sane, met / before, 0.0)
    error = filtered.white * filtered.deviation[..., None]
    meetings = Meeting(cue=cues, error=error, spread=spread, blank=pace.variance * jnp.sum(cues**2, -1), noise=before)
    after = MemoryState(belief=belief, aside=state.aside, noise=noise[-1, -1], weight=weight[-1, -1])
    open_ = spread - 1
    gained = associative.information_gain(open_ * before, before, error)
    info = MemoryInfo(
        innovation=error,
        surprise=surprise,
        surprisal=jnp.where(sane, surprisal(error, before * spread), 0.0),
        information=sane * gained,
        written=sane * open_ / spread,
        quarantined=jnp.zeros_like(sane),
        confirmed=jnp.zeros_like(sane),
        ignored=~sane,
    )
    limit = memory.caution.admitted(spread, meetings.blank, memory.values)
    calm = jnp.all(surprise <= limit, axis=-1)
    return after, Lived(info=info, read=filtered.read), Seen(meetings=meetings, ticks=ticks, sane=sane, calm=calm)


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


def _sane(memory: SurpriseMemory, events: Events) -> tuple[Array, Array, Array]:
    sane = memory.sane(events.cues) & memory.sane(events.values) & events.present
    return sane, jnp.where(sane[..., None], events.cues, 0.0), jnp.where(sane[..., None], events.values, 0.0)
