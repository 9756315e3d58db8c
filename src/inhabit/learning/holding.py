"""Holding out: which lives of a log are kept from the fit, to measure it on."""

import collections
from collections.abc import Sequence

from inhabit.learning.fitting import split
from inhabit.types import Life

WAYS = ("user", "time", "none")
"""By maker (people never met), by time (the last life of everyone met before), or not at all."""


def hold_out(
    lives: Sequence[Life], way: str, *, share: float = 0.2, seed: int = 0
) -> tuple[tuple[Life, ...], tuple[Life, ...]]:
    """Part a log into lives to fit on and lives to measure on.

    Args:
        lives: The log.
        way: One of `WAYS`.
        share: Share of the makers held out with all their lives, when held out by maker.
        seed: Which makers.

    Raises:
        ValueError: No such way, or a log in which nothing can be held out that way.
    """
    if way not in WAYS:
        raise ValueError(f"no way of holding out is called {way!r}; there are {', '.join(WAYS)}")
    if way == "none":
        return tuple(lives), ()
    if way == "time":
        return _last(lives)
    if len({life.maker for life in lives}) < 3:
        raise ValueError("makers can be held out only from a log of three makers or more; use --holdout none")
    train, held = split(lives, share, seed=seed)
    return tuple(train), tuple(held)


def _last(lives: Sequence[Life]) -> tuple[tuple[Life, ...], tuple[Life, ...]]:
    """The last life of every maker who lived two or more."""
    places: dict[str, list[int]] = collections.defaultdict(list)
    for place, life in enumerate(lives):
        places[life.maker].append(place)
    last = {of_maker[-1] for of_maker in places.values() if len(of_maker) > 1}
    if not last:
        raise ValueError("no maker comes back in this log, so no later life can be held out; use --holdout user")
    kept = tuple(life for place, life in enumerate(lives) if place not in last)
    return kept, tuple(lives[place] for place in sorted(last))
