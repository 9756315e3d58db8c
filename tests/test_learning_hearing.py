import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse

from inhabit.learning import hearing as module
from inhabit.learning.batches import draw
from inhabit.learning.deciding import (
    best_lifts,
    decide,
    decide_for_kappa,
    furthest_strength,
    lifted,
    reachable_kappa,
)
from inhabit.learning.hearing import Settings, believe, created, fit
from inhabit.learning.regression import balanced, features, regress
from inhabit.learning.turns import rows, told, turns, with_partner_acts
from inhabit.maths.scores import kappa
from inhabit.mind.hearing import Said
from inhabit.types import Life, Message

SMALL = Settings(dims=6, size=8, passes=80, batch=10, learning_rate=2e-2, dropout=0.0)


def life(number, secret):
    """A talk whose second act depends on a word said before the first, and on nothing later."""
    words = "red" if secret else "blue"
    return Life(
        id=str(number),
        maker=str(number),
        messages=(
            Message(role="assistant", content=f"the {words} door ?", act="tell"),
            Message(role="user", content="wait", act="wait", sees={"ratings": [3, 3, 4]}),
            Message(role="assistant", content="and now ?", act="ask"),
            Message(role="user", content="go", act="left" if secret else "right", rating=2.0 + 3 * secret),
        ),
    )


LIVES = [life(i, i % 2) for i in range(40)]
TRAIN, TEST = np.arange(30), np.arange(30, 40)


@pytest.fixture(scope="module")
def log():
    return rows(LIVES, TRAIN, buckets=64, length=8)


@pytest.fixture(scope="module")
def fitted(log):
    return fit(log, TRAIN, SMALL, key=jax.random.key(0))


def test_turns_gather_what_was_heard_since_the_maker_spoke():
    messages = (
        Message(role="assistant", content="a", act="x"),
        Message(role="assistant", content="b", act="y"),
        Message(role="user", content="c"),
        Message(role="user", content="d", act="z", rating=4.0),
    )
    first, second = map(told, turns(Life(id="1", maker="1", messages=messages)))
    assert (first.heard, first.partner, first.act, first.ratings) == ("a b", "y", "", ())
    assert (second.heard, second.partner, second.act, second.ratings) == ("", "", "z", (4.0,))


def test_rows_learn_nothing_from_held_out_lives():
    strange = Life(id="s", maker="s", messages=(Message(role="user", content="zebra", act="zoo"),))
    log = rows([*LIVES, strange], TRAIN, buckets=64, length=8)
    row = log.of(np.array([40]))
    assert log.acts == ("left", "right", "wait")
    assert log.act[row].tolist() == [-1] and not log.own[row].any()


def test_rows_keep_the_spread_of_annotators(log):
    assert log.ratings[log.of(np.array([1]))] == pytest.approx(np.array([[0, 0, 2 / 3, 1 / 3, 0], [0, 0, 0, 0, 1]]))


def test_hearing_remembers_over_turns(log, fitted):
    acts, ratings = believe(fitted, log, TEST)
    truth = log.act[log.of(TEST)]
    assert (acts.argmax(1) == truth).all()
    assert np.allclose(np.logaddexp.reduce(acts, axis=1), 0, atol=1e-5)
    assert (ratings[1::2].argmax(1) == np.where(TEST % 2, 4, 1)).all()


def test_batches_of_training_are_the_same_hearing_as_living_turn_by_turn(log):
    hearing = created(log, Settings(dims=4, size=8), key=jax.random.key(1))
    lives = np.arange(3)
    inputs, random = hearing.context.perceive.in_features, np.random.default_rng(0)
    drawn = draw(log, lives, batch=3, inputs=inputs, size=8, dropout=0.0, random=random)
    batch = jax.tree.map(lambda x: x[0], drawn)
    act, rating, *_ = eqx.filter_jit(module._unroll)(hearing, module._Arrays.of(log), batch, 0.0)
    found = batch.rows[batch.places]
    for life_places, acts, ratings in zip(found, act, rating):
        state, before, step = hearing.init(), 0, eqx.filter_jit(hearing.step)
        for place, act_logits, rating_logits in zip(life_places, acts, ratings):
            said = Said(jnp.asarray(log.heard[place]), jnp.asarray(log.own[before]), jnp.asarray(log.cues[place]))
            state, (act_alone, rating_alone) = step(state, said)
            assert np.allclose(act_alone, act_logits, atol=1e-5)
            assert np.allclose(rating_alone, rating_logits, atol=1e-5)
            before = place


