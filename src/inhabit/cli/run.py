"""`inhabit run`: fitted people drive somebody's bot; every talk becomes a line of a log."""

import dataclasses
import hashlib
import os
import pathlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inhabit.cli.opening import MouthName, mouth_of, open_people
from inhabit.cli.screen import complain, out, progress, say_json, table
from inhabit.cli.talk import Model, Mouth, People, Set, Url, Value
from inhabit.cli.words import intervention

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inhabit.learning.driving import Caller
    from inhabit.types import Life

Target = Annotated[
    str, typer.Option("--target", help="The bot's base address, as https://host/v1; its key: INHABIT_KEY.")
]


def command(
    people: People,
    target: Target,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="Talks.")] = 100,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same people with the same luck.")] = 0,
    output: Annotated[pathlib.Path, typer.Option("-o", "--output", help="The log to write.")] = pathlib.Path(
        "run.jsonl"
    ),
    bot: Annotated[str, typer.Option("--bot", help="The bot's model name in the request.")] = "bot",
    greeting: Annotated[str, typer.Option(help="What the bot says first; if left out, people speak first.")] = "",
    system: Annotated[str, typer.Option(help="A system text to send with every request.")] = "",
    turns: Annotated[int, typer.Option(min=1, help="Most turns of a person.")] = 20,
    met: Annotated[
        list[str] | None, typer.Option("--met", metavar="ACT", help="An act that shows the person's goal was met.")
    ] = None,
    strangers: Annotated[bool, typer.Option("--strangers", help="People drawn anew, not those of the log.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=256, help="Talks going on together.")] = 4,
    minutes: Annotated[float, typer.Option(min=0, help="No talk begins later than this.")] = 60.0,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one answer.")] = 60.0,
    tries: Annotated[int, typer.Option(min=1, help="How often to ask before a talk is given up.")] = 4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what an interrupted run has left.")] = False,
    set: Set = None,
    value: Value = None,
    mouth: Mouth = MouthName.recall,
    endpoint: Url = None,
    model: Model = None,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON, for machines.")] = False,
) -> None:
    """Let people talk with a bot, write what happened."""
    if not output.parent.is_dir():
        raise typer.BadParameter(f"{output.parent}: no such folder to write {output.name} in")
    if output.exists() and not resume:
        raise typer.BadParameter(f"{output} is there already; name another with -o, or go on with it by --resume")
    fitted = open_people(people, quiet=json)
    held = intervention(fitted, set or (), value or ())
    spoken = mouth_of(fitted, mouth, url=endpoint, model=model)
    if unknown := sorted({*(met or ())} - {*fitted.codebook.acts}):
        raise typer.BadParameter(
            f"--met: nobody does {', '.join(unknown)}; the acts are {', '.join(fitted.codebook.acts)}"
        )
    from inhabit.learning.driving import Terms, callers, drive
    from inhabit.speech.service import ChatService

    try:
        service = ChatService(url=target, secret=os.environ.get("INHABIT_KEY", ""), timeout=timeout, tries=tries)
    except ValueError as error:
        raise typer.BadParameter(f"--target: {error}") from None
    terms = Terms(model=bot, greeting=greeting, system=system, turns=turns, met=tuple(met or ()))
    who = callers(fitted, number, strangers=strangers, seed=seed)
    made_by = {"people": hashlib.sha256(people.read_bytes()).hexdigest()[:16], "seed": seed}
    done = _done(output, made_by) if resume else []
    ids = {life.id for life in done}
    left = [caller for caller in who if caller.life(seed) not in ids]
    lives = drive(
        fitted, spoken, service, terms, left, intervention=held, seed=seed, at_once=at_once, seconds=60 * minutes
    )
    everyone = [*done, *_kept(lives, done, output, made_by, len(left), quiet=json)]
    summary = _summary(everyone, who, output)
    say_json(summary) if json else _show(summary)
    if summary["failed"] or summary["not begun"]:
        raise typer.Exit(1)


def _done(output: pathlib.Path, made_by: dict[str, Any]) -> "list[Life]":
    """The talks that an interrupted run held to their end.

    Raises:
        typer.BadParameter: The file was made with other people or another seed.
    """
    from inhabit.records.reading import read

    if not output.exists():
        return []
    lives = read(output, format="life").lives
    for life in lives:
        if {name: life.outcome.get(name) for name in made_by} != made_by:
            raise typer.BadParameter(f"{output} was made with other people or another seed; name another with -o")
    return [life for life in lives if "error" not in life.outcome]


def _kept(
    lives: "Iterable[Life]",
    done: "list[Life]",
    output: pathlib.Path,
    made_by: dict[str, Any],
    number: int,
    *,
    quiet: bool,
) -> "list[Life]":
    """Write each talk as it ends, so that nothing is lost, and all in order at the end."""
    from inhabit.records.writing import line, write

    found: list[Life] = []
    write(output, done)
    with progress(quiet) as shown, output.open("a", encoding="utf-8", newline="\n") as file:
        task = shown.add_task("talking", total=number)
        for life in lives:
            found.append(dataclasses.replace(life, outcome={**life.outcome, **made_by}))
            file.write(line(found[-1]) + "\n")
            file.flush()
            failed = sum("error" in one.outcome for one in found)
            shown.update(task, advance=1, description="talking" + f"  {failed} failed" * bool(failed))
    write(output, sorted([*done, *found], key=lambda life: life.id))
    return found


def _summary(lives: "list[Life]", who: "tuple[Caller, ...]", output: pathlib.Path) -> dict[str, Any]:
    errors = [str(life.outcome["error"]) for life in lives if "error" in life.outcome]
    whole = [life for life in lives if "error" not in life.outcome]
    turns = [sum(message.role == "user" for message in life.messages) for life in whole]
    return {
        "file": str(output),
        "talks": len(whole),
        "failed": len(errors),
        "first error": errors[0] if errors else None,
        "not begun": len(who) - len(lives),
        "left without a word": sum(bool(life.outcome.get("silently")) for life in whole),
        "cut off at the last turn": sum(bool(life.outcome.get("truncated")) for life in whole),
        "goal met": sum(bool(life.outcome.get("met")) for life in whole)
        if any("met" in one.outcome for one in whole)
        else None,
        "turns of a person": round(sum(turns) / len(turns), 2) if turns else None,
    }


def _show(summary: dict[str, Any]) -> None:
    shown = table("", "", title=f"{summary['file']}: {summary['talks']:,} talks")
    shown.show_header = False
    shown.columns[0].style = "dim"
    for name in ("left without a word", "cut off at the last turn", "goal met", "turns of a person"):
        if summary[name] is not None:
            shown.add_row(name, f"{summary[name]:,}")
    out().print(shown)
    if summary["failed"]:
        complain(f"{summary['failed']} talks failed: {summary['first error']}; --resume tries them again")
    if summary["not begun"]:
        complain(f"{summary['not begun']} talks were not begun in time; --resume goes on with them")
    out().print(f"next: inhabit compare OTHER.jsonl {summary['file']}   inhabit check {summary['file']}", style="dim")
