"""A memory's state as a file of plain arrays: nothing in it can run, and it reopens to the same bytes."""

import pathlib
from typing import TypeVar

import jax
import numpy as np
import safetensors
import safetensors.numpy

State = TypeVar("State")


def save(state: object, path: str | pathlib.Path) -> None:
    """Write every array of a state under its name."""
    safetensors.numpy.save_file(_named(state), path)


def reopen(like: State, path: str | pathlib.Path) -> State:
    """Read a state back.

    Args:
        like: A state of the same memory, for instance `memory.init()`; only its shapes count.
        path: Written by `save`.

    Raises:
        ValueError: The file is not one, or it is of another memory.
    """
    try:
        found = safetensors.numpy.load_file(path)
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is no saved memory ({error}); save one with memory.saving.save") from None
    wanted = _named(like)
    for name, array in wanted.items():
        here = found.get(name)
        if here is None or here.shape != array.shape or here.dtype != array.dtype:
            got = "nothing" if here is None else f"{here.dtype}{list(here.shape)}"
            raise ValueError(
                f"{path} is of another memory: {name} should be {array.dtype}{list(array.shape)}, got {got}; "
                "open it with the memory that it was saved from"
            )
    leaves = [jax.numpy.asarray(found[name]) for name in wanted]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def _named(state: object) -> dict[str, np.ndarray]:
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): np.array(leaf, order="C")
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
    }
