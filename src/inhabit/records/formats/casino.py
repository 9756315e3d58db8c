"""CaSiNo: campers negotiate over food, water and firewood; each of the two lives the dialogue once.

A life's id and maker are `dialogue/agent`: the set does not say which worker was who. Points per package are 5, 4 and
3 for high, medium and low priority. A submitted deal is also a choice among the 64 ways to split three packages of
each; the deal is told from the point of view of the life's own maker.

Source:
    Chawla et al. (2021), CaSiNo: A corpus of campsite negotiation dialogues. NAACL. CC BY 4.0.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inhabit.records import fields
from inhabit.records.fields import Place
from inhabit.records.formats.format import Format, first_record
from inhabit.records.opening import Source
from inhabit.records.problems import shown
from inhabit.types import Choice, Life, Message

GOODS = ("Food", "Water", "Firewood")
POINTS = {"High": 5.0, "Medium": 4.0, "Low": 3.0}
PACKAGES = 3
"""Packages of each good to be split."""
SPLITS: tuple[Mapping[str, float], ...] = tuple(
    dict(zip(GOODS, map(float, split))) for split in itertools.product(range(PACKAGES + 1), repeat=len(GOODS))
)
"""What one side can get: all 64 ways, in the order of `itertools.product`."""
ACTS = {
    "Submit-Deal": "submit-deal",
    "Accept-Deal": "accept-deal",
    "Reject-Deal": "reject-deal",
    "Walk-Away": "walk-away",
}
_SCALE = {"extremely dis": 1.0, "slightly dis": 2.0, "undecided": 3.0, "slightly ": 4.0, "extremely ": 5.0}


def fits(source: Source) -> bool:
    """Records with chat logs and participants."""
    record = first_record(source)
    if isinstance(record, Mapping):
        return {"chat_logs", "participant_info"} <= set(record)
    return _opens(source.head)


def _opens(head: str) -> bool:
    """A first dialogue longer than the head, or broken, is known by its first keys."""
    return '"dialogue_id"' in head[:4096] and '"chat_logs"' in head[:4096] and '"task_data"' in head[:65536]


def read(source: Source, mapping: Mapping[str, str]) -> Iterator[Life]:
    """Read two lives of each dialogue."""
    guesses = _guesses(source)
    for line, record in source.records():
        place = Place(source, line, "")
        try:
            lives = [_life(record, agent, guesses, place) for agent in _agents(record)]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            place.lose(f"expected a CaSiNo dialogue ({type(error).__name__}: {shown(str(error))})", "it was set aside")
            continue
        yield from lives


def _agents(record: Mapping[str, Any]) -> list[str]:
    agents = sorted(record["participant_info"])
    if len(agents) != 2 or not record["chat_logs"]:
        raise ValueError("two participants and a chat")
    return agents


def _life(record: Mapping[str, Any], agent: str, guesses: Mapping[str, Any], place: Place) -> Life:
    (other,) = (name for name in record["participant_info"] if name != agent)
    dialogue, about = str(record["dialogue_id"]), record["participant_info"][agent]
    messages, choices, deal = _events(record, agent, place)
    outcomes = about["outcomes"]
    outcome = {
        "dialogue": dialogue,
        "points": float(outcomes["points_scored"]),
        "satisfaction": _scale(outcomes["satisfaction"]),
        "likeness": _scale(outcomes["opponent_likeness"]),
        "agreed": messages[-1].act == "accept-deal",
        "deal": deal if messages[-1].act == "accept-deal" else None,
        "partner": f"{dialogue}/{other}",
        "partner_values": _values(record["participant_info"][other]),
    }
    if (guess := guesses.get(dialogue, {}).get(agent)) is not None:
        outcome["guess"] = dict(guess)
    return Life(
        id=f"{dialogue}/{agent}",
        maker=f"{dialogue}/{agent}",
        messages=messages,
        choices=choices,
        values=_values(about),
        traits=_traits(about),
        outcome=outcome,
    )


def _events(
    record: Mapping[str, Any], agent: str, place: Place
) -> tuple[tuple[Message, ...], tuple[Choice, ...], Mapping[str, Any] | None]:
    """What was said and done as `agent` lived it, its submissions as choices, and the last deal on the table."""
    strategies = _strategies(record)
    messages: list[Message] = []
    choices: list[Choice] = []
    deal: Mapping[str, Any] | None = None
    for number, log in enumerate(record["chat_logs"]):
        own, text = log["id"] == agent, log["text"]
        role = "user" if own else "partner"
        if text not in ACTS or not log.get("task_data"):
            sees = {"strategies": strategies[number]} if number in strategies else {}
            content = fields.words(text, place.at("chat_logs").at(number))
            messages.append(Message(role=role, content=content, sees=sees))
            continue
        if ACTS[text] == "submit-deal":
            deal = _deal(log["task_data"], own)
            if own:
                choices.append(Choice(at=number, options=SPLITS, chosen=SPLITS.index(deal["you"])))
        messages.append(Message(role=role, content="", act=ACTS[text], sees=dict(deal) if deal else {}))
        if ACTS[text] == "reject-deal":
            deal = None
    return tuple(messages), tuple(choices), deal


def _deal(task: Mapping[str, Any], own: bool) -> dict[str, dict[str, float]]:
    """The deal as the life's maker sees it: `you` is the maker, whoever submitted it."""
    mine, theirs = ("issue2youget", "issue2theyget") if own else ("issue2theyget", "issue2youget")
    return {"you": _bundle(task[mine]), "they": _bundle(task[theirs])}


def _bundle(issues: Mapping[str, Any]) -> dict[str, float]:
    return {good: float(issues[good]) for good in GOODS}


def _values(about: Mapping[str, Any]) -> dict[str, float]:
    points = {issue: POINTS[value] for value, issue in about["value2issue"].items()}
    return {good: points[good] for good in GOODS}


def _traits(about: Mapping[str, Any]) -> dict[str, Any]:
    personality = about["personality"]
    reasons = {about["value2issue"][value]: reason for value, reason in about["value2reason"].items()}
    return {**about["demographics"], "svo": personality["svo"], **personality["big-five"], "reasons": reasons}


def _strategies(record: Mapping[str, Any]) -> dict[int, list[str]]:
    """Strategy labels by index of the utterance, matched by text: three annotated dialogues leave an utterance out."""
    labelled, found = list(record.get("annotations") or ()), {}
    for number, log in enumerate(record["chat_logs"]):
        if labelled and log["text"] == labelled[0][0]:
            found[number] = [label.strip() for label in labelled.pop(0)[1].split(",")]
    return found


def _scale(words: str) -> float:
    """Five steps from `Extremely dissatisfied` (1) to `Extremely satisfied` (5), likewise for liking."""
    return next(number for start, number in _SCALE.items() if words.lower().startswith(start))


def _guesses(source: Source) -> Mapping[str, Any]:
    """What each participant guessed of the partner's priorities, where that file lies beside."""
    path = source.path.with_name("casino_ix2guessing.json")
    try:
        guesses: Sequence[Any] | Mapping[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (ValueError, OSError):
        source.repair(None, "", f"expected JSON in {path.name}", "the guesses beside were not read")
        return {}
    return guesses if isinstance(guesses, Mapping) else {}


FORMAT = Format("casino", "CaSiNo JSON [{chat_logs, participant_info}, ...]", fits, read)
