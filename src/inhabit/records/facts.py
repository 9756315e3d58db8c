"""Events and facts in time, as rows: what a fact says, since when, how sure, and which event told it."""

import dataclasses
import json
import math
import sqlite3
from collections.abc import Mapping
from typing import Any

SCHEMA = """
CREATE TABLE events (
  id INTEGER PRIMARY KEY, life TEXT NOT NULL, maker TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL,
  payload TEXT NOT NULL, retracted_at REAL) STRICT;
CREATE TABLE facts (
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL, relation TEXT NOT NULL, object TEXT NOT NULL,
  valid_at REAL NOT NULL, invalid_at REAL, recorded_at REAL NOT NULL, expired_at REAL,
  confidence REAL NOT NULL, event INTEGER) STRICT;
CREATE INDEX facts_held ON facts (subject, relation, valid_at, recorded_at);
CREATE INDEX facts_believed ON facts (subject, relation, valid_at) WHERE expired_at IS NULL;
CREATE INDEX facts_told ON facts (event);
CREATE INDEX events_lived ON events (life, at);
"""
"""Tables of the store; also those of a `.mind` file."""
EVENT_COLUMNS = "id, life, maker, at, kind, payload, retracted_at"
FACT_COLUMNS = "id, subject, relation, object, valid_at, invalid_at, recorded_at, expired_at, confidence, event"


@dataclasses.dataclass(frozen=True, kw_only=True)
class EventRow:
    """Something that happened.

    Attributes:
        life: Id of the life it belongs to.
        maker: Who lived it.
        at: When, in the log's seconds.
        kind: What kind of event, a word.
        payload: Anything about it that JSON can hold.
        id: Its number, given by the store.
        retracted_at: When it was taken back, or `None`.
    """

    life: str
    maker: str
    at: float
    kind: str
    payload: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    id: int | None = None
    retracted_at: float | None = None

    def __post_init__(self):
        _finite(self.at, self.retracted_at)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactRow:
    """Something held true: `subject relation object`.

    Attributes:
        valid_at: Since when it holds.
        invalid_at: Until when (not included), or `None` while no end is known.
        recorded_at: When it was learned.
        expired_at: When it stopped being believed, or `None`.
        confidence: How much it is believed, 0 to 1.
        event: Number of the event it came from, or `None`.
        id: Its number, given by the store.
    """

    subject: str
    relation: str
    object: str
    valid_at: float
    recorded_at: float
    invalid_at: float | None = None
    expired_at: float | None = None
    confidence: float = 1.0
    event: int | None = None
    id: int | None = None

    def __post_init__(self):
        _finite(self.valid_at, self.invalid_at, self.recorded_at, self.expired_at)
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {self.confidence}")
        if self.invalid_at is not None and self.invalid_at < self.valid_at:
            raise ValueError(f"a fact cannot end ({self.invalid_at}) before it begins ({self.valid_at})")


def insert_event(database: sqlite3.Connection, event: EventRow) -> int:
    """Write an event; gives its number."""
    payload = json.dumps(event.payload, ensure_ascii=False, allow_nan=False, sort_keys=True)
    values = (event.id, event.life, event.maker, event.at, event.kind, payload, event.retracted_at)
    cursor = database.execute(f"INSERT INTO events ({EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return int(cursor.lastrowid or 0)


def insert_fact(database: sqlite3.Connection, fact: FactRow) -> int:
    """Write a fact; gives its number."""
    values = tuple(getattr(fact, column) for column in FACT_COLUMNS.split(", "))
    cursor = database.execute(f"INSERT INTO facts ({FACT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    return int(cursor.lastrowid or 0)


def event_from(row: tuple[Any, ...]) -> EventRow:
    """Make an event of a row of `EVENT_COLUMNS`."""
    values = dict(zip(EVENT_COLUMNS.split(", "), row, strict=True))
    return EventRow(**values | {"payload": json.loads(values["payload"])})


def fact_from(row: tuple[Any, ...]) -> FactRow:
    """Make a fact of a row of `FACT_COLUMNS`."""
    return FactRow(**dict(zip(FACT_COLUMNS.split(", "), row, strict=True)))


def _finite(*times: float | None) -> None:
    if any(time is not None and not math.isfinite(time) for time in times):
        raise ValueError(f"a time must be a finite number of seconds, got {times}")
