"""Stand-in: fitted from logs, who stands in better for a held-out person, a mind or a language model?"""

import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from inhabit.lab import demo
from inhabit.lab.casino import casino
from inhabit.lab.contentment import contentment
from inhabit.lab.dealornodeal import dealornodeal
from inhabit.lab.experiment import Experiment, Record, data_folder
from inhabit.lab.market import QUICK, Scale, market
from inhabit.lab.priorities import priorities
from inhabit.lab.rivals import rivals
from inhabit.lab.uss import partner_acts, uss
from inhabit.maths.intervals import Estimate
from inhabit.records.atomic import replaced

QUESTION = "Fitted from logs, who stands in better for a held-out person: a mind or an equal-compute language model?"
PREDICTIONS = {
    "casino": "A speaker model run backwards beats the n-gram regression (41.4 / 64.7 / 72.8) on a partner's priorities; "
    "satisfaction and liking are explained better than published (.235 / .247); the mind foretells acts better than "
    "the twin.",
    "uss": "Hearing turn by turn beats TF-IDF regressions on every measure and HiGRU on acts.",
    "dealornodeal": "A partner's order is read from two utterances better than .612; minds agree, score and trade as "
    "people do (77.9 %, 5.82, 77.0 %).",
}
"""Written before the runs."""

Figures = dict[str, Estimate]


def stand_in(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment on one of its sets.

    Raises:
        MissingData: The set is not where `INHABIT_DATA` points.
    """
    if on == "market":
        record, people = market(scale=QUICK if quick else Scale(), seed=seed)
        out.mkdir(parents=True, exist_ok=True)
        people.save(out / "people.mind")
        with replaced(out / "picture.svg") as new:
            new.write_text(demo.drawn(demo.table(record)), encoding="utf-8")
        return record
    began = time.monotonic()
    measured, baselines, predictions, flops = _SETS[on](data_folder(on), seed, quick)
    return Record(
        question=QUESTION,
        prediction=PREDICTIONS[on],
        measured=measured,
        baselines=baselines,
        flops=flops,
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=predictions,
    )


Found = tuple[Figures, Figures, list[dict[str, Any]], Mapping[str, float]]


def _casino(path: pathlib.Path, seed: int, quick: bool) -> Found:
    folds = (0,) if quick else (0, 1, 2, 3, 4)
    measured, baselines, lines = _joined(
        priorities(path, folds=folds, seed=seed),
        casino(path, folds=folds, seed=seed),
        contentment(path, folds=3 if quick else 10, seed=seed),
    )
    return _with_rivals("casino", path, seed, quick, measured, baselines, lines)


def _uss(path: pathlib.Path, seed: int, quick: bool) -> Found:
    sets = ("SGD",) if quick else ("SGD", "MWOZ", "ReDial")
    measured, baselines, lines = uss(path, sets=sets, folds=3 if quick else 10, seed=seed)
    if not quick:
        measured |= partner_acts(path, sets=sets, seed=seed)
    return _with_rivals("uss", path, seed, quick, measured, baselines, lines)


def _dealornodeal(path: pathlib.Path, seed: int, quick: bool) -> Found:
    measured, baselines, lines = dealornodeal(path, seed=seed)
    return _with_rivals("dealornodeal", path, seed, quick, measured, baselines, lines)


def _joined(*parts: tuple[Figures, Figures, list[dict[str, Any]]]) -> tuple[Figures, Figures, list[dict[str, Any]]]:
    measured: Figures = {}
    baselines: Figures = {}
    lines: list[dict[str, Any]] = []
    for found, beside, told in parts:
        measured |= found
        baselines |= beside
        lines += told
    return measured, baselines, lines


def _with_rivals(
    on: str, path: pathlib.Path, seed: int, quick: bool, measured: Figures, baselines: Figures, lines: list
) -> Found:
    """Add mind against twin at equal work on the same set."""
    mine, theirs, told, flops = rivals(on, path, seed=seed, quick=quick)
    return measured | mine, baselines | theirs, [*lines, *told], flops


_SETS: Mapping[str, Callable[[pathlib.Path, int, bool], Found]] = {
    "casino": _casino,
    "uss": _uss,
    "dealornodeal": _dealornodeal,
}

STAND_IN = Experiment(
    name="stand-in", question=QUESTION, sets=("market", "casino", "uss", "dealornodeal"), run=stand_in
)
