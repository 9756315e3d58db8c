import pathlib
import subprocess
import sys
import time

import pytest
import typer

from inhabit.cli import main as cli
from inhabit.cli.screen import bar, finite, spark
from inhabit.cli.words import numbers
from inhabit.maths.caches import cache_folder

SOURCE = pathlib.Path(__file__).parents[1] / "src"
HEAVY = {"jax", "numpy", "polars", "scipy", "equinox", "matplotlib", "fastapi", "httpx", "tokenizers", "rich"}


def test_help_imports_nothing_heavy_and_is_quick():
    code = f"""
import sys, time
from inhabit.cli.main import main
began = time.process_time()
assert main(["--help"]) == 0 and main(["talk", "--help"]) == 0
print(sorted({HEAVY!r} & set(sys.modules)), time.process_time(), file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE)})
    assert run.returncode == 0, run.stderr
    loaded, seconds = run.stderr.strip().rsplit(" ", 1)
    assert loaded == "[]" and float(seconds) < 0.5
    for name in ("demo", "check", "fit", "report", "values", "talk", "serve", "run", "compare", "lab"):
        assert f"\n  {name}" in run.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["chekc"],
        ["check"],
        ["check", "x", "--nope"],
        ["check", "x", "--format", "nope"],
        ["check", "x", "--map", "colour=red"],
        ["fit", "x", "--holdout", "half"],
        ["fit", "x", "--epochs", "0"],
        ["fit", "x", "-o", "/no/such/folder/people.mind"],
        ["serve", "x", "--host", "0.0.0.0"],
        ["serve", "x", "--as", "ann", "--sample"],
        ["talk", "x", "--mouth", "megaphone"],
        ["lab", "nonsense"],
    ],
)
def test_wrong_words_end_with_two(words, capsys, engine):
    assert cli.main(words) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.setenv("INHABIT_CACHE", str(tmp_path / "cache"))
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")


@pytest.mark.parametrize("command", ["check", "fit", "report", "talk", "serve"])
def test_a_failed_run_ends_with_one_and_says_why_in_one_line(command, tmp_path, capsys, engine):
    assert cli.main([command, str(tmp_path / "missing"), *(["-o", str(tmp_path / "x.mind")] * (command == "fit"))]) == 1
    told = capsys.readouterr().err
    assert told.startswith("inhabit: ") and "missing" in told and told.count("\n") == 1


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    def bug():
        return int("x")

    monkeypatch.setattr(cli, "app", lambda **_: bug())
    with pytest.raises(ValueError, match="invalid literal"):
        cli.main([])


def test_being_interrupted_ends_with_130(monkeypatch):
    def stop(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", stop)
    assert cli.main([]) == 130


def test_version(capsys):
    from inhabit import __version__

    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"inhabit {__version__}\n"


def test_caches_go_where_the_platform_keeps_them():
    home = pathlib.Path.home()
    assert cache_folder({"INHABIT_CACHE": "/c"}, "linux") == pathlib.Path("/c")
    assert cache_folder({"XDG_CACHE_HOME": "/x"}, "linux") == pathlib.Path("/x/inhabit")
    assert cache_folder({"XDG_CACHE_HOME": "relative"}, "linux") == home / ".cache/inhabit"
    assert cache_folder({}, "darwin") == home / "Library/Caches/inhabit"
    assert cache_folder({"LOCALAPPDATA": "/l"}, "win32") == pathlib.Path("/l/inhabit/Cache")


def test_pairs_of_names_and_numbers():
    assert numbers(["stress=0.9, load=0", "valence=-1"], "--set") == {"stress": 0.9, "load": 0.0, "valence": -1.0}
    for wrong in ("stress", "=1", "stress=high", "stress="):
        with pytest.raises(typer.BadParameter, match="expected name=number"):
            numbers([wrong], "--set")


def test_bars_and_sparks_are_as_long_as_they_say():
    assert bar(0.5, 4) == "██··" and bar(-1, 3) == "···" and bar(2, 3) == "███" and bar(0.5, 1) == "▌"
    assert spark([0.0, 1.0, 0.5]) == "▁█▅" and spark([]) == ""
    assert finite({"a": [float("nan"), 1, (float("inf"),)]}) == {"a": [None, 1, [None]]}


def test_starting_quickly_is_measured_in_wall_clock_too():
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "inhabit.cli.main", "--help"],
        check=True,
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
    )
    assert time.monotonic() - began < 10  # a loaded machine; the processor time above is the promise
