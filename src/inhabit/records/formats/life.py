"""The life format: the design's own JSON, one life a line (or one array of lives), and what writes its lines.

```json
{"id": "c1", "maker": "ann", "values": {"food": 5}, "traits": {}, "feels": {"stress": 0.2},
 "messages": [{"role": "user", "content": "...", "time": 0.0, "act": "ask", "sees": {}, "rating": 3}],
 "choices": [{"at": 4, "options": [{"food": 2}, {"food": 1}], "chosen": 0}], "outcome": {"points": 18}}
```

`role: user` is the maker, unless `maker` is itself a role of the messages (`maker_role` says it outright). Keys it
does not know are kept: a message's in `sees`, a life's in `outcome["metadata"]`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from inhabit.records import building, fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format, first_record
from inhabit.records.opening import Source
from inhabit.records.problems import shown
from inhabit.types import Life

OWN_KEYS = frozenset({"maker", "values", "traits", "feels", "choices", "outcome"})
"""Keys that tell a life from a plain chat."""
_KEYS = OWN_KEYS | {"id", "messages", "maker_role"}


def fits(source: Source) -> bool:
    """A record with messages and at least one of a life's own keys."""
    record = first_record(source)
    return isinstance(record, Mapping) and isinstance(record.get("messages"), list) and bool(OWN_KEYS & set(record))


def read(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read every life of the file."""
    for line, record in source.records():
        place = Place(source, line, "")
        if not isinstance(record, Mapping):
            place.lose(f"expected a life (an object), found {shown(record)}", "write one life a line")
        elif not isinstance(record.get("messages"), list):
            found = shown(record.get("messages"))
            place.at("messages").lose(f"expected a list of messages, found {found}", "the life was set aside")
        elif building.is_life(life := _life(record, place), place):
            yield life


def _life(record: Mapping[str, Any], place: Place) -> Life:
    id_ = fields.name(record.get("id"), place.at("id")) or place.source.name_for(place.line or 0)
    maker = fields.name(record.get("maker"), place.at("maker")) or id_
    roles = _maker_as_user(record, maker, place)
    messages, index = building.messages(record["messages"], place.at("messages"), roles)
    outcome = fields.mapping(record.get("outcome"), place.at("outcome"))
    extra = {key: value for key, value in record.items() if key not in _KEYS}
    if extra:
        known = outcome.get("metadata")
        outcome["metadata"] = (known if isinstance(known, dict) else {}) | fields.mapping(extra, place)
    return Life(
        id=id_,
        maker=maker,
        messages=messages,
        choices=building.choices(record.get("choices"), place.at("choices"), index),
        values=fields.numbers(record.get("values"), place.at("values")),
        traits=fields.mapping(record.get("traits"), place.at("traits")),
        feels=fields.numbers(record.get("feels"), place.at("feels")),
        outcome=outcome,
    )


class _Renamed(building.Roles):
    """One role becomes the maker; who was called `user` becomes the partner."""

    def __call__(self, role: str, place: Place) -> str:
        if role == self.user_role:
            return "user"
        return "partner" if role == "user" else role


class _AsWritten(building.Roles):
    """Every role keeps its name."""

    def __call__(self, role: str, place: Place) -> str:
        return role


def _maker_as_user(record: Mapping[str, Any], maker: str, place: Place) -> building.Roles:
    named = fields.name(record.get("maker_role"), place.at("maker_role"))
    roles = {
        one.get("role") for one in record["messages"] if isinstance(one, Mapping) and isinstance(one.get("role"), str)
    }
    role = named or (maker if maker in roles else "user")
    renamed = _Renamed()
    renamed.user_role = role
    return _AsWritten() if role == "user" else renamed


FORMAT = Format("life", 'JSONL {"id", "maker", "messages": [...], "values", "choices", ...}', fits, read)
