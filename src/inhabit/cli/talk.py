"""`inhabit talk`: a conversation in the terminal with a fitted person; beside each reply, what went on inside."""

import pathlib
from typing import Annotated

import typer

from inhabit.cli.opening import MouthName, mouth_of, open_people
from inhabit.cli.screen import complain, out, say_json, typed
from inhabit.cli.talking import Conversation
from inhabit.cli.village import is_dweller, join_village
from inhabit.cli.wire import is_machine, join_wire
from inhabit.cli.words import chosen_maker, intervention

People = Annotated[
    pathlib.Path, typer.Argument(help="A .mind file of people, made by inhabit fit.", show_default=False)
]
Anyone = Annotated[
    pathlib.Path,
    typer.Argument(help="A .mind file, made by inhabit fit or live, or a machine's .dot.", show_default=False),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as", help="Whom of the log; a stranger from the population if left out. On the wire: partner or machine."
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=NUMBER", help="Hold a mood: stress=0.9 (also valence, load).")
]
Value = Annotated[
    list[str] | None, typer.Option("--value", metavar="GOOD=NUMBER", help="What a good is worth: food=5.")
]
Mouth = Annotated[MouthName, typer.Option(help="How plans become words.")]
Url = Annotated[str | None, typer.Option("--endpoint", help="Address of an OpenAI-compatible service, for its mouth.")]
Model = Annotated[str | None, typer.Option("--model", help="The model's name there.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same words.")]
Sink = Annotated[
    str | None, typer.Option("--sink", metavar="NAME", help="On the wire: complete a partial machine with this state.")
]
Resetless = Annotated[
    bool, typer.Option("--resetless", help="On the wire: a line that is never reset, from its midst.")
]

HELP = "/wait lets them speak first   /set stress=0.9   /value food=5   /why   /again   /quit"


def command(
    people: Anyone,
    maker: As = None,
    set: Set = None,
    value: Value = None,
    mouth: Mouth = MouthName.recall,
    endpoint: Url = None,
    model: Model = None,
    seed: Seed = 0,
    sink: Sink = None,
    resetless: Resetless = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line a reply.")] = False,
) -> None:
    """Talk with a person or a grown mind, or join the wire of a machine (a .dot, or a .mind that holds one)."""
    if is_machine(people):
        join_wire(people, maker, seed, json, sink=sink, resetless=resetless)
        return
    if is_dweller(people):
        join_village(people, seed, json)
        return
    fitted = open_people(people, quiet=json)
    chosen = chosen_maker(fitted, maker)
    held = intervention(fitted, set or (), value or ())
    talk = Conversation.begin(fitted, mouth_of(fitted, mouth, url=endpoint, model=model), chosen, held, seed)
    if not json:
        _greet(chosen)
    for line in typed("you   ", json):
        if line.startswith("/") and line != "/wait":
            if line.split()[0] in ("/quit", "/exit"):
                break
            talk = _obey(talk, line, json)
            continue
        talk = talk.after("" if line == "/wait" else line)
        say_json(talk.to_json()) if json else talk.show(out())
        if talk.over:
            break


def _greet(maker: str | None) -> None:
    console = out()
    console.print(f"You are talking with {maker or 'a stranger drawn from the population'}.", style="bold")
    console.print(f"{HELP}\n", style="dim")


def _obey(talk: Conversation, line: str, json: bool) -> Conversation:
    """Do what a line that begins with `/` says; a mistake in it costs one line and nothing else."""
    word, _, rest = line.partition(" ")
    try:
        if word == "/why":
            say_json(talk.why()) if json else talk.explain(out())
        elif word == "/again":
            return talk.again()
        elif word == "/set":
            return talk.hold(moods=[rest])
        elif word == "/value":
            return talk.hold(values=[rest])
        else:
            complain(f"{word} is no command; there are {HELP}")
    except typer.BadParameter as error:
        complain(str(error))
    return talk
