"""Judging: how well minds foretell what held-out makers do, beside what needs no mind at all."""

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import log_softmax

from inhabit.learning.codebook import OTHER, Codebook, fell_silent, turns
from inhabit.learning.knowing import Told, know
from inhabit.learning.people import People, stack
from inhabit.maths import scores
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.types import LEAVE, Life, Message

Score = Callable[[np.ndarray, np.ndarray], float]
"""Of what was true, and of what was foretold of it."""


@dataclasses.dataclass(frozen=True)
class Foretold:
    """What was foretold of one turn before it was lived.

    Attributes:
        life: Id of the life.
        maker: Whose it is.
        turn: Index of the message.
        acts: Log-probability of each act.
        true: Index of the act that was done.
        rating: Log-probability of each rating level; empty where none was given.
        rated: Index of the rating that was given; -1 where none was.
        aims: Log-probability of the act together with the good it was really aimed at.
        surprise: Normalised surprise of what was heard before the turn.
    """

    life: str
    maker: str
    turn: int
    acts: np.ndarray
    true: int
    rating: np.ndarray
    rated: int
    aims: float
    surprise: float

    def line(self, acts: Sequence[str]) -> dict[str, Any]:
        """The prediction as one JSON line."""
        chances = {act: round(float(np.exp(p)), 5) for act, p in zip(acts, self.acts)}
        return {"task": "act", "life": self.life, "maker": self.maker, "turn": self.turn} | {
            "true": acts[self.true],
            "predicted": acts[int(np.argmax(self.acts))],
            "probabilities": chances,
        }


def departed(lives: Sequence[Life]) -> list[Life]:
    """Write down silent departures: where the maker fell silent, the life ends with the act `leave`."""
    gone = Message(role="user", content="", act=LEAVE)
    return [dataclasses.replace(life, messages=(*life.messages, gone)) if fell_silent(life) else life for life in lives]


def foretell(people: People, lives: Sequence[Life]) -> list[Foretold]:
    """Live through lives that were really lived, foretelling each act before it is shown.

    Makers who are known are met with what is believed of them; strangers as drawn from the population. The belief is
    sharpened by every act of the life (test-time inference, no refitting), and forgotten after it.
    """
    strangers = [life.maker if life.maker in people.makers else None for life in lives]
    beliefs = stack([people.belief(maker) for maker in strangers])
    _, told = know(people.person, people.codebook, [[life] for life in lives], beliefs)
    return [one for life, (each,) in zip(lives, told) for one in _foretold(people.codebook, life, each)]


def _foretold(codebook: Codebook, life: Life, told: Told) -> Iterator[Foretold]:
    for index, turn in enumerate(turns(life)[: codebook.turns]):
        rated = codebook.rated(turn.message)
        yield Foretold(
            life=life.id,
            maker=life.maker,
            turn=turn.index,
            acts=np.asarray(told.acts[index]),
            true=codebook.act(turn.message)[0],
            rating=np.asarray(told.ratings[index]) if rated >= 0 else np.zeros(0),
            rated=rated,
            aims=float(told.done[index]),
            surprise=float(told.surprise[index]),
        )


def frequencies(codebook: Codebook, train: Sequence[Life]) -> np.ndarray:
    """The trivial baseline: log-frequency of every act, one added to each count."""
    counts = np.ones(len(codebook.acts))
    for life in train:
        for turn in turns(life):
            counts[codebook.act(turn.message)[0]] += 1
    return np.log(counts / counts.sum())


class Chain:
    """A table: log-probability of the next act given the maker's last act and the partner's last act."""

    def __init__(self, codebook: Codebook, train: Sequence[Life]):
        self.codebook = codebook
        self.base = frequencies(codebook, train)
        self.counts: dict[tuple[str, str], collections.Counter] = collections.defaultdict(collections.Counter)
        for life in train:
            for before, turn in self._contexts(life):
                self.counts[before][codebook.act(turn.message)[0]] += 1

    def foretell(self, life: Life) -> list[np.ndarray]:
        """One row of log-probabilities for each of the maker's turns."""
        rows = []
        for before, _ in self._contexts(life):
            counts = np.array([self.counts[before][act] for act in range(len(self.codebook.acts))], float)
            rows.append(np.log((counts + 4 * np.exp(self.base)) / (counts.sum() + 4)))
        return rows

    def _contexts(self, life: Life):
        last = ""
        for turn in turns(life)[: self.codebook.turns]:
            heard = turn.heard[-1].act if turn.heard else ""
            yield (last, heard or ""), turn
            last = turn.message.act or ""


