"""The screen: where results and complaints go, tables, bars and progress."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

_BLOCKS = " ▏▎▍▌▋▊▉█"


def out() -> "Console":
    """The console for results; words of a log are shown as they are, brackets and all."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=100)


def err() -> "Console":
    """The console for progress and complaints."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def say_json(value: Any) -> None:
    """Print one JSON value on one line, for machines; what is not a number becomes null."""
    sys.stdout.write(json.dumps(finite(value), ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def finite(value: Any) -> Any:
    """The same value with every NaN and infinity as `None`, for JSON knows neither."""
    if isinstance(value, dict):
        return {str(key): finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def complain(line: str) -> None:
    """Print one line on stderr."""
    sys.stderr.write(f"inhabit: {line}\n")


def table(*columns: str, title: str = "", right: tuple[str, ...] = ()) -> "Table":
    """An empty table in the house's look: no frame, one quiet line under the head."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold", header_style="dim")
    return made


def bar(share: float, width: int = 10) -> str:
    """A bar of eighths of a character; `share` runs from 0 to 1."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_BLOCKS[rest] if rest else "")
    return drawn + "·" * (width - len(drawn))


def spark(series: list[float]) -> str:
    """A line of small columns, lowest to highest."""
    low, high = min(series, default=0.0), max(series, default=0.0)
    steps = "▁▂▃▄▅▆▇█"
    return "".join(steps[round((value - low) / ((high - low) or 1.0) * 7)] for value in series)


@contextmanager
def progress(quiet: bool = False) -> Iterator["Progress"]:
    """A progress bar on stderr; silent where that is no terminal, or when asked to be."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    console = err()
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as shown:
        yield shown


@contextmanager
def busy(what: str, quiet: bool = False) -> Iterator[None]:
    """Show that something of unknown length is going on."""
    with progress(quiet) as shown:
        shown.add_task(what, total=None)
        yield


@contextmanager
def watched(what: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show how much of something is done; of unknown length until it is first said."""
    with progress(quiet) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, whole: shown.update(task, completed=done, total=whole, description=f"{what}: {done}/{whole}")


def typed(prompt: str, quiet: bool) -> Iterator[str]:
    """What is typed, line by line; empty lines are passed over, and nobody is prompted where nobody sits."""
    while True:
        if sys.stdin.isatty() and not quiet:
            sys.stdout.write(prompt)
            sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()
