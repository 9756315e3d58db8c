"""The kernel: many events of many heads, one after another, as one compiled call (`sequential.c`) inside XLA's program.

It says what `living` says in chunks, to rounding, and so do its gradients (`reversed.c`), which take the events back
from the last to the first. No Python runs in the calls.
"""

import functools
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths.associative import chi_square_limit
from inhabit.memory.building import OFF, library
from inhabit.memory.encounter import MemoryState
from inhabit.memory.memory import MemoryInfo
from inhabit.memory.stretch import Lived
from inhabit.memory.surprise import SurpriseMemory

# The orders in which numbers and arrays pass; the C file has them from here. State and info are in their own order.
_NUMBERS = (
    *("limit", "keep", "rate", "variance", "admitted", "slack"),
    *("conviction", "once", "inflation", "returning", "repeated", "faded"),
)
_STATE = (
    *("mean", "covariance", "waiting_cues", "directions", "errors", "spreads"),
    *("weights", "odds", "former", "experience", "noise", "weight"),
)
_INFO = ("innovation", "surprise", "surprisal", "information", "written", "quarantined", "confirmed", "ignored")
_EVENTS = ("cues", "values", "queries")
_CLAIMED = tuple(name for name in _STATE if name != "former")  # which is yes or no, and has no cotangent
_TOLD = _INFO[:5]  # in numbers


class _Call(NamedTuple):
    """A call of a C file: the orders of what passes, and what is written where it was passed."""

    source: str
    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    in_place: tuple[str, ...]


_LIVE = _Call(
    *("sequential.c", "inhabit_live"),
    (*_EVENTS, "numbers", "prior", *_STATE),
    (*_STATE, *_INFO, "read", "checkpoints"),
    _STATE,
)
_REVERSE = _Call(
    *("reversed.c", "inhabit_reverse"),
    (*_EVENTS, "numbers", "prior", "checkpoints", *_CLAIMED, *_TOLD, "read"),
    (*_EVENTS, "numbers", "prior", *_CLAIMED),
    _CLAIMED,
)
_SEGMENT = 64
"""Events after each of which a checkpoint is kept for the gradient; lived again, their moments fit in the second cache."""


def ready(memories: SurpriseMemory, *arrays: Array) -> bool:
    """Whether the kernel can live through such events: on a CPU, in single precision, where there is a C compiler."""
    leaves = [leaf for leaf in (*jax.tree.leaves(memories), *arrays) if eqx.is_inexact_array(leaf)]
    single = all(leaf.dtype == jnp.float32 for leaf in leaves)
    return single and jax.default_backend() == "cpu" and _target(_LIVE, memories.keys, memories.values) is not None


def live_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    cues: Float[Array, "heads time keys"],
    values: Float[Array, "heads time values"],
    queries: Float[Array, "heads time keys"] | None = None,
) -> tuple[MemoryState, Lived]:
    """Live through many events with heads that share their time; see `living.live_heads`."""
    state, tree = jax.tree.flatten(states)
    asked = states.noise if queries is None else queries  # the former says: none
    told = _live(cues, values, asked, eqx.filter_vmap(_numbers)(memories), memories.prior, *state)
    after = jax.tree.unflatten(tree, told[: len(_STATE)])
    info = MemoryInfo(**dict(zip(_INFO, told[len(_STATE) :])))
    return after, Lived(info=info, read=None if queries is None else told[-1])


@jax.custom_vjp
def _live(*arguments: Array) -> tuple[Array, ...]:
    """The state, the info, and what was read, in their orders."""
    return tuple(_lived(arguments, segments=None)[:-1])


def _lived(arguments: tuple[Array, ...], *, segments: int | None) -> Sequence[Array]:
    """With as many checkpoints; None keeps none."""
    cues, values, asked, _, _, *state = arguments
    heads, time = cues.shape[:2]
    numbers, flags = jax.ShapeDtypeStruct((heads, time), jnp.float32), jax.ShapeDtypeStruct((heads, time), bool)
    size = sum(leaf.size for leaf in state) // heads
    kept = numbers.update(shape=(heads,) if segments is None else (heads, segments, size))
    read = values if asked.ndim == cues.ndim else asked
    return _call(_LIVE, arguments, [*state, values, *[numbers] * 4, *[flags] * 3, read, kept])


