"""`inhabit report`: one page about fitted people, to read and to pass on."""

import pathlib
from typing import Annotated

import typer

from inhabit.cli.opening import open_people
from inhabit.cli.screen import busy, out, say_json
from inhabit.cli.talk import People


def command(
    people: People,
    output: Annotated[
        pathlib.Path | None, typer.Option("-o", "--output", help="The page; beside the people if left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON and write no page.")] = False,
) -> None:
    """Write one HTML page about fitted people."""
    fitted = open_people(people, quiet=json)
    from inhabit.lab.report import figures, page

    if json:
        say_json(figures(fitted))
        return
    target = output or people.with_suffix(".html")
    with busy("drawing"):
        text = page(fitted, title=people.name)
    from inhabit.records.atomic import replaced

    with replaced(target) as new:
        new.write_text(text, encoding="utf-8")
    out().print(f"wrote {target} ({len(text.encode()) / 1024:,.0f} KiB, opens in any browser, asks nothing of the net)")
