import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab import higru
from inhabit.lab.uss_higru import HiGRU, ahead
from inhabit.lab.uss_models import Fold
from inhabit.types import Life, Message


def talk(*utterances, asked):
    return higru.Talk(tuple(np.array(words, np.int32) for words in utterances), np.array(asked, np.int32))


TALKS = [
    talk([2, 3], [4], [5, 6, 2], asked=[1, -1, 2]),
    talk([3] * 40, [4, 4], asked=[-1, 3]),
    talk([6, 2] * 20, [3], [2] * 64, [5], asked=[1, -1, -1, 1]),
]


@pytest.fixture(scope="module")
def model():
    return higru.HiGRU.create(8, size=4, ratings=5, key=jax.random.key(0))


def logits(model, talks, batch):
    laid = higru.laid(talks, batch=batch, turns=4)
    stacked = higru.stacked(laid, max(len(one.words) for one in laid))
    return higru._asked(model, stacked)


def test_gates_are_those_of_a_gru():
    cell = eqx.nn.GRUCell(3, 2, key=jax.random.key(0))
    gates = higru.Gates(cell.weight_ih.T, cell.weight_hh.T, cell.bias, cell.bias_n)
    one, state = jnp.array([0.3, -1.0, 2.0]), jnp.array([0.5, -0.4])
    np.testing.assert_allclose(gates(state, one @ gates.of_input + gates.bias), cell(one, state), rtol=1e-5)


def test_laid_together_dialogues_are_heard_as_each_alone(model):
    together = logits(model, TALKS, 3)
    assert together.shape == (5, 5)
    np.testing.assert_allclose(together, logits(model, TALKS, 1), atol=1e-6)


def test_a_rating_is_foretold_from_what_came_before_it(model):
    changed = [talk([2, 3], [4], [6, 6, 6, 6], asked=[1, -1, 2])]
    np.testing.assert_allclose(logits(model, changed, 1), logits(model, TALKS[:1], 1), atol=1e-6)
    changed = [talk([2, 3], [5], [5, 6, 2], asked=[1, -1, 2])]
    assert not np.allclose(logits(model, changed, 1)[1], logits(model, TALKS[:1], 1)[1], atol=1e-4)


def test_every_batch_holds_dialogues_of_every_length():
    talks = [talk([2] * (1 + length), asked=[1]) for length in range(12)]
    drawn = higru._drawn(talks, 3, np.random.default_rng(0))
    assert sorted(drawn) == list(range(12))
    assert (np.sort(drawn.reshape(4, 3), 1) // 4 == [0, 1, 2]).all()


def test_ahead_is_the_difference_of_kappas():
    def lines(predicted):
        return [{"session": i, "true": t, "predicted": p} for i, (t, p) in enumerate(zip([2, 2, 3, 3], predicted))]

    assert ahead(lines([2, 2, 3, 3]), lines([2, 3, 3, 3])).value == pytest.approx(1 - 0.5)


def life(number):
    good = number % 2
    messages = (
        Message(role="user", content="a room", sees={"ratings": [3, 3, 3]}),
        Message(role="assistant", content="it is free" if good else "it is gone"),
        Message(role="user", content="well", sees={"ratings": [4, 4, 4] if good else [2, 2, 2]}),
    )
    return Life(id=str(number), maker=str(number), messages=messages)


@pytest.fixture(scope="module")
def fold():
    return Fold(tuple(life(i) for i in range(50)), np.arange(40), np.arange(40, 50), 0)


def test_the_epoch_is_chosen_on_held_back_dialogues_and_the_bound_on_the_test_fold(fold, monkeypatch):
    """Of three epochs the second is right about what is held back, the third about the test fold."""

    def passes(train, asked, settings, *, ratings, key):
        assert [len(train), *map(len, asked)] == [36, 4, 10]
        right = [np.eye(5)[np.concatenate([talk.asked[talk.asked >= 0] for talk in group])] for group in asked]
        wrong = [np.roll(one, 1, 1) for one in right]
        return iter([(wrong[0], wrong[1]), (right[0], wrong[1]), (wrong[0], right[1])])

    monkeypatch.setattr(higru, "passes", passes)
    answers = HiGRU()(fold, ("satisfaction",))
    assert list(answers["HiGRU"]["satisfaction"]) == [4, 3, 4, 5] * 5
    assert list(answers["HiGRU, best epoch on the test fold"]["satisfaction"]) == [3, 2, 3, 4] * 5


def test_higru_speaks_of_satisfaction_alone(fold):
    with pytest.raises(ValueError, match="foretells satisfaction alone"):
        HiGRU()(fold, ("act",))


@pytest.mark.slow
def test_higru_learns_what_an_answer_means(fold):
    settings = higru.Settings(size=8, passes=8, batch=4, learning_rate=2e-2, dropout=0.1)
    answers = HiGRU(settings)(fold, ("satisfaction",))
    for said in answers.values():
        assert list(said["satisfaction"]) == [3, 2, 3, 4] * 5
