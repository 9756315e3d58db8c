"""A choice table as `--map` tells of it: which column is what, and how tastes are taken to vary."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from inhabit.learning.choices.table import ChoiceTable

ROLES = ("person", "occasion", "alternative", "chosen")
SHOWN = "chosen=..,person=..,occasion=..,alternative=..,values=a+b+a:state"


@dataclasses.dataclass(frozen=True)
class ChoiceMap:
    """What `--map` says of a choice table: which column is what, and how tastes are taken to vary.

    Attributes:
        roles: Column of person, occasion, alternative, chosen.
        values: Columns that may be valued; all others where none is named.
        said: Column of words.
        unbalanced: Whether occasions may lack alternatives.
        tastes: Distribution of some attributes' tastes.
        correlated: Whether tastes go together.
        draws: For each person.
        sequence: Of the draws.
    """

    roles: Mapping[str, str]
    values: tuple[str, ...] = ()
    said: str | None = None
    unbalanced: bool = False
    tastes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    correlated: bool = False
    draws: int = 256
    sequence: str = "adaptive"

    @classmethod
    def parse(cls, words: str) -> "ChoiceMap":
        """Read a map.

        Raises:
            typer.BadParameter: It is not understood.
        """
        pairs = dict(part.strip().partition("=")[::2] for part in words.split(","))
        known = {*ROLES, "values", "said", "unbalanced", "tastes", "correlated", "draws", "sequence"}
        unknown = set(pairs) - known
        if unknown or not all(pairs.values()):
            wrong = ", ".join(sorted(unknown)) or "an empty name"
            raise typer.BadParameter(f"--map: {wrong} is not understood; say {SHOWN}")
        if not pairs.get("draws", "256").isdigit() or int(pairs.get("draws", 256)) < 8:
            raise typer.BadParameter(f"--map: draws={pairs['draws']} is not a number from 8 up")
        return cls(
            roles={role: pairs.get(role, role) for role in ROLES},
            values=tuple(pairs["values"].split("+")) if "values" in pairs else (),
            said=pairs.get("said"),
            unbalanced=_yes(pairs.get("unbalanced", "no")),
            tastes=dict(one.rpartition(":")[::2] for one in pairs["tastes"].split("+")) if "tastes" in pairs else {},
            correlated=_yes(pairs.get("correlated", "no")),
            draws=int(pairs.get("draws", 256)),
            sequence=pairs.get("sequence", "adaptive"),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """How tastes are taken to vary, as `fit_valuers` is told."""
        return {n: getattr(self, n) for n in ("tastes", "correlated", "draws", "sequence")}


def is_choices(map: str | None) -> bool:
    """Whether a map speaks of choices: it says which column tells what was chosen."""
    return map is not None and any(part.strip().startswith("chosen=") for part in map.split(","))


def read_choices(path: pathlib.Path, told: ChoiceMap, *, constant: bool = False) -> "ChoiceTable":
    """Read a table as a map says.

    Args:
        path: A CSV or Parquet file.
        told: The map.
        constant: Whether attributes that never differ within a set may pass: a few choices may lack some variation.

    Raises:
        ChoiceTableError: The table cannot be read as choices.
    """
    from inhabit.learning.choices.table import ChoiceTable, read_columns

    columns = read_columns(path)
    taken = {*told.roles.values(), told.said}
    named = told.values or tuple(c for c in columns if c not in taken)
    return ChoiceTable.from_long(
        columns, named, said=told.said, unbalanced=told.unbalanced, constant=constant, **told.roles
    )


def _yes(word: str) -> bool:
    return word.lower() in ("yes", "true", "1")
