"""`inhabit lab`: the questions that this house asks, and their records."""

import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.engine import start_engine
from inhabit.cli.screen import complain, out, say_json, table, watched

if TYPE_CHECKING:
    from inhabit.lab.experiment import Experiment, Record


def command(
    name: Annotated[str | None, typer.Argument(help="Which; all are listed if left out.", show_default=False)] = None,
    on: Annotated[str | None, typer.Option("--on", help="On which set; on all of them if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same figures.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A small part of the data, to see that it runs.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what an interrupted sweep has left.")] = False,
    output: Annotated[pathlib.Path, typer.Option("--out", help="Folder for records and predictions.")] = pathlib.Path(
        "lab"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """List the experiments, or run one and write its record."""
    start_engine()
    from inhabit.lab.experiment import MissingData
    from inhabit.lab.registry import EXPERIMENTS, find

    if name is None:
        _list(EXPERIMENTS, json)
        return
    try:
        experiment = find(name)
        sets = experiment.chosen(on)
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from None
    for one in sets:
        folder = output / name / one
        try:
            with watched(f"{name} on {one}", json) as watch:
                record = experiment.start(one, seed=seed, quick=quick, out=folder, resume=resume, watch=watch)
        except MissingData as missing:
            complain(f"{one} skipped: {missing}")
            continue
        record.write(folder)
        _draw(record, folder)
        say_json(record.to_json()) if json else _show(one, record, folder)


def _draw(record: "Record", folder: pathlib.Path) -> None:
    from inhabit.lab.pictures import comparison
    from inhabit.records.atomic import replaced

    with replaced(folder / "record.svg") as new:
        new.write_text(comparison(record.measured, record.baselines), encoding="utf-8")


def _list(experiments: "tuple[Experiment, ...]", json: bool) -> None:
    if json:
        say_json([{"name": one.name, "question": one.question, "sets": one.sets} for one in experiments])
        return
    shown = table("name", "asks", "sets", title="Experiments")
    for one in experiments:
        shown.add_row(one.name, one.question, ", ".join(one.sets))
    out().print(shown if experiments else "no experiment is part of this build")


def _show(name: str, record: "Record", folder: pathlib.Path) -> None:
    console = out()
    shown = table("", "measured", "", title=f"{name}: {record.question}", right=("measured",))
    for side, figures in (("measured", record.measured), ("baseline", record.baselines)):
        for figure, estimate in figures.items():
            shown.add_row(figure, str(estimate), "" if side == "measured" else side)
    shown.columns[2].style = "dim"
    console.print(shown)
    spent = ", ".join(f"{side} {work:.2e}" for side, work in record.flops.items())
    console.print(f"predicted: {record.prediction}", style="dim")
    console.print(
        f"{record.seconds:.0f} s; floating-point operations: {spent or 'not counted'}; {folder}\n", style="dim"
    )
