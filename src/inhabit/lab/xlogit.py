"""Beside xlogit: the electricity panel, the same Halton draws, each side a fresh process on one core, in turn.

`inhabit` is the same fit on the same draws; `inhabit fit` is the whole command, everyone's posterior and both
log-likelihoods included. Run `python -m inhabit.lab.xlogit --peer PYTHON`, where PYTHON is the interpreter of an environment that has xlogit
(or let `INHABIT_PEER_XLOGIT` name it). CPU seconds are those of the whole process, imports and reading included.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from inhabit.lab.experiment import MissingData, data_folder

OURS = """
import sys, pathlib
from inhabit.lab.chosen import SUPPLIERS, electricity_table
from inhabit.learning.choices import Taste, mixed
fit = mixed(electricity_table(pathlib.Path(sys.argv[1])), [Taste(n) for n in SUPPLIERS], draws=600, sequence="halton")
print("found", fit.optimum.log_likelihood, fit.optimum.converged)
"""
COMMAND = """
import contextlib, io, json, sys, tempfile
from inhabit.cli.main import main
words = ["fit", sys.argv[1] + "/electricity_long.csv", "--map", "chosen=choice,person=id,occasion=chid,alternative=alt"]
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
    main([*words, "-o", folder + "/people.mind", "--json"])
card = json.loads(said.getvalue())
print("found", card["beside"]["600 halton"], card["converged"])
"""
THEIRS = """
import sys, pandas
from xlogit import MixedLogit
frame, names = pandas.read_csv(sys.argv[1] + "/electricity_long.csv"), ["pf", "cl", "loc", "wk", "tod", "seas"]
model = MixedLogit()
model.fit(X=frame[names], y=frame["choice"], varnames=names, ids=frame["chid"], panels=frame["id"], alts=frame["alt"],
          n_draws=600, randvars={name: "n" for name in names}, verbose=0)
print("found", model.loglikelihood, model.convergence)
"""


def timed(python: str, program: str, data: pathlib.Path) -> dict[str, float | bool]:
    """Run one side: its log-likelihood, CPU seconds and peak memory in MiB.

    Raises:
        ValueError: It failed; with the last line of what it said.
    """
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [python, "-c", program, str(data)], stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **one_core}
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        lines = said.read().strip().splitlines()
    found = [line.split() for line in lines if line.startswith("found ")]
    if not found:
        raise ValueError(f"{python}: {lines[-1] if lines else 'it said nothing'}")
    _, value, converged = found[-1]
    return {
        "log_likelihood": float(value),
        "converged": converged == "True",
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
    }


def main() -> int:
    """Measure both sides in turn and print one JSON object; 0 also where there is no peer."""
    words = argparse.ArgumentParser(description="The electricity panel beside xlogit.")
    words.add_argument("--peer", default=os.environ.get("INHABIT_PEER_XLOGIT"), help="Python that has xlogit.")
    words.add_argument("--times", type=int, default=3, help="Runs of each side.")
    told = words.parse_args()
    if not told.peer:
        print("skipped: no peer; say --peer PYTHON or set INHABIT_PEER_XLOGIT")
        return 0
    try:
        data = data_folder("choice")
    except MissingData as missing:
        print(f"skipped: {missing}")
        return 0
    sides = {"inhabit": (sys.executable, OURS), "inhabit fit": (sys.executable, COMMAND), "xlogit": (told.peer, THEIRS)}
    runs: dict[str, list] = {side: [] for side in sides}
    for _ in range(told.times):
        for side, (python, program) in sides.items():
            runs[side].append(timed(python, program, data))
    middle = {
        f"{side} {what}": statistics.median(run[what] for run in found)
        for side, found in runs.items()
        for what in ("log_likelihood", "cpu_seconds", "peak_mib")
    }
    share = {
        f"share of CPU seconds: {side}": middle[f"{side} cpu_seconds"] / middle["xlogit cpu_seconds"]
        for side in ("inhabit", "inhabit fit")
    }
    print(json.dumps({**share, **middle, "runs": runs}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
