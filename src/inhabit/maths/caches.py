"""Where what was compiled is kept; imports nothing of JAX, for JAX is told of it before it starts."""

import os
import pathlib
from collections.abc import Mapping


def cache_folder(environment: Mapping[str, str], platform: str) -> pathlib.Path:
    """Where caches go: `INHABIT_CACHE`, else the platform's own place.

    Source:
        XDG Base Directory Specification 0.8; Apple, File System Programming Guide; Microsoft, Known Folders.
    """
    if told := environment.get("INHABIT_CACHE"):
        return pathlib.Path(told).expanduser()
    if platform == "win32":
        return pathlib.Path(environment.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "inhabit" / "Cache"
    if platform == "darwin":
        return pathlib.Path("~/Library/Caches/inhabit").expanduser()
    xdg = environment.get("XDG_CACHE_HOME", "")
    base = pathlib.Path(xdg) if os.path.isabs(xdg) else pathlib.Path("~/.cache").expanduser()
    return base / "inhabit"
