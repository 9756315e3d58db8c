import numpy as np
import pytest
from scipy import stats

from inhabit.maths import scores
from inhabit.maths.intervals import bootstrap_mean


def test_unweighted_recall_counts_an_absent_class_as_nothing():
    assert scores.unweighted_recall([1, 1, 2], [1, 2, 2], classes=[1, 2, 3, 4]) == pytest.approx((0.5 + 1) / 4)


def test_kappa_by_hand():
    # agreement .7, chance .5 * .6 + .5 * .4 = .5
    true = [0] * 5 + [1] * 5
    predicted = [0, 0, 0, 0, 1, 0, 0, 1, 1, 1]
    assert scores.kappa(true, predicted) == pytest.approx((0.7 - 0.5) / 0.5)


def test_rank_correlation_agrees_with_scipy_under_ties():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    assert scores.rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)


def test_macro_f1_by_hand():
    assert scores.macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_ndcg_is_one_for_the_true_order_and_by_hand_for_another():
    gains = {"food": 24.0, "water": 15.0, "wood": 8.0}
    assert scores.ndcg(["food", "water", "wood"], gains, top=3) == pytest.approx(1)
    d = [1, 1 / np.log2(3), 0.5]
    assert scores.ndcg(["wood", "water", "food"], gains, top=3) == pytest.approx(
        (8 * d[0] + 15 * d[1] + 24 * d[2]) / (24 * d[0] + 15 * d[1] + 8 * d[2])
    )


def test_area_under_curve_counts_pairs():
    true, score = [1, 1, 0, 0, 0], [3.0, 1.0, 1.0, 0.0, 2.0]
    pairs = [(p > n) + 0.5 * (p == n) for p in (3.0, 1.0) for n in (1.0, 0.0, 2.0)]
    assert scores.area_under_curve(true, score) == pytest.approx(np.mean(pairs))


def test_r_squared_of_the_mean_is_zero():
    assert scores.r_squared([1.0, 2.0, 6.0], [3.0, 3.0, 3.0]) == 0


def test_bootstrap_of_one_group_has_no_width():
    estimate = bootstrap_mean([1.0, 2.0, 3.0], ["ann"] * 3, resamples=20)
    assert (estimate.low, estimate.value, estimate.high) == (2.0, 2.0, 2.0)
