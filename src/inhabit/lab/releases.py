"""Releases: is B better than A for the people who talk with it? Two files of lives, measure by measure."""

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inhabit.maths.intervals import Estimate
from inhabit.types import LEAVE, Life, Message

COMMON = 0.01
"""Share of the turns from which on an act is common enough to be told of."""

FEW = 8
"""Makers below whom a bootstrap over makers cannot be trusted."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """Something that can be read off a life.

    Attributes:
        name: What it is called.
        better: 1 where more is better, -1 where less is, 0 where neither can be said.
        of: From a life to the figure, or `None` where the life does not tell.
    """

    name: str
    better: int
    of: Callable[[Life], float | None]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One measure on both releases.

    Attributes:
        measure: Its name.
        better: 1 where more is better, -1 where less is, 0 where neither can be said.
        a: Mean over the lives with the first release.
        b: The same with the second.
        difference: Second less first.
        lives: Lives that tell, of each.
        verdict: `better`, `worse`, `same` (no difference is shown), or empty where neither can be said. It counts all
            verdicts that are passed at once (Bonferroni): the interval that is shown may lie beside zero where it does not.
    """

    measure: str
    better: int
    a: Estimate
    b: Estimate
    difference: Estimate
    lives: tuple[int, int]
    verdict: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two releases side by side.

    Attributes:
        differences: One a measure.
        pairs: How many talks are there with both releases, by id; 0 where they could not be paired.
        lives: Lives that were compared, of each.
        makers: Makers of them all together.
        left_out: Of each: lives in which the bot failed, and lives without a partner in the other file.
    """

    differences: tuple[Difference, ...]
    pairs: int
    lives: tuple[int, int]
    makers: int
    left_out: tuple[Mapping[str, int], Mapping[str, int]]

    @property
    def worse(self) -> bool:
        """Whether anything became worse."""
        return any(one.verdict == "worse" for one in self.differences)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return dataclasses.asdict(self) | {"worse": self.worse}


def compare(
    a: Sequence[Life],
    b: Sequence[Life],
    *,
    complaints: Collection[str] = (),
    resamples: int = 4000,
    seed: int = 0,
) -> Comparison:
    """Hold the lives with one release beside those with another; 95 % intervals by bootstrap over makers.

    Talks that have the same id in both files (`inhabit run` with the same seed) are paired and the others left out, where
    at least half of the smaller file can be; makers who are in both files are drawn together.

    Args:
        a: Lives with the first release.
        b: Lives with the second.
        complaints: Acts that are complaints; those called `complain...` if empty.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Raises:
        ValueError: Nothing is left of one of them.
    """
    sound = [[life for life in lives if "error" not in life.outcome] for lives in (a, b)]
    common = {life.id for life in sound[0]} & {life.id for life in sound[1]}
    pairs = len(common) if 2 * len(common) >= min(map(len, sound)) else 0
    kept = [[life for life in lives if life.id in common] if pairs else lives for lives in sound]
    left_out = [
        {"bot failed": len(all_of) - len(lives), "without a partner": len(lives) - len(used)}
        for all_of, lives, used in zip((a, b), sound, kept)
    ]
    for name, lives in zip("AB", kept):
        if not lives:
            raise ValueError(f"{name} holds no talk that was held to its end; run it again before comparing")
    return Comparison(
        differences=tuple(_differences(kept, complaints, resamples, seed)),
        pairs=pairs,
        lives=(len(kept[0]), len(kept[1])),
        makers=len({life.maker for lives in kept for life in lives}),
        left_out=(left_out[0], left_out[1]),
    )


def measures(lives: Iterable[Life], complaints: Collection[str] = ()) -> tuple[Measure, ...]:
    """What can be read off such lives; acts are those that are common."""
    lives = list(lives)
    done = [message.act for life in lives for message in _own(life) if message.act]
    acts = sorted({act for act in done if act != LEAVE and done.count(act) >= COMMON * len(done)})
    wrong = frozenset(complaints) or {act for act in done if act.lower().startswith("complain")}
    if unknown := sorted(set(complaints) - set(done)):
        raise ValueError(
            f"nobody ever does {', '.join(unknown)}; the acts of these lives are {', '.join(sorted({*done}))}"
        )
    asked = (Measure("complaints a turn", -1, lambda life: _share(life, wrong)),) if wrong else ()
    return (
        Measure("left without a word", -1, lambda life: float(_silently(life))),
        Measure("not over at the last turn", 0, lambda life: float(bool(life.outcome.get("truncated")))),
        Measure("goal met", 1, lambda life: _number(life.outcome.get("met"))),
        Measure("satisfaction, mean", 1, lambda life: _mean(m.rating for m in _own(life))),
        Measure("satisfaction, last", 1, lambda life: _last(m.rating for m in _own(life))),
        Measure("stress, last", -1, lambda life: _last(m.feels.get("stress") for m in _own(life))),
        Measure("valence, last", 1, lambda life: _last(m.feels.get("valence") for m in _own(life))),
        *asked,
        Measure("turns of the person", 0, lambda life: float(len(_own(life)))),
        Measure("turns until left without a word", 0, lambda life: float(len(_own(life))) if _silently(life) else None),
        Measure("words a message, person", 0, lambda life: _words(_own(life))),
        Measure("words a message, bot", 0, lambda life: _words(m for m in life.messages if m.role != "user")),
        *(Measure(f"share of turns: {act}", 0, functools.partial(_share, acts={act})) for act in acts),
    )


def _differences(
    lives: Sequence[Sequence[Life]], complaints: Collection[str], resamples: int, seed: int
) -> list[Difference]:
    """Every measure that both files tell of."""
    makers = {maker: row for row, maker in enumerate(dict.fromkeys(life.maker for some in lives for life in some))}
    weights = np.random.default_rng(seed).multinomial(len(makers), np.full(len(makers), 1 / len(makers)), resamples)
    told = []
    for measure in measures([life for some in lives for life in some], complaints):
        rows = [[(makers[one.maker], x) for one in some if (x := measure.of(one)) is not None] for some in lives]
        if all(rows):
            told.append((measure, rows))
    judged = max(sum(measure.better != 0 for measure, _ in told), 1)
    return [_difference(measure, rows, weights, judged) for measure, rows in told]


def _difference(
    measure: Measure, rows: Sequence[Sequence[tuple[int, float]]], weights: np.ndarray, judged: int
) -> Difference:
    (a, drawn_a), (b, drawn_b) = (_resampled(some, weights) for some in rows)
    shown = _estimate(b - a, drawn_b - drawn_a, 0.95)
    strict = _estimate(b - a, drawn_b - drawn_a, 1 - 0.05 / judged)
    sign = measure.better * ((strict.low > 0) - (strict.high < 0))
    verdict = {1: "better", -1: "worse", 0: "same"}[sign] if measure.better else ""
    sides = _estimate(a, drawn_a, 0.95), _estimate(b, drawn_b, 0.95)
    return Difference(measure.name, measure.better, *sides, shown, (len(rows[0]), len(rows[1])), verdict)


def _resampled(
    rows: Sequence[tuple[int, float]], weights: Float[np.ndarray, "draws makers"]
) -> tuple[float, Float[np.ndarray, " draws"]]:
    """Mean over lives, and the same with whole makers drawn again and again; NaN where a draw has nobody who tells."""
    maker, value = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    total = np.bincount(maker, value, weights.shape[1])
    number = np.bincount(maker, minlength=weights.shape[1])
    with np.errstate(invalid="ignore"):
        return float(value.mean()), (weights @ total) / (weights @ number)


def _estimate(value: float, draws: np.ndarray, level: float) -> Estimate:
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))


def _own(life: Life) -> list[Message]:
    return [message for message in life.messages if message.role == "user"]


def _silently(life: Life) -> bool:
    """Whether the person left without a word: by the act of leaving, or by falling silent after the bot spoke."""
    last = life.messages[-1]
    return last.act == LEAVE if last.role == "user" else not life.outcome.get("truncated")


def _share(life: Life, acts: Collection[str]) -> float | None:
    done = [message.act in acts for message in _own(life) if message.act]
    return float(np.mean(done)) if done else None


def _words(messages: Iterable[Message]) -> float | None:
    return _mean(float(len(message.content.split())) for message in messages if message.content)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _last(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(known[-1]) if known else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, bool | int | float) else None
