"""Annotating: lives whose words have no act get one, with stances, by reading the plans in the words."""

import dataclasses
from collections.abc import Iterable

from inhabit.mind.bargainer.table import KINDS, SPEAK, SUBMIT, Move
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import Plan, read_plan
from inhabit.types import STANCES, Life, Message


def annotate(lives: Iterable[Life], lexicon: Lexicon) -> list[Life]:
    """Give every message with words and without an act the act and the stances that are read in its words.

    Both sides' messages are read. What the log itself names (deals, choices) stays as it is.
    """
    return [
        dataclasses.replace(life, messages=tuple(annotated(message, lexicon) for message in life.messages))
        for life in lives
    ]


def annotated(message: Message, lexicon: Lexicon) -> Message:
    """One message with its act and stances; what the log itself names stays as it is."""
    if message.act is not None or not message.content:
        return message
    plan = read_plan(message.content, lexicon)
    return dataclasses.replace(message, act=plan.act, stances=plan.stances)


def moves(life: Life, lexicon: Lexicon, counts: tuple[int, ...]) -> list[Move]:
    """What was done in each message of a life: read from its words, or from the deal that it carries."""
    return [_move(message, lexicon, counts) for message in life.messages]


def _move(message: Message, lexicon: Lexicon, counts: tuple[int, ...]) -> Move:
    if message.act == SUBMIT:
        own = message.sees["you" if message.role == "user" else "they"]
        return Move(kind=SUBMIT, share=tuple(float(own[good]) for good in lexicon.goods))
    if message.act in KINDS:
        return Move(kind=message.act)
    return move_of(read_plan(message.content, lexicon), lexicon.goods, counts)


def move_of(plan: Plan, goods: tuple[str, ...], counts: tuple[int, ...]) -> Move:
    """A plan as a move: amounts are the mover's share of an asked good and the other's of an offered one."""
    if not plan.stances:
        return Move(kind=plan.act if plan.act in KINDS else "chat")
    stances = tuple(STANCES.index(plan.stances.get(good, "")) for good in goods)
    share = tuple(
        float("nan") if good not in plan.amounts else float(_share(plan, good, count))
        for good, count in zip(goods, counts)
    )
    return Move(kind=SPEAK, stances=stances, share=share)


def _share(plan: Plan, good: str, count: int) -> int:
    amount = min(plan.amounts[good], count)
    return count - amount if plan.stances[good] == "offer" else amount


def plan_of(move: Move, goods: tuple[str, ...], counts: tuple[int, ...]) -> Plan:
    """A move as a plan, ready for a mouth; the inverse of `move_of`, with a deal's shares as amounts."""
    if move.kind == SUBMIT:
        return Plan(act=SUBMIT, amounts={good: int(part) for good, part in zip(goods, move.share)})
    stances = {good: STANCES[code] for good, code in zip(goods, move.stances) if code}
    kinds = set(stances.values())
    act = "propose" if {"ask", "offer"} <= kinds else next((k for k in ("refuse", "ask", "offer") if k in kinds), None)
    amounts = {
        good: int(count - part if stances[good] == "offer" else part)
        for good, part, count in zip(goods, move.share, counts)
        if good in stances and part == part  # NaN is not itself
    }
    return Plan(act=act or move.kind, stances=stances, amounts=amounts)
