"""Living through many events at once, with the very numbers of living through them one by one.

A window of many chunks in which no event is beyond its gate is taken at once, whole. A window with a surprise in it is
taken chunk by chunk, and the chunk with the surprise event by event, for what a surprise does depends on all before it.
So a long stretch of the expected costs a few matrix products.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.maths import associative
from inhabit.maths.chunk import Chunk, fading_sum, filter_chunks, prepare, running_sum
from inhabit.memory import lesson as lessons
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.lesson import Aside
from inhabit.memory.memory import MemoryInfo
from inhabit.memory.quarantine import Meeting, Quarantine
from inhabit.memory.surprise import MemoryState, SurpriseMemory, surprisal


class _Events(eqx.Module):
    """Chunks of events; what is not present is padding and takes no time."""

    cues: Float[Array, "*heads time keys"]
    values: Float[Array, "*heads time values"]
    queries: Float[Array, "*heads time keys"] | None
    present: Bool[Array, "*heads time"]


class _Seen(eqx.Module):
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


def live(
    memory: SurpriseMemory,
    state: MemoryState,
    cues: Float[Array, "time {memory.keys}"],
    values: Float[Array, "time {memory.values}"],
    queries: Float[Array, "time {memory.keys}"] | None = None,
    *,
    chunk: int = 32,
) -> tuple[MemoryState, Lived]:
    """Live through many events with one head.

    Args:
        memory: What is learned.
        state: Before the first event.
        cues: Of each event.
        values: Of each event.
        queries: Where to read after each event.
        chunk: Events taken at once; changes the speed, not the numbers.
    """
    one = functools.partial(jax.tree.map, lambda leaf: leaf[None] if eqx.is_array(leaf) else leaf)
    many = live_heads(one(memory), one(state), one(cues), one(values), one(queries), chunk=chunk)
    return jax.tree.map(lambda leaf: leaf[0], many)


def live_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    cues: Float[Array, "heads time keys"],
    values: Float[Array, "heads time values"],
    queries: Float[Array, "heads time keys"] | None = None,
    *,
    chunk: int = 32,
) -> tuple[MemoryState, Lived]:
    """Live through many events with heads that share their time.

    Args:
        memories: Stacked, one for each head.
        states: Stacked.
        cues: Of each head.
        values: Of each head.
        queries: Where each head is read after each event.
        chunk: Events taken at once; changes the speed, not the numbers.
    """
    heads, time = cues.shape[:2]
    if queries is not None:
        queries = jnp.where(memories.sane(queries)[..., None], queries, 0.0)
    chunks = min(_WINDOW, -(-time // chunk))
    padding = -time % (chunk * chunks)
    present = jnp.broadcast_to(jnp.arange(time + padding) < time, (heads, time + padding))

    def cut(part: Array) -> Array:
        part = jnp.pad(part, [(0, 0), (0, time + padding - part.shape[1]), *[(0, 0)] * (part.ndim - 2)])
        return jnp.moveaxis(part.reshape(heads, -1, chunks, chunk, *part.shape[2:]), 0, 2)

    windows = jax.tree.map(cut, _Events(cues=cues, values=values, queries=queries, present=present))
    after, lived = jax.lax.scan(functools.partial(_window, memories), states, windows)

    def joined(part: Array) -> Array:
        return jnp.moveaxis(part, 2, 0).reshape(heads, -1, *part.shape[4:])[:, :time]

    return after, jax.tree.map(joined, lived)


def _window(memories: SurpriseMemory, states: MemoryState, events: _Events) -> tuple[MemoryState, Lived]:
    """Many chunks at once if nothing in them is beyond the gate and nothing waits, else one after another."""
    after, lived, seen = _heads_at_once(memories, states, events)

    @jax.checkpoint
    def by_chunk(states: MemoryState, events: _Events) -> tuple[MemoryState, Lived]:
        return jax.lax.scan(functools.partial(_chunk, memories), states, events)

    calm = jnp.all(seen.calm) & ~jnp.any(states.aside.quarantine.weight > 0)
    return jax.lax.cond(calm, lambda *_: (after, lived), by_chunk, states, events)


def _chunk(memories: SurpriseMemory, states: MemoryState, events: _Events) -> tuple[MemoryState, Lived]:
    """One chunk at once if nothing in it is beyond the gate, whatever waits; else event by event."""
    after, lived, seen = _heads_at_once(memories, states, jax.tree.map(lambda part: part[None], events))
    lived, seen = jax.tree.map(lambda part: part[0], (lived, seen))
    arrays, rest = eqx.partition(memories, eqx.is_array)

    def waited(arrays, state, seen, queries):
        return _waited(eqx.combine(arrays, rest), state, seen, queries)

    def judged():
        aside, met, asked = jax.vmap(waited)(arrays, states, seen, events.queries)
        innovation = lived.info.innovation - met
        read = None if lived.read is None else lived.read + asked
        info = eqx.tree_at(lambda i: i.innovation, lived.info, innovation)
        return eqx.tree_at(lambda s: s.aside, after, aside), Lived(info=info, read=read)

    case = jnp.where(jnp.all(seen.calm), jnp.any(states.aside.quarantine.weight > 0), 2).astype(int)
    one_after_another = functools.partial(_one_by_one, memories, states, events)
    return jax.lax.switch(case, [lambda: (after, lived), judged, one_after_another])


def _heads_at_once(memories: SurpriseMemory, states: MemoryState, events: _Events) -> tuple[MemoryState, Lived, _Seen]:
    """Every head; chunks lead, for they are what is scanned."""
    arrays, rest = eqx.partition(memories, eqx.is_array)
    each = jax.vmap(lambda arrays, *of: _at_once(eqx.combine(arrays, rest), *of), (0, 0, 1), (0, 1, 1))
    return each(arrays, states, events)


def step_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    event: tuple[Float[Array, "heads keys"], Float[Array, "heads values"]],
) -> tuple[MemoryState, MemoryInfo]:
    """Live through one event with every head; what a surprise costs is paid only if some head is surprised.

    Donate the states (`jax.jit(..., donate_argnums=...)`) and nothing is copied.
    """
    arrays, rest = eqx.partition(memories, eqx.is_array)

    def each(method):
        return jax.vmap(lambda arrays, *of: method(eqx.combine(arrays, rest), *of))

    encounter = each(SurpriseMemory.meet)(arrays, states, event)

    of = (encounter.met, encounter.covered, encounter.aside, memories.caution)

    def shaken(*of):
        pick = jax.vmap(lambda beyond, a, b: jax.tree.map(lambda x, y: jnp.where(beyond, x, y), a, b))
        return pick(encounter.beyond, jax.vmap(lessons.shaken)(*of), jax.vmap(lessons.calm)(*of))

    waits = jnp.any(encounter.aside.quarantine.weight > 0)
    case = jnp.where(jnp.any(encounter.beyond), 2, waits).astype(int)
    taught = jax.lax.switch(case, [jax.vmap(lessons.plain), jax.vmap(lessons.calm), shaken], *of)
    return each(SurpriseMemory.write)(arrays, states, encounter, taught)


def _sane(memory: SurpriseMemory, events: _Events) -> tuple[Array, Array, Array]:
    sane = memory.sane(events.cues) & memory.sane(events.values) & events.present
    return sane, jnp.where(sane[..., None], events.cues, 0.0), jnp.where(sane[..., None], events.values, 0.0)


def _at_once(memory: SurpriseMemory, state: MemoryState, events: _Events) -> tuple[MemoryState, Lived, _Seen]:
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
    return after, Lived(info=info, read=filtered.read), _Seen(meetings=meetings, ticks=ticks, sane=sane, calm=calm)


def _waited(
    memory: SurpriseMemory, state: MemoryState, seen: _Seen, queries: Float[Array, "time keys"] | None
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


def _one_by_one(memories: SurpriseMemory, states: MemoryState, events: _Events) -> tuple[MemoryState, Lived]:
    def one(states: MemoryState, event: _Events) -> tuple[MemoryState, Lived]:
        cues = jnp.where(event.present[:, None], event.cues, jnp.nan)
        after, info = step_heads(memories, states, (cues, event.values))
        read = None if event.queries is None else jax.vmap(_expected)(after, event.queries)
        return after, Lived(info=info, read=read)

    by_time = functools.partial(jax.tree.map, lambda part: part.swapaxes(0, 1))
    after, lived = jax.lax.scan(one, states, by_time(events))
    return after, by_time(lived)


def _expected(state: MemoryState, query: Float[Array, " keys"]) -> Float[Array, " values"]:
    return associative.expected(state.belief.mean, query) + waiting_room.hedge(state.aside.quarantine, query)


_WINDOW = 16
"""Chunks that are taken at once, at most."""
