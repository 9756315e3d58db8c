"""A long choice table: one row for each alternative of each occasion, checked and packed."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inhabit.learning.choices.codes import Labels, in_order, in_text_order, plain, texts


class ChoiceTableError(ValueError):
    """The table cannot be read as choices; the message is one line and says the mend."""


@dataclasses.dataclass(frozen=True)
class ChoiceTable:
    """Choices of people among sets of alternatives, sorted by person, each person's in the order of the rows.

    Attributes:
        attributes: What each alternative offers; `occasions x alternatives x attributes`, 0 where it is not open.
        open: Which alternatives could be chosen; `occasions x alternatives`.
        chosen: Index of the alternative that was; `occasions`.
        person: Index of the chooser, from 0, never falling; `occasions`.
        names: Of the attributes.
        people: What each person is called.
        alternatives: What each alternative is called.
        said: What the chooser said on each occasion, empty where nothing; `None` where the table has no words.
    """

    attributes: np.ndarray
    open: np.ndarray
    chosen: np.ndarray
    person: np.ndarray
    names: tuple[str, ...]
    people: tuple[str, ...]
    alternatives: tuple[str, ...]
    said: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    @classmethod
    def from_long(
        cls,
        columns: Mapping[str, Any],
        attributes: Sequence[str],
        *,
        person: str = "person",
        occasion: str = "occasion",
        alternative: str = "alternative",
        chosen: str = "chosen",
        said: str | None = None,
        unbalanced: bool = False,
        constant: bool = False,
    ) -> "ChoiceTable":
        """Read columns in the long form that mlogit, xlogit and biogeme share.

        Args:
            columns: By name, all of one length.
            attributes: The columns that may be valued; `a:b` is the product of two, so that a taste can depend on a
                state (`sugar:stress`).
            person: Column that says who chose.
            occasion: Column that tells one choice from the next.
            alternative: Column that names the alternative.
            chosen: Column of truth values, or of the name of the alternative that was chosen.
            said: Column with what the chooser said, in any row of the occasion; none when left out.
            unbalanced: Whether occasions may lack alternatives; those that are missing were not open.

            constant: Whether an attribute may be the same within every set.

        Raises:
            ChoiceTableError: A column is missing or not of numbers, an occasion has not exactly one choice, a pair is
                doubled, sets are unbalanced without leave, or an attribute is constant within every set.
        """
        wanted = [person, occasion, alternative, chosen, *([said] if said else [])]
        missing = [name for name in (*wanted, *(p for a in attributes for p in a.split(":"))) if name not in columns]
        if missing:
            raise ChoiceTableError(f"no column {missing[0]!r}; the table has {', '.join(columns)}")
        people, who = in_order(columns[person])
        occasions, when = in_order(columns[occasion])
        pairs, occasion_code = in_order(who * len(occasions) + when)
        names, alt_code = in_text_order(columns[alternative])
        label = Labels(people, occasions, pairs)
        taken = _taken(columns[chosen], names, alt_code, chosen)
        values = np.stack([_numbers(columns, name) for name in attributes], axis=-1)
        size = (len(pairs), len(names))
        count = np.bincount(occasion_code * size[1] + alt_code, minlength=size[0] * size[1]).reshape(size)
        _check_sets(count, label, names, unbalanced=unbalanced)
        picks = np.bincount(occasion_code[taken], minlength=size[0])
        if (picks != 1).any():
            where = int(np.flatnonzero(picks != 1)[0])
            raise ChoiceTableError(
                f"occasion {label(where)} has {picks[where]} chosen rows ({int((picks != 1).sum())} occasions "
                f"are so); each must have exactly one in column {chosen!r}"
            )
        packed = np.zeros((*size, len(attributes)))
        packed[occasion_code, alt_code] = values
        pick = np.zeros(size[0], int)
        pick[occasion_code[taken]] = alt_code[taken]
        owner = np.zeros(size[0], int)
        owner[occasion_code] = who
        order = np.argsort(owner, kind="stable")
        words = _words(columns[said], occasion_code, size[0]) if said else None
        table = cls(
            packed[order],
            count[order] > 0,
            pick[order],
            owner[order],
            tuple(attributes),
            tuple(texts(people)),
            names,
            None if words is None else tuple(words[o] for o in order),
        )
        if not constant:
            table.check_constant()
        return table

    @property
    def starts(self) -> np.ndarray:
        """Where each person's occasions begin, and, last, how many there are in all."""
        return np.searchsorted(self.person, np.arange(len(self.people) + 1))

    def differences(self) -> np.ndarray:
        """Attributes of the alternatives that were not chosen less those of the one that was.

        `occasions x (alternatives - 1) x attributes`; a closed alternative's row is not a number.
        """
        rows = np.arange(len(self))
        less = self.attributes - self.attributes[rows, self.chosen][:, None]
        less[~self.open] = np.nan
        others = (self.chosen[:, None] + 1 + np.arange(less.shape[1] - 1)) % less.shape[1]
        return less[rows[:, None], others]

    def subset(self, keep: np.ndarray | slice) -> "ChoiceTable":
        """The occasions for which `keep` is true, or of a slice; everyone stays on the list of people."""
        return dataclasses.replace(
            self,
            attributes=self.attributes[keep],
            open=self.open[keep],
            chosen=self.chosen[keep],
            person=self.person[keep],
            said=None if self.said is None else tuple(np.array(self.said, object)[keep]),
        )

    def of_people(self, first: int, stop: int) -> "ChoiceTable":
        """The occasions of people `first` to `stop` (not included), by views: nothing is copied."""
        low, high = np.searchsorted(self.person, [first, stop])
        return self.subset(slice(low, high))

    def each_occasion(self) -> "ChoiceTable":
        """The same choices with every occasion taken for a person of its own: no panel."""
        return dataclasses.replace(self, person=np.arange(len(self)), people=tuple(map(str, range(len(self)))))

    def last(self, number: int) -> np.ndarray:
        """Which occasions are among each person's last `number`."""
        return np.arange(len(self)) >= self.starts[1:][self.person] - number

    def check_constant(self) -> None:
        """Refuse attributes that never differ within a set: choices say nothing about them.

        Raises:
            ChoiceTableError: There is such an attribute.
        """
        parts = (self.subset(slice(first, first + 50_000)) for first in range(0, len(self), 50_000))
        spread = np.max([np.nanmax(np.abs(part.differences()), axis=(0, 1)) for part in parts], axis=0)
        for name, most in zip(self.names, spread):
            if not most > 0:
                raise ChoiceTableError(
                    f"column {name!r} is the same for all alternatives of every occasion; no choice can tell what "
                    "it is worth: leave it out, or write it as a product with an attribute (attribute:column)"
                )


