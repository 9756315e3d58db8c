"""The demo: one table and one picture of who can stand in for the makers of the market."""

import pathlib
from collections.abc import Callable, Mapping

import numpy as np

from inhabit.lab.experiment import Record
from inhabit.lab.market import QUICK, market
from inhabit.lab.pictures import FAINT, INK, MIND, OTHER, TWIN, picture, standalone
from inhabit.lab.probing import INTERVENTIONS
from inhabit.maths.intervals import Estimate
from inhabit.records.atomic import replaced

SIDES = ("mind", "twin", "table of last acts", "truth")
"""Columns of the table."""


def demo(
    *, out: pathlib.Path, seed: int = 0, watch: Callable[[str], None] = lambda stage: None
) -> tuple[Record, dict[str, dict[str, Estimate]]]:
    """Live a small market, fit both sides, and write the record, the picture and the people.

    Args:
        out: Folder for `record.json`, `predictions.jsonl`, `picture.svg` and `people.mind`.
        seed: Same seed, same bytes.
        watch: Told what begins.

    Returns:
        The record, and its figures as rows of a table: measure -> side -> estimate.
    """
    record, people = market(scale=QUICK, seed=seed, watch=watch)
    record.write(out)
    rows = table(record)
    with replaced(out / "picture.svg") as new:
        new.write_text(drawn(rows), encoding="utf-8")
    people.save(out / "people.mind")
    return record, rows


def table(record: Record) -> dict[str, dict[str, Estimate]]:
    """A record's figures by measure and side."""
    rows: dict[str, dict[str, Estimate]] = {}
    for name, estimate in [*record.measured.items(), *record.baselines.items()]:
        measure, _, side = name.rpartition(": ")
        rows.setdefault(measure or side, {})[side if measure else "mind"] = estimate
    return rows


def drawn(rows: Mapping[str, Mapping[str, Estimate]]) -> str:
    """The picture: error of each side under interventions, in total variation from the truth."""

    def draw(panels: np.ndarray) -> None:
        axes, names = panels[0], list(INTERVENTIONS)
        for shift, side, colour in ((-0.2, "mind", MIND), (0.2, "twin", TWIN)):
            found = [rows[f"{name}, error"][side] for name in names]
            places = np.arange(len(names)) + shift
            axes.bar(places, [one.value for one in found], 0.36, color=colour, label=side)
            axes.vlines(places, [one.low for one in found], [one.high for one in found], color=INK, linewidth=1)
        still = [rows[f"{name}, error"]["truth, nothing changed"].value for name in names]
        axes.hlines(still, np.arange(len(names)) - 0.4, np.arange(len(names)) + 0.4, color=OTHER, linestyle=":")
        axes.plot([], [], ":", color=OTHER, label="who does not notice the change")
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel("error (total variation from the truth)")
        axes.set_title("What would they do if ...?", loc="left", fontweight="bold")
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_ylim(top=1.2 * axes.get_ylim()[1])
        axes.legend(frameon=False, loc="upper left", ncols=3)

    return standalone(picture(draw, 7.2, 3.8, title="demo"))
