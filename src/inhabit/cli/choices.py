"""`inhabit fit` on a long choice table: people and what they value, each with an interval."""

import pathlib
from typing import TYPE_CHECKING

import typer

from inhabit.cli.screen import busy, out, say_json

if TYPE_CHECKING:
    from inhabit.learning.choices.table import ChoiceTable

ROLES = ("person", "occasion", "alternative", "chosen")


def fit_choices(table: pathlib.Path, map: str, output: pathlib.Path, *, seed: int, json: bool) -> None:
    """Fit people from a choice table, write a .mind file.

    Args:
        table: A CSV or Parquet file.
        map: `chosen=choice,person=id,occasion=chid,alternative=alt,values=price+sugar+sugar:stress`, and
            `unbalanced=yes` where not every alternative is open on every occasion.
        output: The file to write.
        seed: Same seed, same people.
        json: Print JSON.

    Raises:
        typer.BadParameter: The map is not understood.
    """
    with busy(f"reading {table.name}", json):
        choices = read_choices(table, map)
    from inhabit.learning.choices.valuers import fit_valuers

    with busy("fitting what people value", json):
        valuers = fit_valuers(choices, seed=seed)
    valuers.save(output)
    if json:
        say_json({"file": str(output), **valuers.card})
        return
    from inhabit.cli.values import show

    show(valuers, None, str(output))
    out().print(valuers.card["status"], style="dim" if valuers.card["converged"] else "bold red")
    if valuers.card["unidentified"]:
        out().print(f"not identified by these choices: {', '.join(valuers.card['unidentified'])}", style="bold red")


def is_choices(map: str | None) -> bool:
    """Whether a map speaks of choices: it says which column tells what was chosen."""
    return map is not None and any(part.strip().startswith("chosen=") for part in map.split(","))


def read_choices(path: pathlib.Path, map: str) -> "ChoiceTable":
    """Read a table as a map says.

    Raises:
        ChoiceTableError: The table cannot be read as choices.
        typer.BadParameter: The map is not understood.
    """
    from inhabit.learning.choices.table import ChoiceTable, read_columns

    pairs = dict(part.strip().partition("=")[::2] for part in map.split(","))
    unknown = set(pairs) - {*ROLES, "values", "unbalanced"}
    if unknown or not all(pairs.values()):
        wrong = ", ".join(sorted(unknown)) or "an empty name"
        raise typer.BadParameter(
            f"--map: {wrong} is not understood; say chosen=..,person=..,occasion=..,alternative=..,values=a+b+a:state"
        )
    columns = read_columns(path)
    roles = {role: pairs.get(role, role) for role in ROLES}
    named = pairs["values"].split("+") if "values" in pairs else [c for c in columns if c not in roles.values()]
    unbalanced = pairs.get("unbalanced", "no").lower() in ("yes", "true", "1")
    return ChoiceTable.from_long(columns, named, unbalanced=unbalanced, **roles)
