import sys

import pytest

from inhabit.lab.village_speed import beside, measured


def test_a_side_says_its_figures_last_on_one_core_of_a_cpu():
    program = "import json, os; print('loading'); print(json.dumps([len(os.sched_getaffinity(0)), os.environ['JAX_PLATFORMS']]))"
    assert measured([sys.executable, "-c", program]) == [1, "cpu"]


def test_a_side_that_fails_is_named_with_its_last_words():
    with pytest.raises(ValueError, match="no craftax here"):
        measured([sys.executable, "-c", "raise SystemExit('loading\\nno craftax here')"])


def test_sides_are_measured_in_turn_and_compared_pass_by_pass(capsys):
    says = lambda speed: [
        sys.executable,
        "-c",
        f'print(\'{{"steps per second": {speed}, "first s": 2.0, "first CPU s": 1.0}}\')',
    ]
    found = beside(says(60.0), says(20.0), times=2, cpu=True)
    assert found["ratio"] == 3.0 and found["ratios"] == [3.0, 3.0] and found["craftax first s cold"] == 2.0
    assert [line[10] for line in capsys.readouterr().err.splitlines()] == ["v", "c", "v", "c"]
    assert "ratio" not in beside(says(60.0), None, times=1, cpu=True)
