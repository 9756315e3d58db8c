"""Lives as rows of turns: what the maker had heard and said before each turn, and what it then did and felt."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int

from inhabit.senses.context import cues
from inhabit.senses.text import Ear, inverse_frequency
from inhabit.types import Life, Message

SCALE = (1.0, 2.0, 3.0, 4.0, 5.0)
"""The ratings a maker may give."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """One of the maker's turns: what came since its last one, and what it then said and did."""

    index: int
    heard: tuple[Message, ...]
    message: Message


def turns(life: Life) -> tuple[Turn, ...]:
    """Cut a life into its maker's turns, in order."""
    found: list[Turn] = []
    heard: list[Message] = []
    for index, message in enumerate(life.messages):
        if message.role == "user":
            found.append(Turn(index=index, heard=tuple(heard), message=message))
            heard = []
        else:
            heard.append(message)
    return tuple(found)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Told:
    """A turn in words.

    Attributes:
        heard: Everything that others said since the maker's last turn, in one line.
        partner: The act of the last thing heard, `""` where the log has none.
        own: What the maker then said.
        act: The act of saying it, `""` where the log has none.
        ratings: How content each annotator (or the maker) was; empty where nobody said.
    """

    heard: str
    partner: str
    own: str
    act: str
    ratings: tuple[float, ...]


def told(turn: Turn) -> Told:
    """Tell a turn. Annotators' ratings are in `sees["ratings"]`; a log with one has it in `rating`."""
    message = turn.message
    alone = () if message.rating is None else (message.rating,)
    return Told(
        heard=" ".join(one.content for one in turn.heard),
        partner=(turn.heard[-1].act or "") if turn.heard else "",
        own=message.content,
        act=message.act or "",
        ratings=tuple(float(rating) for rating in message.sees.get("ratings", alone)),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """All turns of a log as arrays, one row a turn; row 0 is no turn, so that padding points at it.

    Attributes:
        heard: Ids of what was heard before the turn.
        own: Ids of what the maker said at it.
        cues: See `senses.context.cues`.
        act: Index into `acts`; -1 for an act that the training lives never showed, and for no turn.
        partner: Index into `partners`, -1 likewise.
        ratings: Share of annotators that gave each rating of `SCALE`; zeros where nobody did.
        places: Row of each turn of each life, 0 after its end.
        acts: The vocabulary of the maker's acts, from the training lives.
        partners: The vocabulary of the partner's acts, from the training lives.
        heard_weight: Inverse frequency of each id of `heard` among the training lives.
        own_weight: The same of `own`.
    """

    heard: Int[np.ndarray, "rows words"]
    own: Int[np.ndarray, "rows words"]
    cues: Float[np.ndarray, "rows cues"]
    act: Int[np.ndarray, " rows"]
    partner: Int[np.ndarray, " rows"]
    ratings: Float[np.ndarray, "rows ratings"]
    places: Int[np.ndarray, "lives turns"]
    acts: tuple[str, ...]
    partners: tuple[str, ...]
    heard_weight: Float[np.ndarray, " buckets"]
    own_weight: Float[np.ndarray, " buckets"]

    def of(self, lives: Int[np.ndarray, " some"]) -> Int[np.ndarray, " turns"]:
        """Rows of the turns of some lives, life after life."""
        places = self.places[lives]
        return places[places > 0]


def rows(
    lives: Sequence[Life], train: Int[np.ndarray, " some"], *, buckets: int = 8000, length: int = 48, longest: int = 2
) -> Rows:
    """Turn lives into rows. Vocabularies, ears and weights are learned from the lives numbered `train` alone.

    Args:
        lives: The whole log.
        train: Which of them may be learned from.
        buckets: Ids of each ear, silence included; the arrays have this size even where fewer phrases are known.
        length: Ids kept of one message.
        longest: Words in the longest phrase.
    """
    talks = [tuple(map(told, turns(life))) for life in lives]
    flat = [turn for talk in talks for turn in talk]
    known = [turn for life in train for turn in talks[life]]
    acts, partners = _vocabulary(turn.act for turn in known), _vocabulary(turn.partner for turn in known)
    heard, own = (
        _heard(ear_text, flat, known, buckets=buckets, length=length, longest=longest)
        for ear_text in (lambda turn: turn.heard, lambda turn: turn.own)
    )
    places = _places([len(talk) for talk in talks])
    used = places[train][places[train] > 0]
    return Rows(
        heard=heard,
        own=own,
        cues=_headed(np.concatenate([_counted(talk) for talk in talks]), 0),
        act=_headed(np.array([acts.index(t.act) if t.act in acts else -1 for t in flat]), -1),
        partner=_headed(np.array([partners.index(t.partner) if t.partner in partners else -1 for t in flat]), -1),
        ratings=_headed(np.array([_shares(turn.ratings) for turn in flat], np.float32), 0),
        places=places,
        acts=acts,
        partners=partners,
        heard_weight=inverse_frequency(heard[used], buckets),
        own_weight=inverse_frequency(own[used], buckets),
    )


def with_partner_acts(rows: Rows) -> Rows:
    """Rows whose cues also tell the partner's act, as the log labels it: for measuring what such labels add."""
    told = np.zeros((len(rows.cues), -(-len(rows.partners) // 8) * 8), np.float32)
    known = rows.partner >= 0
    told[known, rows.partner[known]] = 1
    return dataclasses.replace(rows, cues=np.concatenate([rows.cues, told], 1))


def _vocabulary(acts: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(acts)))


def _heard(
    text: Callable[[Told], str],
    flat: Sequence[Told],
    known: Sequence[Told],
    *,
    buckets: int,
    length: int,
    longest: int,
) -> np.ndarray:
    ear = Ear.learned((text(turn) for turn in known), size=buckets - 1, least=3, length=length, longest=longest)
    return _headed(np.stack([ear.hear(text(turn)) for turn in flat]), 0)


@functools.lru_cache(maxsize=1 << 13)
def _counted(talk: tuple[Told, ...]) -> np.ndarray:
    return cues([turn.heard for turn in talk], [turn.own for turn in talk])


def _shares(ratings: Sequence[float]) -> np.ndarray:
    counts = np.array([ratings.count(rating) for rating in SCALE], np.float32)
    return counts / max(1.0, counts.sum())


def _headed(array: np.ndarray, nothing: float) -> np.ndarray:
    """Put row 0, which is no turn, before the others."""
    return np.concatenate([np.full_like(array[:1], nothing), array])


def _places(lengths: Sequence[int]) -> np.ndarray:
    places = np.zeros((len(lengths), max(lengths)), np.int32)
    for life, (length, end) in enumerate(zip(lengths, np.cumsum(lengths))):
        places[life, :length] = 1 + np.arange(end - length, end)
    return places
