import importlib.util
import pathlib

import pytest

from inhabit.records.reading import read

FOLDER = pathlib.Path(__file__).parent.parent / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_memory_follows_a_change_and_not_a_lie():
    believed = load("memory_alone").main()
    assert believed["after one lie"] == pytest.approx(believed["after eight tellings"], abs=0.1)
    assert believed["surprise of a lie"] > 20
    assert believed["after the world changed"] == pytest.approx(-2, abs=0.3)


def test_the_value_store_lives_in_a_simulator_of_ones_own():
    found = load("values_alone").main()
    assert found["tea cold"] > found["tea by day"] and found["bread by day"] > found["tea by day"]
    assert found["gain of a swap"] > 0 > found["the same, loss averse"]
    assert found["learned worth of bread"] > 1.2 > found["learned worth of tea"]


@pytest.mark.slow
def test_a_network_learns_cues_for_its_memory():
    errors = load("memory_in_a_network").main()
    assert errors["last"] < 0.5 * errors["first"]


@pytest.mark.slow
def test_a_fitted_person_answers_calm_and_stressed():
    said = load("fit_and_talk").main(makers=8, meetings=3, epochs=1)
    assert [line.split(":")[0] for line in said] == ["stress 0.0", "stress 0.9"]


@pytest.mark.slow
def test_villagers_talk_is_read_as_a_log(tmp_path):
    path = tmp_path / "village.jsonl"
    assert load("village_log").main(path, villages=2, days=1) == len(read(path).lives) > 4


def test_every_example_is_run_here():
    tested = pathlib.Path(__file__).read_text()
    assert all(f'load("{path.stem}")' in tested for path in FOLDER.glob("*.py"))
