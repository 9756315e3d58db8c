"""Stand-in: fitted from logs, who stands in better for a held-out person, a mind or its equal-compute twin?"""

import pathlib
import time
from collections.abc import Callable, Mapping

from inhabit.lab.experiment import Experiment, MissingData, Record, data_folder

QUESTION = "Fitted from logs, who stands in better for a held-out person: a mind or an equal-compute language model?"


def run(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run it on one of `SETS`; see `lab.experiment.Run`."""
    del out
    return SETS[on](seed, quick)


def _market(seed: int, quick: bool) -> Record:
    """A world whose makers are known to the last number."""
    from inhabit.lab.market import QUICK, Scale, market

    return market(scale=QUICK if quick else Scale(), seed=seed)[0]


def _uss(seed: int, quick: bool) -> Record:
    """Annotated task dialogues: next act and satisfaction, from the words of the turns only."""
    from inhabit.lab.uss import FILES, uss

    folder, began = data_folder("uss"), time.monotonic()
    try:
        sets, folds = (("SGD",), 2) if quick else (tuple(FILES), 10)
        measured, baselines, lines = uss(folder, sets=sets, folds=folds, seed=seed)
    except FileNotFoundError as error:
        raise MissingData(f"{error.filename} is missing; see the data page for where to get it") from None
    return Record(
        question="From the words of the turns alone: what will the user do next, and how content is it?",
        prediction="Above the TF-IDF regressions on every measure, and above HiGRU on acts in at least two sets.",
        measured=measured,
        baselines=baselines,
        flops={},
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=lines,
    )


SETS: Mapping[str, Callable[[int, bool], Record]] = {"uss": _uss, "market": _market}
"""What answers on each set; each imports what it needs when it is run."""

STAND_IN = Experiment("stand-in", QUESTION, tuple(SETS), run)
