import numpy as np
import pytest

from inhabit.learning.stacking import Pool, fit_pool


def test_a_pool_by_hand():
    one, other = np.log(np.array([[0.8, 0.2]])), np.log(np.array([[0.4, 0.6]]))
    belief = Pool({"one": 1.0, "other": 0.5}, np.log(np.array([1.0, 2.0])))({"one": one, "other": other})
    odds = 0.8 / 0.2 * (0.4 / 0.6) ** 0.5 / 2
    assert belief == pytest.approx(np.log(np.array([[odds, 1.0]]) / (1 + odds)))


def test_the_pool_trusts_who_knows_and_tempers_who_is_too_sure():
    rng = np.random.default_rng(0)
    score = rng.normal(size=4000)
    target = (rng.random(4000) < 1 / (1 + np.exp(-score))).astype(int)
    sure = _beliefs(3 * score)  # the truth, thrice as sure as it may be
    pool = fit_pool({"sure": sure, "noise": _beliefs(rng.normal(size=4000))}, target)
    assert pool.weights["sure"] == pytest.approx(1 / 3, abs=0.04)
    assert pool.weights["noise"] < 0.05 and np.abs(pool.bias).max() < 0.1


def test_answers_never_seen_teach_nothing():
    rng = np.random.default_rng(1)
    score, target = rng.normal(size=200), rng.integers(0, 2, 200)
    belief = {"one": _beliefs(score)}
    whole = fit_pool(belief, np.where(np.arange(200) < 100, target, -1))
    half = fit_pool({"one": belief["one"][:100]}, target[:100])
    assert whole.weights == pytest.approx(half.weights, abs=1e-5)


def _beliefs(score):
    logits = np.stack([np.zeros_like(score), score], 1)
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
