"""`inhabit demo`: no data needed. People with known hidden values live and talk; who can stand in for them?"""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.engine import start_engine
from inhabit.cli.screen import out, progress, say_json, table

if TYPE_CHECKING:
    from inhabit.lab.experiment import Record
    from inhabit.maths.intervals import Estimate


def command(
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    output: Annotated[
        pathlib.Path, typer.Option("--out", help="Folder for the record and the picture.")
    ] = pathlib.Path("demo"),
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same figures.")] = 0,
) -> None:
    """Live a market, fit mind and twin, see who stands in better."""
    start_engine()
    from inhabit.lab.demo import demo

    with progress(json) as shown:
        task = shown.add_task("starting", total=4)

        def watch(stage: str) -> None:
            shown.update(task, advance=1, description=stage)

        record, rows = demo(out=output, seed=seed, watch=watch)
    say_json(record.to_json()) if json else _show(record, rows, output)


def _show(record: "Record", rows: "Mapping[str, Mapping[str, Estimate]]", folder: pathlib.Path) -> None:
    from inhabit.lab.demo import SIDES

    console = out()
    shown = table(
        "", *SIDES, title="Makers with hidden values lived, talked and traded. Who can stand in for them?", right=SIDES
    )
    for measure, sides in rows.items():
        shown.add_row(measure, *(str(sides[side]) if side in sides else "" for side in SIDES))
    console.print(shown)
    work = ", ".join(f"{side} {flops:.2e}" for side, flops in record.flops.items())
    console.print(f"{record.seconds:.0f} s; floating-point operations: {work}", style="dim")
    console.print(f"picture: {folder / 'picture.svg'}   raw predictions: {folder / 'predictions.jsonl'}", style="dim")
    console.print(f"next: inhabit talk {folder / 'people.mind'}   inhabit report {folder / 'people.mind'}", style="dim")
