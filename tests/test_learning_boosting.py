"""Boosted trees against a split worked by hand, their own path and a function that no line can follow."""

import numpy as np
import pytest

from inhabit.learning.boosting import Growth, boost


def test_one_stump_is_the_split_worked_by_hand():
    table = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    growth = Growth(rounds=1, depth=1, rate=1.0, shrink=1.0, leaf=1, rows=1.0, columns=1.0, bins=4)
    trees = boost(table, np.array([0.0, 0.0, 0.0, 4.0]), growth)
    np.testing.assert_allclose(trees.path(table)[-1], [0.25, 0.25, 0.25, 2.5])


def test_too_few_rows_for_a_split_leave_the_mean():
    table = np.arange(6.0)[:, None]
    trees = boost(table, np.arange(6.0), Growth(rounds=3, leaf=5, rows=1.0, columns=1.0))
    np.testing.assert_allclose(trees.path(table), 2.5)


def test_trees_follow_what_no_line_can():
    random = np.random.default_rng(0)
    table = random.normal(size=(800, 4))
    target = np.sign(table[:, 0] * table[:, 1]) + 0.3 * random.normal(size=800)
    trees = boost(table[:600], target[:600], Growth(rounds=300, columns=0.8))
    error = ((trees.path(table[600:])[-1] - target[600:]) ** 2).mean()
    assert error < 0.4 * target.var()


def test_every_round_lowers_the_error_on_all_rows_and_seeds_repeat():
    random = np.random.default_rng(1)
    table, target = random.normal(size=(100, 3)), random.normal(size=100)
    growth = Growth(rounds=20, leaf=5, rows=1.0)
    path = boost(table, target, growth, seed=4).path(table)
    assert np.all(np.diff(((path - target) ** 2).mean(1)) <= 1e-12)
    np.testing.assert_array_equal(path, boost(table, target, growth, seed=4).path(table))


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="rows"):
        Growth(rows=0.0)
