"""Joining a machine: counting, sifting, surprising questions, merging, saving."""

import itertools

import numpy as np
import pytest

from inhabit.learning.joining import suspecting
from inhabit.learning.joining.belief import Belief, Heard
from inhabit.learning.joining.doubting import Doubts, Soft, doubted, told_in, usual_targets
from inhabit.learning.joining.expecting import ONCE, expected, known_by, likeness, possible, unexpected
from inhabit.learning.joining.line import Line
from inhabit.learning.joining.merging import merge_states
from inhabit.learning.joining.saving import open_machine, save_machine
from inhabit.learning.joining.sifting import Hypothesis
from inhabit.learning.joining.surprise import Patience, join
from inhabit.learning.joining.suspecting import REPEATED, SECOND, Suspicions
from inhabit.records.mindfile import MindFileError, save
from inhabit.worlds.wire import (
    SHIPPED,
    Machine,
    Traffic,
    difference,
    habitual_traffic,
    random_machine,
    random_traffic,
)

BRIEF = Patience(worth=1 / 150)


def test_symbols_are_counted_once_and_what_was_heard_is_free():
    machine = SHIPPED["vending"]
    line = Line(machine)
    assert line.ask((0, 0, 1)) == tuple(machine.run(np.array([[0, 0, 1]]))[0].tolist())
    assert (line.symbols, line.resets) == (3, 1)
    line.ask((0, 0))
    assert (line.symbols, line.free) == (3, 1)
    words = np.array([[3, 2, 1, 0]], np.int32)
    line.listen(words, machine.run(words))
    line.ask((3, 2, 1))
    assert (line.symbols, line.resets, line.free) == (3, 1, 2)
    line.ask((3, 2, 2))
    assert line.symbols == 6


def test_a_surprise_ends_the_question_where_it_is_counted():
    machine = SHIPPED["vending"]
    line = Line(machine)
    right = machine.run(np.array([[0, 0, 0, 0]]))[0].tolist()
    wrong = [right[0], right[1] + 1, right[2], right[3]]
    assert line.check((0, 0, 0, 0), wrong) == (right[0], right[1])
    assert line.symbols == 2
    assert line.check((0, 0, 0, 0), right) is None
    assert line.symbols == 6


@pytest.mark.parametrize("seed", range(6))
def test_sifting_learns_the_machine_from_counterexamples(seed):
    machine = random_machine(40, 6, seed, outputs=2)
    line = Line(machine)
    hypothesis = Hypothesis(line)
    for _ in range(machine.states):
        word = difference(hypothesis.machine(), machine)
        if word is None:
            break
        hypothesis.refine(word, line.ask(word))
    assert hypothesis.states == machine.states
    assert difference(hypothesis.machine(), machine) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_joining_finds_the_shipped_machines(name):
    machine = SHIPPED[name]
    line = Line(machine)
    line.listen(*habitual_traffic(machine, 100, 30, 0))
    joined = join(line, seed=0, patience=BRIEF)
    assert difference(joined.machine, machine) is None
    assert joined.symbols == line.symbols > 0


def test_a_machine_too_large_to_keep_what_lies_between_two_steps_is_joined_too(monkeypatch):
    kept = join(Line(SHIPPED["elevator"]), seed=3, patience=BRIEF)
    monkeypatch.setattr(suspecting, "MANY", 0)
    joined = join(Line(SHIPPED["elevator"]), seed=3, patience=BRIEF)
    assert difference(joined.machine, SHIPPED["elevator"]) is None
    assert joined.symbols != kept.symbols, "other questions are asked"


def test_joining_is_the_same_by_seed():
    runs = [join(Line(SHIPPED["elevator"]), seed=3, patience=BRIEF) for _ in range(2)]
    assert runs[0].symbols == runs[1].symbols
    assert runs[0].surprises == runs[1].surprises


def test_patience_ends_when_the_last_surprises_are_long_past():
    patience = Patience(worth=0.01, prior=1.0, each=0.02)
    assert not patience.spent(199, [], 100, 0.5)
    assert patience.spent(201, [], 100, 0.5)
    assert not patience.spent(299, [], 100, 1.0) and patience.spent(101, [], 100, 0.0)
    assert not patience.spent(201, [1, 150], 100, 0.5)
    assert patience.spent(301, [1, 150], 100, 0.5) and not patience.spent(299, [1, 150], 100, 0.5)
    assert patience.spent(410, [1, 150], 100, 0.5)


