"""Building C of this package, once, by the user's own compiler, for the processor at hand."""

import ctypes
import functools
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence

import jax

from inhabit.maths.caches import cache_folder

OFF = "INHABIT_KERNEL"
"""Set to `0`, nothing is compiled and XLA does all."""


def library(source: pathlib.Path, macros: Sequence[str]) -> ctypes.CDLL | None:
    """Load a C file of this package, compiled now or earlier; None where there is no compiler, or it is not wanted.

    What was compiled is kept in a folder that only the user may write to, by its source, its words and its processor.

    Args:
        source: The file; it may include XLA's own headers and those beside it.
        macros: Each `NAME=what it stands for`.

    Warns:
        RuntimeWarning: There is a compiler, but it failed, or its work could not be kept.
    """
    words = _compiler()
    if words is None:
        return None
    compiler, target = words
    command = [*compiler, *_FLAGS, f"-I{jax.ffi.include_dir()}", *(f"-D{macro}" for macro in macros)]
    texts = [part.read_text("utf-8") for part in (source, *sorted(source.parent.glob("*.h")))]
    told = "\0".join([*texts, target, *command, jax.lib.__version__])
    try:
        kept = _private_folder() / f"{source.stem}-{hashlib.sha256(told.encode()).hexdigest()[:24]}.so"
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
                made = pathlib.Path(folder) / kept.name
                _run([*command, str(source), "-o", str(made), "-lm"])
                os.replace(made, kept)
        return ctypes.CDLL(str(kept))
    except (OSError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        said = next((line for line in lines if "error" in line), lines[0])
        told = f"{source.name} was not compiled, XLA does its work: {said} ({OFF}=0: do not try)"
        warnings.warn(told, RuntimeWarning, stacklevel=2)
        return None


@functools.lru_cache
def _compiler() -> tuple[list[str], str] | None:
    """The compiler's words for this processor, and all that it knows about both; None without one."""
    words = shlex.split(os.environ.get("CC", "cc"))
    if os.environ.get(OFF) == "0" or os.name != "posix" or not words or not shutil.which(words[0]):
        return None
    for tuning in _TUNINGS:
        try:
            return [*words, *tuning], _run([*words, *tuning, "-E", "-dM", "-x", "c", os.devnull])
        except (OSError, subprocess.SubprocessError):
            continue  # older than this word
    return None


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def _private_folder() -> pathlib.Path:
    """Where what was compiled is kept.

    Raises:
        PermissionError: Another user could put something there.
    """
    folder = cache_folder(os.environ, sys.platform)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = folder.stat()
    if told.st_uid != os.getuid() or told.st_mode & 0o022:
        raise PermissionError(f"{folder} can be written to by others; chmod 700 it")
    return folder


# As free as IEEE allows where order and signs of zero do not matter; what is not a number stays so.
_FLAGS = (
    *("-O3", "-shared", "-fPIC", "-std=gnu11", "-ffp-contract=fast", "-fassociative-math", "-fno-signed-zeros"),
    *("-fno-trapping-math", "-fno-math-errno", "-freciprocal-math"),
)
_TUNINGS: tuple[list[str], ...] = (
    ["-march=native", "-mprefer-vector-width=512"],
    ["-march=native"],
    ["-mcpu=native"],
    [],
)
