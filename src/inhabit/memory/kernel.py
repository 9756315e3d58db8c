"""The kernel: many events of many heads, one after another, as one compiled call (`sequential.c`) inside XLA's program.

It says what `living` says in chunks, to rounding, without gradients. No Python runs in the call.
"""

import functools
import pathlib

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths.associative import chi_square_limit
from inhabit.memory.building import library
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
_ARGUMENTS = ("cues", "values", "queries", "numbers", "prior", *_STATE)
_RESULTS = (*_STATE, *_INFO, "read")
_BY_TIME = (1, 0, 2)  # heads x time x width, lying in memory time by time, as a network's sequence does


def ready(memories: SurpriseMemory, *arrays: Array) -> bool:
    """Whether the kernel can live through such events: on a CPU, in single precision, where there is a C compiler."""
    leaves = [leaf for leaf in (*jax.tree.leaves(memories), *arrays) if eqx.is_inexact_array(leaf)]
    single = all(leaf.dtype == jnp.float32 for leaf in leaves)
    return single and jax.default_backend() == "cpu" and _target(memories.keys, memories.values) is not None


def live_heads(
    memories: SurpriseMemory,
    states: MemoryState,
    cues: Float[Array, "heads time keys"],
    values: Float[Array, "heads time values"],
    queries: Float[Array, "heads time keys"] | None = None,
) -> tuple[MemoryState, Lived]:
    """Live through many events with heads that share their time; see `living.live_heads`."""
    target, (state, tree) = _target(memories.keys, memories.values), jax.tree.flatten(states)
    assert target is not None  # for it is `ready`
    asked, read = (states.noise, states.noise) if queries is None else (queries, values)  # the former says: none
    heads, time = cues.shape[:2]
    numbers, flags = jax.ShapeDtypeStruct((heads, time), jnp.float32), jax.ShapeDtypeStruct((heads, time), bool)
    info = [_like(values), *[numbers] * 4, *[flags] * 3]
    call = jax.ffi.ffi_call(
        target,
        [*map(_like, state), *info, _like(read)],
        vmap_method="broadcast_all",
        input_output_aliases={len(_ARGUMENTS) - len(_STATE) + at: at for at in range(len(_STATE))},  # written in place
        input_layouts=[_BY_TIME, _BY_TIME, _layout(asked)] + [None] * (len(_ARGUMENTS) - 3),
        output_layouts=[_BY_TIME if name == "innovation" else None for name in _RESULTS[:-1]] + [_layout(read)],
    )
    results = call(cues, values, asked, eqx.filter_vmap(_numbers)(memories), memories.prior, *state)
    told = dict(zip(_INFO, results[len(_STATE) :]))
    after = jax.tree.unflatten(tree, results[: len(_STATE)])
    return after, Lived(info=MemoryInfo(**told), read=None if queries is None else results[-1])


def _layout(events: Array) -> tuple[int, ...] | None:
    return _BY_TIME if events.ndim == 3 else None


def _like(array: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(array.shape, array.dtype)


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
def _target(keys: int, values: int) -> str | None:
    """The name by which XLA knows the kernel for heads of a size; None if it cannot be built."""
    macros = [f"KEYS={keys}", f"VALUES={values}"]
    for name, order in (("NUMBERS", _NUMBERS), ("ARGUMENTS", _ARGUMENTS), ("RESULTS", _RESULTS)):
        before = {"NUMBERS": "", "ARGUMENTS": "IN_", "RESULTS": "OUT_"}[name]
        macros.append(f"{name}={','.join(before + one.upper() for one in order)}")
    built = library(pathlib.Path(__file__).with_name("sequential.c"), macros)
    if built is None:
        return None
    name = f"inhabit_live_{keys}x{values}"
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(built.inhabit_live), platform="cpu")
    return name