def _suspicions(machine):
    access = [tuple(machine.path(state)) for state in range(machine.states)]
    suffixes = [(symbol,) for symbol in range(len(machine.inputs))]
    return Suspicions(machine, access, [suffixes] * machine.states), access


def test_a_word_settles_what_its_rest_tells_apart_and_only_once():
    machine = random_machine(6, 3, 2, outputs=2)
    suspicions, access = _suspicions(machine)
    others, own = expected(machine)
    targets, weight = possible(others)
    state, (a, b, c) = 3, (0, 1, 2)
    word = (*access[state], a, b, c)
    suspicions.note([(*access[state], a), word[:-1]])
    after = int(machine.next[state, a])
    step, last = after * 3 + b, machine.next[after, b]
    seen = machine.out[targets[step], c] != machine.out[last, c]
    assert (*access[state], a) not in access
    near = suspicions.hides[state * 3 + a] * unexpected(own)[step] * (weight[step, :-1] @ seen)
    assert weight[step, :-1] @ seen > 0
    alone = suspicions.weigh([word])[0] * (len(word) + 1)
    assert 0 < near - 1e-6 <= alone <= near + max(SECOND, REPEATED[2]) * len(word) ** 2 * (1 + ONCE)
    suspicions.note([word])
    assert suspicions.weigh([word])[0] == 0


def test_the_heaviest_suspicions_are_those_left_and_the_best_word_settles_most():
    machine = random_machine(8, 2, 1, outputs=2)
    suspicions, access = _suspicions(machine)
    heavy = suspicions.heaviest(1000)
    assert (
        machine.states > 4 and len(heavy) == machine.next.size * (2 + 4) and {len(said) for _, said in heavy} == {2, 3}
    )
    words = [(*access[state], *said, 0, 1, 1) for state, said in heavy if suspicions.hides[state * 2 + said[0]]]
    best = suspicions.best(list(dict.fromkeys(words)), 3)
    assert suspicions.weigh(words).max() == suspicions.weigh(best)[-1] > 0
    suspicions.answered(best[-1])
    assert suspicions.weigh(best)[-1] == 0
    suspicions.note(
        [(*access[state], *said, *tail) for state, said in heavy for tail in itertools.product((0, 1), repeat=6)]
    )
    assert (suspicions.weigh(words) == 0).all()


def test_the_less_a_target_was_to_be_expected_the_more_it_is_suspected():
    following = np.array([[0, 1, 0], [1, 2, 0], [2, 2, 1]])
    machine = Machine(following, np.zeros((3, 3), int), ("a", "b", "c"), ("x",))
    chance, own = expected(machine)
    assert (chance[np.arange(3)[:, None], np.arange(3), following] == 0).all()
    assert own[2, 2] < own[1, 2] < own[0, 2]
    rare = unexpected(own).reshape(3, 3)
    assert 1 > rare[2, 2] > rare[1, 2] > rare[0, 2] > 0
    assert known_by(machine, [(), (1,), (1, 1)]).tolist() == [1, 4]


def test_the_other_targets_of_a_step_are_weighed_to_one_and_leave_out_its_own():
    machine = random_machine(12, 4, 0)
    targets, weight = possible(expected(machine)[0])
    own = machine.next.ravel()[:, None]
    assert (weight[:, :-1][targets == own] == 0).all()
    np.testing.assert_allclose(weight[:, :-1].sum(axis=1), 1, rtol=1e-6)


def test_a_message_that_is_let_pass_only_so_often_is_found():
    machine = SHIPPED["handshake"]
    count, place = machine.states, 2
    symbol = int(np.flatnonzero(machine.next[place] == place)[0])
    following = np.concatenate([machine.next, np.tile(machine.next[place], (3, 1))])
    following[count:][:, machine.next[place] == place] = np.arange(count, count + 3)[:, None]
    following[[place, count, count + 1], symbol] = np.arange(count, count + 3)
    following[count + 2, symbol] = 0
    out = np.concatenate([machine.out, np.tile(machine.out[place], (3, 1))])
    limited = Machine(following.astype(np.int32), out, machine.inputs, machine.outputs)
    line = Line(limited)
    line.listen(*habitual_traffic(limited, 100, 30, 0))
    assert difference(join(line, seed=0, patience=BRIEF).machine, limited) is None


