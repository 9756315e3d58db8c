"""A fitted population in one file, `people.mind`: arrays, a manifest, facts and events; safe to open from a stranger.

The file is a zip archive without compression, of three members: `manifest.json`, `arrays.safetensors` and
`knowledge.sqlite`. Nothing is pickled, nothing is executed. The same contents give the same bytes.
"""

import contextlib
import dataclasses
import json
import pathlib
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from inhabit.records.atomic import replaced
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

FORMAT = "inhabit.mind"
VERSION = 1
"""Version of the file's layout; a file with another one is refused."""
LIMITS = {"manifest.json": 16 * 2**20, "arrays.safetensors": 4 * 2**30, "knowledge.sqlite": 2**30}
"""The members, and the largest size of each in bytes."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_KINDS = "biuf"


class MindFileError(ValueError):
    """The file is no `.mind` file, is broken, or is not safe to open. The message is one line."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.split())[:400])


@dataclasses.dataclass(frozen=True)
class MindFile:
    """What a `.mind` file holds.

    Attributes:
        manifest: What was saved as the manifest.
        arrays: Arrays by name.
        knowledge: The SQLite database as bytes, checked; `facts` and `events` read it.
    """

    manifest: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    knowledge: bytes = dataclasses.field(repr=False)

    def facts(self) -> Iterator[FactRow]:
        """Every fact, in order of writing."""
        with _database(self.knowledge) as database:
            yield from map(fact_from, database.execute(f"SELECT {FACT_COLUMNS} FROM facts ORDER BY id"))

    def events(self) -> Iterator[EventRow]:
        """Every event, in order of writing."""
        with _database(self.knowledge) as database:
            yield from map(event_from, database.execute(f"SELECT {EVENT_COLUMNS} FROM events ORDER BY id"))


def save(
    path: str | pathlib.Path,
    *,
    arrays: Mapping[str, np.ndarray],
    manifest: Mapping[str, Any],
    facts: Iterable[FactRow] = (),
    events: Iterable[EventRow] = (),
) -> None:
    """Write a `.mind` file atomically.

    Raises:
        MindFileError: An array is not of numbers, the manifest is no JSON, or a member is too large.
    """
    members = {
        "manifest.json": _manifest_bytes(manifest),
        "arrays.safetensors": safetensors.numpy.save({name: _plain(name, array) for name, array in arrays.items()}),
        "knowledge.sqlite": _knowledge_bytes(facts, events),
    }
    for name, data in members.items():
        if len(data) > LIMITS[name]:
            raise MindFileError(f"{path}: {name} would take {len(data):,} bytes, at most {LIMITS[name]:,} are allowed")
    with replaced(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data)


def open_mind(path: str | pathlib.Path) -> MindFile:
    """Open a `.mind` file, checking all of it first.

    Raises:
        MindFileError: It is no such file, is of another version, is broken, or holds what it should not.
    """
    try:
        members = _members(pathlib.Path(path))
        manifest = _manifest(members["manifest.json"])
        arrays = _arrays(members["arrays.safetensors"])
        _check_knowledge(members["knowledge.sqlite"])
    except MindFileError as error:
        raise MindFileError(f"{path}: {error}") from error.__cause__
    return MindFile(manifest, arrays, members["knowledge.sqlite"])


def _members(path: pathlib.Path) -> dict[str, bytes]:
    """Read the three members; anything else about the archive is refused before a byte of them is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_members(infos, path.stat().st_size)
            return {info.filename: archive.read(info) for info in infos}
    except MindFileError:
        raise
    except FileNotFoundError as error:
        raise MindFileError("no such file; check the path") from error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise MindFileError(f"not a whole .mind file ({error}); save or fetch it again") from error


def _check_members(infos: list[zipfile.ZipInfo], size: int) -> None:
    if sorted(info.filename for info in infos) != sorted(LIMITS):
        names = ", ".join(info.filename for info in infos[:6])
        raise MindFileError(
            f"expected the members {', '.join(LIMITS)}, found {names[:120] or 'none'}; not a .mind file"
        )
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise MindFileError(f"{info.filename} is compressed or encrypted; members must be stored as they are")
        if info.file_size > LIMITS[info.filename]:
            raise MindFileError(f"{info.filename} declares {info.file_size:,} bytes, over {LIMITS[info.filename]:,}")
    if infos[0].header_offset != 0 or sum(info.file_size for info in infos) > size:
        raise MindFileError("its members do not lie one after another in the file; not written by save")


def _manifest(data: bytes) -> Mapping[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number of JSON")

    try:
        record = json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise MindFileError(f"manifest.json is not JSON ({error})") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("manifest"), dict):
        raise MindFileError(f"manifest.json does not say format {FORMAT!r}; not a .mind file")
    if record.get("schema") != VERSION:
        found = str(record.get("schema"))[:40]
        raise MindFileError(
            f"it is of schema version {found}, this inhabit reads {VERSION}; fit again or change versions"
        )
    return record["manifest"]


def _manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    record = {"format": FORMAT, "schema": VERSION, "manifest": dict(manifest)}
    try:
        return json.dumps(record, indent=1, sort_keys=True, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise MindFileError(f"the manifest cannot be written as JSON ({error})") from error


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    try:
        return safetensors.numpy.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, MemoryError) as error:
        raise MindFileError(f"arrays.safetensors is broken ({type(error).__name__}: {error})") from error


def _plain(name: str, array: Any) -> np.ndarray:
    """An array of numbers, contiguous and in the machine's byte order: safetensors writes memory as it lies."""
    array = np.asarray(array)
    if array.dtype.kind not in _KINDS:
        raise MindFileError(f"array {name!r} is of type {array.dtype}, expected numbers or truth values")
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C", copy=True)


def _knowledge_bytes(facts: Iterable[FactRow], events: Iterable[EventRow]) -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        for event in events:
            insert_event(database, event)
        for fact in facts:
            insert_fact(database, fact)
        database.commit()
        return database.serialize()


@contextlib.contextmanager
def _database(data: bytes) -> Iterator[sqlite3.Connection]:
    """Open a private copy in memory, for reading only, with nothing in it trusted to run."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(data)
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON"):
            database.execute(f"PRAGMA {pragma}")
        yield database


def _check_knowledge(data: bytes) -> None:
    """Refuse a database that is broken, has anything but the store's tables, or rows that are no facts or events."""
    try:
        with _database(data) as database:
            if _shape(database) != _expected_shape():
                raise MindFileError(
                    "knowledge.sqlite has other tables, views or triggers than a store's; it is not opened"
                )
            ((verdict,), *_) = database.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise MindFileError(f"knowledge.sqlite is broken ({verdict})")
            for row in database.execute(f"SELECT {FACT_COLUMNS} FROM facts"):
                fact_from(row)
            for row in database.execute(f"SELECT {EVENT_COLUMNS} FROM events"):
                event_from(row)
    except MindFileError:
        raise
    except (sqlite3.Error, ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        raise MindFileError(f"knowledge.sqlite is broken ({error})") from error


def _shape(database: sqlite3.Connection) -> list[tuple[str, str, str]]:
    return sorted(database.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


def _expected_shape() -> list[tuple[str, str, str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        return _shape(database)
