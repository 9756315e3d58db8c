"""`inhabit compare`: release against release, measure by measure, with intervals."""

import enum
import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.logs import Format, Json, Map, read_log
from inhabit.cli.screen import complain, out, say_json, table

if TYPE_CHECKING:
    from inhabit.lab.releases import Comparison, Difference
    from inhabit.maths.intervals import Estimate


class Fail(enum.StrEnum):
    """When the exit status says no."""

    worse = "worse"
    never = "never"


First = Annotated[pathlib.Path, typer.Argument(metavar="A", help="Talks with the first release.", show_default=False)]
Second = Annotated[pathlib.Path, typer.Argument(metavar="B", help="Talks with the second.", show_default=False)]


def command(
    a: First,
    b: Second,
    complaint: Annotated[
        list[str] | None,
        typer.Option("--complaint", metavar="ACT", help="An act that is a complaint; by default those called so."),
    ] = None,
    fail_if: Annotated[Fail, typer.Option("--fail-if", help="Exit with 1 where B is worse than A.")] = Fail.never,
    format: Format = None,
    map: Map = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the intervals.")] = 0,
    json: Json = False,
) -> None:
    """Compare two files of talks: is release B better than A?"""
    lives = [read_log(path, format, map, quiet=json).lives for path in (a, b)]
    from inhabit.lab.releases import compare

    found = compare(*lives, complaints=tuple(complaint or ()), seed=seed)
    say_json(found.to_json()) if json else _show(found, a, b)
    if fail_if is Fail.worse and found.worse:
        raise typer.Exit(1)


def _show(found: "Comparison", a: pathlib.Path, b: pathlib.Path) -> None:
    from inhabit.lab.releases import FEW

    console = out()
    how = (
        f"{found.pairs:,} talks paired" if found.pairs else f"{found.lives[0]:,} and {found.lives[1]:,} talks, unpaired"
    )
    columns = ("A", "B", "B - A (95 %)")
    shown = table("", *columns, "", title=f"A = {a}, B = {b}: {how}, {found.makers:,} people", right=columns)
    for one in found.differences:
        shown.add_row(one.measure, _mean(one.a), _mean(one.b), _interval(one.difference), _said(one))
    console.print(shown)
    for side, left_out in zip("AB", found.left_out):
        if told := ", ".join(f"{number:,} {why}" for why, number in left_out.items() if number):
            console.print(f"left out of {side}: {told}", style="dim")
    console.print(
        "A verdict counts all verdicts in the table: 19 of 20 tables without a difference show none.", style="dim"
    )
    if found.makers < FEW:
        complain(f"only {found.makers} people: intervals over so few are too narrow; at least {FEW} are needed")


def _mean(estimate: "Estimate") -> str:
    return f"{estimate.value:.3f}"


def _interval(estimate: "Estimate") -> str:
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def _said(one: "Difference") -> str:
    from rich.text import Text

    return Text(one.verdict, {"better": "green", "worse": "red"}.get(one.verdict, "dim"))  # type: ignore[return-value]
