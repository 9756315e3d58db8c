"""`inhabit fit`: from a log to a file of people who can stand in for their makers."""

import dataclasses
import enum
import pathlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inhabit.cli.choices import fit_choices
from inhabit.cli.engine import start_engine
from inhabit.cli.logs import Format, Json, Logs, Map, read_log
from inhabit.cli.screen import busy, out, progress, say_json, spark, table
from inhabit.cli.tables import is_choices

if TYPE_CHECKING:
    from inhabit.learning.comparing import Sides
    from inhabit.learning.people import People
    from inhabit.records.reading import Reading
    from inhabit.types import Life


class Holdout(enum.StrEnum):
    """What is kept from the fit."""

    user = "user"
    time = "time"
    none = "none"


def command(
    logs: Logs,
    output: Annotated[pathlib.Path, typer.Option("-o", "--output", help="The file to write.")] = pathlib.Path(
        "people.mind"
    ),
    format: Format = None,
    map: Map = None,
    holdout: Annotated[
        Holdout,
        typer.Option(help="Measure on makers never met (user), on everyone's last life (time), or not at all."),
    ] = Holdout.user,
    epochs: Annotated[int, typer.Option(min=1, help="Most passes over the log.")] = 30,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same people.")] = 0,
    twin: Annotated[
        bool, typer.Option("--twin", help="Fit the equal-compute language model too, and compare.")
    ] = False,
    mouth: Annotated[
        bool,
        typer.Option("--mouth", help="Fit a small mouth too: new words for what is meant, not only recalled ones."),
    ] = False,
    json: Json = False,
) -> None:
    """Fit people from a log, measure them, write a .mind file."""
    if not output.parent.is_dir():
        raise typer.BadParameter(f"{output.parent}: no such folder to write {output.name} in")
    if is_choices(map):
        fit_choices(logs, map or "", output, seed=seed, json=json)
        return
    start_engine()
    reading = read_log(logs, format, map, quiet=json)
    train, held = _parted(reading.lives, holdout, seed)
    sides = (_both if twin else _fitted)(train, epochs, seed, quiet=json)
    people: Any = getattr(sides, "people", sides)
    if mouth and people.mouth is None:
        people = sides = _mouthed(people, train, seed, quiet=json)
    with busy("measuring on held-out lives", json):
        scores = _scores(sides, train, held, seed)
    people = dataclasses.replace(people, card={**people.card, **_card(reading, holdout, held), "scores": scores})
    people.save(output)
    if json:
        say_json({"file": str(output), "acts": people.codebook.acts, **people.card})
    else:
        _show(people, output)


def _parted(lives: "tuple[Life, ...]", holdout: Holdout, seed: int) -> "tuple[tuple[Life, ...], tuple[Life, ...]]":
    from inhabit.learning.holding import hold_out

    return hold_out(lives, holdout.value, seed=seed)


def _fitted(lives: "tuple[Life, ...]", epochs: int, seed: int, *, quiet: bool) -> "People":
    from inhabit.learning.fitting import Schedule, Settings, fit_people

    with progress(quiet) as shown:
        task = shown.add_task("listening", total=epochs)

        def watch(epoch: int, train: float, valid: float) -> None:
            shown.update(task, completed=epoch + 1, description=f"listening  {train:.3f} | {valid:.3f} nats a turn")

        return fit_people(lives, settings=Settings(schedule=Schedule(epochs=epochs), seed=seed), watch=watch)


def _both(lives: "tuple[Life, ...]", epochs: int, seed: int, *, quiet: bool) -> "Sides":
    from inhabit.learning.comparing import fit_sides
    from inhabit.learning.fitting import Schedule, Settings
    from inhabit.learning.judging import departed

    with busy("fitting minds, their mouth and the twin", quiet):
        return fit_sides(departed(lives), settings=Settings(schedule=Schedule(epochs=epochs), seed=seed))


def _mouthed(people: "People", lives: "tuple[Life, ...]", seed: int, *, quiet: bool) -> "People":
    from inhabit.learning.mouthing import fit_mouth

    with busy("fitting a small mouth", quiet):
        return dataclasses.replace(people, mouth=fit_mouth(people.names.of(lives), seed=seed))


def _scores(sides: "Sides | People", train: "tuple[Life, ...]", held: "tuple[Life, ...]", seed: int) -> dict[str, Any]:
    """What is measured on the held-out lives; nothing where none are held out."""
    if not held:
        return {}
    from inhabit.learning.comparing import card, compare

    return card(compare(sides, train, held, seed=seed)[0])


def _card(reading: "Reading", holdout: Holdout, held: "tuple[Life, ...]") -> dict[str, Any]:
    """What a reader of the report wants to know of where the people came from."""
    problems = [str(one) for one in reading.set_aside]
    return {
        "log": {"format": reading.format, "files": list(reading.files)[:50]},
        "set_aside": {"count": len(problems), "mended": len(reading.mended), "first": problems[:50]},
        "held_out": {"way": holdout.value, "lives": len(held), "makers": len({life.maker for life in held})},
    }


def _show(people: "People", output: pathlib.Path) -> None:
    card, console = people.card, out()
    shown = table("", "", title=f"{output}: {card['makers']:,} people")
    shown.show_header = False
    shown.columns[0].style = "dim"
    valid = [point[1] for point in card["curve"]]
    held = card["held_out"]
    for row in (
        ("fitted on", f"{card['lives']:,} lives, {card['messages']:,} messages"),
        ("held out", f"{held['lives']:,} lives of {held['makers']:,} makers" if held["lives"] else "nothing"),
        ("acts", ", ".join(people.codebook.acts)),
        ("goods", ", ".join(people.codebook.goods) or "none"),
        ("listening", f"{spark(valid)}  {valid[0]:.3f} to {min(valid):.3f} nats a turn on validation makers"),
        ("work", f"{card['flops']:.2e} floating-point operations"),
        (
            "set aside",
            f"{card['set_aside']['count']:,}" + (" (inhabit check says why)" * bool(card["set_aside"]["count"])),
        ),
    ):
        shown.add_row(*row)
    console.print(shown)
    if card["scores"]:
        console.print(scores_table(card["scores"]))
    console.print(f"next: inhabit report {output}   inhabit talk {output}   inhabit serve {output}", style="dim")


def scores_table(scores: dict[str, Any]) -> Any:
    """The measures as a table: the mind, the twin where there is one, and the best trivial baseline."""
    with_twin = any(one.get("twin") for one in scores.values())
    columns = ("measure", "mind", *(("twin",) if with_twin else ()), "best baseline", "")
    shown = table(*columns, title="On held-out lives (95 % intervals)", right=("mind", "twin", "best baseline"))
    for name, one in scores.items():
        best = _best(one)
        cells = [name, _figure(one["mind"]), *([_figure(one.get("twin"))] if with_twin else [])]
        shown.add_row(*cells, f"{best[0]} {_figure(best[1])}" if best else "", f"{one.get('better', '')} is better")
    shown.columns[-1].style = "dim"
    return shown


def _best(one: dict[str, Any]) -> tuple[str, Any] | None:
    """The best of the trivial baselines."""
    sign = -1 if one.get("better") == "lower" else 1
    known = [(name, value) for name, value in (one.get("baselines") or {}).items() if value]
    return max(known, key=lambda pair: sign * pair[1][0], default=None)


def _figure(value: Any) -> str:
    if not value:
        return ""
    middle, *ends = value
    return f"{middle:.3f}" + (f" ({ends[0]:.3f}–{ends[1]:.3f})" if len(ends) == 2 else "")