def read_columns(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """Columns of a CSV or Parquet file.

    Raises:
        ChoiceTableError: It is neither, or is empty.
    """
    import polars

    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise ChoiceTableError(f"{path}: a choice table is a .csv or .parquet file")
    frame = polars.read_csv(path) if suffix == ".csv" else polars.read_parquet(path)
    if not len(frame):
        raise ChoiceTableError(f"{path}: the table has no rows")
    return {name: frame[name].to_numpy() for name in frame.columns}


def _words(values: Any, occasion: np.ndarray, occasions: int) -> list[str]:
    """What was said on each occasion; rows that repeat it count once."""
    told: list[list[str]] = [[] for _ in range(occasions)]
    for where, value in zip(occasion, values):
        text = "" if value is None or value != value else str(value).strip()
        if text and text not in told[where]:
            told[where].append(text)
    return [" ".join(texts) for texts in told]


def _numbers(columns: Mapping[str, Any], name: str) -> np.ndarray:
    product = np.ones(len(next(iter(columns.values()))))
    for part in name.split(":"):
        try:
            product = product * np.asarray(columns[part], float)
        except (TypeError, ValueError) as error:
            raise ChoiceTableError(f"column {part!r} is not of numbers; code it as 0 and 1 first") from error
    if not np.isfinite(product).all():
        row = int(np.flatnonzero(~np.isfinite(product))[0])
        raise ChoiceTableError(f"column {name!r} has no finite number in row {row + 1}; fill it or drop the occasion")
    return product


def _taken(values: Any, alternatives: tuple[str, ...], code: np.ndarray, name: str) -> np.ndarray:
    """Which rows were chosen: by truth values, or by naming the alternative."""
    unique, which = np.unique(plain(values), return_inverse=True)
    said = [text.lower() for text in texts(unique)]
    if set(said) <= {"0", "1", "true", "false", "yes", "no", "0.0", "1.0"}:
        return np.isin(said, ["1", "true", "yes", "1.0"])[which]
    place = {alternative.lower(): i for i, alternative in enumerate(alternatives)}
    taken = np.array([place.get(text, -1) for text in said])[which] == code
    if not taken.any():
        raise ChoiceTableError(f"column {name!r} holds neither 0/1 nor names of alternatives")
    return taken


def _check_sets(count: np.ndarray, label: Labels, names: tuple[str, ...], *, unbalanced: bool) -> None:
    if (count > 1).any():
        where, which = np.argwhere(count > 1)[0]
        raise ChoiceTableError(f"occasion {label(where)} has alternative {names[which]!r} twice; number the occasions")
    if not unbalanced and (count == 0).any():
        where, which = np.argwhere(count == 0)[0]
        raise ChoiceTableError(
            f"occasion {label(where)} lacks alternative {names[which]!r} "
            f"({int((count == 0).any(1).sum())} occasions lack one); say that sets are unbalanced if it was not open"
        )
