"""Chat logs: JSONL or a JSON array of `{"messages": [{"role", "content"}]}` or of bare lists of messages; ShareGPT.

The maker is named by `maker`, `user`, `user_id` or `username`, in the record or in its `metadata`; a conversation that
names nobody has a maker of its own, called as the conversation. Keys beyond these are kept: a message's in `sees`, a
conversation's in `outcome["metadata"]`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from inhabit.records import building, fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format, first_record
from inhabit.records.opening import Source
from inhabit.records.problems import shown
from inhabit.types import Life

_ID = ("id", "conversation_id", "conv_id", "thread_id", "session_id", "custom_id")
_MAKER = ("maker", "user", "user_id", "username")
_TIME = ("time", "timestamp", "created_at", "ts")
_RENAMED = {"from": "role", "value": "content"}


def fits_chat(source: Source) -> bool:
    """A record with messages, or a bare list of them."""
    record = first_record(source)
    if isinstance(record, list):
        return bool(record) and isinstance(record[0], Mapping) and "role" in record[0]
    return isinstance(record, Mapping) and (
        isinstance(record.get("messages"), list) or {"role", "content"} <= set(record)
    )


def fits_sharegpt(source: Source) -> bool:
    """A record with conversations."""
    record = first_record(source)
    return isinstance(record, Mapping) and isinstance(record.get("conversations"), list)


def read_chat(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read every conversation of the file."""
    return _read(source, "messages", mapping)


def read_sharegpt(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read every conversation of a ShareGPT file; a turn is `{"from", "value"}` (or `{"role", "content"}`)."""
    return _read(source, "conversations", mapping)


def _read(source: Source, key: str, mapping: Mapping[str, str]) -> Iterator[Life]:
    roles = building.Roles(mapping.get("user_role"))
    for line, record in source.records():
        place = Place(source, line, "")
        if isinstance(record, list):
            record = {key: record}
        if not isinstance(record, Mapping) or not isinstance(record.get(key), list):
            place.lose(
                f"expected an object with a list of {key}, found {shown(record)}", "write one conversation a line"
            )
        elif building.is_life(life := _life(record, key, place, roles), place):
            yield life


def _life(record: Mapping[str, Any], key: str, place: Place, roles: building.Roles) -> Life:
    metadata = record.get("metadata")
    within = metadata if isinstance(metadata, Mapping) else {}
    id_ = _first(record, _ID, place) or place.source.name_for(place.line or 0)
    maker = _first(record, _MAKER, place) or _first(within, _MAKER, place.at("metadata")) or id_
    messages, _ = building.messages([_plain(one) for one in record[key]], place.at(key), roles)
    extra = {name: value for name, value in record.items() if name not in {key, "metadata", *_ID, *_MAKER}}
    kept = fields.mapping(metadata, place.at("metadata")) | fields.mapping(extra, place)
    return Life(id=id_, maker=maker, messages=building.from_start(messages), outcome={"metadata": kept} if kept else {})


def _first(record: Mapping[str, Any], names: tuple[str, ...], place: Place) -> str | None:
    for name in names:
        if (found := fields.name(record.get(name), place.at(name))) is not None:
            return found
    return None


def _plain(record: Any) -> Any:
    """A turn with this library's names for its fields."""
    if not isinstance(record, Mapping):
        return record
    plain = {_RENAMED.get(key, key): value for key, value in record.items()}
    for name in _TIME[1:]:
        if name in plain and "time" not in plain:
            plain["time"] = plain.pop(name)
    return plain


CHAT = Format(
    "chat", 'JSONL {"messages": [{"role", "content"}, ...]} or a list of messages a line', fits_chat, read_chat
)
SHAREGPT = Format(
    "sharegpt", 'JSON or JSONL {"conversations": [{"from": "human", "value": ...}]}', fits_sharegpt, read_sharegpt
)
