"""USS: task dialogues whose user turns carry an act and several annotators' ratings of satisfaction, 1 to 5.

Lines are `role, text, act, ratings`, separated by tabs; a blank line ends a session, `OVERALL` rates it. The rating of
a turn is the annotators' mode and, of tied ones, the lowest, as in the authors' own code; all of them are kept in
`sees["ratings"]`. A turn without a label has act `None`. ReDial has no acts in its rated file: where its actions lie
beside it (`ReDial-action.txt`), acts are taken over for sessions that are found in both, and how many is said.

Source:
    Sun et al. (2021), Simulating user satisfaction for the evaluation of task-oriented dialogue systems. SIGIR.
"""

import collections
import pathlib
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from inhabit.records import fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format
from inhabit.records.opening import Source
from inhabit.records.problems import shown
from inhabit.types import Life, Message

_ROLES = {"USER": "user", "SYSTEM": "assistant"}
_RATINGS = re.compile(r"[1-5](,[1-5])*")
_TELLING = 25
"""Characters that a turn must have to tell its session from others."""
_SHARED = 3
"""Telling turns that two sessions must share to be the same one."""


class _Turn(NamedTuple):
    line: int
    role: str
    text: str
    act: str
    ratings: tuple[int, ...]


def mode(ratings: Sequence[int]) -> float:
    """The most common rating; of tied ones the lowest."""
    return float(max(sorted(set(ratings)), key=ratings.count))


def fits(source: Source) -> bool:
    """One of the first lines has a role and four cells."""
    return any(
        line.startswith(("USER\t", "SYSTEM\t")) and line.count("\t") == 3 for line in source.head.split("\n")[:20]
    )


def read(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read one life a session; its id and maker are the file's name and the session's number from 0."""
    sessions = list(_sessions(source))
    acts = _acts_beside(source, sessions)
    for number, session in enumerate(sessions):
        life = _life(source, number, session, acts)
        if not any(one.role == "user" for one in life.messages):
            source.lose(session[0].line, "", "expected a turn of USER", "the session was set aside")
        else:
            yield life


def _life(source: Source, number: int, session: Sequence[_Turn], acts: Mapping[int, str]) -> Life:
    id_ = f"{source.stem}/{number}"
    overall = next((turn.ratings for turn in session if turn.text == "OVERALL" and turn.role == "user"), ())
    messages = tuple(
        Message(
            role=turn.role,
            content=fields.words(turn.text, Place(source, turn.line, "text")),
            act=turn.act or acts.get(turn.line),
            rating=mode(turn.ratings) if turn.ratings else None,
            sees={"ratings": list(turn.ratings)} if turn.ratings else {},
        )
        for turn in session
        if turn.text != "OVERALL"
    )
    outcome = {"overall": mode(overall), "overall_ratings": list(overall)} if overall else {}
    return Life(id=id_, maker=id_, messages=messages, outcome={"dialogue": id_} | outcome)


def _sessions(source: Source) -> Iterator[list[_Turn]]:
    session: list[_Turn] = []
    for line, text in source.lines():
        if not text.strip():
            if session:
                yield session
            session = []
        elif (turn := _turn(text, Place(source, line, ""))) is not None:
            session.append(turn)
    if session:
        yield session


def _turn(line: str, place: Place) -> _Turn | None:
    cells = line.split("\t")
    if len(cells) != 4 or cells[0] not in _ROLES:
        place.lose(f"expected USER or SYSTEM, text, act, ratings; found {len(cells)} cells", "the turn was set aside")
        return None
    ratings = cells[3].strip()
    if ratings and not _RATINGS.fullmatch(ratings):
        place.at("ratings").repair(f"expected numbers 1 to 5 with commas, found {shown(ratings)}", "they were left out")
        ratings = ""
    numbers = tuple(int(rating) for rating in ratings.split(",")) if ratings else ()
    return _Turn(place.line or 0, _ROLES[cells[0]], cells[1].strip(), cells[2].strip(), numbers)


def _acts_beside(source: Source, sessions: Sequence[Sequence[_Turn]]) -> dict[int, str]:
    """Act of each line of a file without acts, from the file of actions beside it."""
    path = source.path.with_name(f"{pathlib.PurePath(source.stem).name}-action.txt")
    if any(turn.act for session in sessions for turn in session) or not path.is_file():
        return {}
    beside = list(_sessions(Source(path, ledger=source.ledger)))
    pairs = _paired(sessions, beside)
    acts = {line: act for ours, theirs in pairs for line, act in _aligned(sessions[ours], beside[theirs]).items()}
    source.repair(
        None,
        "act",
        f"expected acts, found them in {path.name} for {len(pairs)} of {len(sessions)} sessions",
        f"{len(acts)} turns have an act, the others none; {path.name} is also a set of its own",
    )
    return acts


def _paired(sessions: Sequence[Sequence[_Turn]], beside: Sequence[Sequence[_Turn]]) -> list[tuple[int, int]]:
    """Sessions that are the same dialogue: they share at least `_SHARED` telling turns."""
    known: dict[str, set[int]] = collections.defaultdict(set)
    for number, session in enumerate(sessions):
        for turn in session:
            known[_plain(turn.text)].add(number)
    pairs = []
    for theirs, session in enumerate(beside):
        telling = {plain for turn in session if len(plain := _plain(turn.text)) >= _TELLING}
        votes = collections.Counter(ours for plain in telling for ours in known.get(plain, ()))
        best = votes.most_common(1)
        if best and best[0][1] >= _SHARED:
            pairs.append((best[0][0], theirs))
    return pairs


def _aligned(session: Sequence[_Turn], beside: Sequence[_Turn]) -> dict[int, str]:
    """Acts by line, for the turns whose role and words are the same."""
    acts = {(turn.role, _plain(turn.text)): turn.act for turn in beside if turn.act}
    return {turn.line: act for turn in session if (act := acts.get((turn.role, _plain(turn.text))))}


def _plain(text: str) -> str:
    """Letters and figures only: the two files mark titles differently."""
    unmarked = re.sub(r"@\d+", "", urllib.parse.unquote(text).lower())
    return " ".join(re.findall(r"[a-z0-9]+", unmarked))


FORMAT = Format("uss", "USS lines role<tab>text<tab>act<tab>ratings", fits, read)
