"""What a record's fields may hold: words, names, numbers, times; what is not so is mended and noted.

Each function takes a `Place` (source, line and field, so that a note can say where) and a stranger's value.
"""

import datetime
import math
from collections.abc import Mapping
from typing import Any

from inhabit.records.opening import Source
from inhabit.records.problems import shown

MAX_CONTENT = 100_000
"""Longest message kept, in characters; the rest is cut, and said."""
MAX_NAME = 500
"""Longest id, maker, role or act."""


class Place:
    """Where a value stands: what a note about it says. The field's name is only written out when there is a note."""

    __slots__ = ("_inside", "_step", "line", "source")

    def __init__(self, source: Source, line: int | None, step: str | int = "", inside: "Place | None" = None):
        self.source = source
        self.line = line
        self._step = step
        self._inside = inside

    @property
    def field(self) -> str:
        """The field's whole name, for instance `messages[3].content`."""
        outer = self._inside.field if self._inside else ""
        if isinstance(self._step, int):
            return f"{outer}[{self._step}]"
        return f"{outer}.{self._step}" if outer and self._step else outer or self._step

    def at(self, step: str | int) -> "Place":
        """Go one field or one index further in."""
        return Place(self.source, self.line, step, self)

    def lose(self, expected: str, mend: str) -> None:
        """Note that something here was lost."""
        self.source.lose(self.line, self.field, expected, mend)

    def repair(self, expected: str, mend: str) -> None:
        """Note that something here was repaired."""
        self.source.repair(self.line, self.field, expected, mend)


def sound(text: str) -> str:
    """Replace lone surrogates, which no file can hold."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def words(value: Any, place: Place) -> str:
    """The words of a message: text, a list of parts with text, or nothing; cut at `MAX_CONTENT` characters."""
    text = value if isinstance(value, str) else _words_of(value, place)
    if text.isascii() and len(text) <= MAX_CONTENT:
        return text
    if len(text) > MAX_CONTENT:
        place.repair(f"expected at most {MAX_CONTENT:,} characters, found {len(text):,}", "the rest was cut")
        text = text[:MAX_CONTENT]
    whole = sound(text)
    if whole is not text and whole != text:
        place.repair("expected text, found half a character (a lone surrogate)", "it was replaced")
    return whole


def _words_of(value: Any, place: Place) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(text for index, part in enumerate(value) if (text := _part(part, place.at(index))))
    if isinstance(value, Mapping) and isinstance(value.get("text"), str):
        return value["text"]
    place.repair(f"expected text, found {shown(value)}", "it was written out as text")
    return str(value)


def _part(part: Any, place: Place) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and isinstance(text := part.get("text"), str):
        return text
    kind = part.get("type") if isinstance(part, Mapping) else part
    place.repair(f"expected a part with text, found {shown(kind)}", "only the words were kept")
    return ""


def name(value: Any, place: Place) -> str | None:
    """A name (id, maker, role, act): text or a whole number; `None` where there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        place.repair(f"expected a name, found {shown(value)}", "it was left out")
        return None
    text = sound(str(value))
    if len(text) > MAX_NAME:
        place.repair(f"expected a name of at most {MAX_NAME} characters, found {len(text):,}", "it was cut")
    return text[:MAX_NAME]


def number(value: Any, place: Place) -> float | None:
    """A finite number, or text that is one; `None` where there is none."""
    if value is None or value == "":
        return None
    try:
        result = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if math.isfinite(result):
        return result
    place.repair(f"expected a finite number, found {shown(value)}", "it was left out")
    return None


def numbers(value: Any, place: Place) -> dict[str, float]:
    """An object of finite numbers by name."""
    found = {key: number(item, place.at(key)) for key, item in mapping(value, place).items()}
    return {key: item for key, item in found.items() if item is not None}


def mapping(value: Any, place: Place) -> dict[str, Any]:
    """An object; anything else is left out and noted. Numbers in it that are not finite become null."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        place.repair(f"expected an object, found {shown(value)}", "it was left out")
        return {}
    return {sound(str(key)): finite(item, place.at(str(key))) for key, item in value.items()}


def finite(value: Any, place: Place) -> Any:
    """A JSON value whose numbers are finite and whose text is whole."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, float) and not math.isfinite(value):
        place.repair(f"expected a finite number, found {value}", "null stands in its place")
        return None
    if isinstance(value, list):
        return [finite(item, place.at(index)) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {sound(str(key)): finite(item, place.at(str(key))) for key, item in value.items()}
    return value


def moment(value: Any, place: Place) -> float | None:
    """A time in seconds: a number (thirteen digits are milliseconds) or an ISO 8601 date and time."""
    if isinstance(value, str) and not _is_number(value):
        return _dated(value, place)
    if isinstance(value, datetime.datetime):
        return _seconds(value)
    seconds = number(value, place)
    return seconds / 1000 if seconds is not None and abs(seconds) > 1e11 else seconds


def _dated(value: str, place: Place) -> float | None:
    if not value:
        return None
    try:
        return _seconds(datetime.datetime.fromisoformat(value.strip()))
    except ValueError:
        place.repair(f"expected seconds or an ISO 8601 time, found {shown(value)}", "the time was left out")
        return None


def _seconds(date: datetime.datetime) -> float:
    zoned = date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    return zoned.timestamp()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
