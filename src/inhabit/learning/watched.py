"""Watched: what went on in a person while it replied, in plain words and numbers, for screens and machines."""

import dataclasses
from typing import Any

import numpy as np

from inhabit.learning.people import People
from inhabit.learning.standing import Reply, Talk
from inhabit.mind.person.noting import DID, PARTNER, SAYS, SELF
from inhabit.types import MOODS, STANCES

_WHO = {SELF: "self", PARTNER: "partner"}
_DOES = {SAYS: "says", DID: "did"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """One reply from the inside.

    Attributes:
        act: What was done.
        stances: What was said of each good.
        leaves: Whether the person leaves with it.
        surprise: Of what was heard; about 1 when all is as expected.
        surprisal: The same in nats.
        mood: Stress, valence and load.
        worth: What one more of each good is worth now.
        valued: What each good is worth to the person, where that is known.
        patience: 0 is the population's mean.
        likely: The likeliest acts and their probabilities.
        facts: What the person bears in mind: subject, relation, about, object, turn and how often said.
    """

    act: str
    stances: dict[str, str]
    leaves: bool
    surprise: float
    surprisal: float
    mood: dict[str, float]
    worth: dict[str, float]
    valued: dict[str, float]
    patience: float
    likely: tuple[tuple[str, float], ...]
    facts: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values; numbers to four places."""
        return _rounded(dataclasses.asdict(self))


def watched(people: People, talk: Talk, reply: Reply) -> Watched:
    """Look at a reply.

    Args:
        people: The population.
        talk: The talk after the reply.
        reply: The reply.
    """
    goods, info, known = people.codebook.goods, reply.info, np.asarray(talk.state.known)
    return Watched(
        act=reply.plan.act or "",
        stances=dict(reply.plan.stances),
        leaves=reply.ends,
        surprise=float(info.surprise),
        surprisal=float(np.sum(np.asarray(info.surprisal))),
        mood={name: float(getattr(talk.state.mood, name)) for name in MOODS},
        worth={good: float(worth) for good, worth in zip(goods, np.asarray(info.worth))},
        valued={good: float(worth) for good, worth in zip(goods, known) if np.isfinite(worth)},
        patience=reply.patience,
        likely=reply.likely,
        facts=facts_of(people, talk),
    )


def facts_of(people: People, talk: Talk) -> tuple[dict[str, Any], ...]:
    """What a person bears in mind and still holds to be so, by name, oldest first."""
    facts, codebook = talk.state.facts, people.codebook
    columns = {name: np.asarray(getattr(facts, name)) for name in ("subject", "relation", "about", "object", "order")}
    held = np.flatnonzero((columns["subject"] > 0) & ~np.isfinite(np.asarray(facts.invalid_at)))
    rows = []
    for row in held[np.argsort(columns["order"][held])]:
        subject, relation, about, told = (int(columns[name][row]) for name in list(columns)[:4])
        rows.append(
            {
                "subject": _WHO.get(subject, str(subject)),
                "relation": _DOES.get(relation, str(relation)),
                "about": codebook.goods[about - 1] if about else "",
                "object": _object(people, subject, relation, told),
                "turn": int(np.asarray(facts.said_at)[row]),
                "said": int(np.asarray(facts.said)[row]),
            }
        )
    return tuple(rows)


def _object(people: People, subject: int, relation: int, code: int) -> str:
    """The name of what was said or done; own acts are coded from 1, a partner's as they are heard."""
    if relation == SAYS:
        return STANCES[code]
    return people.codebook.acts[code - 1] if subject == SELF else people.codebook.heard[code]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    return value
