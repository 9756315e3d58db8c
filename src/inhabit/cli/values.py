"""`inhabit values`: what people value, by how much, how sure, at what rate of exchange, and how state moves it."""

import pathlib
from typing import TYPE_CHECKING, Annotated

import typer

from inhabit.cli.screen import bar, out, say_json, table

if TYPE_CHECKING:
    from inhabit.learning.choices.valuers import Valuers


def command(
    people: Annotated[pathlib.Path, typer.Argument(help="People fitted from a choice table.", show_default=False)],
    name: Annotated[str | None, typer.Option("--as", help="One of them; the population if left out.")] = None,
    unit: Annotated[
        str | None, typer.Option("--in", help="Attribute in whose units to tell rates of exchange.")
    ] = None,
    set: Annotated[list[str] | None, typer.Option("--set", help="Edit a weight of --as: sugar=2.5.")] = None,
    output: Annotated[pathlib.Path | None, typer.Option("-o", "--output", help="Where to save the edited.")] = None,
    picture: Annotated[pathlib.Path | None, typer.Option(help="Draw it into this SVG file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Show what people value, how sure that is, and what they would give for it."""
    from inhabit.learning.choices.valuers import Valuers

    fitted = Valuers.open(people)
    unit = unit or fitted.people.names[0]
    try:
        for words in set or ():
            good, _, number = words.partition("=")
            if name is None or output is None:
                raise typer.BadParameter("--set needs --as NAME and -o FILE: whose weight, and where to save it")
            fitted = fitted.edited(name, good, float(number))
        rates = fitted.exchange(name, unit)
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from None
    except ValueError as error:
        raise typer.BadParameter(f"--set takes a number, as in sugar=2.5 ({error})") from None
    if output is not None:
        fitted.save(output)
    if picture is not None:
        from inhabit.lab.tastes import tastes
        from inhabit.records.atomic import replaced

        with replaced(picture) as new:
            new.write_text(tastes(fitted.of(name), name or "the population"), encoding="utf-8")
    if json:
        told = {"as": name, "values": fitted.of(name), "exchange": {"in": unit, "rates": rates}}
        say_json({**told, "moved": fitted.moved(name), "card": fitted.card})
    else:
        show(fitted, name, str(people), unit)


def show(fitted: "Valuers", name: str | None, title: str, unit: str | None = None) -> None:
    """Print what is valued."""
    unit = unit or fitted.people.names[0]
    rows, rates = fitted.of(name), fitted.exchange(name, unit)
    who = name or f"{len(fitted.people.people):,} people"
    right = ("weight", "90 %", f"in {unit}")
    shown = table("", "weight", "90 %", "", f"in {unit}", title=f"{title}: what {who} value", right=right)
    most = max(abs(one["weight"]) for one in rows.values()) or 1.0
    for good, one in rows.items():
        interval = f"[{one['low']:.2f}, {one['high']:.2f}]"
        rate = f"{rates[good]:.2f}" if good in rates else ""
        shown.add_row(good, f"{one['weight']:.2f}", interval, bar(abs(one["weight"]) / most), rate)
    out().print(shown)
    for good, states in fitted.moved(name).items():
        told = ", ".join(f"{shift:+.2f} for one more {state}" for state, shift in states.items())
        out().print(f"{good} is worth {told}", style="dim")
