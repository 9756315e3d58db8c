"""A picture of what is valued: each weight with its interval, scaled by its largest end."""

from collections.abc import Mapping

import numpy as np

from inhabit.lab.pictures import FAINT, INK, MIND, picture, standalone


def tastes(values: Mapping[str, Mapping[str, float]], who: str) -> str:
    """Draw the weights of one person, or of the population.

    Args:
        values: Of each attribute `weight`, `low` and `high`.
        who: For the title.
    """

    def draw(panels: np.ndarray) -> None:
        axes, places = panels[0], np.arange(len(values))[::-1]
        for place, one in zip(places, values.values()):
            axes.hlines(place, one["low"], one["high"], color=MIND, linewidth=3, alpha=0.5)
            axes.plot(one["weight"], place, "o", color=MIND)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(places, list(values))
        axes.set_xlabel("weight (90 % interval)")
        axes.set_title(f"What {who} values", loc="left", fontweight="bold")
        axes.grid(axis="x", color=FAINT, linewidth=0.6)

    return standalone(picture(draw, 7.2, 1.2 + 0.35 * len(values), title="values"))
