"""`inhabit check`: read a log, count it, and say what can be identified from it."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.choices import check_choices
from inhabit.cli.logs import Format, Json, Logs, Map, read_log
from inhabit.cli.screen import out, say_json, table
from inhabit.cli.tables import is_choices

if TYPE_CHECKING:
    from rich.console import Console

    from inhabit.records.census import Census, Range
    from inhabit.records.identifying import Identifiable
    from inhabit.records.reading import Problem, Reading

LINES = 20
"""Problems shown without `--all`."""


def command(
    logs: Logs,
    format: Format = None,
    map: Map = None,
    every: Annotated[bool, typer.Option("--all", help="Show every problem, not the first 20.")] = False,
    recover: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Of a choice table: recover a known truth N times on its own design."),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of what is recovered.")] = 0,
    json: Json = False,
) -> None:
    """Read a log or a choice table, count it, and say what can be learned from it."""
    if is_choices(map):
        check_choices(logs, map or "", repeats=recover, seed=seed, json=json)
        return
    if recover:
        raise typer.BadParameter("--recover is for choice tables; say which column is what: --map chosen=..,person=..")
    reading = read_log(logs, format, map, quiet=json)
    from inhabit.records.census import census
    from inhabit.records.identifying import identified

    counted = census(reading)
    parts = identified(counted)
    if json:
        problems = {"set_aside": reading.set_aside, "mended": reading.mended}
        lines = {f"{k}_lines": [str(one) for one in found] for k, found in problems.items()}
        say_json(counted.to_json() | {"identified": [dataclasses.asdict(part) for part in parts]} | lines)
        return
    console = out()
    _show_counts(console, counted, reading)
    _show_identified(console, parts)
    _show_problems(console, "set aside", reading.set_aside, every)
    _show_problems(console, "mended", reading.mended, every)


def _show_counts(console: "Console", counted: "Census", reading: "Reading") -> None:
    shown = table("", "", "", title=f"{counted.lives:,} lives of {counted.makers:,} makers")
    acts = len(counted.acts)
    rows = [
        ("format", counted.format, f"{counted.files} file{'s' * (counted.files != 1)}"),
        ("messages", f"{counted.messages:,}", f"{counted.turns:,} the makers' own"),
        ("turns of a life", _range(counted.turns_per_life), ""),
        ("lives of a maker", _range(counted.lives_per_maker), f"{counted.repeated_makers:,} makers come back"),
        ("acts", f"{acts:,}" if acts else "not named", _most(counted.acts)),
        ("ratings", f"{counted.ratings.count:,}", _range(counted.ratings)),
        ("choices", f"{counted.choices:,}", f"by {counted.makers_with_choices:,} makers" if counted.choices else ""),
        ("goods", ", ".join(counted.goods[:6]) or "none", f"values known in {counted.lives_with_values:,} lives"),
        ("set aside", f"{counted.set_aside:,}", f"{counted.mended:,} mended"),
    ]
    for row in rows:
        shown.add_row(*row)
    shown.show_header = False
    shown.columns[0].style, shown.columns[2].style = "dim", "dim"
    console.print(shown)
    if reading.passed_over:
        names = ", ".join(reading.passed_over[:5]) + (", ..." if len(reading.passed_over) > 5 else "")
        console.print(f"passed over {len(reading.passed_over)} files that hold no lives: {names}\n", style="dim")


def _show_identified(console: "Console", parts: "tuple[Identifiable, ...]") -> None:
    from rich.text import Text

    shown = table("", "part of a mind", "why", "to mend", title="What this log can teach")
    for part in parts:
        mark = Text("yes", "green") if part.yes else Text("no", "yellow")
        shown.add_row(mark, part.what, part.why, part.mend)
    shown.columns[2].style = shown.columns[3].style = "dim"
    console.print(shown)


def _show_problems(console: "Console", what: str, problems: "tuple[Problem, ...]", every: bool) -> None:
    if not problems:
        return
    console.print(f"{len(problems):,} {what}", style="bold")
    shown = problems if every else problems[:LINES]
    for problem in shown:
        console.print(f"  {problem}")
    if len(shown) < len(problems):
        console.print(f"  and {len(problems) - len(shown):,} more; --all shows them", style="dim")
    console.print()


def _range(numbers: "Range") -> str:
    if not numbers.count:
        return ""
    return f"{numbers.low:g} to {numbers.high:g}, median {numbers.median:g}"


def _most(counts: "Mapping[str, int]", most: int = 5) -> str:
    named = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:most])
    return named + (", ..." if len(counts) > most else "")
