"""Starting the engine: JAX remembers what it compiled, in the user's cache folder."""

import ctypes
import os
import sys

from inhabit.maths.caches import cache_folder


def start_engine() -> None:
    """Point JAX at its persistent compilation cache; called before anything of JAX is imported.

    `JAX_COMPILATION_CACHE_DIR` is left alone where it is set. A cache that cannot be written is done without.
    """
    _give_memory_back(sys.platform)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # XLA would complain on stderr that a slow machine is slow
    folder = cache_folder(os.environ, sys.platform) / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")


def _give_memory_back(platform: str) -> None:
    """Let compilers' threads share two heaps and give large pieces back at once: the GNU allocator would keep them all.

    Source:
        glibc, mallopt(3): `M_ARENA_MAX` is -8, `M_MMAP_THRESHOLD` -3.
    """
    if platform == "linux" and hasattr(allocator := ctypes.CDLL(None), "mallopt"):
        allocator.mallopt(-8, 2)
        allocator.mallopt(-3, 2**20)
