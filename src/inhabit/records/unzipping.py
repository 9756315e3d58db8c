"""A gzipped file unpacked as it is read; of one that is cut or broken, what can be unpacked.

The standard library's `gzip` loses up to a buffer of good data before the place where a file is cut.
"""

import io
import pathlib
import zlib
from collections.abc import Callable
from typing import IO

_CHUNK = 2**16
_WITH_HEADER = 31


class _Unpacked(io.RawIOBase):
    """The unpacked bytes; `broken` is told, once, what is wrong with the file."""

    def __init__(self, file: IO[bytes], broken: Callable[[str], None]):
        self._file = file
        self._broken = broken
        self._packed = b""
        self._unpacker = zlib.decompressobj(_WITH_HEADER)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not self._ended:
            if data := self._next(len(buffer)):
                buffer[: len(data)] = data
                return len(data)
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next(self, size: int) -> bytes:
        """Unpack up to `size` bytes; nothing where more has to be read, or at the end."""
        self._packed = self._packed or self._file.read(_CHUNK)
        if self._unpacker.eof:
            return self._start_again()
        if not self._packed:
            return self._end("it ends too early")
        try:
            data = self._unpacker.decompress(self._packed, size)
        except zlib.error as error:
            return self._end(str(error))
        self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        return data

    def _start_again(self) -> bytes:
        """Go on with the next member, if there is one; zeros at the end are padding."""
        self._packed = self._packed.lstrip(b"\0")
        if not self._packed:
            self._packed = self._file.read(_CHUNK)
            self._ended = not self._packed
            return b""
        self._unpacker = zlib.decompressobj(_WITH_HEADER)
        return b""

    def _end(self, reason: str) -> bytes:
        self._ended = True
        self._broken(reason)
        return b""


def unpacked(path: pathlib.Path, broken: Callable[[str], None]) -> IO[bytes]:
    """Open a gzipped file for reading; `broken` is called with the reason where it cannot be unpacked to its end."""
    return io.BufferedReader(_Unpacked(path.open("rb"), broken), _CHUNK)
