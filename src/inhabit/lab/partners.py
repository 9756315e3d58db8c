"""Partners: what does the other side of a talk want? The speaker model run backwards beside the twin's own answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inhabit.lab.priorities import GOODS, TURNS, predict, weighted
from inhabit.learning.understanding import attend, beliefs, fit_speaker
from inhabit.maths.intervals import Estimate
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.speaker import orders, ranks
from inhabit.speech.twin import Twin
from inhabit.types import Life

QUESTION = "partner"
"""What the twin is asked after each message of the other side, and at the end."""

_ORDERS = orders(len(GOODS)).tolist()
OPTIONS = tuple(">".join(GOODS[good] for good in order) for order in _ORDERS)
"""The stated options: every order of the goods, the most wanted first."""


def answers(life: Life) -> Mapping[str, str]:
    """The true answer of a life of CaSiNo, for the twin to learn from."""
    order = np.argsort(ranks(life.outcome["partner_values"], GOODS)).tolist()
    return {QUESTION: OPTIONS[_ORDERS.index(order)]}


def twins_belief(twin: Twin, lives: Sequence[Life]) -> Float[np.ndarray, "lives turns orders"]:
    """What the twin, reading each life, believes of the partner after the partner's first `TURNS` messages in words."""
    table = []
    for life, told in zip(lives, twin.foretell(lives)[0]):
        spoken = [index for index, message in enumerate(life.messages) if message.role != "user" and message.content]
        after = dict(zip(told.asked[QUESTION], told.answers[QUESTION]))
        rows = [np.exp(after[index]) for index in spoken[:TURNS]]
        rows = rows or [np.full(len(OPTIONS), 1 / len(OPTIONS))]
        table.append(rows + rows[-1:] * (TURNS - len(rows)))
    return np.array(table)


def partners(
    twin: Twin, train: Sequence[Life], held: Sequence[Life], *, seed: int
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[dict[str, Any]]]:
    """Score both on the same held-out talks of CaSiNo; neither is told the listener's own values' bearing on it.

    The twin reads its own values, which tell something of the partner's; the speaker model hears the talk alone.
    """
    speaker = fit_speaker(attend(train, lexicon := Lexicon.learn(GOODS, train), turns=TURNS))
    believed = {"mind": beliefs(speaker, attend(held, lexicon, turns=TURNS))}
    place = {life.id: index for index, life in enumerate(held)}
    listeners = [place[str(life.outcome["partner"])] for life in held]
    believed["twin"] = twins_belief(twin, held)[listeners]
    rows = {who: predict(-1, held, belief) for who, belief in believed.items()}
    figures = {
        who: {f"partner's order, {measure}: {who}": one for measure, one in weighted(told, seed=seed).items()}
        for who, told in rows.items()
    }
    lines = [{"by": who, **line} for who, told in rows.items() for line in told]
    return figures["mind"], figures["twin"], lines
