"""Tones: how often the messages of one side thank, refuse, greet, complain, smile."""

import re
from collections.abc import Sequence

import numpy as np

_TONES = {
    "thanks": r"\bthank|\bthx|appreciate",
    "apology": r"\bsorry|apolog",
    "please": r"\bplease",
    "exclamation": r"!",
    "question": r"\?",
    "fair": r"\bfair\b|\bequal|\beven(ly)?\b",
    "unfair": r"unfair|not fair|greedy|selfish|rude|ridiculous",
    "refusal": r"\b(no|not|nope|can't|cant|cannot|don't|won't|wont)\b",
    "agreement": r"\b(ok|okay|sure|yes|yeah|deal|agree|agreed|works|perfect|great|sounds good)\b",
    "good wishes": r"good luck|have (a )?(great|good|fun|nice|wonderful|safe)|enjoy|your trip|camping",
    "greeting": r"\b(hi|hello|hey|how are you)\b",
    "family": r"\b(kids?|child|children|baby|family|wife|husband|dog|son|daughter|friends?)\b",
    "health": r"\b(sick|medical|medicine|diabet\w*|condition|pregnan\w*|health|dehydrat\w*)\b",
    "joy": r"\b(happy|glad|love|awesome|wonderful|amazing|excellent|nice|pleasure)\b",
    "sorrow": r"\b(sad|unfortunat\w*|disappoint\w*|bad|hurt|upset|hard)\b",
    "you": r"\byou(r)?\b",
    "we": r"\b(we|us|our|both|together)\b",
    "I": r"\b(i|my|me)\b",
    "address": r"\b(buddy|friend|bro|pal|man|dude|neighbor)\b",
    "need": r"\bneed|must",
    "giving": r"\b(give|willing|let you|you can have|take)\b",
    "taking": r"\b(i'll take|i will take|i want|i get|give me)\b",
    "asking": r"what (do|are|would) you|how about|what if",
    "understanding": r"understand|see your|makes sense|know how",
    "smile": "🙂",
    "sad face": "☹",
    "laugh": "😃|😂|😁",
    "anger": "😡",
    "wonder": "😮",
    "face": "[\U0001f300-\U0001faff☹]",
}
_TONE = {name: re.compile(pattern) for name, pattern in _TONES.items()}


def tones(texts: Sequence[str]) -> dict[str, float]:
    """How often a message has each tone (0 without messages), and the share of capitals in it."""
    text, number = " ".join(texts).lower(), max(1, len(texts))
    found = {name: len(pattern.findall(text)) / number for name, pattern in _TONE.items()}
    capitals = [sum(letter.isupper() for letter in one) / max(1, len(one)) for one in texts]
    return {**found, "capitals": float(np.mean(capitals or [0.0]))}
