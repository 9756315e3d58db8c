"""Lives written in the life format, so that reading them gives the same lives again."""

import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from inhabit.records.atomic import replaced
from inhabit.types import Choice, Life, Message


def write(path: str | pathlib.Path, lives: Iterable[Life]) -> int:
    """Write lives as JSONL, one a line, atomically.

    Returns:
        How many were written.

    Raises:
        ValueError: A life holds something that JSON cannot (a number that is not finite, an array).
    """
    count = 0
    with replaced(path) as new, new.open("w", encoding="utf-8", newline="\n") as file:
        for life in lives:
            file.write(line(life) + "\n")
            count += 1
    return count


def line(life: Life) -> str:
    """Write one life as one line of JSON, without its ending; what is empty is left out."""
    try:
        return json.dumps(record(life), ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
    except (TypeError, ValueError) as error:
        raise ValueError(f"life {life.id!r} cannot be written as JSON: {error}; use finite numbers and text") from error


def record(life: Life) -> dict[str, Any]:
    """Give the JSON object of a life."""
    kept: dict[str, Any] = {"id": life.id, "maker": life.maker}
    if any(one.role == life.maker for one in life.messages):
        kept["maker_role"] = "user"
    kept |= _filled({"values": life.values, "traits": life.traits, "feels": life.feels})
    kept["messages"] = [_message(one) for one in life.messages]
    return kept | _filled({"choices": [_choice(one) for one in life.choices], "outcome": life.outcome})


def _message(one: Message) -> dict[str, Any]:
    optional = {"time": one.time, "act": one.act, "stances": one.stances, "sees": one.sees}
    return {"role": one.role, "content": one.content} | _filled(optional | {"feels": one.feels, "rating": one.rating})


def _choice(one: Choice) -> dict[str, Any]:
    return {"at": one.at, "options": [dict(option) for option in one.options], "chosen": one.chosen}


def _filled(items: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty or unknown; zero is neither."""
    return {key: value for key, value in items.items() if value is not None and value != {} and value != []}
