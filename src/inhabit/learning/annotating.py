"""Annotating: lives whose words have no act get one, with stances, by reading the plans in the words."""

import dataclasses
from collections.abc import Iterable

from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import read_plan
from inhabit.types import Life, Message


def annotate(lives: Iterable[Life], lexicon: Lexicon) -> list[Life]:
    """Give every message with words and without an act the act and the stances that are read in its words."""
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
