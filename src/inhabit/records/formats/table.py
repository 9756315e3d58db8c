"""Tables, one message a row: CSV, TSV and Parquet, with a mapping of the library's names to the table's columns."""

import collections
import csv
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from inhabit.records import building, fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format
from inhabit.records.opening import MAX_LINE, Source
from inhabit.records.problems import ReadError, listed, shown
from inhabit.types import Life, Message

COLUMNS = ("id", "role", "content", "time", "maker", "act", "rating")
"""What a column can be mapped to; `user_role` names the value of the role column that is the maker."""
_ALIASES = {"conversation": "id", "conversation_id": "id", "text": "content", "speaker": "role", "user": "maker"}
_GUESSES = {
    "id": ("id", "conversation_id", "conversation", "conv_id", "dialogue_id", "session_id", "thread_id"),
    "role": ("role", "speaker", "author", "sender"),
    "content": ("content", "text", "message", "utterance", "body"),
    "time": ("time", "timestamp", "ts", "created_at"),
    "maker": ("maker", "user", "user_id", "customer_id"),
    "act": ("act", "intent"),
    "rating": ("rating", "satisfaction"),
}
Row = tuple[int, dict[str, Any]]


def parse_mapping(text: str) -> dict[str, str]:
    """Read the words of `--map`, for instance `conversation=conv_id,role=speaker,content=text,user_role=customer`.

    Raises:
        ReadError: A part is not `name=column`, or the name is unknown.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return checked_mapping({name.strip(): column.strip() for name, _, column in pairs})


def checked_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    """Call each name by the library's own word; refuse unknown ones."""
    plain = {_ALIASES.get(name, name): column for name, column in mapping.items()}
    for name, column in plain.items():
        if name not in (*COLUMNS, "user_role") or not column:
            raise ReadError(
                f"--map: expected name=column with one of {listed((*COLUMNS, 'user_role'))}; got {name}={column}"
            )
    return plain


def fits(source: Source) -> bool:
    """A Parquet file, or one whose name says that it is a table."""
    endings = {suffix.lower() for suffix in source.path.suffixes[-2:]}
    return source.start.startswith(b"PAR1") or bool(endings & {".csv", ".tsv"})


def read(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read a table: rows of one conversation belong together wherever they stand, in order of time if there is one."""
    columns, rows = _parquet(source) if source.start.startswith(b"PAR1") else _csv(source)
    names = _columns(source, columns, mapping)
    user_role = mapping.get("user_role")
    roles = building.Roles(user_role)
    for id_, talk in _talks(source, rows, names).items():
        life = _life(source, id_, talk, names, roles)
        if building.is_life(life, Place(source, talk[0][0], "")):
            yield life


def _life(source: Source, id_: str, talk: list[Row], names: Mapping[str, str], roles: building.Roles) -> Life:
    place = Place(source, talk[0][0], "")
    maker = next((row[names["maker"]] for _, row in talk if row.get(names.get("maker", ""))), None)
    read = []
    for line, row in talk:
        record = {name: row.get(column) for name, column in names.items() if name not in ("id", "maker")}
        if (one := building.message(record, Place(source, line, ""), roles)) is not None:
            read.append(one)
    messages = building.from_start(building.forward(_in_time(read, place), place.at("messages")))
    return Life(id=id_, maker=fields.name(maker, place.at("maker")) or id_, messages=messages)


def _in_time(read: list[Message], place: Place) -> list[Message]:
    """Put messages in order of time when each has one; a table has no order of its own."""
    times = [one.time for one in read if one.time is not None]
    if len(times) < len(read) or times == sorted(times):
        return read
    place.at("time").repair("expected rows in order of time", "the conversation's rows were put in order")
    return sorted(read, key=lambda one: one.time or 0.0)


def _talks(source: Source, rows: Iterator[Row], names: Mapping[str, str]) -> dict[str, list[Row]]:
    talks: dict[str, list[Row]] = collections.defaultdict(list)
    for line, row in rows:
        id_ = fields.name(row.get(names["id"]), Place(source, line, names["id"]))
        if id_ is None:
            source.lose(line, names["id"], "expected the name of a conversation", "the row was set aside")
        else:
            talks[id_].append((line, row))
    return talks


def _columns(source: Source, columns: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Column of each name: as mapped, else as guessed from what columns are usually called."""
    lower = {column.lower(): column for column in reversed(columns)}
    guessed = {name: lower[g] for name, guesses in _GUESSES.items() for g in reversed(guesses) if g in lower}
    named = {name: column for name, column in mapping.items() if name != "user_role"}
    free = {name: column for name, column in guessed.items() if column not in named.values()}
    names = free | named
    for name in names:
        if names[name] not in columns:
            raise ReadError(
                f"{source.name}: no column {shown(names[name])} for {name}; the columns are {listed(columns)}"
            )
    if missing := [name for name in ("id", "role", "content") if name not in names]:
        example = "--map conversation=COLUMN,role=COLUMN,content=COLUMN"
        raise ReadError(
            f"{source.name}: which column is {listed(missing)}? The columns are {listed(columns)}; use {example}"
        )
    if unread := [column for column in columns if column not in names.values()]:
        source.repair(
            1, "", f"columns that no name is mapped to: {listed(unread)}", "they were not read; name them in --map"
        )
    return names


def _parquet(source: Source) -> tuple[list[str], Iterator[Row]]:
    try:
        frame = pl.read_parquet(source.path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReadError(f"{source.name}: not a whole Parquet file ({str(error)[:80]}); write it again") from error
    return frame.columns, ((line, row) for line, row in enumerate(frame.iter_rows(named=True), 1))


def _csv(source: Source) -> tuple[list[str], Iterator[Row]]:
    """Rows of a CSV file by the standard library's reader: unlike a data frame's, it says where a row is broken."""
    csv.field_size_limit(MAX_LINE)
    first = source.head.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader((line + "\n" for _, line in source.lines()), delimiter=delimiter)
    try:
        columns = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise ReadError(f"{source.name}: its first line is no header of column names ({error})") from error
    if not columns:
        raise ReadError(f"{source.name}: expected a header of column names, found nothing; write one in the first line")
    return columns, _csv_rows(source, reader, columns)


def _csv_rows(source: Source, reader: Any, columns: list[str]) -> Iterator[Row]:
    end = reader.line_num
    while True:
        start = end + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            source.lose(start, "", f"expected a row ({error})", "is a quote missing? The row was set aside")
            cells = []
        end = reader.line_num
        if not cells:
            continue
        if len(cells) != len(columns):
            found = f"expected {len(columns)} cells, found {len(cells)}"
            source.lose(start, "", found, "the row was set aside; quote cells that hold the separator")
            continue
        yield start, dict(zip(columns, cells))


FORMAT = Format("table", "CSV, TSV or Parquet, one message a row (with --map)", fits, read)
