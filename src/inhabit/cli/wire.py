"""Joining the wire in the terminal: opposite a machine, or in its place."""

import json as json_
import pathlib
import random
from typing import TYPE_CHECKING

import typer

from inhabit.cli.screen import complain, out, say_json, typed

if TYPE_CHECKING:
    from inhabit.worlds.wire import Machine

HELP = "/words   /reset   /state   /quit"


def is_machine(path: pathlib.Path) -> bool:
    """Whether `inhabit talk` was given a machine: a Graphviz file, or a `.mind` that holds one."""
    if path.suffix == ".dot":
        return True
    from inhabit.records.mindfile import MindFileError, open_mind

    try:
        return open_mind(path).manifest.get("kind") == "machine"
    except MindFileError:
        return False  # whoever opens people says what is wrong with the file


def join_wire(path: pathlib.Path, side: str | None, seed: int, json: bool) -> None:
    """Talk with a machine (`--as partner`), or answer in its place (`--as machine`).

    Raises:
        typer.BadParameter: The side is neither, or the file holds no machine.
    """
    if side not in (None, "partner", "machine"):
        raise typer.BadParameter(f"on the wire you are partner or machine; got --as {side}")
    machine = _open(path)
    if not json:
        out().print(f"{machine.name}: {machine.states} states, {len(machine.inputs)} inputs", style="bold")
        out().print(f"{HELP}\n", style="dim")
    (_be_machine if side == "machine" else _be_partner)(machine, seed, json)


def _open(path: pathlib.Path) -> "Machine":
    from inhabit.learning.joining.saving import open_machine
    from inhabit.worlds.wire import DotError, read_dot

    try:
        return read_dot(path) if path.suffix == ".dot" else open_machine(path)
    except DotError as error:
        raise typer.BadParameter(str(error)) from None


def _be_partner(machine: "Machine", seed: int, json: bool) -> None:
    """The person says inputs, the machine answers."""
    state = machine.initial
    for line in typed("you   ", json):
        if line.startswith("/"):
            if line == "/quit":
                return
            state = machine.initial if line == "/reset" else state
            _tell(machine, line, state, machine.inputs)
            continue
        word = _known(line, machine.inputs)
        if word is None:
            continue
        said, state = machine.outputs[machine.out[state, word]], int(machine.next[state, word])
        say_json({"input": machine.inputs[word], "output": said, "state": state}) if json else print(f"it    {said}")


def _be_machine(machine: "Machine", seed: int, json: bool) -> None:
    """A stranger says inputs, the person answers; each answer is judged by the machine whose place it takes."""
    drawn, state, right, count = random.Random(seed), machine.initial, 0, 0
    symbol = drawn.randrange(len(machine.inputs))
    if not json:
        print(f"it    {machine.inputs[symbol]}")
    for line in typed("you   ", json):
        if line.startswith("/"):
            if line == "/quit":
                break
            state = machine.initial if line == "/reset" else state
            _tell(machine, line, state, machine.outputs)
            continue
        meant = machine.outputs[machine.out[state, symbol]]
        count, right = count + 1, right + (line == meant)
        if json:
            say_json({"input": machine.inputs[symbol], "said": line, "output": meant, "right": line == meant})
        else:
            print("      right" if line == meant else f"      the machine says {meant}")
        state, symbol = int(machine.next[state, symbol]), drawn.randrange(len(machine.inputs))
        if not json:
            print(f"it    {machine.inputs[symbol]}")
    if not json:
        print(f"{right} of {count} answers were the machine's")


def _known(line: str, words: tuple[str, ...]) -> int | None:
    """The word's number; a number is taken as it is; anything else costs one line."""
    if line in words:
        return words.index(line)
    if line.isdecimal() and int(line) < len(words):
        return int(line)
    complain(f"the machine does not know {json_.dumps(line[:60])}; /words lists what it knows")
    return None


def _tell(machine: "Machine", line: str, state: int, words: tuple[str, ...]) -> None:
    if line == "/words":
        for number, word in enumerate(words):
            print(f"{number:3d}   {word}")
    elif line == "/state":
        print(f"      state {state}")
    elif line == "/reset":
        print("      a new connection")
    else:
        complain(f"{line} is no command; there are {HELP}")
