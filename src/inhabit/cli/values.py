"""`inhabit values`: what people value, by how much, how sure, at what rate of exchange, and how state moves it."""

import pathlib
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from inhabit.cli.logs import read_log
from inhabit.cli.screen import bar, busy, out, say_json, table
from inhabit.cli.tables import ChoiceMap, read_choices
from inhabit.cli.words import numbers

if TYPE_CHECKING:
    from inhabit.learning.choices.valuers import Valuers
    from inhabit.learning.valued import PeopleValues

    Valued: TypeAlias = Valuers | PeopleValues


def command(
    people: Annotated[
        pathlib.Path, typer.Argument(help="A .mind file, fitted from talk or from choices.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option("--as", help="One of them; the population if left out.")] = None,
    unit: Annotated[str | None, typer.Option("--in", help="In whose units to tell rates of exchange.")] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="GOOD=NUMBER", help="Edit what --as values: food=5.")
    ] = None,
    reward: Annotated[
        list[str] | None,
        typer.Option("--reward", metavar="GOOD=NUMBER", help="--as felt this reward of one unit, and learns: food=2."),
    ] = None,
    more: Annotated[
        pathlib.Path | None, typer.Option("--from", help="Learn from more of their talk (a log) or choices (a table).")
    ] = None,
    map: Annotated[str | None, typer.Option("--map", help="Columns of --from; as it was fitted if left out.")] = None,
    output: Annotated[pathlib.Path | None, typer.Option("-o", "--output", help="Where to save the changed.")] = None,
    picture: Annotated[pathlib.Path | None, typer.Option(help="Draw it into this SVG file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Show what people value, how sure that is, what they would give for it; edit it, or let them learn more."""
    if (set or reward or more) and output is None:
        raise typer.BadParameter("--set, --reward and --from change people: say -o FILE, where to save them")
    if (set or reward) and name is None:
        raise typer.BadParameter("--set and --reward need --as NAME: whose")
    with busy(f"opening {people.name}", json):
        valued = open_valued(people)
    try:
        if more is not None:
            valued = _learned(valued, more, map, json)
        for good, weight in numbers(set or (), "--set").items():
            valued = valued.edited(str(name), good, weight)
        for good, felt in numbers(reward or (), "--reward").items():
            valued = valued.rewarded(str(name), good, felt)
        told = _told(valued, name, unit or valued.names[0])
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from None
    if output is not None:
        valued.save(output)
    if picture is not None:
        _draw(valued, name, picture)
    if json:
        say_json({**told, "card": valued.card})
    else:
        show(valued, name, str(output or people), unit)


def open_valued(path: pathlib.Path) -> "Valued":
    """Open a `.mind` file of either kind.

    Raises:
        MindFileError: It is neither.
    """
    from inhabit.records import mindfile

    if mindfile.open_mind(path).manifest.get("kind") == "people":
        from inhabit.cli.opening import open_people

        people = open_people(path, quiet=True)
        from inhabit.learning.valued import PeopleValues

        return PeopleValues(people)
    from inhabit.learning.choices.valuers import Valuers

    return Valuers.open(path)


def show(valued: "Valued", name: str | None, title: str, unit: str | None = None) -> None:
    """Print what is valued."""
    unit = unit or valued.names[0]
    rows, rates = valued.of(name), valued.exchange_intervals(name, unit)
    who = f"{name} values" if name else f"{len(valued.makers):,} people value"
    heads = ("weight", "90 %", f"in {unit}", "its 90 %")
    shown = table("", "weight", "90 %", "", f"in {unit}", "its 90 %", title=f"{title}: what {who}", right=heads)
    most = max(abs(one["weight"]) for one in rows.values()) or 1.0
    for good, one in rows.items():
        rate = (f"{rates[good][0]:.2f}", _ends(*rates[good][1:])) if good in rates else ("", "")
        size = bar(abs(one["weight"]) / most)
        shown.add_row(good, f"{one['weight']:.2f}", _ends(one["low"], one["high"]), size, *rate)
    out().print(shown)
    for line in _moved_lines(valued, name):
        out().print(line, style="dim")


def _told(valued: "Valued", name: str | None, unit: str) -> dict[str, Any]:
    rates = valued.exchange_intervals(name, unit)
    exchange = {
        "in": unit,
        "rates": {g: r[0] for g, r in rates.items()},
        "intervals": {g: r[1:] for g, r in rates.items()},
    }
    return {"as": name, "values": valued.of(name), "exchange": exchange, "moved": valued.moved(name)}


def _moved_lines(valued: "Valued", name: str | None) -> list[str]:
    lines = []
    for good, states in valued.moved(name).items():
        if "one had" in states:
            lines.append(
                f"{good} is worth x {states['stress']:.2f} under full stress, x {states['one had']:.2f} once one is had"
            )
        else:
            told = ", ".join(f"{shift:+.2f} for one more {state}" for state, shift in states.items())
            lines.append(f"{good} is worth {told}")
    return lines


def _ends(low: float, high: float) -> str:
    return f"[{low:.2f}, {high:.2f}]"


def _learned(valued: "Valued", more: pathlib.Path, map: str | None, quiet: bool) -> "Valued":
    """The people after more of what they chose, or lived and said."""
    from inhabit.learning.choices.valuers import Valuers

    if isinstance(valued, Valuers):
        if map is None and "map" not in valued.card:
            raise typer.BadParameter("--from needs --map here: which column of the table is what")
        return valued.learned(read_choices(more, ChoiceMap.parse(map or valued.card["map"]), constant=True))
    reading = read_log(more, None, map, quiet=quiet)
    with busy("listening", quiet):
        return valued.learned(reading.lives)


def _draw(valued: "Valued", name: str | None, path: pathlib.Path) -> None:
    from inhabit.lab.tastes import crowd, tastes
    from inhabit.records.atomic import replaced

    curves, everyone = valued.curves(name), valued.everyone()
    if name is None:
        drawn = crowd(everyone, f"{len(valued.makers):,} people", curves=curves)
    else:
        drawn = tastes(valued.of(name), name, everyone=everyone, curves=curves)
    with replaced(path) as new:
        new.write_text(drawn, encoding="utf-8")
