import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab import memory_speed
from inhabit.lab.experiment import MissingData
from inhabit.lab.memory import _work, cell
from inhabit.lab.memory_models import makers
from inhabit.lab.memory_tasks import KEYS, NOISE, TASKS, bayes, lives
from inhabit.lab.registry import find
from inhabit.maths.compiling import brief


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


def test_no_contender_has_fewer_numbers_or_less_work_than_the_memory():
    life = lives("regression", 1, 0)
    made = {name: make(0) for name, make in makers().items()}
    sizes = {
        name: sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(one, eqx.is_array))) for name, one in made.items()
    }
    work = {name: _work(one, life) for name, one in made.items()}
    assert min(sizes, key=sizes.__getitem__) == min(work, key=work.__getitem__) == "memory"


def test_the_memory_foretells_what_its_counted_form_does():
    life, model = lives("A-B-A", 1, 0), makers()["memory"](0)
    cues, values = jnp.asarray(life.cues[0]), jnp.asarray(life.values[0])
    np.testing.assert_allclose(brief(model.foretell)(cues, values), brief(model.counted)(cues, values), atol=1e-3)


@pytest.mark.parametrize("name", ["attention", "delta rule"])
def test_nobody_foretells_from_what_is_yet_to_come(name):
    life, model = lives("regression", 1, 0, length=6), makers()[name](0)
    said = brief(model.foretell)
    cues, values = jnp.asarray(life.cues[0]), jnp.asarray(life.values[0])
    before, after = said(cues, values), said(cues, values.at[3].add(1.0))
    np.testing.assert_allclose(before[:4], after[:4], atol=1e-5)
    assert np.abs(before[4:] - after[4:]).max() > 1e-3


def test_a_cell_that_is_there_is_taken_only_when_asked(tmp_path, monkeypatch):
    def anew(*_, **__):
        raise InterruptedError

    monkeypatch.setattr("inhabit.lab.memory.train", anew)
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "memory-7.json").write_text('{"size": 3}')
    assert cell("memory", 7, quick=False, out=tmp_path, resume=True) == {"size": 3}
    with pytest.raises(InterruptedError):
        cell("memory", 7, quick=False, out=tmp_path)


def test_speed_is_refused_on_two_cores(monkeypatch, tmp_path):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(MissingData, match="taskset"):
        find("memory").run("speed", seed=0, quick=True, out=tmp_path)


FAKE = """
import json, sys, time
side = json.loads(sys.argv[1])["side"]
if side == "dies": sys.exit(1)
if side == "dawdles": time.sleep(60)
print(json.dumps({"first": 0.5}), flush=True)
for at, line in enumerate(sys.stdin):
    print(json.dumps({"seconds": abs(at - 2) + 1.5, "peak": 10.0 + at}), flush=True)
"""


def test_sides_take_turns_and_the_best_pass_counts(monkeypatch):
    monkeypatch.setattr(memory_speed, "_PEER", FAKE)
    monkeypatch.setenv(memory_speed.PEER, sys.executable)
    found = memory_speed.beside((1, 8, 4, 4), False, ["works", "dies", "dawdles"], patience=1.0)
    assert found["works"] == {"first": 0.5, "seconds": 1.5, "peak": 10.0 + memory_speed.PASSES - 1}
    assert found["dies"] is None and found["dawdles"] is None


@pytest.mark.slow
def test_recall_is_what_the_noise_leaves(tmp_path):
    record = find("memory").run("recall", seed=3, quick=True, out=tmp_path)
    assert record.measured["recall"].value == pytest.approx(0.0025, rel=0.1)
    assert abs(record.measured["added by poison"].value) < 1e-3
    assert record.baselines["recall: delta rule"].value == pytest.approx(0.386, rel=0.1)  # as published


@pytest.mark.slow
def test_the_tasks_run(tmp_path):
    record = find("memory").run("tasks", seed=0, quick=True, out=tmp_path)
    behind = [name for name in record.measured if name.endswith("worse by, life by life")]
    assert len(behind) == len(TASKS)
    assert set(record.measured) - set(behind) == {f"{task}: memory" for task in TASKS}
    assert record.measured["poison: memory"].value < record.baselines["poison: delta rule"].value
