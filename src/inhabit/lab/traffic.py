"""The talk of villages as rows of symbols, beside what an onlooker could have noted and what was so in each speaker."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, TOPICS, WHERES, Hand, Quality, Say, Topic
from inhabit.worlds.village.body import EARSHOT
from inhabit.worlds.village.lives import Moment, Record, run
from inhabit.worlds.village.state import DAY, LEVELS
from inhabit.worlds.village.words import manner_of
from inhabit.worlds.village.world import Village

PEOPLE = 4
HOURS = 12
SIZES = (HOURS, PEOPLE, len(Say), TOPICS, len(Quality), WHERES, PEOPLE + 1, 3)
"""How many values each symbol of a message has: hour, speaker, the five words, manner (warm, plain, curt)."""

GIVEN = 2
"""The hour and the speaker are given; the other symbols of a message are foretold."""

FIRST = np.concatenate([[1], 1 + np.cumsum(SIZES)[:-1]])
"""The token of each symbol's first value; token 0 begins a row and fills it up."""

VOCABULARY = 1 + sum(SIZES)


@dataclasses.dataclass(frozen=True)
class Traffic:
    """Days of talk; a row is a village's day.

    Attributes:
        symbols: Of each message; -1 where a row has no more.
        state: What was so in the speaker just before it spoke.
        noted: What an onlooker could have noted of the speaker by then.
        speaker_nats: `-log p` of the kind of utterance under the speaker's own rule, given that it spoke.
        speaker_entropy: The entropy of that rule there, in nats.
        village: Of each row.
    """

    symbols: Int[np.ndarray, "rows messages symbols=8"]
    state: Float[np.ndarray, "rows messages state"]
    noted: Float[np.ndarray, "rows messages noted"]
    speaker_nats: Float[np.ndarray, "rows messages"]
    speaker_entropy: Float[np.ndarray, "rows messages"]
    village: Int[np.ndarray, " rows"]

    def take(self, rows: np.ndarray) -> "Traffic":
        """Some rows."""
        return Traffic(**{field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)})

    @property
    def there(self) -> np.ndarray:
        """Where there is a message."""
        return self.symbols[..., 0] >= 0

    @property
    def tokens(self) -> Int[np.ndarray, "rows time"]:
        """The rows as tokens: a beginning, then every symbol of every message."""
        tokens = np.where(self.there[..., None], self.symbols + FIRST, 0).reshape(len(self.symbols), -1)
        return np.concatenate([np.zeros((len(tokens), 1), int), tokens], axis=1)


def traffic(*, villages: int, days: int, most: int, key: Key) -> Traffic:
    """Let villages live, and write down their talk.

    Args:
        villages: How many.
        days: How many days of each; every day is a row.
        most: Messages of a row; what is said later in the day is left out.
        key: Same key, same talk.
    """
    record: Record = jax.tree.map(np.asarray, run(Village(people=PEOPLE), villages=villages, days=days, key=key))
    states, noted = _states(record), _noted(record.moments)
    rows = [
        _row(record.moments, states, noted, village, day, most) for village in range(villages) for day in range(days)
    ]
    symbols, so, onlooker, nats, entropy = (np.stack(side) for side in zip(*rows))
    return Traffic(symbols, so, onlooker, nats, entropy, np.repeat(np.arange(villages), days))


def _row(moments: Moment, state: np.ndarray, noted: np.ndarray, village: int, day: int, most: int) -> tuple:
    span = slice(day * DAY, (day + 1) * DAY)
    time, person = np.nonzero(moments.say[village, span, :, 0] != Say.SILENCE)
    time, person = time[:most] + day * DAY, person[:most]
    at = (village, time, person)
    said = moments.say[at]
    to = np.maximum(said[:, 4] - 1, 0)
    private = (said[:, 4] > 0) & (said[:, 0] != Say.GOSSIP)
    goodwill = np.where(private, moments.goodwill[village, time, person, to], 0.3)
    manner = [manner_of(float(g), float(s)) for g, s in zip(goodwill, moments.stress[at])]
    hour = (time % DAY) * HOURS // DAY
    symbols = np.concatenate([np.stack([hour, person], 1), said, np.array(manner, int).reshape(-1, 1)], 1)
    rule = moments.log_chance[at][:, 1:].astype(float)  # given that something is said
    rule = (
        rule - np.log(np.exp(rule - rule.max(-1, keepdims=True)).sum(-1, keepdims=True)) - rule.max(-1, keepdims=True)
    )
    nats = -rule[np.arange(len(said)), said[:, 0] - 1]
    entropy = -np.sum(np.exp(rule) * np.maximum(rule, -50.0), -1)
    fill = lambda side, value: np.concatenate(
        [side, np.full((most - len(side), *side.shape[1:]), value, side.dtype)], axis=0
    )
    return fill(symbols, -1), fill(state[at], 0.0), fill(noted[at], 0.0), fill(nats, 0.0), fill(entropy, 0.0)


def _one_hot(codes: Any, size: int) -> np.ndarray:
    return (np.asarray(codes)[..., None] == np.arange(size)).astype(np.float32)