def test_likeness_is_the_share_of_pairs_that_a_random_word_does_not_part():
    following, out = np.array([[1, 0], [2, 1], [2, 2]]), np.array([[0, 0], [0, 0], [1, 0]])
    machine = Machine(following, out, ("a", "b"), ("x", "y"))
    words = np.array(list(itertools.product((0, 1), repeat=3)))
    said = [machine.run(words, state) for state in range(3)]
    pairs = [(said[one] == said[other]).all(axis=1).mean() for one, other in ((0, 1), (0, 2), (1, 2))]
    assert likeness(machine, length=3, pairs=40_000) == pytest.approx(np.mean(pairs), abs=0.01)


def test_hearing_habits_finds_a_lock_that_asking_alone_does_not():
    order = np.random.default_rng(1).integers(8, size=9)
    following = np.zeros((10, 8), np.int32)
    following[np.arange(9), order] = np.arange(1, 10)
    following[9] = 9
    out = np.zeros_like(following)
    out[9] = 1
    lock = Machine(following, out, tuple("abcdefgh"), ("no", "yes"))
    alone = join(Line(lock), seed=0, patience=BRIEF)
    word = np.array([[*order, 0]], np.int32)
    line = Line(lock)
    line.listen(word, lock.run(word))
    heard = join(line, seed=0, patience=BRIEF)
    assert alone.machine.states == 1
    assert difference(heard.machine, lock) is None


def test_merging_finds_a_small_machine_from_much_traffic():
    machine = SHIPPED["elevator"]
    traffic = random_traffic(machine, 3000, 30, 0)
    merged = merge_states(traffic, machine.inputs, machine.outputs)
    fresh = random_traffic(machine, 200, 60, 1)
    assert (merged.run(fresh.inputs) == fresh.outputs).mean() > 0.95
    assert merged.states < 30


def test_a_listener_who_heeds_contradictions_is_kept_where_letting_them_pass_costs_more():
    machine = SHIPPED["login"]
    traffic = random_traffic(machine, 600, 30, 0)
    assert difference(merge_states(traffic, machine.inputs, machine.outputs), machine) is None


def test_evidence_is_what_all_paths_through_a_soft_machine_say():
    said, told, generator = (0, 1, 1, 1), (1, 0, 1, 0), np.random.default_rng(0)
    heard = Heard.of(Traffic(np.array([said], np.int32), np.array([told], np.int32)), 2, 2)
    leads, says = (generator.dirichlet(np.full(size, 2.0), (2, 3)).astype(np.float32) for size in (3, 2))
    doubts = Doubts(Belief.of(heard, np.full((3, 2), -1)), np.zeros((3, 2), bool))
    weighed = doubts.weigh(Soft(leads, says))
    chances = {}
    for path in itertools.product(range(3), repeat=4):
        if path[0] == 0:
            answered = np.prod([says[a, s, o] for s, a, o in zip(path, said, told)])
            chances[path] = answered * np.prod([leads[a, s, t] for s, t, a in zip(path, path[1:], said)])
    answers = np.zeros_like(says)
    for path, chance in chances.items():
        np.add.at(answers, (said, path, told), chance / sum(chances.values()))
    after = [sum(c for path, c in chances.items() if path[1] == t) / leads[0, 0, t] for t in range(3)]
    assert weighed.nats == pytest.approx(np.log(sum(chances.values())), abs=1e-4)
    np.testing.assert_allclose(weighed.answers, answers, atol=1e-4)
    np.testing.assert_allclose(np.diff(weighed.evidence[0, 0]), np.diff(np.log(after)), atol=1e-3)


