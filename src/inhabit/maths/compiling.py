"""Compiling: for programs that run briefly, compiling takes longer than running; these tell XLA so."""

import ctypes
import sys
from collections.abc import Callable
from typing import TypeVar

import equinox as eqx

Function = TypeVar("Function", bound=Callable)

BRIEF = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""`compiler_options` of `jax.jit`: about half the time to compile, about twice the time to run, on a CPU."""


def brief(function: Function) -> Function:
    """Compile a function that runs briefly (`equinox.filter_jit` with `BRIEF`)."""
    return eqx.filter_jit(function, compiler_options=BRIEF)  # type: ignore[call-overload]


def give_back() -> None:
    """Give memory that compiling has freed back to the system, which glibc else keeps; nothing elsewhere."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
