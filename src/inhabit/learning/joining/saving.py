"""A learned machine in a `.mind` file: its tables as arrays, its words in the manifest; safe to open from a stranger."""

import pathlib

import numpy as np

from inhabit.records.mindfile import MindFileError, open_mind, save
from inhabit.worlds.wire import Machine

KIND = "machine"


def save_machine(path: str | pathlib.Path, machine: Machine) -> None:
    """Write a machine to a `.mind` file, atomically."""
    manifest = {
        "kind": KIND,
        "name": machine.name,
        "inputs": list(machine.inputs),
        "outputs": list(machine.outputs),
        "initial": int(machine.initial),
    }
    save(path, arrays={"next": machine.next, "out": machine.out}, manifest=manifest)


def open_machine(path: str | pathlib.Path) -> Machine:
    """Open a machine from a `.mind` file.

    Raises:
        MindFileError: It is no such file, is broken, or holds people and not a machine.
    """
    file = open_mind(path)
    manifest = file.manifest
    if manifest.get("kind") != KIND:
        raise MindFileError(f"{path}: it holds no machine; talk with its people by inhabit talk {path}")
    try:
        tables = [np.asarray(file.arrays[name]) for name in ("next", "out")]
        if any(table.ndim != 2 or table.dtype.kind != "i" for table in tables):
            raise ValueError("tables must be of integers, states by inputs")
        words = [manifest[name] for name in ("inputs", "outputs")]
        if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in words):
            raise ValueError("inputs and outputs must be lists of words")
        following, out = (table.astype(np.int32) for table in tables)
        initial = manifest["initial"]
        if not isinstance(initial, int):
            raise ValueError("the initial state must be a number")
        return Machine(following, out, tuple(words[0]), tuple(words[1]), initial, str(manifest.get("name", "machine")))
    except (KeyError, ValueError, TypeError) as error:
        raise MindFileError(f"{path}: it holds no whole machine ({error})") from error
