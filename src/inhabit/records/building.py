"""Lives built from records of messages: what the life, chat, ShareGPT and table formats have in common."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inhabit.records import fields
from inhabit.records.fields import Place
from inhabit.records.problems import shown
from inhabit.types import Choice, Life, Message

USER_ROLES = frozenset(
    {"user", "human", "customer", "client", "usr", "visitor", "caller", "guest", "end_user", "enduser"}
)
"""What logs call the maker."""
OTHER_ROLES = {
    **dict.fromkeys(("assistant", "bot", "agent", "ai", "gpt", "chatgpt", "model", "chatbot", "operator"), "assistant"),
    **{role: role for role in ("system", "developer", "tool", "function", "partner")},
    "observation": "tool",
    "function_call": "assistant",
}
"""What logs call the others, and what they are called here."""
_MESSAGE_KEYS = frozenset({"role", "content", "time", "act", "stances", "sees", "feels", "rating"})
_STANCES = ("ask", "offer", "refuse")


class Roles:
    """Calls each role by its name here; an unknown one is kept, and noted once for each file."""

    def __init__(self, user_role: str | None = None):
        self.user_role = user_role.strip().lower() if user_role else None
        self._noted: set[tuple[str, str]] = set()

    def __call__(self, role: str, place: Place) -> str:
        """Give the role's name here."""
        plain = role.strip().lower()
        if self.user_role is not None and plain == self.user_role:
            return "user"
        if plain in USER_ROLES:
            return "user" if self.user_role is None else "partner"
        if plain not in OTHER_ROLES and (place.source.name, plain) not in self._noted:
            self._noted.add((place.source.name, plain))
            known = "user, assistant, system, tool"
            place.repair(
                f"expected a role ({known}), found {shown(role)}",
                "it was kept as someone the maker perceives (said once)",
            )
        return OTHER_ROLES.get(plain, plain)


def message(record: Any, place: Place, roles: Roles | None = None) -> Message | None:
    """Read one message; one that is no object or has no role is set aside."""
    if not isinstance(record, Mapping):
        place.lose(f"expected a message (an object), found {shown(record)}", "write role and content")
        return None
    role = fields.name(record.get("role"), place.at("role"))
    if role is None:
        place.lose("expected a role", "the message was set aside; name who said it")
        return None
    seen = record.get("sees")
    extra = {key: record[key] for key in record.keys() - _MESSAGE_KEYS if record[key] is not None}
    if extra and (seen is None or isinstance(seen, Mapping)):
        seen = {key: extra[key] for key in sorted(extra, key=str)} | dict(seen or {})
    return Message(
        role=roles(role, place.at("role")) if roles else role,
        content=fields.words(record.get("content"), place.at("content")),
        time=fields.moment(record["time"], place.at("time")) if "time" in record else None,
        act=fields.name(record["act"], place.at("act")) if "act" in record else None,
        stances=_stances(record["stances"], place.at("stances")) if "stances" in record else {},
        sees=fields.mapping(seen, place.at("sees")),
        feels=fields.numbers(record["feels"], place.at("feels")) if "feels" in record else {},
        rating=fields.number(record["rating"], place.at("rating")) if "rating" in record else None,
    )


def messages(records: Any, place: Place, roles: Roles | None = None) -> tuple[tuple[Message, ...], list[int]]:
    """Read a conversation's messages.

    Returns:
        The messages, and for each record (and the end) the index of the first message that stands at or after it.
    """
    if not isinstance(records, Sequence) or isinstance(records, str):
        return (), [0]
    read: list[Message] = []
    index = []
    for number, record in enumerate(records):
        index.append(len(read))
        if (one := message(record, place.at(number), roles)) is not None:
            read.append(one)
    return forward(read, place), [*index, len(read)]


def forward(read: Iterable[Message], place: Place) -> tuple[Message, ...]:
    """Leave out times that go backwards: the order of the log is kept."""
    latest, kept = float("-inf"), []
    for number, one in enumerate(read):
        if one.time is not None and one.time < latest:
            place.at(number).at("time").repair("expected a time not before the last one", "the time was left out")
            one = dataclasses.replace(one, time=None)
        latest = latest if one.time is None else one.time
        kept.append(one)
    return tuple(kept)


def from_start(read: Sequence[Message]) -> tuple[Message, ...]:
    """Count times from the first one."""
    start = next((one.time for one in read if one.time is not None), None)
    if not start:
        return tuple(read)
    return tuple(one if one.time is None else dataclasses.replace(one, time=one.time - start) for one in read)


def is_life(life: Life, place: Place) -> bool:
    """Say whether there is anything the maker did; note it where not."""
    if not life.messages and not life.choices:
        place.at("messages").lose("expected at least one message", "an empty conversation was set aside")
        return False
    if not life.choices and not any(one.role == "user" for one in life.messages):
        found = ", ".join(sorted({one.role for one in life.messages}))[:80]
        place.at("messages").lose(
            f"expected a message of role user, found {found}",
            "it was set aside; name the maker's role (`maker`, or `user_role=` in --map)",
        )
        return False
    return True


def choices(records: Any, place: Place, index: Sequence[int]) -> tuple[Choice, ...]:
    """Read choices, in order of `at`; a choice that cannot be is set aside."""
    if records is None:
        return ()
    if not isinstance(records, Sequence) or isinstance(records, str):
        place.lose(f"expected a list of choices, found {shown(records)}", "they were set aside")
        return ()
    read = [one for n, record in enumerate(records) if (one := _choice(record, place.at(n), index)) is not None]
    return tuple(sorted(read, key=lambda one: one.at))


def _choice(record: Any, place: Place, index: Sequence[int]) -> Choice | None:
    try:
        at, chosen, options = record["at"], record["chosen"], record["options"]
        good = (
            _whole(at) and _whole(chosen) and isinstance(options, list) and all(isinstance(o, Mapping) for o in options)
        )
        if not (good and 0 <= at < len(index) and 0 <= chosen < len(options)):
            raise ValueError("out of range")
    except (TypeError, KeyError, ValueError):
        place.lose("expected {at, options: [objects], chosen} with at and chosen in range", "the choice was set aside")
        return None
    bundles = tuple(fields.numbers(option, place.at("options").at(n)) for n, option in enumerate(options))
    return Choice(at=index[at], options=bundles, chosen=chosen)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _stances(value: Any, place: Place) -> dict[str, str]:
    found = fields.mapping(value, place)
    for good, stance in found.items():
        if stance not in _STANCES:
            place.at(good).repair(f"expected one of {', '.join(_STANCES)}, found {shown(stance)}", "it was left out")
    return {good: stance for good, stance in found.items() if stance in _STANCES}
