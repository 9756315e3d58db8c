import sys

import pytest

from inhabit.lab.village_speed import measured


def test_a_side_says_its_figures_last_on_one_core_of_a_cpu():
    program = "import json, os; print('loading'); print(json.dumps([len(os.sched_getaffinity(0)), os.environ['JAX_PLATFORMS']]))"
    assert measured([sys.executable, "-c", program]) == [1, "cpu"]


def test_a_side_that_fails_is_named_with_its_last_words():
    with pytest.raises(ValueError, match="no craftax here"):
        measured([sys.executable, "-c", "raise SystemExit('loading\\nno craftax here')"])