def test_what_the_maker_says_now_is_not_heard_before_it_says_it(log, fitted):
    deaf = log.own.copy()
    last = log.places[TEST, 1]
    deaf[last] = 0
    changed, _ = believe(fitted, type(log)(**{**vars(log), "own": deaf}), TEST)
    assert np.allclose(changed, believe(fitted, log, TEST)[0], atol=1e-6)


def test_same_key_same_hearing(log, fitted):
    again = fit(log, TRAIN, SMALL, key=jax.random.key(0))
    assert (np.asarray(again.heard.embedding) == np.asarray(fitted.heard.embedding)).all()


def test_partner_acts_are_told_in_the_cues(log):
    told = with_partner_acts(log)
    extra = told.cues[log.of(np.array([0])), log.cues.shape[1] :]
    assert [log.partners[i] for i in extra.argmax(1)] == ["tell", "ask"]
    assert not told.cues[0].any()


def test_decisions_lean_against_what_is_common():
    belief = np.log(np.array([[0.7, 0.3], [0.9, 0.1]]))
    prior = np.array([0.8, 0.2])
    assert decide(belief, prior, 0.0).tolist() == [0, 0]
    assert decide(belief, prior, 1.0).tolist() == [1, 0]


def test_leaning_goes_as_far_as_it_costs_no_accuracy():
    belief, prior = np.log(np.array([[0.7, 0.3], [0.6, 0.4]] * 10)), np.array([0.8, 0.2])
    # log 4 of lift turns .6/.4 from strength .29 on and .7/.3 from .61 on; in truth only the second is the rare one
    target = np.array([0, 1] * 10)
    assert furthest_strength(belief, prior, target, strengths=(0.0, 0.1, 0.4, 0.45, 0.5, 0.9, 1.0)) == 0.45


def test_lifts_that_score_best_are_found_on_their_plateau():
    belief = np.log(np.array([[0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.1, 0.7, 0.2]]))
    target = np.array([0, 1, 2])
    lifts = best_lifts(belief, 1, lambda guess: float(np.mean(guess == target)), (0.0, 1.3, 1.6, 1.9, 3.0))
    assert lifts == (1.6, 1.6)
    assert lifted(belief, 1, *lifts).tolist() == [0, 1, 2]


def test_regression_is_at_a_stationary_point():
    rng = np.random.default_rng(0)
    table, target = sparse.csr_matrix(rng.normal(size=(50, 3)).astype(np.float32)), rng.integers(0, 3, 50)
    weight = balanced(target, 3)
    coefficients, intercepts = regress(table, target, 3, weight, penalty=0.7, steps=500)
    logits = table @ coefficients + intercepts
    slope = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - np.eye(3)[target]) * weight[:, None]
    assert np.abs(table.T @ slope + 0.7 * coefficients).max() < 2e-3
    assert np.abs(slope.sum(0)).max() < 2e-3


def test_features_are_unit_bags_of_the_last_two_turns(log):
    table = features(log)
    first, second = log.of(np.array([0]))
    heard, own = len(log.heard_weight), len(log.own_weight)
    assert (table[second, :heard].toarray() ** 2).sum() == pytest.approx(1, abs=1e-5)
    assert table[first, heard : heard + own].nnz == 0
    assert set(table[second, heard : heard + own].indices) == set(log.own[first][log.own[first] > 0].tolist())


def test_decided_for_kappa_no_other_answers_reach_more():
    """Five kinds of turns, ten of each, that turn out exactly as believed; all 3^5 ways to answer are tried."""
    tenths = np.array([[1, 8, 1], [3, 6, 1], [2, 5, 3], [0, 9, 1], [1, 6, 3]])
    target = np.concatenate([np.repeat(np.arange(3), counts) for counts in tenths])
    belief = np.repeat(np.log(np.maximum(tenths, 1e-9) / 10), 10, axis=0)
    best = max(kappa(target, np.repeat(answers, 10)) for answers in itertools.product(range(3), repeat=5))
    prior = np.bincount(target) / len(target)
    reached = reachable_kappa(belief, target)
    assert reached == pytest.approx(best)
    assert kappa(target, decide_for_kappa(belief, prior, reached)) == pytest.approx(best)
