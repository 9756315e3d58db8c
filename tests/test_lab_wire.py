import json

import numpy as np
import pytest

from inhabit.lab.experiment import MissingData
from inhabit.lab.registry import find
from inhabit.lab.sweep import Plan, heard, memoryless, saved, suite, sweep
from inhabit.lab.wire import conclude, machine_named, runs_of
from inhabit.lab.wire_fidelity import Looks
from inhabit.lab.wire_joining import compared, named, table
from inhabit.lab.wire_makers import rows
from inhabit.learning.overhearing import Course, answers, exact, flops_of_step, interleave, listen, network, parameters
from inhabit.worlds.wire import SHIPPED, Traffic, minimal, random_traffic, write_dot

TINY = Plan(
    models=(("recurrent", 8),), kinds=("random",), stops=(1, 2), seeds=(0, 1), length=6, words=64,
    looks=Looks(length=6, words=64, pairs=40, sessions=32, talkers=4),
)  # fmt: skip


def test_tokens_go_to_and_fro():
    tokens = interleave(np.array([[0, 1]], np.int32), np.array([[2, 0]], np.int32), 3)
    assert tokens.tolist() == [[0, 5, 1, 3]]


def test_a_word_is_exact_only_when_every_answer_is_right():
    truth = np.array([[1, 2, 3], [1, 2, 3]])
    said = np.array([[1, 2, 0], [0, 2, 3]])
    assert exact(said, truth).tolist() == [False, False]
    assert exact(said, truth, np.array([2, 3])).tolist() == [True, False]


def test_an_answer_hears_only_what_came_before_it():
    model = network("transformer", 8, inputs=3, outputs=2, seed=0)
    inputs, outputs = np.array([[0, 1, 2, 0]], np.int32), np.array([[0, 1, 1, 0]], np.int32)
    changed = np.array([[0, 1, 1, 1]], np.int32)
    assert answers(model, inputs, outputs, 3)[0].tolist() == answers(model, inputs, changed, 3)[0].tolist()


def test_a_recurrent_network_learns_a_small_machine_from_its_traffic():
    machine, course = SHIPPED["login"], Course(steps=16, rate=1e-2)
    traffic = random_traffic(machine, 12 * course.stretch, 8, 0)
    model = network("recurrent", 16, inputs=len(machine.inputs), outputs=len(machine.outputs), seed=0)
    width = len(machine.inputs)
    *_, (sessions, grown) = listen(model, interleave(*traffic, width), (1, 12), course, width)
    fresh = random_traffic(machine, 256, 8, 1)
    share = exact(answers(grown, *fresh, width), fresh.outputs).mean()
    assert sessions == len(traffic.inputs)
    assert share > 0.9 > 0.5 > exact(memoryless(traffic, fresh.inputs), fresh.outputs).mean()


def test_too_little_traffic_is_refused():
    model = network("recurrent", 8, inputs=2, outputs=2, seed=0)
    with pytest.raises(ValueError, match="record more"):
        next(listen(model, np.zeros((4, 8), np.int32), (1,), Course(), 2))


def test_work_grows_with_the_network():
    small, large = (network("recurrent", width, inputs=4, outputs=4, seed=0) for width in (8, 16))
    assert parameters(large) > 3 * parameters(small)
    assert flops_of_step(large, 8, Course(), 4) > 2 * flops_of_step(small, 8, Course(), 4)


def test_the_table_without_memory_says_the_commonest_answer():
    traffic = Traffic(np.array([[0, 0, 0, 1]]), np.array([[1, 1, 0, 2]]))
    assert memoryless(traffic, np.array([[0, 1]])).tolist() == [[1, 2]]


def test_driven_traffic_reaches_every_state():
    machine = SHIPPED["handshake"]
    traffic = heard(machine, "driven", 64, 12, 0)
    assert len(np.unique(machine.trace(traffic.inputs)[1])) == machine.states
    with pytest.raises(ValueError, match="no traffic"):
        heard(machine, "silent", 1, 1, 0)