def _forward(*arguments: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    *told, checkpoints = _lived(arguments, segments=-(-arguments[0].shape[1] // _SEGMENT))
    return tuple(told), (*arguments[:5], checkpoints)


def _backward(kept: tuple[Array, ...], told: tuple[Array, ...]) -> tuple[Array | None, ...]:
    """Cotangents of the arguments from those of the results."""
    cues, values, asked, numbers, prior, _ = kept
    of = dict(zip(_LIVE.results, told))
    results = [cues, values, asked, numbers, prior, *(of[name] for name in _CLAIMED)]
    back = dict(zip(_REVERSE.results, _call(_REVERSE, [*kept, *(of[n] for n in (*_CLAIMED, *_TOLD, "read"))], results)))
    if asked.ndim < cues.ndim:
        del back["queries"]  # for there are none
    return tuple(back.get(name) for name in _LIVE.arguments)


_live.defvjp(_forward, _backward)


def _call(call: _Call, arguments: Sequence[Array], results: Sequence[Array | jax.ShapeDtypeStruct]) -> Sequence[Array]:
    """Let C do it. Events lie in memory time by time, as a network's sequence does, all else head by head.

    Raises:
        RuntimeError: There is no compiler, or it failed.
    """
    events = arguments[0].ndim

    def layout(name: str, part: Array | jax.ShapeDtypeStruct) -> tuple[int, ...] | None:
        return (1, 0, 2) if name in (*_EVENTS, "innovation", "read") and part.ndim == events else None

    target = _target(call, arguments[0].shape[-1], arguments[1].shape[-1])
    if target is None:
        raise RuntimeError(f"{call.source} was not compiled here; name a chunk, or set {OFF}=0, and XLA does its work")
    return jax.ffi.ffi_call(
        target,
        [jax.ShapeDtypeStruct(part.shape, part.dtype) for part in results],
        vmap_method="broadcast_all",
        input_output_aliases={call.arguments.index(name): call.results.index(name) for name in call.in_place},
        input_layouts=list(map(layout, call.arguments, arguments)),
        output_layouts=list(map(layout, call.results, results)),
    )(*arguments)


def _numbers(memory: SurpriseMemory) -> Float[Array, " numbers"]:
    pace, caution = memory.pace, memory.caution
    named = {
        "limit": memory.limit,
        "keep": memory.keep,
        "rate": pace.rate,
        "variance": pace.variance,
        "admitted": chi_square_limit(caution.gate, memory.values),
        "slack": jnp.exp(caution.log_slack),
        "conviction": caution.conviction,
        "once": jnp.exp(-caution.log_experience),
        "inflation": jnp.exp(caution.log_inflation),
        "returning": caution.returning,
        "repeated": caution.repeated,
        "faded": caution.keep,
    }
    return jnp.stack([jnp.asarray(named[name], jnp.float32) for name in _NUMBERS])


@functools.lru_cache
def _target(call: _Call, keys: int, values: int) -> str | None:
    """The name by which XLA knows a call for heads of a size; None if it cannot be built."""
    macros = [f"KEYS={keys}", f"VALUES={values}", f"SEGMENT={_SEGMENT}"]
    for name, before, order in (
        ("NUMBERS", "", _NUMBERS),
        ("ARGUMENTS", "IN_", call.arguments),
        ("RESULTS", "OUT_", call.results),
    ):
        macros.append(f"{name}={','.join(before + one.upper() for one in order)}")
    built = library(pathlib.Path(__file__).with_name(call.source), macros)
    if built is None:
        return None
    name = f"{call.name}_{keys}x{values}"
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(built, call.name)), platform="cpu")
    return name