def measure(
    foretold: Sequence[Foretold], rivals: Mapping[str, Sequence[np.ndarray]], acts: Sequence[str], *, seed: int = 0
) -> dict[str, dict[str, Estimate]]:
    """Score foretold acts beside rivals that foretold the same turns, with intervals over makers.

    Turns whose act the log does not name are left out, and everyone is told that the log names the others.

    Args:
        foretold: The mind's.
        rivals: By name, a row of log-probabilities over the same acts for each of the same turns.
        acts: Names of the acts.
        seed: Of the bootstrap.

    Returns:
        Measure -> who -> estimate.
    """
    kept = [i for i, told in enumerate(foretold) if acts[told.true] != OTHER]
    true = np.array([foretold[i].true for i in kept])
    makers = [foretold[i].maker for i in kept]
    tables = {"mind": [told.acts for told in foretold], **rivals}
    rows = {who: as_named(np.stack([table[i] for i in kept]), acts) for who, table in tables.items()}

    def each(score: Score) -> dict[str, Estimate]:
        return _each(score, true, rows, makers, seed)

    return {
        "next act, nats": each(lambda t, row: float(-row[np.arange(len(t)), t].mean())),
        "next act, accuracy": each(lambda t, row: scores.accuracy(t, row.argmax(1))),
        "next act, macro-F1": each(lambda t, row: scores.macro_f1(t, row.argmax(1))),
    }


def as_named(rows: np.ndarray, acts: Sequence[str]) -> np.ndarray:
    """Log-probabilities of acts once it is known that the log names the act; the others' are minus infinity."""
    known = np.where(np.array(acts) == OTHER, -np.inf, rows)
    return log_softmax(known, axis=-1)


def measure_ratings(
    foretold: Sequence[Foretold], codebook: Codebook, train: Sequence[Life], *, seed: int = 0
) -> dict[str, dict[str, Estimate]]:
    """Score foretold ratings beside their frequencies and a table of what follows the last rating of the life.

    Args:
        foretold: The mind's, the turns of a life one after another.
        codebook: The rating levels.
        train: Lives that the tables count.
        seed: Of the bootstrap.

    Returns:
        Measure -> who -> estimate, with intervals over makers; nothing where fewer than two levels were given.
    """
    kept = [told for told in foretold if told.rated >= 0]
    true = np.array([told.rated for told in kept], int)
    if len(np.unique(true)) < 2:
        return {}
    counts = _followed(codebook, train)
    last, before, life = [], len(counts) - 1, ""
    for told in kept:
        last.append(before if told.life == life else len(counts) - 1)
        before, life = told.rated, told.life
    chances = counts / counts.sum(1, keepdims=True)
    frequent = counts.sum(0) / counts.sum()
    mind = np.exp(np.stack([told.rating for told in kept]))
    rows = {"mind": mind, "table of last rating": chances[last], "frequencies": np.tile(frequent, (len(kept), 1))}
    levels, makers = np.array(codebook.ratings), [told.maker for told in kept]

    def nats(true: np.ndarray, row: np.ndarray) -> float:
        return float(-np.log(row[np.arange(len(true)), true] + 1e-12).mean())

    def ranks(true: np.ndarray, row: np.ndarray) -> float:
        return scores.rank_correlation(levels[true], row @ levels)

    informed = {who: row for who, row in rows.items() if who != "frequencies"}
    return {
        "rating, nats": _each(nats, true, rows, makers, seed),
        "rating, rank correlation": _each(ranks, true, informed, makers, seed),
    }


def _each(
    score: Score, true: np.ndarray, rows: Mapping[str, np.ndarray], makers: Sequence[str], seed: int
) -> dict[str, Estimate]:
    """Everyone's score of what was true, with intervals over makers."""

    def estimate(row: np.ndarray) -> Estimate:
        return bootstrap(lambda index: score(true[index], row[index]), makers, resamples=300, seed=seed)

    return {who: estimate(row) for who, row in rows.items()}


def _followed(codebook: Codebook, train: Sequence[Life]) -> np.ndarray:
    """How often each rating followed each other one, and in the last row came first; one added to each count."""
    counts = np.ones((len(codebook.ratings) + 1, len(codebook.ratings)))
    for life in train:
        last = -1
        for turn in turns(life):
            if (now := codebook.rated(turn.message)) >= 0:
                counts[last, now] += 1
                last = now
    return counts
