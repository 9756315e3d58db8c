"""What went wrong while reading: one clear line for each thing, and the list that gathers them."""

import dataclasses
from collections.abc import Iterable


class ReadError(ValueError):
    """Nothing could be read: the path does not exist, or its format cannot be told. The message is one line."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.split()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that was not as expected.

    Attributes:
        file: Name of the file.
        line: Line in it, from 1, or `None` for the file as a whole.
        field: The field, for instance `messages[3].content`; empty for the line as a whole.
        expected: What was expected, and what was found.
        mend: What was done about it, or what to do.
    """

    file: str
    line: int | None
    field: str
    expected: str
    mend: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.field}: {self.expected}" if self.field else self.expected
        return " ".join(f"{where}: {what}; {self.mend}".split())


class Ledger:
    """Gathers problems while files are read: `set_aside` was lost, `mended` was read after a repair."""

    def __init__(self) -> None:
        self.set_aside: list[Problem] = []
        self.mended: list[Problem] = []

    def lose(self, file: str, line: int | None, field: str, expected: str, mend: str) -> None:
        """Note something that could not be read."""
        self.set_aside.append(Problem(file=file, line=line, field=field, expected=expected, mend=mend))

    def repair(self, file: str, line: int | None, field: str, expected: str, mend: str) -> None:
        """Note something that was read, but not as it stands in the file."""
        self.mended.append(Problem(file=file, line=line, field=field, expected=expected, mend=mend))


def listed(names: Iterable[object]) -> str:
    """Write names in a row for a message, at most twelve of them."""
    words = [str(name) for name in names]
    return ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")


def shown(value: object) -> str:
    """Show a stranger's value in a message: on one line, cut to forty characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
