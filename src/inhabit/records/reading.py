"""Reading logs into lives: one file or a folder, its format told or recognised."""

import dataclasses
import pathlib
from collections.abc import Iterable, Iterator, Mapping

from inhabit.records.formats import FORMATS
from inhabit.records.formats.format import Format
from inhabit.records.formats.table import checked_mapping, parse_mapping
from inhabit.records.opening import Source
from inhabit.records.problems import Ledger, Problem, ReadError, listed, shown
from inhabit.types import Life

__all__ = ["Problem", "ReadError", "Reading", "parse_mapping", "read"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read.

    Attributes:
        lives: In the order of the files.
        set_aside: What could not be read, one line each.
        mended: What was read but not as it stands (cut, renamed, a field left out), one line each.
        format: Name of the format; several are joined by `+`.
        files: Names of the files read.
        passed_over: Names of files in the folder that hold no lives.
    """

    lives: tuple[Life, ...]
    set_aside: tuple[Problem, ...] = ()
    mended: tuple[Problem, ...] = ()
    format: str
    files: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """Messages in all lives."""
        return sum(len(life.messages) for life in self.lives)

    @property
    def makers(self) -> int:
        """Different makers."""
        return len({life.maker for life in self.lives})


def read(path: str | pathlib.Path, *, format: str | None = None, mapping: Mapping[str, str] | None = None) -> Reading:
    """Read a file, or every file of a folder that fits.

    Args:
        path: A file (plain or gzipped) or a folder.
        format: One of `FORMATS`, or `None` to recognise it.
        mapping: Columns of a table by name (see `parse_mapping`); for chats, `user_role` only.

    Raises:
        ReadError: The path does not exist, the format is unknown or cannot be told, or nothing in it can be read.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise ReadError(f"{path}: no such file or folder; check the path")
    if format is not None and format not in FORMATS:
        raise ReadError(f"format {shown(format)} is unknown; the formats are {listed(FORMATS)}")
    columns = checked_mapping(mapping or {})
    try:
        return _read_folder(path, format, columns) if path.is_dir() else _read_file(path, format, columns)
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror or error}); check the file and its rights") from error


def _read_file(path: pathlib.Path, format: str | None, columns: Mapping[str, str]) -> Reading:
    ledger = Ledger()
    source = Source(path, ledger=ledger)
    known = FORMATS[format] if format else _recognised(source)
    if known is None and not source.head.strip():
        ledger.lose(source.name, None, "", "expected a log, found an empty file", "nothing was read")
        return _reading([], ledger, format or "empty", [source.name])
    if known is None:
        formats = "; ".join(f"{one.name}: {one.looks}" for one in FORMATS.values())
        raise ReadError(f"{path}: its format cannot be told; name one with --format ({formats})")
    return _reading(_unique(known.read(source, columns), source, {}), ledger, known.name, [source.name])


def _read_folder(folder: pathlib.Path, format: str | None, columns: Mapping[str, str]) -> Reading:
    ledger = Ledger()
    taken: dict[str, Life] = {}
    lives: list[Life] = []
    files: list[str] = []
    passed: list[str] = []
    formats: dict[str, None] = {}
    for path in _files(folder):
        name = str(path.relative_to(folder))
        source = Source(path, name=name, ledger=ledger)
        known = _recognised(source)
        if known is None or (format is not None and known.name != format):
            passed.append(name)
            continue
        try:
            lives += _unique(known.read(source, columns), source, taken)
        except ReadError as error:
            ledger.lose(name, None, "", str(error).removeprefix(f"{name}: "), "the file was set aside")
            continue
        files.append(name)
        formats[known.name] = None
    if not files and not ledger.set_aside:
        raise ReadError(f"{folder}: no file in it is of a known format; the formats are {listed(FORMATS)}")
    return _reading(lives, ledger, "+".join(formats) or format or "empty", files, passed)


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Files of a folder and those below it, in order of name; hidden ones are no logs."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _recognised(source: Source) -> Format | None:
    return next((one for one in FORMATS.values() if one.fits(source)), None)


def _unique(lives: Iterable[Life], source: Source, taken: dict[str, Life]) -> Iterator[Life]:
    """Give every life an id of its own: a life that is there twice is set aside, another one is renamed."""
    for life in lives:
        if (first := taken.get(life.id)) is not None:
            if first == life:
                source.lose(
                    None, "id", f"expected each life once, found {shown(life.id)} again, the same", "it was set aside"
                )
                continue
            number = next(n for n in range(2, len(taken) + 3) if f"{life.id}#{n}" not in taken)
            renamed = dataclasses.replace(life, id=f"{life.id}#{number}")
            source.repair(
                None, "id", f"expected each id once, found {shown(life.id)} again", f"renamed {shown(renamed.id)}"
            )
            life = renamed
        taken[life.id] = life
        yield life


def _reading(
    lives: Iterable[Life], ledger: Ledger, format: str, files: Iterable[str], passed: Iterable[str] = ()
) -> Reading:
    lives = tuple(lives)
    return Reading(
        lives=lives,
        set_aside=tuple(ledger.set_aside),
        mended=tuple(ledger.mended),
        format=format,
        files=tuple(files),
        passed_over=tuple(passed),
    )
