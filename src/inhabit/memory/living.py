"""Living through many events at once, with the very numbers of living through them one by one.

On a CPU with a C compiler the kernel (`memory.kernel`) takes them one after another, and back again for the gradient;
other machines and whoever names a chunk take them in chunks. A chunk in which no event is beyond its gate is taken at once; the chunk with
the surprise is taken event by event, for what a surprise does depends on all before it. So a long stretch of the
expected costs a few matrix products a chunk.
"""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths import associative
from inhabit.memory import kernel, stretch
from inhabit.memory import lesson as lessons
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.memory import MemoryInfo
from inhabit.memory.stretch import Events, Lived, Prepared
from inhabit.memory.surprise import MemoryState, SurpriseMemory


def live(
    memory: SurpriseMemory,
    state: MemoryState,
    cues: Float[Array, "time {memory.keys}"],
    values: Float[Array, "time {memory.values}"],
    queries: Float[Array, "time {memory.keys}"] | None = None,
    *,
    chunk: int | None = None,
) -> tuple[MemoryState, Lived]:
    """Live through many events with one head.

    Args:
        memory: What is learned.
        state: Before the first event.
        cues: Of each event.
        values: Of each event.
        queries: Where to read after each event.
        chunk: See `live_heads`.
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
    chunk: int | None = None,
) -> tuple[MemoryState, Lived]:
    """Live through many events with heads that share their time.

    Args:
        memories: Stacked, one for each head.
        states: Stacked.
        cues: Of each head.
        values: Of each head.
        queries: Where each head is read after each event.
        chunk: Events that XLA takes at once; changes the speed, not the numbers. Left out, the compiled kernel takes
            them one after another where it is ready, else XLA takes 32 at once. Name one for derivatives in forward
            mode or of second order, which the kernel has not.
    """
    of = (memories, states, cues, values, queries)
    if chunk is not None or not kernel.ready(memories, cues, values, *jax.tree.leaves((states, queries))):
        return _in_chunks(*of, chunk=chunk or _CHUNK)
    return kernel.live_heads(*of)


def _in_chunks(
    memories: SurpriseMemory,
    states: MemoryState,
    cues: Float[Array, "heads time keys"],
    values: Float[Array, "heads time values"],
    queries: Float[Array, "heads time keys"] | None,
    *,
    chunk: int,
) -> tuple[MemoryState, Lived]:
    """By XLA alone."""
    heads, time = cues.shape[:2]
    if queries is not None:
        queries = jnp.where(memories.sane(queries)[..., None], queries, 0.0)
    padding = -time % chunk
    present = jnp.broadcast_to(jnp.arange(time + padding) < time, (heads, time + padding))

    def cut(part: Array) -> Array:
        part = jnp.pad(part, [(0, 0), (0, time + padding - part.shape[1]), *[(0, 0)] * (part.ndim - 2)])
        return jnp.moveaxis(part.reshape(heads, -1, chunk, *part.shape[2:]), 0, 1)

    chunks = jax.tree.map(cut, Events(cues=cues, values=values, queries=queries, present=present))
    prepared = jax.vmap(functools.partial(_each_head, stretch.prepared, memories))(chunks)
    after, lived = jax.lax.scan(functools.partial(_chunk, memories), states, (chunks, prepared))

    def joined(part: Array) -> Array:
        return jnp.moveaxis(part, 1, 0).reshape(heads, -1, *part.shape[3:])[:, :time]

    return after, jax.tree.map(joined, lived)


def _chunk(memories: SurpriseMemory, states: MemoryState, of: tuple[Events, Prepared]) -> tuple[MemoryState, Lived]:
    """One chunk at once if nothing in it is beyond the gate, whatever waits; else event by event."""
    events, prepared = of
    after, lived, seen = _each_head(stretch.at_once, memories, states, prepared)

    def judged() -> tuple[MemoryState, Lived]:
        aside, met, asked = _each_head(stretch.waited, memories, states, seen, events.queries)
        innovation = lived.info.innovation - met
        read = None if lived.read is None else lived.read + asked
        info = eqx.tree_at(lambda i: i.innovation, lived.info, innovation)
        return eqx.tree_at(lambda s: s.aside, after, aside), Lived(info=info, read=read)

    @jax.checkpoint
    def one_after_another(states: MemoryState, events: Events) -> tuple[MemoryState, Lived]:
        return _one_by_one(memories, states, events)

    case = jnp.where(jnp.all(seen.calm), jnp.any(states.aside.quarantine.weight > 0), 2).astype(int)
    return jax.lax.switch(case, [lambda: (after, lived), judged, lambda: one_after_another(states, events)])


def _each_head(method: Callable, memories: SurpriseMemory, *of: Any) -> Any:
    arrays, rest = eqx.partition(memories, eqx.is_array)
    return jax.vmap(lambda arrays, *of: method(eqx.combine(arrays, rest), *of))(arrays, *of)


def step_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    event: tuple[Float[Array, "heads keys"], Float[Array, "heads values"]],
) -> tuple[MemoryState, MemoryInfo]:
    """Live through one event with every head, by the kernel where it is ready.

    Donate the states (`jax.jit(..., donate_argnums=...)`) and nothing is copied.
    """
    cues, values = event
    if not kernel.ready(memories, *event, *jax.tree.leaves(states)):
        return _step_heads(memories, states, event)
    after, lived = live_heads(memories, states, cues[:, None], values[:, None])
    return after, jax.tree.map(lambda leaf: leaf[:, 0], lived.info)


def _step_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    event: tuple[Float[Array, "heads keys"], Float[Array, "heads values"]],
) -> tuple[MemoryState, MemoryInfo]:
    """By XLA alone; what a surprise costs is paid only if some head is surprised."""
    encounter = _each_head(SurpriseMemory.meet, memories, states, event)
    of = (encounter.met, encounter.covered, encounter.aside, memories.caution)

    def shaken(*of):
        pick = jax.vmap(lambda beyond, a, b: jax.tree.map(lambda x, y: jnp.where(beyond, x, y), a, b))
        return pick(encounter.beyond, jax.vmap(lessons.shaken)(*of), jax.vmap(lessons.calm)(*of))

    waits = jnp.any(encounter.aside.quarantine.weight > 0)
    case = jnp.where(jnp.any(encounter.beyond), 2, waits).astype(int)
    taught = jax.lax.switch(case, [jax.vmap(lessons.plain), jax.vmap(lessons.calm), shaken], *of)
    return _each_head(SurpriseMemory.write, memories, states, encounter, taught)


def _one_by_one(memories: SurpriseMemory, states: MemoryState, events: Events) -> tuple[MemoryState, Lived]:
    def one(states: MemoryState, event: Events) -> tuple[MemoryState, Lived]:
        cues = jnp.where(event.present[:, None], event.cues, jnp.nan)
        after, info = _step_heads(memories, states, (cues, event.values))
        read = None if event.queries is None else jax.vmap(_expected)(after, event.queries)
        return after, Lived(info=info, read=read)

    by_time = functools.partial(jax.tree.map, lambda part: part.swapaxes(0, 1))
    after, lived = jax.lax.scan(one, states, by_time(events))
    return after, by_time(lived)


def _expected(state: MemoryState, query: Float[Array, " keys"]) -> Float[Array, " values"]:
    return associative.expected(state.belief.mean, query) + waiting_room.hedge(state.aside.quarantine, query)


_CHUNK = 32
