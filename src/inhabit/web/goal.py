"""The goal: what the system text says of the person's values, mood and errand."""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from inhabit.types import MOODS
from inhabit.web.protocol import Refused

_PAIR = r"[\w][\w -]*?\s*[=:]\s*-?\d+(?:\.\d+)?"
_LINE = re.compile(rf"(?im)^[ \t]*(values|feels|mood)[ \t]*:[ \t]*({_PAIR}(?:\s*[,;]\s*{_PAIR})*)[ \t]*\.?[ \t]*$")


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a person is told before the first word.

    Attributes:
        values: What goods are worth.
        mood: Moods that are held.
        feels: What the body feels at the start.
        text: The rest, in words: heard before anything else.
    """

    values: dict[str, float]
    mood: dict[str, float]
    feels: dict[str, float]
    text: str


def goal_of(system: str, goods: Iterable[str]) -> Goal:
    """Read a system text.

    It may be words, words with lines such as `values: food=5, water=4` and `feels: stress=0.9`, or a JSON object
    with `values`, `feels`, `mood` and `goal`.

    Args:
        system: The text.
        goods: Names of the goods; a good is found whatever its capitals.

    Raises:
        Refused: A value or a feeling is no number, or a good does not exist.
    """
    whole = _object(system)
    if whole is None:
        parts: dict[str, dict[str, Any]] = {"values": {}, "feels": {}, "mood": {}}
        for name, pairs in _LINE.findall(system):
            parts[name.lower()].update(_pairs(pairs))
        text = "\n".join(line.strip() for line in _LINE.sub("", system).splitlines() if line.strip())
    else:
        parts = {name: _mapping(whole.get(name) or {}, name) for name in ("values", "feels", "mood")}
        text = str(whole.get("goal") or "")
    felt = _numbers(parts["feels"], "feels")
    mood = {name: level for name, level in felt.items() if name in MOODS} | _numbers(parts["mood"], "mood")
    body = {name: level for name, level in felt.items() if name not in MOODS}
    return Goal(_named(_numbers(parts["values"], "values"), goods), mood, body, text)


def _object(system: str) -> dict[str, Any] | None:
    """The JSON object that a text is, if it is one with anything of ours in it."""
    if not system.lstrip().startswith("{"):
        return None
    try:
        read = json.loads(system)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) and {"values", "feels", "mood", "goal"} & set(read) else None


def _pairs(text: str) -> dict[str, str]:
    found = (re.split(r"[=:]", part, maxsplit=1) for part in re.split(r"[,;]", text))
    return {name.strip(): number.strip() for name, number in found}


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Refused(
            f"{name} in the system text must be an object of numbers, such as {{'food': 5}}", param="messages"
        )
    return dict(value)


def _numbers(parts: Mapping[str, Any], name: str) -> dict[str, float]:
    read = {}
    for key, value in parts.items():
        try:
            read[str(key)] = float(value)
        except (TypeError, ValueError):
            raise Refused(f"{name}: {key} must be a number, got {value!r}", param="messages") from None
        if not abs(read[str(key)]) < float("inf"):
            raise Refused(f"{name}: {key} must be a finite number", param="messages")
    return read


def _named(values: Mapping[str, float], goods: Iterable[str]) -> dict[str, float]:
    """The same values under the goods' own names."""
    own = {good.lower(): good for good in goods}
    for good in values:
        if good.lower() not in own:
            known = ", ".join(own.values()) or "no goods"
            raise Refused(f"no good is called {good!r}; these people know {known}", param="messages")
    return {own[good.lower()]: worth for good, worth in values.items()}
