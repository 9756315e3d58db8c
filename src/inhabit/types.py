"""The words that cross a boundary: lives made of messages and choices, percepts, acts, and keys."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeAlias

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

Key: TypeAlias = PRNGKeyArray
"""A JAX random key; always the last argument, by keyword, split into named keys."""

LEAVE = "leave"
"""The act of ending a life's conversation. Every vocabulary of acts has it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """One event of a life: something said, done or felt.

    Attributes:
        role: `"user"` is the maker; any other role is someone the maker perceives.
        content: The words. Empty for an act without words.
        time: Seconds since the life began, or `None` where the log has no clock.
        act: What was done by saying it, a name from the log's own vocabulary, or `None` if the log does not say.
        stances: What was said of each good: `"ask"`, `"offer"` or `"refuse"`. A good left out was not spoken of.
        sees: Anything else perceived with the message (what is held, what is shown), as the log has it.
        feels: The maker's own body and mood as the log reports them, for instance `{"stress": 0.2}`.
        rating: How content the maker was after it, in the log's own units, or `None`.
    """

    role: str
    content: str
    time: float | None = None
    act: str | None = None
    stances: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sees: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    feels: Mapping[str, float] = dataclasses.field(default_factory=dict)
    rating: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice among bundles of goods.

    Attributes:
        at: Index of the message at which it was made (the choice precedes the message of that index).
        options: Each option's change in the maker's goods; a good left out does not change.
        chosen: Index of the option taken.
    """

    at: int
    options: tuple[Mapping[str, float], ...]
    chosen: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """A stream of events as one maker lived it: one conversation or episode of a log, or of a world.

    Attributes:
        id: Unique within its log.
        maker: Who lived it. The same maker may live many lives.
        messages: In order.
        choices: In order of `at`.
        values: What each good is worth to the maker, where the log knows; empty where it is hidden.
        traits: Anything lasting that is known of the maker (age, personality).
        feels: The maker's state at the start.
        outcome: What came of it (points, satisfaction, ...).
    """

    id: str
    maker: str
    messages: tuple[Message, ...]
    choices: tuple[Choice, ...] = ()
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)
    traits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    feels: Mapping[str, float] = dataclasses.field(default_factory=dict)
    outcome: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Percept(eqx.Module):
    """What a mind perceives at one step, each sense in its own geometry, padded to one shape.

    Attributes:
        words: Hashed word and phrase ids of what was said since the mind last acted; 0 is silence.
        spoken: Ids of what the mind itself last said; 0 is silence.
        about: The same words heard relative to each good in turn (`THIS` good, `OTHER` goods); 0 is silence.
        heard: Symbol of the partner's act, 0 when unknown or none.
        stances: What the partner said of each good: 0 nothing, 1 ask, 2 offer, 3 refuse.
        body: Interoception: the levels of the goods, then the felt state; NaN where not felt.
        seen: What is seen of each good, one column for each thing that the log shows (what is held, what a deal brings).
        elapsed: Time since the last percept in the log's units divided by its median; 1 where there is no clock.
    """

    words: Int[Array, " words"]
    spoken: Int[Array, " words"]
    about: Int[Array, "goods about"]
    heard: Int[Array, ""]
    stances: Int[Array, " goods"]
    body: Float[Array, " body"]
    seen: Float[Array, "goods sights"]
    elapsed: Float[Array, ""]


class Act(eqx.Module):
    """What a mind does at one step: a plan, which speech may turn into words.

    Attributes:
        act: Index into the vocabulary of acts.
        good: What the act is aimed at: 0 nothing, else 1 + the index of the good.
        stances: What is said of each good: 0 nothing, 1 ask, 2 offer, 3 refuse.
    """

    act: Int[Array, ""]
    good: Int[Array, ""]
    stances: Int[Array, " goods"]


OWN = "own"
"""The key of `Message.sees` for what the maker holds of each good; it counts as had when a good's worth is felt."""

DEAL = ("you", "they")
"""Keys of `Message.sees` for the contents of a deal: part of the act that proposes it, not seen before it."""

MOODS = ("stress", "valence", "load")
"""Names under which a log may report a mood in `feels`: stress and load from 0 to 1, valence from -1 to 1."""

STANCES = ("", "ask", "offer", "refuse")
"""What can be said of a good, in the order of their codes in `Percept.stances` and `Act.stances`."""
