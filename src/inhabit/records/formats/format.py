"""What a format is: a name, how to know a file of it, and how to read one into lives."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from inhabit.records.opening import Source
from inhabit.types import Life


@dataclasses.dataclass(frozen=True)
class Format:
    """One way of writing lives down.

    Attributes:
        name: What a user calls it.
        looks: What a file of it looks like, in a few words.
        fits: Whether a file is of this format, told from its beginning.
        read: Gives the file's lives; problems go to the source's ledger. The mapping is the user's, of columns.
    """

    name: str
    looks: str
    fits: Callable[[Source], bool]
    read: Callable[[Source, Mapping[str, str]], Iterator[Life]]


def first_record(source: Source) -> Any:
    """Peek at the first JSON value with something in it at the head of a file; `None` if there is none.

    A broken first line does not hide the rest; a record longer than the head is known by its opening.
    """
    head = source.head.lstrip()
    if head.startswith("["):
        value = _decoded(head)
        if _is_messages(value):
            return value
        return _decoded(head[1:].lstrip()) if value is None else (value[0] if value else None)
    for line in [head, *head.split("\n")[1:20]]:
        value = _decoded(line.strip())
        if value:
            return value
    return None


def _is_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "role" in value[0]


def _decoded(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None
