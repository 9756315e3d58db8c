"""Joining the wire in the terminal: opposite a machine, or in its place."""

import dataclasses
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


@dataclasses.dataclass
class _Line:
    """A line to a machine: in which state the machine is, and whether the line can be reset."""

    machine: "Machine"
    state: int
    resetless: bool

    def answer(self, symbol: int) -> str:
        """Say an input; the machine goes on."""
        said = self.machine.outputs[self.machine.out[self.state, symbol]]
        self.state = int(self.machine.next[self.state, symbol])
        return said

    def command(self, line: str, words: tuple[str, ...]) -> None:
        """Do what a line that begins with a stroke asks."""
        if line == "/words":
            for number, word in enumerate(words):
                print(f"{number:3d}   {word}")
        elif line == "/state":
            print(f"      state {self.state}")
        elif line != "/reset":
            complain(f"{line} is no command; there are {HELP}")
        elif self.resetless:
            complain("this line is never reset; without --resetless each connection begins anew")
        else:
            self.state = self.machine.initial
            print("      a new connection")


def join_wire(
    path: pathlib.Path, side: str | None, seed: int, json: bool, *, sink: str | None = None, resetless: bool = False
) -> None:
    """Talk with a machine (`--as partner`), or answer in its place (`--as machine`).

    Args:
        path: A Graphviz file, or a `.mind` that holds a machine.
        side: Which side the person takes.
        seed: Of the stranger, and of the state in which a line without resets is joined.
        json: One JSON line an answer.
        sink: Complete a partial machine with a state of this name.
        resetless: The line is joined in its midst, in a state that nobody tells, and is never reset.

    Raises:
        typer.BadParameter: The side is neither, or the file holds no machine.
    """
    if side not in (None, "partner", "machine"):
        raise typer.BadParameter(f"on the wire you are partner or machine; got --as {side}")
    machine = _open(path, sink)
    state = random.Random(f"line {seed}").randrange(machine.states) if resetless else machine.initial
    if not json:
        out().print(f"{machine.name}: {machine.states} states, {len(machine.inputs)} inputs", style="bold")
        out().print(f"{HELP}\n", style="dim")
    line = _Line(machine, state, resetless)
    (_be_machine(line, seed, json) if side == "machine" else _be_partner(line, json))


def _open(path: pathlib.Path, sink: str | None) -> "Machine":
    from inhabit.learning.joining.saving import open_machine
    from inhabit.worlds.wire import DotError, PartialMachine, read_dot

    try:
        return read_dot(path, sink=sink) if path.suffix == ".dot" else open_machine(path)
    except PartialMachine as error:
        raise typer.BadParameter(f"{error}; --sink NAME completes it with a state of that name") from None
    except DotError as error:
        raise typer.BadParameter(str(error)) from None


def _be_partner(wire: _Line, json: bool) -> None:
    """The person says inputs, the machine answers."""
    for line in typed("you   ", json):
        if line == "/quit":
            return
        if line.startswith("/"):
            wire.command(line, wire.machine.inputs)
            continue
        word = _known(line, wire.machine.inputs)
        if word is None:
            continue
        said = wire.answer(word)
        if json:
            say_json({"input": wire.machine.inputs[word], "output": said, "state": wire.state})
        else:
            print(f"it    {said}")


def _be_machine(wire: _Line, seed: int, json: bool) -> None:
    """A stranger says inputs, the person answers; each answer is judged by the machine whose place it takes."""
    inputs, drawn, right, count = wire.machine.inputs, random.Random(seed), 0, 0
    symbol = drawn.randrange(len(inputs))
    if not json:
        print(f"it    {inputs[symbol]}")
    for line in typed("you   ", json):
        if line == "/quit":
            break
        if line.startswith("/"):
            wire.command(line, wire.machine.outputs)
            continue
        meant = wire.answer(symbol)
        count, right = count + 1, right + (line == meant)
        if json:
            say_json({"input": inputs[symbol], "said": line, "output": meant, "right": line == meant})
        else:
            print("      right" if line == meant else f"      the machine says {meant}")
        symbol = drawn.randrange(len(inputs))
        if not json:
            print(f"it    {inputs[symbol]}")
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
