"""Pictures for a page: Matplotlib drawings as inline SVG that take their colours from the page, light or dark."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from inhabit.lab.style import COLOURS
from inhabit.maths.intervals import Estimate

INK, QUIET, MIND, TWIN, OTHER, FAINT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
"""Stand-ins for colours; each becomes a variable of the page."""
_VARIABLES = {INK: "ink", QUIET: "quiet", MIND: "mind", TWIN: "twin", OTHER: "other", FAINT: "faint"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "inhabit",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def fidelity(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Each measure on a scale of its own: the mind, the twin and the baselines, with intervals."""
    rows = {name: _sides(one) for name, one in scores.items()}

    def draw(panels: np.ndarray) -> None:
        for axes, (name, sides) in zip(panels, rows.items()):
            _estimates(axes, sides)
            better = scores[name].get("better", "higher")
            axes.set_title(name, loc="left", fontsize=11, fontweight="bold", pad=10)
            arrow = {"lower": " (← better)", "higher": " (→ better)"}.get(better, "")
            axes.set_xlabel(f"{scores[name].get('unit', '')}{arrow}")

    heights = [0.95 + 0.34 * len(sides) for sides in rows.values()]
    return picture(draw, 7.2, sum(heights), rows=len(rows), heights=heights, title="fidelity")


def comparison(measured: Mapping[str, Estimate], baselines: Mapping[str, Estimate]) -> str:
    """A record's figures as a picture that stands alone: each measure beside the baselines named after it."""
    scores: dict[str, dict[str, Any]] = {}
    for name, one in measured.items():
        measure = name.removesuffix(": mind")
        rivals = {
            other.removeprefix(measure).strip(" ,:"): [known.value, known.low, known.high]
            for other, known in baselines.items()
            if other.startswith(measure)
        }
        twin = rivals.pop("twin", None)
        mind = [one.value, one.low, one.high]
        scores[measure] = {"mind": mind, "twin": twin, "baselines": rivals, "unit": "", "better": ""}
    return standalone(fidelity(scores))


def curve(points: Sequence[Sequence[float]]) -> str:
    """Loss on the training and on the validation makers after each epoch; the epoch kept is marked."""
    train, valid = (np.array(series, float) for series in zip(*points))
    epochs = np.arange(1, len(train) + 1)

    def draw(panels: np.ndarray) -> None:
        axes, best = panels[0], int(np.argmin(valid))
        axes.plot(epochs, train, color=OTHER, linewidth=1.6)
        axes.plot(epochs, valid, color=MIND, linewidth=2.2)
        axes.plot(epochs[best], valid[best], "o", color=MIND, markersize=7)
        axes.annotate(
            "kept", (epochs[best], valid[best]), (0, -18), textcoords="offset points", ha="center", color=MIND
        )
        _end_label(axes, epochs[-1], train[-1], "fitted makers", OTHER)
        _end_label(axes, epochs[-1], valid[-1], "validation makers", MIND)
        axes.set_xlabel("epoch")
        axes.set_ylabel("nats a turn")
        axes.set_xlim(0.5, len(train) * 1.32 + 0.5)
        marks = matplotlib.ticker.MaxNLocator(6, integer=True).tick_values(1, len(train))
        axes.set_xticks([mark for mark in marks if 1 <= mark <= len(train)])
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.margins(y=0.18)

    return picture(draw, 7.2, 2.7, title="curve")


def population(worths: Mapping[str, np.ndarray]) -> str:
    """What each good is worth to everyone: a dot a maker, the middle and the middle 90 % of makers.

    Args:
        worths: Of each good, one median a maker.
    """

    def draw(panels: np.ndarray) -> None:
        axes, places = panels[0], np.arange(len(worths))[::-1]
        for place, values in zip(places, worths.values()):
            spread = _beeswarm(values)
            axes.plot(values, place + spread, "o", color=MIND, alpha=0.35, markersize=4, markeredgewidth=0)
            low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
            axes.plot([low, high], [place - 0.38] * 2, color=INK, linewidth=1.4, solid_capstyle="round")
            axes.plot(middle, place - 0.38, "D", color=INK, markersize=5)
        axes.axvline(1.0, color=FAINT, linewidth=1, zorder=0)
        axes.set_yticks(places, list(worths), color=INK)
        axes.set_ylim(-0.65, len(worths) - 0.4)
        axes.set_xlim(left=0)
        axes.set_xlabel("weight (the mean over goods is 1)")
        axes.spines["left"].set_visible(False)

    return picture(draw, 7.2, 0.7 + 0.72 * len(worths), title="population")


