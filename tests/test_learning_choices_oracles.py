"""Mixed logit held to slow plain loops, to integrals and to formulas of its own."""

import dataclasses

import numpy as np
import pytest
from scipy import integrate, stats

from inhabit.lab.synthetic import crowd_table, shift_tables
from inhabit.learning.choices import ChoiceTable, Taste, individuals, mixed, multinomial
from inhabit.learning.choices.draws import SEQUENCES, standard_of
from inhabit.learning.choices.kernel import pack, simulated
from inhabit.learning.choices.mixing import Mixing
from inhabit.learning.choices.proposal import propose
from inhabit.learning.choices.updating import chose, rewarded


def small(people=7, occasions=3, attributes=2, seed=0, closed=True):
    rng = np.random.default_rng(seed)
    size = people * occasions
    is_open = np.ones((size, 3), bool)
    if closed:
        is_open[::4, 2] = False
    return ChoiceTable(
        rng.normal(size=(size, 3, attributes)) * is_open[..., None],
        is_open,
        rng.integers(0, 2, size),
        np.repeat(np.arange(people), occasions),
        tuple("ab"[:attributes]),
        tuple(map(str, range(people))),
        ("x", "y", "z"),
    )


def plainly(table, mixing, parameters, standard):
    """Each person's simulated likelihood by loops over people, draws and occasions."""
    factor, told = mixing.factor(parameters), []
    for person in range(len(table.people)):
        chances = []
        for draw in standard[person].T:
            weight = parameters[: len(table.names)].copy()
            weight[mixing.varying] += factor @ draw
            for k in mixing.lognormal:
                weight[k] = np.exp(weight[k])
            chance = 1.0
            for o in np.flatnonzero(table.person == person):
                odds = np.exp(table.attributes[o] @ weight) * table.open[o]
                chance *= odds[table.chosen[o]] / odds.sum()
            chances.append(chance)
        told.append(np.mean(chances))
    return np.array(told)


@pytest.mark.parametrize("shapes", [("normal", "lognormal"), ("triangular", "uniform")])
def test_the_panel_likelihood_of_correlated_tastes_is_that_of_plain_loops(shapes):
    table = small()
    mixing = Mixing(table.names, (Taste("a", shapes[0]), Taste("b", shapes[1])), True)
    standard = SEQUENCES["sobol"](7, 16, shapes)
    parameters = np.array([0.3, -0.4, 0.8, -0.5, 0.6])
    found = simulated(pack(table), mixing, standard)(parameters)[0]
    assert found == pytest.approx(np.log(plainly(table, mixing, parameters, standard)), abs=1e-4)


@pytest.mark.parametrize("shape", ["normal", "lognormal", "triangular", "uniform"])
def test_adaptive_draws_give_the_integral(shape):
    # One taste, twelve choices each: quadrature over its distribution is the truth.
    table = small(people=4, occasions=12, attributes=1)
    mixing, parameters = Mixing(table.names, (Taste("a", shape),), False), np.array([0.4, 1.3])
    proposal = propose(mixing, parameters, pack(table, rows=40_000), 4)
    tastes, lean = proposal.draw(np.arange(4), 512, seed=0)
    found = simulated(pack(table), mixing, standard_of(tastes, (shape,))[0], lean)(parameters)[0]
    density = {
        "triangular": stats.triang(0.5, -1, 2).pdf,
        "uniform": stats.uniform(-1, 2).pdf,
    }.get(shape, stats.norm.pdf)
    ends = (-1, 1) if shape in ("triangular", "uniform") else (-6, 4)

    def chance(standard, person):
        return plainly(table, mixing, parameters, np.full((4, 1, 1), standard))[person] * density(standard)

    for person in range(2):
        true = integrate.quad(chance, *ends, args=(person,), points=[0.0], epsabs=1e-12, limit=60)[0]
        assert found[person] == pytest.approx(np.log(true), abs=0.02)


def test_draws_shaped_from_normals_have_the_distribution_they_are_named_for():
    normal = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)[None, None]
    for shape, law in (("triangular", stats.triang(0.5, -1, 2)), ("uniform", stats.uniform(-1, 2))):
        drawn, slope = standard_of(normal, (shape,))
        assert stats.kstest(drawn.ravel(), law.cdf).statistic < 0.002
        middle = slice(200, -200)
        steps = (np.gradient(drawn.ravel(), normal.ravel()) - slope.ravel())[middle]
        assert np.abs(steps).max() < 0.01


