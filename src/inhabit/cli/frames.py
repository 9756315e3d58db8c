"""A life in frames: what its page shows of each step; plain JSON values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inhabit.cli.view import above, heights, words

if TYPE_CHECKING:
    from inhabit.learning.biography import Page
    from inhabit.mind.dweller.dweller import Dweller


def recorded(mind: "Dweller", pages: Sequence["Page"], life: int = 0) -> dict[str, Any]:
    """One life for its page.

    Args:
        mind: Who lived it.
        pages: What was lived, in order; at least one.
        life: Which of those side by side.

    Returns:
        `goods` and `values` (what it values, shares of 1), `fruit` (what each look really is there), `modalities` of surprise, and
        `frames`, one a step (see `frame`).
    """
    from inhabit.mind.dweller.expecting import MODALITIES
    from inhabit.worlds.village.acts import Quality

    weight = np.asarray(pages[0].after.store.weight[life], float)
    quality = np.asarray(pages[0].place.state.lore.quality[life])
    return {
        "goods": list(mind.innate.goods),
        "values": (weight / weight.sum()).round(3).tolist(),
        "fruit": {chr(ord("a") + look): Quality(int(one)).name.lower() for look, one in enumerate(quality)},
        "modalities": list(MODALITIES),
        "frames": [frame(mind, page, life) for page in pages],
    }


def frame(mind: "Dweller", page: "Page", life: int = 0) -> dict[str, Any]:
    """One step: `time`, `map` and `height` (north up), `body` and `stress` (0 to 1), `surprise` (nats), `well`, `does`, `says`, `hears`."""
    sensed, trace = page.place.sensed, page.trace
    heard = zip(np.asarray(sensed.heard[life]), np.asarray(sensed.speaker[life]))
    return {
        "time": int(page.place.state.time[life]),
        "map": above(page, life),
        "height": heights(page, life),
        "body": _short(np.asarray(sensed.body[life])[: len(mind.innate.goods)]),
        "stress": _short(trace.mood[life, 0]),
        "surprise": _short(trace.surprisal[life]),
        "well": _short(page.well[life]),
        "does": mind.innate.hands[int(trace.act.hand[life])].lower(),
        "says": words(mind, np.asarray(trace.act.say[life]), 0),
        "hears": [words(mind, one, int(who) - 1) for one, who in heard if one[0]],
    }


def _short(numbers: Any) -> Any:
    return np.asarray(numbers, float).round(3).tolist()
