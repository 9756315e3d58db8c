"""Reading Mealy machines from Graphviz text, in the dialects that model learners write.

Labels may be `in/out`, `in / out`, an HTML table of cells, or `<A | B<br />out>` (several inputs, one output).
"""

import dataclasses
import html
import pathlib
import re
from collections.abc import Iterator

import numpy as np

from inhabit.worlds.wire.machine import Machine, minimal

_EDGE = re.compile(r'^\s*("[^"]*"|[\w.]+)\s*->\s*("[^"]*"|[\w.]+)\s*(?:\[(.*)\])?\s*;?\s*$')
_NODE = re.compile(r'^\s*("[^"]*"|[\w.]+)\s*\[.*\]\s*;?\s*$')
_LABEL = re.compile(r'label\s*=\s*(?:"((?:[^"\\]|\\.)*)"|<(.*)>|([\w.]+))', re.DOTALL)
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]<>{};]|\n(?!\s*\[)', re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_WORDS = frozenset({"node", "edge", "graph"})
LARGEST = 64 * 2**20
"""Bytes of the largest file that is read."""


class DotError(ValueError):
    """The file is no deterministic, complete Mealy machine; the message says where, in one line."""


class PartialMachine(DotError):
    """Transitions are missing: `complete` sends them to a sink."""


@dataclasses.dataclass(frozen=True)
class Drawing:
    """What a Graphviz file says, before it is known to be a machine.

    Attributes:
        name: The file's name without its ending.
        states: Names of the states, in order.
        initial: The state in which a connection begins.
        edges: `(state, input) -> (next state, output)`, by name.
    """

    name: str
    states: tuple[str, ...]
    initial: str
    edges: dict[tuple[str, str], tuple[str, str]]

    def missing(self) -> list[tuple[str, str]]:
        """State and input of every transition that is not there."""
        inputs = dict.fromkeys(symbol for _, symbol in self.edges)
        return [(state, symbol) for state in self.states for symbol in inputs if (state, symbol) not in self.edges]

    def machine(self) -> Machine:
        """The machine as tables, reduced to its smallest form.

        Raises:
            PartialMachine: Transitions are missing.
        """
        missing = self.missing()
        if missing:
            state, symbol = missing[0]
            raise PartialMachine(
                f"{self.name}: not complete: state {state!r} has no transition for {symbol!r}"
                f" ({len(missing)} are missing); name a sink for them"
            )
        inputs = tuple(sorted({symbol for _, symbol in self.edges}))
        outputs = tuple(sorted({output for _, output in self.edges.values()}))
        state_at = {name: number for number, name in enumerate(self.states)}
        output_at = {name: number for number, name in enumerate(outputs)}
        cells = [[self.edges[state, symbol] for symbol in inputs] for state in self.states]
        following = np.array([[state_at[target] for target, _ in row] for row in cells], np.int32)
        answers = np.array([[output_at[output] for _, output in row] for row in cells], np.int32)
        return minimal(Machine(following, answers, inputs, outputs, state_at[self.initial], self.name))


def complete(drawing: Drawing, sink: str = "SINK", *, output: str | None = None) -> Drawing:
    """Send every missing transition to a state named `sink`, which answers `output` (its own name) for ever.

    Raises:
        DotError: A state already has that name.
    """
    if sink in drawing.states:
        raise DotError(f"{drawing.name}: there is a state {sink!r} already; name the sink otherwise")
    answer = sink if output is None else output
    inputs = dict.fromkeys(symbol for _, symbol in drawing.edges)
    filled = dict.fromkeys(drawing.missing(), (sink, answer)) | {(sink, symbol): (sink, answer) for symbol in inputs}
    return dataclasses.replace(drawing, states=(*drawing.states, sink), edges=drawing.edges | filled)


def read_dot(path: str | pathlib.Path, *, sink: str | None = None) -> Machine:
    """Read a machine from a Graphviz file.

    Args:
        path: The file.
        sink: Complete a partial machine with a state of this name; a partial machine is refused if left out.

    Raises:
        DotError: There is no such file, or it holds no deterministic, complete Mealy machine.
    """
    path = pathlib.Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise DotError(f"{path} has over {LARGEST:,} bytes; no machine is read from so large a file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DotError(f"{path} cannot be read ({type(error).__name__}); check the path") from error
    drawing = parse_dot(text, path.stem)
    return (drawing if sink is None or not drawing.missing() else complete(drawing, sink)).machine()


def parse_dot(text: str, name: str = "machine") -> Drawing:
    """Read a drawing from Graphviz text.

    Raises:
        DotError: A label has no input and output, a transition is given twice in two ways, or there are none.
    """
    states: dict[str, None] = {}
    edges: dict[tuple[str, str], tuple[str, str]] = {}
    initial = None
    for number, line in _statements(text):
        edge = _EDGE.match(line)
        if edge is None:
            node = _NODE.match(line)
            if node is None and "->" in _QUOTED.sub("", line.partition("[")[0]):
                raise DotError(f'{name}, line {number}: {line[:60]!r} is no edge; expected s0 -> s1 [label="in/out"];')
            if node and not _entry(node[1]) and node[1] not in _WORDS:
                states.setdefault(node[1].strip('"'))
            continue
        source, target, attributes = edge[1], edge[2].strip('"'), edge[3]
        if _entry(source):
            initial = target
            continue
        source = source.strip('"')
        states.setdefault(source), states.setdefault(target)
        for symbol, output in _labels(attributes or "", f"{name}, line {number}"):
            known = edges.setdefault((source, symbol), (target, output))
            if known != (target, output):
                raise DotError(
                    f"{name}, line {number}: not deterministic: state {source!r} answers {symbol!r}"
                    f" with {known[1]!r} -> {known[0]!r} and with {output!r} -> {target!r}"
                )
    if not edges:
        raise DotError(f'{name}: no transitions found; expected lines such as s0 -> s1 [label="in/out"];')
    return Drawing(name, tuple(states), initial or next(iter(states)), edges)


def _entry(node: str) -> bool:
    return node.strip('"').startswith("__start")


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the numbers of their lines; comments, braces and what stands before an opening one are dropped.

    A statement ends with its line, or with a semicolon, outside of quotes, brackets and HTML.
    """
    text = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*(//|#).*$", "", text, flags=re.MULTILINE)
    begin, number, square, angle = 0, 1, 0, 0
    for mark in _MARK.finditer(text):
        which = mark[0]
        angle += (square > 0) * ((which == "<") - (which == ">"))
        square += (angle == 0) * ((which == "[") - (which == "]"))
        if which in "{};\n" and square == 0:
            statement = text[begin : mark.start()].replace("\n", " ").strip()
            if statement and which != "{":
                yield number - text.count("\n", begin, mark.start()), statement
            begin = mark.end()
        number += which.count("\n")


def _labels(attributes: str, where: str) -> list[tuple[str, str]]:
    """The pairs of input and output that an edge's label holds."""
    found = _LABEL.search(attributes)
    if found is None:
        raise DotError(f'{where}: a transition without a label; expected label="in/out"')
    plain, rich, bare = found.groups()
    if rich is not None:
        return _rich(rich, where)
    label = (plain if plain is not None else bare).replace('\\"', '"')
    for separator in (" / ", "/"):
        symbol, slash, output = label.partition(separator)
        if slash and symbol.strip():
            return [(symbol.strip(), output.strip())]
    raise DotError(f"{where}: the label {label[:60]!r} has no output; expected in/out, so this is no Mealy machine")


def _rich(label: str, where: str) -> list[tuple[str, str]]:
    cells = [html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in _CELL.findall(label)]
    cells = [cell for cell in cells if cell not in ("/", "")]
    if len(cells) == 2:
        return [(cells[0], cells[1])]
    parts = [html.unescape(part).strip() for part in _BREAK.split(label)]
    if len(parts) == 2 and all(parts):
        return [(symbol.strip(), parts[1]) for symbol in parts[0].split(" | ")]
    raise DotError(f"{where}: the label {label[:60]!r} is neither a table of two cells nor in<br />out")


def write_dot(machine: Machine) -> str:
    """The machine as Graphviz text, which `parse_dot` reads back."""
    lines = [f'digraph "{machine.name}" {{', '__start0 [label="" shape="none"];']
    lines += [f's{state} [shape="circle" label="s{state}"];' for state in range(machine.states)]
    for state in range(machine.states):
        for symbol, name in enumerate(machine.inputs):
            label = f"{name} / {machine.outputs[machine.out[state, symbol]]}".replace('"', '\\"')
            lines.append(f's{state} -> s{machine.next[state, symbol]} [label="{label}"];')
    return "\n".join([*lines, f"__start0 -> s{machine.initial};", "}", ""])
