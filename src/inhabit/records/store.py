"""The event and fact store: what happened, and what was held true when, on SQLite.

Two clocks: *valid* time is when a fact holds in the world, *recorded* time is when it was learned of. Nothing is ever
deleted: a fact that is contradicted has `invalid_at` set, one that is no longer believed has `expired_at` set.

```
valid     valid_at <= v < invalid_at     it held at v
recorded  recorded_at <= r < expired_at  it was believed at r
```

Closing a fact that holds from 1 when another takes its place at 5 leaves two rows: the old belief ("from 1, no end",
expired when the news came) and its correction ("from 1 to 5", recorded then), so that what was believed earlier can
still be asked. A fact that could not be taken as it was told (a later one was known) leaves a row of what was told,
expired as it was recorded, so that it can be told again when the other is taken back.
"""

import contextlib
import dataclasses
import pathlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from inhabit.records.facts import (
    EVENT_COLUMNS,
    FACT_COLUMNS,
    SCHEMA,
    EventRow,
    FactRow,
    event_from,
    fact_from,
    insert_event,
    insert_fact,
)


class Store:
    """Events and facts in one SQLite file, or in memory.

    `functional` names the relations of which a subject has one object at a time (where someone is, what they hold);
    of all others it can have many.
    """

    def __init__(self, path: str | pathlib.Path = ":memory:", *, functional: Iterable[str] = ()):
        self.functional = frozenset(functional)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        if not self._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
            self._database.executescript(SCHEMA)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def record(self, events: Iterable[EventRow]) -> list[int]:
        """Write events, all or none; gives their numbers."""
        with self._together():
            return [insert_event(self._database, event) for event in events]

    def tell(self, facts: Iterable[FactRow]) -> list[int]:
        """Assert facts in order, all or none; one that contradicts an open fact of a functional relation closes it."""
        with self._together():
            return [self._assert(fact) for fact in facts]

    def as_of(
        self,
        *,
        valid: float,
        recorded: float = float("inf"),
        subject: str | None = None,
        relation: str | None = None,
    ) -> list[FactRow]:
        """Facts that held at `valid`, as believed at `recorded` (now, if left out), in order of writing."""
        where = ["valid_at <= ?", "(invalid_at IS NULL OR invalid_at > ?)"]
        where += ["recorded_at <= ?", "(expired_at IS NULL OR expired_at > ?)"]
        values: list[Any] = [valid, valid, recorded, recorded]
        for column, value in (("subject", subject), ("relation", relation)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        return self._facts(f"WHERE {' AND '.join(where)} ORDER BY id", values)

    def why(self, fact: FactRow | int) -> EventRow | None:
        """Give the event that a fact came from; `None` if it was told without one."""
        number = fact if isinstance(fact, int) else fact.id
        found = self._facts("WHERE id = ?", [number])
        if not found:
            raise ValueError(f"there is no fact number {number}")
        events = self._events("WHERE id = ?", [found[0].event])
        return events[0] if events else None

    def retract(self, event: int, *, recorded: float) -> int:
        """Take an event back at `recorded`: its facts expire, and what they had closed is open again.

        Returns:
            How many facts expired.

        Raises:
            ValueError: There is no such event, or it was taken back before.
        """
        with self._together():
            changed = self._database.execute(
                "UPDATE events SET retracted_at = ? WHERE id = ? AND retracted_at IS NULL", [recorded, event]
            )
            if changed.rowcount == 0:
                raise ValueError(f"there is no event number {event} to take back")
            fallen = self._facts("WHERE event = ? AND expired_at IS NULL", [event])
            self._expire(fallen, recorded)
            for key in dict.fromkeys(
                (fact.subject, fact.relation) for fact in fallen if fact.relation in self.functional
            ):
                self._retell(*key, recorded)
            return len(fallen)

    def history(self, subject: str, relation: str) -> list[FactRow]:
        """Every row ever written of a subject's relation, in order of writing."""
        return self._facts("WHERE subject = ? AND relation = ? ORDER BY id", [subject, relation])

    def facts(self) -> Iterator[FactRow]:
        """Every fact, closed and expired ones too, in order of writing."""
        return iter(self._facts("ORDER BY id", []))

    def events(self, *, life: str | None = None) -> Iterator[EventRow]:
        """Events of one life in order of time, or all in order of writing."""
        if life is None:
            return iter(self._events("ORDER BY id", []))
        return iter(self._events("WHERE life = ? ORDER BY at, id", [life]))

    def _assert(self, fact: FactRow) -> int:
        if fact.relation not in self.functional:
            return insert_fact(self._database, fact)
        mine = "WHERE subject = ? AND relation = ? AND expired_at IS NULL AND valid_at"
        key = [fact.subject, fact.relation, fact.valid_at]
        before = self._facts(f"{mine} <= ? AND (invalid_at IS NULL OR invalid_at > ?)", [*key, fact.valid_at])
        after = self._facts(f"{mine} > ? ORDER BY valid_at LIMIT 1", key)
        for old in before:
            self._end(old, fact.valid_at, recorded=fact.recorded_at)
        held = _until_next(fact, after)
        if held != fact:
            insert_fact(self._database, dataclasses.replace(fact, expired_at=fact.recorded_at))
        return insert_fact(self._database, held)

    def _end(self, old: FactRow, end: float | None, *, recorded: float) -> None:
        """Believe from now on that the old fact ends at `end`, or, if that is where it begins, not at all."""
        self._expire([old], recorded)
        if end != old.valid_at:
            corrected = dataclasses.replace(old, invalid_at=end, recorded_at=recorded, expired_at=None, id=None)
            insert_fact(self._database, corrected)

    def _retell(self, subject: str, relation: str, recorded: float) -> None:
        """Believe what follows from all that was told and not taken back: of one beginning, the last telling."""
        told: dict[tuple[str, float, int | None], FactRow] = {}
        for row in self.history(subject, relation):
            told.setdefault((row.object, row.valid_at, row.event), row)
        last = {row.valid_at: row for row in told.values() if not self._is_retracted(row.event)}
        now = {_content(row): row for row in self._believed(subject, relation)}
        held = {_content(one): one for one in (_until_next(row, last.values()) for row in last.values())}
        self._expire([row for content, row in now.items() if content not in held], recorded)
        for content, row in held.items():
            if content not in now:
                insert_fact(self._database, dataclasses.replace(row, recorded_at=recorded, expired_at=None, id=None))

    def _is_retracted(self, event: int | None) -> bool:
        return any(row.retracted_at is not None for row in self._events("WHERE id = ?", [event]))

    def _believed(self, subject: str, relation: str) -> list[FactRow]:
        where = "WHERE subject = ? AND relation = ? AND expired_at IS NULL ORDER BY valid_at"
        return self._facts(where, [subject, relation])

    def _expire(self, facts: Iterable[FactRow], recorded: float) -> None:
        values = [(recorded, fact.id) for fact in facts]
        self._database.executemany("UPDATE facts SET expired_at = ? WHERE id = ?", values)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _facts(self, rest: str, values: Sequence[Any]) -> list[FactRow]:
        return [fact_from(row) for row in self._database.execute(f"SELECT {FACT_COLUMNS} FROM facts {rest}", values)]

    def _events(self, rest: str, values: Sequence[Any]) -> list[EventRow]:
        return [event_from(row) for row in self._database.execute(f"SELECT {EVENT_COLUMNS} FROM events {rest}", values)]


def _until_next(fact: FactRow, believed: Iterable[FactRow]) -> FactRow:
    """End a fact where the next one begins, if that is before its own end."""
    ends = [other.valid_at for other in believed if other.valid_at > fact.valid_at]
    ends += [] if fact.invalid_at is None else [fact.invalid_at]
    return dataclasses.replace(fact, invalid_at=min(ends, default=None))


def _content(row: FactRow) -> tuple[object, ...]:
    """What a row says, whenever it was written."""
    return row.object, row.valid_at, row.invalid_at, row.event, row.confidence
