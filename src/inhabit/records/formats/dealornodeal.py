"""Deal or No Deal: two people split books, hats and balls; each line is one of them's view of the dialogue.

Both views of a dialogue usually stand in the file; `outcome["dialogue"]`, made from what both views share, is the
same for them, so that a split can keep them together. The set does not say who anybody was, so each life has a maker
of its own. Token `<selection>` is the act `select`.

Source:
    Lewis et al. (2017), Deal or No Deal? End-to-end learning for negotiation dialogues. EMNLP. CC BY-NC 4.0.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inhabit.records import fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format
from inhabit.records.opening import Source
from inhabit.types import Life, Message

GOODS = ("book", "hat", "ball")
SELECTION = "<selection>"
_LINE = re.compile(
    r"<input> ([\d ]+) </input> <dialogue> (.*) </dialogue> <output> (.*) </output> "
    r"<partner_input> ([\d ]+) </partner_input>"
)
_ITEM = re.compile(r"item\d=(\d+)")
_ENDS = {"<disagree>": "disagree", "<no_agreement>": "no_agreement", "<disconnect>": "disconnect"}


def fits(source: Source) -> bool:
    """Its tags stand in one of the first lines."""
    return any(line.startswith("<input> ") and "<dialogue>" in line for line in source.head.split("\n")[:20])


def read(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read one life a line."""
    for number, line in source.lines():
        if not line.strip():
            continue
        place = Place(source, number, "")
        try:
            life = _life(line.strip(), f"{source.stem}/{number}", place)
        except ValueError as error:
            place.lose(f"expected <input>, <dialogue>, <output>, <partner_input> ({error})", "the line was set aside")
            continue
        yield life


def _life(line: str, id_: str, place: Place) -> Life:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError("a tag is missing, or the line is cut")
    counts, values = _inputs(match[1])
    _, partner_values = _inputs(match[4])
    turns = [_turn(turn) for turn in match[2].split(" <eos> ")]
    return Life(
        id=id_,
        maker=id_,
        messages=_messages(turns, counts, place),
        values=values,
        outcome={"dialogue": _dialogue(turns, counts, values, partner_values), "partner_values": partner_values}
        | _ending(match[3].split(), values, partner_values),
    )


def _messages(turns: Sequence[tuple[str, str]], counts: Mapping[str, float], place: Place) -> tuple[Message, ...]:
    return tuple(
        Message(
            role="user" if who == "YOU" else "partner",
            content="" if text == SELECTION else fields.words(text, place.at("dialogue").at(number)),
            act="select" if text == SELECTION else None,
            sees={"counts": dict(counts)} if number == 0 else {},
        )
        for number, (who, text) in enumerate(turns)
    )


def _inputs(text: str) -> tuple[dict[str, float], dict[str, float]]:
    """Counts and values: `count value` for each good in turn."""
    numbers = [float(number) for number in text.split()]
    if len(numbers) != 2 * len(GOODS):
        raise ValueError(f"six numbers expected, found {len(numbers)}")
    return dict(zip(GOODS, numbers[::2])), dict(zip(GOODS, numbers[1::2]))


def _turn(turn: str) -> tuple[str, str]:
    who, colon, text = turn.strip().partition(":")
    if who not in ("YOU", "THEM") or not colon:
        raise ValueError("a turn must begin with YOU: or THEM:")
    return who, text.strip()


def _ending(output: Sequence[str], values: Mapping[str, float], partner_values: Mapping[str, float]) -> dict[str, Any]:
    """What came of it; who did not agree gets nothing."""
    items = [match for token in output if (match := _ITEM.fullmatch(token))]
    if len(items) != 2 * len(GOODS):
        end = _ENDS.get(output[0] if output else "", "unknown")
        return {"agreed": False, "end": end, "deal": None, "points": 0.0, "partner_points": 0.0}
    amounts = [float(match[1]) for match in items]
    you, they = (dict(zip(GOODS, side)) for side in (amounts[: len(GOODS)], amounts[len(GOODS) :]))
    points = sum(values[good] * you[good] for good in GOODS)
    partner_points = sum(partner_values[good] * they[good] for good in GOODS)
    return {
        "agreed": True,
        "end": "agreed",
        "deal": {"you": you, "they": they},
        "points": points,
        "partner_points": partner_points,
    }


def _dialogue(turns: Sequence[tuple[str, str]], *worths: Mapping[str, float]) -> str:
    """Name the dialogue by its content, the same from both views: the lesser of the two descriptions, hashed."""
    counts, values, partner_values = worths
    other = {"YOU": "THEM", "THEM": "YOU"}
    view = repr((turns, counts, values, partner_values))
    flipped = repr(([(other[who], text) for who, text in turns], counts, partner_values, values))
    return hashlib.sha256(min(view, flipped).encode("utf-8", "replace")).hexdigest()[:16]


FORMAT = Format("dealornodeal", "Deal or No Deal lines <input> ... </input> <dialogue> ...", fits, read)
