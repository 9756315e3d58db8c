import numpy as np
import pytest

from inhabit.lab.experiment import MissingData, find
from inhabit.lab.memory_tasks import KEYS, NOISE, TASKS, bayes, lives


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_life_can_be_foretold_and_is_the_same_again(task):
    one, again = lives(task, 3, 5), lives(task, 3, 5)
    assert all(
        np.array_equal(getattr(one, side), getattr(again, side)) for side in ("cues", "values", "truth", "asked")
    )
    asked = one.asked.astype(bool)
    noise = (one.values - one.truth)[asked]
    assert noise.std() == pytest.approx(NOISE, rel=0.15)  # what is asked is never poisoned


def test_bayes_optimum_starts_at_the_prior_and_is_below_it():
    regression = lives("regression", 4, 0, length=KEYS * 8)
    assert 0 < bayes(regression).mean() < 0.5 * np.mean(regression.truth**2)


def test_speed_is_refused_on_two_cores(monkeypatch, tmp_path):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(MissingData, match="taskset"):
        find("memory").run("speed", seed=0, quick=True, out=tmp_path)


@pytest.mark.slow
def test_the_tasks_run(tmp_path):
    record = find("memory").run("tasks", seed=0, quick=True, out=tmp_path)
    assert set(record.measured) == {f"{task}: memory" for task in TASKS}
    assert record.measured["poison: memory"].value < record.baselines["poison: delta rule"].value
