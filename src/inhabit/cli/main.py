"""The command `inhabit`: its words, and how a failure is told in one line."""

import pathlib
import sys
import traceback
from collections.abc import Sequence

import typer

from inhabit.cli import check, compare, demo, fit, lab, live, report, run, serve, talk, values
from inhabit.cli.screen import complain

app = typer.Typer(
    name="inhabit",
    help="Model the maker, not the messages: fit people from logs, talk with them, serve them, measure them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
for _module in (demo, check, fit, report, values, talk, serve, run, compare, live, lab):
    app.command(_module.__name__.rpartition(".")[2])(_module.command)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context, version: bool = typer.Option(False, "--version", help="Print the version.")
) -> None:
    """Model the maker, not the messages: fit people from logs, talk with them, serve them, measure them."""
    if version:
        from inhabit import __version__

        typer.echo(f"inhabit {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: What was typed after `inhabit`; by default the process's own words.

    Returns:
        The exit status: 0, 1 for a run that failed, 2 for wrong words, 130 when interrupted.
    """
    try:
        app(args=None if words is None else list(words), prog_name="inhabit")
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever was listening has gone; so has the need to say more
        return 1
    except Exception as error:
        if not _foreseen(error):
            raise
        complain(_line(error))
        return 1
    return 0


def _foreseen(error: Exception) -> bool:
    """Whether the error is ours to explain: raised by this package as a `ValueError` and the like, or by the system."""
    if isinstance(error, OSError) or type(error).__module__.startswith("inhabit."):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ValueError | KeyError) and bool(frames) and _on_purpose(frames[-1])


def _on_purpose(frame: traceback.FrameSummary) -> bool:
    """Whether an error was raised here by a line of ours that says so; anything else is a bug, and keeps its traceback."""
    ours = pathlib.Path(frame.filename).is_relative_to(pathlib.Path(__file__).parents[1])
    return ours and (frame.line or "").strip().startswith("raise ")


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