def _states(record: Record) -> Float[np.ndarray, "villages time people state"]:
    """All that a speaker's own rule looks at in the speaker, and what it was just told.

    Goal, levels, stress, what is held; beliefs, places known; goodwill, grudges, who was greeted, asked and let by whom;
    who is how near and holds what; what kind of thing each said to it in the step before; lasting traits and norms.
    """
    m = record.moments
    lasting = np.stack([record.kindness, np.log(record.patience)], -1)[:, None]
    lasting = np.concatenate([lasting, record.weight[:, None], record.honest[:, None, :, None]], -1)
    norms = record.lore.norms[:, None, None]
    everyone = _one_hot(m.holds, 2 + LOOKS).reshape(*m.holds.shape[:2], 1, -1)
    shape = m.holds.shape
    parts = [
        _one_hot(m.goal, 1 + len(LEVELS)),
        m.levels,
        m.stress[..., None],
        _one_hot(m.holds, 2 + LOOKS),
        _one_hot(m.believes, 5).reshape(*shape, -1),
        m.goodwill,
        m.wronged > 0,
        *(side for pair in (m.greeted, m.may, np.minimum(m.asked, 3) / 3) for side in (pair, np.swapaxes(pair, 2, 3))),
        (known := m.knows[..., 0] >= 0),
        (known[..., None] * (m.knows - m.place[..., None, :]) / 24).reshape(*shape, -1),
        _told(m.say),
        np.exp(-_apart(m) / 4.0),
        _apart(m) <= EARSHOT,
        np.minimum(m.bears, 2) / 2,
        np.broadcast_to(everyone, (*shape, everyone.shape[-1])),
        np.broadcast_to(lasting, (*shape, lasting.shape[-1])),
        np.broadcast_to(norms, (*shape, norms.shape[-1])),
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts], -1)


def _told(say: Any) -> Float[np.ndarray, "villages time people told"]:
    """The kind of what each said to one in the step before, one-hot."""
    kind, to = say[..., 0], (say[..., 4] > 0) & (say[..., 0] != Say.GOSSIP)
    to = _one_hot(say[..., 4] - 1, PEOPLE) * to[..., None]  # speaker, listener
    told = np.swapaxes(to, 2, 3)[..., None] * _one_hot(kind, len(Say))[:, :, None]
    before = np.concatenate([np.zeros_like(told[:, :1]), told[:, :-1]], 1)
    return before.reshape(*before.shape[:3], -1)


def _apart(m: Moment) -> np.ndarray:
    return np.abs(m.place[:, :, :, None] - m.place[:, :, None]).max(-1)


def _noted(m: Moment) -> Float[np.ndarray, "villages time people noted"]:
    """What an onlooker could note: bodies as they stand, how long ago each ate, drank, slept, and what was said so far."""
    fruit = m.holds >= 2
    ate = (m.hand == Hand.EAT) & fruit
    drank = (m.hand == Hand.EAT) & ~fruit & m.did
    time = np.arange(m.holds.shape[1])[None, :, None]
    clock = np.broadcast_to(time % DAY / DAY, m.holds.shape)
    kind, topic, whom = m.say[..., 0], m.say[..., 1], m.say[..., 4]
    claims = (kind == Say.TEACH) | (kind == Say.WARN)
    look = _one_hot(topic - Topic.FRUIT, LOOKS)
    to = _one_hot(whom - 1, PEOPLE) * ((whom > 0) & (kind != Say.GOSSIP))[..., None]
    pairs = [
        _before(to * (kind == one)[..., None])
        for one in (Say.GREET, Say.ASK_FOR, Say.OFFER, Say.REFUSE, Say.THANK, Say.COMPLAIN)
    ]
    pairs += [np.swapaxes(pair, 2, 3) for pair in pairs]  # and what was said to the one noted
    everyone = _one_hot(m.holds, 2 + LOOKS).reshape(*m.holds.shape[:2], 1, -1)
    parts = [
        np.stack([np.sin(2 * np.pi * clock), np.cos(2 * np.pi * clock)], -1),
        *(_since(event)[..., None] for event in (ate, drank, m.hand == Hand.REST)),
        _one_hot(m.holds, 2 + LOOKS),
        np.broadcast_to(everyone, (*m.holds.shape, everyone.shape[-1])),
        np.exp(-_apart(m) / 4.0),
        _apart(m) <= EARSHOT,
        np.minimum(m.bears, 2) / 2,
        _before(look * (claims & (kind == Say.TEACH))[..., None]) > 0,
        _before(look * (claims & (kind == Say.WARN))[..., None]) > 0,
        _before(_one_hot(m.holds - 2, LOOKS) * ate[..., None]) > 0,
        *(np.log1p(pair) for pair in pairs),
        _told(m.say),
        np.eye(PEOPLE, dtype=np.float32)[None, None] + np.zeros((*m.holds.shape, PEOPLE), np.float32),
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts], -1)


def _before(happened: Any) -> np.ndarray:
    """How often it has happened by each step, that step not counted."""
    return np.cumsum(happened, 1) - happened


def _since(event: Any) -> np.ndarray:
    """How long ago it last happened, in days, at most two."""
    time = np.arange(event.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(event, time, -2 * DAY), 1)
    last = np.concatenate([np.full_like(last[:, :1], -2 * DAY), last[:, :-1]], 1)
    return np.minimum((time - last) / DAY, 2.0)
