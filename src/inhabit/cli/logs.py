"""Logs as the words of a command name them, and reading them."""

import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.screen import busy

if TYPE_CHECKING:
    from inhabit.records.reading import Reading

Logs = Annotated[pathlib.Path, typer.Argument(help="A file or a folder of logs.", show_default=False)]
Format = Annotated[str | None, typer.Option("--format", help="The log's format; recognised if left out.")]
Map = Annotated[
    str | None,
    typer.Option(
        "--map",
        help="Columns of a table: role=..,content=.. of talk; chosen=..,person=..,occasion=..,alternative=.. of choices.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def read_log(logs: pathlib.Path, format: str | None, map: str | None, *, quiet: bool) -> "Reading":
    """Read a log as the words of a command say.

    Raises:
        ReadError: Nothing can be read.
        typer.BadParameter: `--map` or `--format` is not understood.
    """
    from inhabit.records.formats import FORMATS
    from inhabit.records.reading import ReadError, parse_mapping, read

    if format is not None and format not in FORMATS:
        raise typer.BadParameter(f"format {format!r} is unknown; the formats are {', '.join(FORMATS)}")
    try:
        mapping = parse_mapping(map) if map else None
    except ReadError as error:
        raise typer.BadParameter(str(error)) from None
    with busy(f"reading {logs.name}", quiet):
        return read(logs, format=format, mapping=mapping)
