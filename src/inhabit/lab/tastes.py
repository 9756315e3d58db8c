"""Pictures of what is valued: one person among the others, everyone, and how states move it."""

from collections.abc import Mapping

import numpy as np

from inhabit.lab.pictures import FAINT, INK, MIND, OTHER, QUIET, TWIN, picture, standalone

DOTS = 300
"""Most people drawn as dots."""
Curves = Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]]
"""By state: where it was looked at, and what each good is worth there."""


def tastes(
    values: Mapping[str, Mapping[str, float]],
    who: str,
    *,
    everyone: Mapping[str, np.ndarray] | None = None,
    curves: Curves | None = None,
) -> str:
    """Draw the weights of one person with their intervals, each on its own scale, the others as faint dots.

    Args:
        values: Of each attribute `weight`, `low` and `high`.
        who: For the title.
        everyone: Of each attribute, everybody's weight.
        curves: How states move what is valued; a panel each.
    """
    curves, everyone = curves or {}, everyone or {}

    def draw(panels: np.ndarray) -> None:
        for axes, (name, one) in zip(panels, values.items()):
            if name in everyone:
                _dots(axes, everyone[name])
            axes.plot([one["low"], one["high"]], [0, 0], color=MIND, linewidth=3, alpha=0.6, solid_capstyle="round")
            axes.plot(one["weight"], 0, "o", color=MIND, markersize=7)
            _row(axes, name)
        panels[0].set_title(f"What {who} values", loc="left", fontweight="bold")
        panels[len(values) - 1].set_xlabel("weight, with its 90 % interval" + ("; dots: everyone" if everyone else ""))
        for axes, (state, (at, worth)) in zip(panels[len(values) :], curves.items()):
            _lines(axes, state, at, worth)

    return _drawn(draw, len(values), len(curves))


def crowd(everyone: Mapping[str, np.ndarray], who: str, *, curves: Curves | None = None) -> str:
    """Draw what everyone values: a dot a person, the median and the middle 90 %, each attribute on its own scale.

    Args:
        everyone: Of each attribute, everybody's weight.
        who: For the title.
        curves: How states move what the population values.
    """
    curves = curves or {}

    def draw(panels: np.ndarray) -> None:
        for axes, (name, weights) in zip(panels, everyone.items()):
            _dots(axes, weights, alpha=0.35)
            low, middle, high = np.quantile(weights, [0.05, 0.5, 0.95])
            axes.plot([low, high], [-0.75] * 2, color=INK, linewidth=1.4, solid_capstyle="round")
            axes.plot(middle, -0.75, "D", color=INK, markersize=5)
            _row(axes, name)
        panels[0].set_title(f"What {who} value", loc="left", fontweight="bold")
        panels[len(everyone) - 1].set_xlabel("weight: a dot a person; below, the median and the middle 90 % of people")
        for axes, (state, (at, worth)) in zip(panels[len(everyone) :], curves.items()):
            _lines(axes, state, at, worth)

    return _drawn(draw, len(everyone), len(curves))


def _drawn(draw, rows: int, panels: int) -> str:
    heights = [0.62] * rows + [2.3] * panels
    heights[0] += 0.1
    heights[rows - 1] += 0.4
    return standalone(picture(draw, 7.2, sum(heights), rows=rows + panels, heights=heights, title="values"))


def _row(axes, name: str) -> None:
    low, high = axes.get_xlim()
    if low <= 0 <= high or min(abs(low), abs(high)) < 0.5 * (high - low):
        axes.axvline(0, color=QUIET, linewidth=0.8, zorder=0)
    axes.set_yticks([0], [name], color=INK)
    axes.set_ylim(-1.0, 1.0)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.spines["left"].set_visible(False)


def _dots(axes, weights: np.ndarray, alpha: float = 0.18) -> None:
    """Everyone, or so many as fit, spread so that near ones do not hide each other."""
    some = np.asarray(weights)[:: max(1, len(weights) // DOTS)][:DOTS]
    height = np.modf(np.arange(len(some)) * 0.618034)[0] - 0.5  # the golden ratio spreads neighbours apart
    axes.plot(some, height, "o", color=OTHER, alpha=alpha, markersize=3.5, markeredgewidth=0, zorder=0)


def _lines(axes, state: str, at: np.ndarray, worth: Mapping[str, np.ndarray]) -> None:
    """What each good is worth as a state rises; names stand at the ends of their lines, moved apart."""
    colours = (MIND, TWIN, OTHER, INK)
    ends = {name: float(values[-1]) for name, values in worth.items()}
    span = max(max(v.max() for v in worth.values()) - min(min(v.min() for v in worth.values()), 0.0), 1e-9)
    below = -np.inf
    for name in sorted(ends, key=ends.__getitem__):
        place = list(worth).index(name)
        colour = colours[place % len(colours)]
        axes.plot(at, worth[name], color=colour, linewidth=1.8, linestyle=("-", "--")[place // 4 % 2])
        below = max(ends[name], below + 0.09 * span)
        axes.annotate(name, (at[-1], below), (6, 0), textcoords="offset points", va="center", color=colour)
    axes.set_xlim(at[0], at[-1] + 0.2 * (at[-1] - at[0]))
    axes.set_xticks(np.linspace(at[0], at[-1], 5))
    axes.set_xlabel(state)
    axes.set_ylabel("worth of one more")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
