import numpy as np
import pytest

from inhabit.maths.extrapolation import Reach, held_out, reach
from inhabit.maths.scaling import FORMS, Law, Runs, fit, frontier, resampled


def runs_of(law, *, noise=0.0, seeds=2):
    generator = np.random.default_rng(0)
    rows = [(n, d, s) for s in range(seeds) for n in (1e3, 1e4, 1e5) for d in (1e3, 1e4, 1e5, 1e6)]
    n, d, s = map(np.array, zip(*rows))
    true = np.minimum(law(n, d), 1.0) * np.exp(noise * generator.normal(size=len(n)))
    run = np.unique(np.stack([n, s], axis=1), axis=0, return_inverse=True)[1].ravel()
    return Runs(n, d, 6 * n * d, true, run)


def test_the_parametric_law_is_recovered():
    runs = runs_of(lambda n, d: 0.05 + 5 / n**0.5 + 8 / d**0.4, noise=0.002)
    found = fit("parametric", runs)
    e, _, alpha, _, beta = found.coefficients
    assert np.exp(e) == pytest.approx(0.05, abs=0.01)
    assert alpha == pytest.approx(0.5, abs=0.08)
    assert beta == pytest.approx(0.4, abs=0.05)
    assert found.infidelity(np.log([[1e5, 1e6, 6e11]]))[0] == pytest.approx(
        0.05 + 5 / 1e5**0.5 + 8 / 1e6**0.4, rel=0.05
    )


def test_the_orders_to_ninety_per_cent_are_those_of_the_true_power_law():
    runs = runs_of(lambda n, d: 30 * (6 * n * d) ** -0.2)
    orders = fit("power", runs).orders(6e11)
    assert orders == pytest.approx(np.log10((30 / 0.1) ** 5 / 6e11), abs=0.15)


def test_a_floor_above_the_target_is_unreachable():
    runs = runs_of(lambda n, d: 0.3 + 20 * (6 * n * d) ** -0.25, noise=0.01, seeds=3)
    far = reach(resampled("power", runs, resamples=8), 6e11)
    assert far.unreachable == 1.0
    assert np.isinf(far.quantile(0.5))


def test_a_break_is_seen():
    def law(n, d):
        c = 6 * n * d
        return 0.9 * (1 + c / 1e9) ** -0.3

    broken = fit("broken power", runs_of(law))
    compute = np.array([6e12, 6e13])
    assert broken.best(compute) == pytest.approx(0.9 * (1 + compute / 1e9) ** -0.3, rel=0.15)


def test_the_largest_run_of_a_lawful_world_is_foretold():
    runs = runs_of(lambda n, d: 0.02 + 5 / n**0.5 + 8 / d**0.4, noise=0.03, seeds=3)
    held = held_out("parametric", runs, resamples=20)
    assert held.inside
    low, high = held.interval()
    assert 0 < low < high < 0.4


def test_the_frontier_holds_only_what_nothing_cheaper_beats():
    runs = Runs(
        np.array([1.0, 2, 3, 1]), np.ones(4), np.array([1.0, 2, 3, 4]), np.array([0.9, 0.95, 0.5, 0.5]), np.arange(4)
    )
    logs, target, weight = frontier(runs, np.ones(4))
    kept = logs[weight > 0, 2]
    assert sorted(np.exp(kept).round(6).tolist()) == [1.0, 3.0]


def test_a_parametric_law_spends_compute_as_well_as_any_choice():
    law = Law("parametric", np.array([-5.0, 0.0, 0.5, 0.0, 0.3]), np.array([8.0, 10.0, 20.0]), np.log(6.0), 0.0)
    compute = 1e10
    grid = np.exp(np.linspace(1, 20, 400))
    logs = np.log(np.stack([grid, compute / 6 / grid, np.full(400, compute)], axis=1))
    assert law.best(np.array([compute]))[0] == pytest.approx(law.infidelity(logs).min(), rel=0.01)


def test_quantiles_count_the_unreachable_as_farthest():
    far = Reach(np.array([1.0, np.inf, 2.0, 3.0]))
    assert (far.quantile(0.5), far.unreachable) == (3.0, 0.25)
    assert np.isinf(far.quantile(0.9))


def test_every_form_names_bounds_for_each_coefficient():
    for form in FORMS.values():
        assert len(form.low) == len(form.high)
