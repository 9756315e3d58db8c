"""The picture of the wire: fidelity over compute, the extrapolation with its band, and the maker's models far to the left."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from inhabit.maths.scaling import Law
from inhabit.records.atomic import replaced

_NETWORK = {"transformer": "#c2410c", "recurrent": "#b98900"}
SHOWN = {"joined": "joining by surprise", "kv": "KV", "merged": "merging states"}
"""Makers that are drawn, and what they are called there."""
_MAKER, _BAND, _QUIET = "#0f766e", "#64748b", "#6b7078"


def draw(
    file: pathlib.Path,
    name: str,
    cells: Sequence[Mapping[str, Any]],
    makers: Sequence[Mapping[str, Any]],
    laws: Mapping[str, Mapping[str, Sequence[Law]]],
) -> None:
    """Draw one panel for each kind of traffic; `file` says by its ending whether SVG or PNG.

    A maker counts no floating-point operations: it is placed at its CPU seconds times what the networks of the same
    sweep computed in a second.
    """
    rate = sum(cell["flops"] for cell in cells) / max(sum(cell["cpu_seconds"] for cell in cells), 1e-9)
    style: dict[Any, Any] = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    style |= {"svg.hashsalt": "inhabit", "svg.fonttype": "none", "axes.edgecolor": "#c9c5bb"}
    with matplotlib.rc_context(style):
        figure, panels = plt.subplots(
            len(laws), 1, figsize=(8.4, 3.9 * len(laws)), layout="constrained", sharex=True, squeeze=False
        )
        for axes, (kind, fits) in zip(panels[:, 0], laws.items()):
            mine = [cell for cell in cells if cell["traffic"] == kind]
            shown = [row for row in makers if row["name"] in SHOWN]
            _panel(axes, mine, shown, fits, rate)
            axes.set_title(f"{name}: networks that overheard {kind} traffic", loc="left", fontweight="bold")
        panels[-1, 0].set_xlabel("floating-point operations of training (makers: CPU seconds at the networks' rate)")
        with replaced(file) as new:
            kind_of = file.suffix.lstrip(".")
            about: dict[str, Any] = {"Date": None} if kind_of == "svg" else {}
            figure.savefig(new, format=kind_of, dpi=120, metadata=about)
        plt.close(figure)


def _panel(
    axes: Axes,
    cells: Sequence[Mapping[str, Any]],
    makers: Sequence[Mapping[str, Any]],
    fits: Mapping[str, Sequence[Law]],
    rate: float,
) -> None:
    largest = max(cell["flops"] for cell in cells)
    _bands(axes, fits, largest)
    for family, colour in _NETWORK.items():
        mine = [cell for cell in cells if cell["family"] == family]
        for width, seed in dict.fromkeys((cell["width"], cell["seed"]) for cell in mine):
            run = sorted((c["flops"], c["fidelity"]) for c in mine if (c["width"], c["seed"]) == (width, seed))
            axes.plot(*zip(*run), color=colour, linewidth=0.8, alpha=0.45)
        points = [(cell["flops"], cell["fidelity"]) for cell in mine]
        if points:
            axes.scatter([x for x, _ in points], [y for _, y in points], s=9, color=colour, label=family, zorder=3)
    axes.axhline(np.mean([cell["memoryless"] for cell in cells]), color=_QUIET, linestyle=":", linewidth=1)
    axes.axhline(0.9, color=_QUIET, linestyle="--", linewidth=1)
    for number, row in enumerate(sorted(makers, key=lambda row: row["cpu_seconds"])):
        place = max(row["cpu_seconds"] * rate, 1e6), row["fidelity"]
        axes.plot(*place, "D", color=_MAKER, markersize=8, markeredgecolor="white", zorder=5)
        words = f"{SHOWN[row['name']]}\n{row['symbols']:,} symbols"
        side, ha = (9, "left") if number else (-9, "right")  # the first to the left, so that neighbours are told apart
        axes.annotate(
            words, place, (side, 0), textcoords="offset points", color=_MAKER, fontsize=8.5, ha=ha, va="center"
        )
    axes.set(xscale="log", xlim=(1e6, largest * 1e9), ylim=(-0.03, 1.06), ylabel="suite answered exactly")
    right = largest * 6e8
    axes.text(right, 0.91, "90 %", color=_QUIET, va="bottom", ha="right", fontsize=9)
    axes.text(right, cells[0]["memoryless"] + 0.015, "table without memory", color=_QUIET, ha="right", fontsize=9)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12), ncols=2, frameon=False, fontsize=9)


def _bands(axes: Axes, fits: Mapping[str, Sequence[Law]], largest: float) -> None:
    """Median of each form, and the middle 90 % of all resamples of all forms."""
    if not fits:
        return
    compute = largest * 10.0 ** np.linspace(-2, 9, 60)
    curves = {form: np.array([1 - law.best(compute) for law in laws]) for form, laws in fits.items()}
    low, high = np.quantile(np.concatenate(list(curves.values())), [0.05, 0.95], axis=0)
    axes.fill_between(compute, low, high, color=_BAND, alpha=0.15, linewidth=0, label="90 % of all fits")
    for style, (form, rows) in zip(("-", "--", "-."), curves.items()):
        axes.plot(compute, np.median(rows, axis=0), color=_BAND, linestyle=style, linewidth=1.4, label=form)