def test_a_sweep_goes_on_where_it_was_cut_off(tmp_path):
    machine, file = SHIPPED["vending"], tmp_path / "cells.jsonl"
    whole = sweep(machine, [TINY], file)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:2]) + lines[2][:30], "utf-8")
    again = sweep(machine, [TINY], file, resume=True)
    plain = lambda cells: [{k: v for k, v in cell.items() if k != "cpu_seconds"} for cell in cells]
    assert plain(again) == plain(whole)
    assert len(saved(file)) == 4
    text = file.read_text("utf-8")
    seen: list[tuple[int, int]] = []
    sweep(machine, [TINY], file, resume=True, watch=lambda done, whole: seen.append((done, whole)))
    assert file.read_text("utf-8") == text
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_the_record_can_be_scored_again(tmp_path):
    machine = SHIPPED["vending"]
    cells = sweep(machine, [TINY], tmp_path / "cells.jsonl")
    made = list(rows(machine, ("table", "joined"), 0, TINY.looks))
    record = conclude(machine, cells, made, TINY, tmp_path, resamples=2, began=0.0)
    mine = [line for line in record.predictions if line["seed"] == 1]
    share = np.mean([line["said"] == line["true"] for line in mine])
    last = next(cell for cell in cells if cell["seed"] == 1 and "said" in cell)
    assert share == pytest.approx(last["fidelity"])
    assert record.measured["suite exact: mind"].value == 1.0
    assert "suite exact: table without memory, random" in record.baselines
    assert record.measured["distinction: mind"].value == record.measured["compression: mind"].value == 1.0
    assert record.baselines["distinction: table"].value < 1.0
    assert "| joined | " in (tmp_path / "table.md").read_text("utf-8")
    assert (tmp_path / "wire.svg").stat().st_size > 1000
    assert "too few cells beat the table" in json.loads((tmp_path / "law.json").read_text())["random"]


def test_cells_on_the_plateau_are_not_fitted():
    cell = {"traffic": "random", "family": "recurrent", "width": 8, "seed": 0, "parameters": 9, "pairs": 9, "flops": 9}
    cells = [cell | {"fidelity": 0.05, "memoryless": 0.05}, cell | {"fidelity": 0.5, "memoryless": 0.05}]
    assert runs_of(cells).infidelity.tolist() == [0.5]


def test_unknown_machines_are_refused_in_one_line():
    with pytest.raises(MissingData, match="INHABIT_DATA"):
        machine_named("no such machine")
    assert "login" in find("wire").sets


def test_a_suite_is_drawn_once():
    one, other = suite(SHIPPED["elevator"], 40), suite(SHIPPED["elevator"], 40)
    assert one.words.tolist() == other.words.tolist()
    assert len(one.words) == 40 < one.full


def test_a_learner_is_compared_with_the_cheapest_equally_faithful_run_of_its_rival():
    about = {"machine": "m", "states": 5, "inputs": 2, "way": "kv", "seed": 0, "exact": False, "suite": 0.9}
    rows = [about | {"symbols": 50}, about | {"symbols": 400, "suite": 1.0, "exact": True}]
    rows += [about | {"way": "joined", "symbols": 100, "suite": 1.0, "exact": True}]
    (found,) = compared(rows, "joined")
    assert (found["share"], found["symbols"], found["rival_symbols"], found["rival_exact"]) == (0.25, 100, 225, 1)
    assert "| m | 5 | 2 | 225 | 0.9000 | 1/2 | 100 | 1.0000 | 1/1 | 0.25 |" in table([found], "joined")
    (alone,) = compared(rows[:1] + rows[2:], "joined")
    assert alone["share"] is None


def test_a_hidden_secret_adds_states_and_is_the_same_by_seed(tmp_path):
    machine, file = SHIPPED["handshake"], tmp_path / "handshake.dot"
    file.write_text(write_dot(machine), encoding="utf-8")
    for seed in range(4):
        one, again = named(f"{file}^{seed}"), named(f"{file}^{seed}")
        assert machine.states < one.states <= machine.states + 10
        assert (one.next == again.next).all() and (one.out == again.out).all()
        assert minimal(one).states == one.states
