"""A file opened for reading, whatever its encoding: its first part, its lines, its JSON records.

Plain and gzipped files; UTF-8 with or without a mark, UTF-16 and UTF-32. A line that is broken is noted and passed
over; the rest is read.
"""

import codecs
import collections
import io
import json
import pathlib
from collections.abc import Iterator
from typing import IO, Any

from inhabit.records.problems import Ledger, ReadError
from inhabit.records.unzipping import unpacked

MAX_LINE = 16 * 2**20
"""Longest line read, in bytes."""
MAX_DOCUMENT = 2**30
"""Largest JSON document that is not one record a line, in bytes."""
_HEAD = 256 * 2**10
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Source:
    """One file and the ledger its problems go to.

    Attributes:
        path: The file.
        name: What it is called in messages, relative to what the user named.
        stem: Its name without endings, for ids.
        head: The first part of its text, up to 256 KiB.
        start: Its first bytes, for formats that are not text.
    """

    def __init__(self, path: pathlib.Path, *, name: str = "", ledger: Ledger | None = None):
        self.path = path
        self.name = name or path.name
        folder = pathlib.PurePath(self.name).parent
        self.stem = (folder / (path.name.split(".")[0] or path.name)).as_posix()
        self.ledger = Ledger() if ledger is None else ledger
        self._nameless: collections.Counter[int] = collections.Counter()
        self._zipped = False
        with self._open() as file:
            self._zipped = file.read(2) == b"\x1f\x8b"
        with self._open() as file:
            self.start = file.read(_HEAD)
        self.encoding, self._skip = _encoding_of(self.start)
        self.head = self.start[self._skip :].decode(self.encoding, "replace")

    def lose(self, line: int | None, field: str, expected: str, mend: str) -> None:
        """Note something lost from this file."""
        self.ledger.lose(self.name, line, field, expected, mend)

    def repair(self, line: int | None, field: str, expected: str, mend: str) -> None:
        """Note something repaired in this file."""
        self.ledger.repair(self.name, line, field, expected, mend)

    def name_for(self, line: int) -> str:
        """Give an id to a life without one: the file and the line, and its number where a line has several."""
        self._nameless[line] += 1
        number = self._nameless[line]
        return f"{self.stem}:{line}" + (f".{number}" if number > 1 else "")

    def lines(self) -> Iterator[tuple[int, str]]:
        """Give each line with its number from 1, without its ending; too long ones are set aside."""
        with self._text_bytes() as file:
            number = 0
            while raw := file.readline(MAX_LINE + 1):
                number += 1
                if len(raw) > MAX_LINE:
                    self._pass_over_line(file)
                    self.lose(number, "", "expected a line of at most 16 MiB", "split it into several records")
                    continue
                yield number, self._decoded(raw, number).rstrip("\r\n")

    def text(self) -> str:
        """Give the whole text."""
        with self._text_bytes() as file:
            return self._decoded(self._whole(file), None)

    def records(self) -> Iterator[tuple[int, Any]]:
        """Give each JSON record with its line: one a line, or the elements of one array, or one object."""
        if not _is_document(self.head):
            yield from self._line_records()
            return
        elements = self._document_records()
        first = next(elements, None)
        if first is not None and _is_talk([first[1]]) and "messages" not in first[1]:
            yield first[0], [first[1], *(value for _, value in elements)]
        elif first is not None:
            yield first
            yield from elements

    def _line_records(self) -> Iterator[tuple[int, Any]]:
        for number, line in self.lines():
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                self.lose(
                    number, "", f"expected one JSON record on the line ({_reason(error)})", "mend or drop the line"
                )

    def _document_records(self) -> Iterator[tuple[int, Any]]:
        text, decoder = self.text(), json.JSONDecoder()
        position = _next(text, 0)
        inside = text[position : position + 1] == "["
        position, seen, line = _next(text, position + inside), 0, 1
        while position < len(text) and not (inside and text[position] == "]"):
            line, seen = line + text.count("\n", seen, position), position
            try:
                value, position = decoder.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                reason = f"expected JSON up to the end of the file ({_reason(error)})"
                self.lose(line, "", reason, "what stands before this line was read; mend the file from here on")
                return
            yield line, value
            position = _next(text, position)
            if text[position : position + 1] == ",":
                position = _next(text, position + 1)
        if inside and _next(text, position + 1) < len(text):
            self.lose(line, "", "expected nothing after the array's ']'", "what follows was not read; write one array")
        if inside and position >= len(text):
            self.repair(
                None, "", "expected ']' at the end of the array", "the file may be cut: all whole records were read"
            )

    def _open(self) -> IO[bytes]:
        return unpacked(self.path, self._broken) if self._zipped else self.path.open("rb")

    def _text_bytes(self) -> IO[bytes]:
        file = self._open()
        if self.encoding != "utf-8":
            with file:
                raw = self._whole(file)
            return io.BytesIO(raw[self._skip :].decode(self.encoding, "replace").encode("utf-8", "replace"))
        file.read(self._skip)
        return file

    def _whole(self, file: IO[bytes]) -> bytes:
        raw = bytearray()
        while part := file.read(2**20):
            raw += part
            if len(raw) > MAX_DOCUMENT:
                raise ReadError(f"{self.name}: over 1 GiB in one document; write one record a line (JSONL, UTF-8)")
        return bytes(raw)

    def _pass_over_line(self, file: IO[bytes]) -> None:
        while (raw := file.readline(MAX_LINE)) and not raw.endswith(b"\n"):
            pass

    def _broken(self, reason: str) -> None:
        if not any(one.file == self.name and "gzip" in one.expected for one in self.ledger.set_aside):
            self.lose(
                None, "", f"expected a whole gzip file ({reason})", "what could be unpacked was read; fetch it again"
            )

    def _decoded(self, raw: bytes, line: int | None) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"byte {error.start + 1}" + (" of the line" if line else "")
            found = f"expected UTF-8, found 0x{raw[error.start]:02x} at {where}"
            self.repair(
                line, "", found, "what is not UTF-8 was read as \N{REPLACEMENT CHARACTER}; save the file as UTF-8"
            )
            return raw.decode("utf-8", "replace")


def _encoding_of(start: bytes) -> tuple[str, int]:
    """Tell the encoding and the length of its mark; UTF-16 without a mark is known by its zero bytes."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    sample = start[:4096]
    if len(sample) >= 4 and sample[1::2].count(0) > len(sample) // 5:
        return "utf-16-le", 0
    if len(sample) >= 4 and sample[::2].count(0) > len(sample) // 5:
        return "utf-16-be", 0
    return "utf-8", 0


def _is_document(head: str) -> bool:
    """Say whether the text is one JSON document rather than one record a line."""
    lines = [line.strip() for line in head.split("\n") if line.strip()]
    if not lines or lines[0][0] not in "[{":
        return False
    first = lines[0]
    if first in "[{" or (first[0] == "[" and first[-1] == ","):
        return True
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return first[0] == "[" if len(lines) == 1 else not any(_is_record(line) for line in lines[1:20])
    return isinstance(value, list) and not _is_talk(value)


def _is_record(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return (isinstance(value, dict) and bool(value)) or _is_talk(value)


def _is_talk(value: Any) -> bool:
    """Say whether a list is itself a conversation (its elements are messages)."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "role" in value[0]


def _next(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).split(";")[0]