def test_what_was_taken_wrongly_is_mended_by_what_was_said_after_it():
    machine = SHIPPED["elevator"]
    heard = Heard.of(random_traffic(machine, 400, 30, 0), len(machine.inputs), len(machine.outputs))
    right, wrong, one = (machine.next.astype(int) for _ in range(3))
    wrong[1, 0] = (wrong[1, 0] + 1) % machine.states
    one[one == 3] = 2
    shortest = told_in(Belief.of(heard, right))
    for start in (wrong, one):
        assert told_in(Belief.of(heard, start)) > shortest + 100
        mended = doubted(Belief.of(heard, start))
        assert told_in(mended) == pytest.approx(shortest, abs=1)
        assert mended.states == machine.states


def test_a_transition_leads_beforehand_where_others_of_its_input_lead():
    following = np.array([[0, 2], [1, 2], [2, 2], [3, 3]])
    leads = (following.T[..., None] == np.arange(4)).astype(np.float32)
    chance = usual_targets(Soft(leads, np.ones((2, 4, 1), np.float32)), np.array([1, 1, 1, 0], np.float32))
    np.testing.assert_allclose(chance.sum(axis=2), 1, atol=1e-5)
    assert chance[0, 3, 3] > 0.8
    assert chance[1, 3, 2] > 5 * chance[1, 3, 0]


def test_what_is_taken_back_is_as_if_it_had_not_been_decided():
    machine = SHIPPED["elevator"]
    belief = Belief(Heard.of(random_traffic(machine, 50, 10, 0), len(machine.inputs), len(machine.outputs)), 20)
    kept = [getattr(belief, name).copy() for name in ("next", "out", "at", "time", "why", "when")]
    belief.decide((0, 0), 1)
    belief.decide((0, 1), 0)
    assert belief.take_back(0) == 2
    for name, before in zip(("next", "out", "at", "time", "why", "when"), kept):
        np.testing.assert_array_equal(getattr(belief, name), before)
    assert belief.states == 1


def test_two_paths_that_met_wrongly_blame_the_merge_made_last():
    machine = Machine(np.array([[1, 2], [1, 1], [2, 2]]), np.array([[0, 0], [0, 0], [0, 1]]), ("a", "b"), ("x", "y"))
    words = np.array([[0, 0, 1], [1, 0, 1]], np.int32)
    belief = Belief(Heard.of(Traffic(words, machine.run(words)), 2, 2), 5)
    belief.conflicts()
    belief.decide((0, 0), 1)
    belief.decide((0, 1), 1)
    [conflict] = belief.conflicts()
    assert belief.culprit(conflict) == ((0, 1), True)


def test_a_learned_machine_is_saved_and_opened(tmp_path):
    machine = SHIPPED["login"]
    save_machine(tmp_path / "login.mind", machine)
    opened = open_machine(tmp_path / "login.mind")
    assert difference(opened, machine) is None
    assert (opened.inputs, opened.name) == (machine.inputs, "login")


@pytest.mark.parametrize(
    "change", [{"next": np.full((5, 5), 9, np.int32)}, {"out": np.zeros(3, np.int32)}, {"out": np.zeros((5, 5))}]
)
def test_a_broken_machine_is_refused_in_one_line(tmp_path, change):
    machine = SHIPPED["login"]
    manifest = {"kind": "machine", "inputs": list(machine.inputs), "outputs": list(machine.outputs), "initial": 0}
    arrays = {"next": machine.next, "out": machine.out} | change
    save(tmp_path / "bad.mind", arrays=arrays, manifest=manifest)
    with pytest.raises(MindFileError, match="no whole machine") as caught:
        open_machine(tmp_path / "bad.mind")
    assert "\n" not in str(caught.value)


def test_the_classics_are_counted_on_the_same_line():
    pytest.importorskip("aalpy")
    from inhabit.learning.joining.classics import classic, rpni

    machine = SHIPPED["vending"]
    for way in ("kv", "lsharp"):
        line = Line(machine)
        learned = classic(line, way, 0, words=50)
        assert difference(learned, machine) is None
        assert line.symbols > 50 * 3
    heard = random_traffic(machine, 100, 8, 0)
    merged = rpni(heard, Line(machine))
    assert (merged.run(heard.inputs) == heard.outputs).all()