def person(worth: Mapping[str, tuple[float, float, float]], top: float) -> str:
    """What one maker values: medians with 90 % intervals, on a scale shared by all cards."""

    def draw(panels: np.ndarray) -> None:
        axes, places = panels[0], np.arange(len(worth))[::-1]
        for place, (middle, low, high) in zip(places, worth.values()):
            axes.plot([0, middle], [place, place], color=MIND, linewidth=7, alpha=0.3, solid_capstyle="butt")
            axes.plot([low, high], [place, place], color=MIND, linewidth=1.8, solid_capstyle="round")
            axes.plot(middle, place, "o", color=MIND, markersize=5)
        axes.set_yticks(places, list(worth), color=INK)
        axes.set_ylim(-0.6, len(worth) - 0.4)
        axes.set_xlim(0, top)
        axes.set_xticks([0, 1])
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)

    return picture(draw, 2.5, 0.32 + 0.25 * len(worth), title="person")


def _sides(one: Mapping[str, Any]) -> list[tuple[str, Sequence[float], str]]:
    """Who is compared, best known first: name, value with ends, colour."""
    twin = [("twin", one["twin"], TWIN)] if one.get("twin") else []
    return [("mind", one["mind"], MIND), *twin, *((k, v, OTHER) for k, v in (one.get("baselines") or {}).items() if v)]


def _estimates(axes: Axes, sides: Sequence[tuple[str, Sequence[float], str]]) -> None:
    """Dots with intervals, a row a side."""
    places = np.arange(len(sides))[::-1]
    for place, (_, value, colour) in zip(places, sides):
        middle, low, high = (*value, value[0], value[0])[:3]
        axes.plot([low, high], [place, place], color=colour, linewidth=2.4, solid_capstyle="round")
        axes.plot(middle, place, "o", color=colour, markersize=7)
        axes.annotate(f"{middle:.3f}", (high, place), (8, 0), textcoords="offset points", va="center", color=colour)
    axes.set_yticks(places, [name for name, _, _ in sides], color=INK)
    axes.set_ylim(-0.6, len(sides) - 0.4)
    axes.margins(x=0.16)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)


def _end_label(axes: Axes, x: float, y: float, words: str, colour: str) -> None:
    axes.annotate(words, (x, y), (8, 0), textcoords="offset points", va="center", color=colour)


def _beeswarm(values: np.ndarray, height: float = 0.36) -> np.ndarray:
    """Heights of dots so that near ones do not hide each other: as high as there are dots near by."""
    bins = np.round((values - values.min()) / (np.ptp(values) or 1.0) * 60).astype(int)
    rank = np.array([(bins[:i] == b).sum() for i, b in enumerate(bins)])
    step = min(0.07, height / max(rank.max(initial=0), 1))
    return rank * step - 0.2


def picture(
    draw: Callable[[np.ndarray], None],
    width: float,
    height: float,
    *,
    rows: int = 1,
    heights: Sequence[float] | None = None,
    title: str,
) -> str:
    """Draw, and give the SVG element alone, its colours turned into variables, its ids its own."""
    with matplotlib.rc_context(_STYLE):
        figure, panels = plt.subplots(
            rows, 1, figsize=(width, height), layout="constrained", gridspec_kw={"height_ratios": heights or [1]}
        )
        figure.set_layout_engine("constrained", hspace=0.08)
        draw(np.atleast_1d(panels))
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        plt.close(figure)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', f' role="img" aria-label="{title}"', svg, count=1)
    svg = re.sub(r"font: ([^;\"]*?)(?:'[^']*'|sans-serif)[^;\"]*", r"font: \1var(--face)", svg)
    return _with_own_ids(svg)


def _with_own_ids(svg: str) -> str:
    """Keep only the ids that the drawing itself points at; names of Matplotlib's groups would meet on one page."""
    used = set(re.findall(r"#([\w-]+)", svg))
    return re.sub(r' id="([\w-]+)"', lambda found: found.group(0) if found.group(1) in used else "", svg)


def standalone(svg: str) -> str:
    """A picture as a file of its own, with its colours, light and dark, in it."""
    return svg.replace("<defs>", f"<style>{COLOURS}</style><defs>", 1)