def test_robust_errors_are_the_sandwich_of_the_exact_hessian():
    table = shift_tables(people=120, seed=0)[0]["choices"]
    fit = multinomial(table)
    utility = table.attributes @ fit.parameters
    share = np.exp(utility) / np.exp(utility).sum(axis=1, keepdims=True)
    middle = np.einsum("oa,oak->ok", share, table.attributes)
    hessian = np.einsum("oa,oak,oal->kl", share, table.attributes, table.attributes) - middle.T @ middle
    scores = table.attributes[np.arange(len(table)), table.chosen] - middle
    each = np.add.reduceat(scores, table.starts[:-1])
    inverse = np.linalg.inv(hessian)
    sandwich = inverse @ each.T @ each @ inverse
    assert fit.covariance() == pytest.approx(sandwich, rel=2e-2, abs=1e-6)
    # People who choose alike again and again tell less than as many strangers: the robust errors know it.
    assert (np.diag(sandwich) > np.diag(inverse)).any()


@pytest.mark.parametrize("shape", ["lognormal", "triangular"])
def test_tastes_of_other_shapes_are_recovered(shape):
    rng = np.random.default_rng(0)
    table = dataclasses.replace(small(people=500, occasions=10, seed=1, closed=False))
    true = np.array([0.2, -0.5, 0.6 if shape == "lognormal" else 2.0])
    mixing = Mixing(table.names, (Taste("a", shape),), False)
    standard, _ = standard_of(rng.standard_normal((500, 1, 1)), (shape,))
    weight = mixing.weights(true, standard)[..., 0]
    utility = np.einsum("oak,ok->oa", table.attributes, weight[table.person]) + rng.gumbel(size=(5000, 3))
    fit = mixed(dataclasses.replace(table, chosen=utility.argmax(axis=1)), mixing.tastes, draws=64)
    estimate = fit.optimum.parameters * np.array([1, 1, np.sign(fit.optimum.parameters[2])])
    assert np.abs(estimate - true).max() < 4 * np.sqrt(np.diag(fit.optimum.covariance())).max()
    assert fit.moments[0][0] == pytest.approx(weight[:, 0].mean(), abs=0.15)
    assert fit.moments[1][0] == pytest.approx(weight[:, 0].std(), rel=0.25)


def test_correlated_tastes_come_back_with_their_correlation():
    rng = np.random.default_rng(2)
    table, root = small(people=600, occasions=10, seed=2, closed=False), np.array([[1.0, 0.0], [0.8, 0.6]])
    weight = np.array([0.5, -0.5]) + rng.standard_normal((600, 2)) @ root.T
    utility = np.einsum("oak,ok->oa", table.attributes, weight[table.person]) + rng.gumbel(size=(6000, 3))
    made = dataclasses.replace(table, chosen=utility.argmax(axis=1))
    fit = mixed(made, [Taste("a"), Taste("b")], draws=64, correlated=True)
    assert fit.covariance == pytest.approx(root @ root.T, abs=0.25)


def test_many_draws_of_a_small_state_dependence_are_not_needed_to_find_it():
    # With 128 draws from the population the spread of the last taste came out at .21 of .40, and intervals too short.
    table, truth = crowd_table(1200, 20, seed=0)
    fit = mixed(table, [Taste(name) for name in table.names], draws=64)
    assert abs(fit.optimum.parameters[7]) > 0.25
    people = individuals(fit, table)
    assert np.median(people.effective) > 150
    inside = ((people.low <= truth) & (truth <= people.high)).mean(axis=0)
    assert 0.85 < inside.mean() < 0.95 and inside.min() > 0.7


def test_more_choices_bring_a_person_up_to_date_as_exact_bayes_does():
    # Oracle: the posterior on a grid.
    rng = np.random.default_rng(0)
    attributes, is_open = rng.normal(size=(30, 3, 1)), np.ones((30, 3), bool)
    chosen = (attributes[..., 0] * 1.2 + rng.gumbel(size=(30, 3))).argmax(axis=1)
    mean, covariance = chose(np.array([0.5]), np.array([[0.8]]), attributes, is_open, chosen)
    grid = np.linspace(-3, 5, 4001)
    odds = np.exp(attributes * grid)
    log_p = np.log(odds[np.arange(30), chosen] / odds.sum(axis=1)).sum(axis=0) - (grid - 0.5) ** 2 / 1.6
    share = np.exp(log_p - log_p.max())
    share /= share.sum()
    assert mean[0] == pytest.approx(grid[log_p.argmax()], abs=2e-3)
    assert covariance[0, 0] == pytest.approx(share @ (grid - share @ grid) ** 2, rel=0.05)


def test_what_is_certain_stays_and_a_reward_moves_the_rest_by_kalmans_gain():
    mean, covariance = np.array([1.0, 2.0]), np.diag([0.5, 0.0])
    after, less = rewarded(mean, covariance, np.array([1.0, 1.0]), 4.0)
    assert after == pytest.approx([1 + 0.5 / 1.5 * 1.0, 2.0]) and less[0, 0] == pytest.approx(0.5 - 0.25 / 1.5)
    moved, _ = chose(mean, covariance, np.eye(2)[None], np.ones((1, 2), bool), np.array([1]))
    assert moved[1] == pytest.approx(2.0) and moved[0] < 1.0
