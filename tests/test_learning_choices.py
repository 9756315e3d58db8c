import dataclasses
import json

import numpy as np
import pytest

from inhabit.cli.main import main
from inhabit.lab.synthetic import MEAN, shift_tables
from inhabit.learning.choices import ChoiceTable, ChoiceTableError, Taste, individuals, mixed, multinomial, nested
from inhabit.learning.choices.draws import halton, sobol
from inhabit.learning.choices.fitting import fit_valuers
from inhabit.learning.choices.individual import predict
from inhabit.learning.choices.kernel import pack, simulated
from inhabit.learning.choices.mixed import begin
from inhabit.learning.choices.mixing import Mixing
from inhabit.learning.choices.valuers import Valuers


@pytest.fixture(scope="module")
def meals():
    tables, truth = shift_tables(people=80, seed=3)
    return tables["choices"], truth


def long(**more):
    columns = {
        "person": ["ann", "ann", "ann", "ann", "bob", "bob"],
        "occasion": [1, 1, 2, 2, 1, 1],
        "alternative": ["x", "y"] * 3,
        "chosen": [1, 0, 0, 1, 1, 0],
        "price": [1.0, 2.0, 2.0, 3.0, 3.0, 1.0],
    }
    return columns | more


def slope(scores, at):
    steps = 1e-2 * np.eye(len(at))
    return np.array([(scores(at + e)[0].sum() - scores(at - e)[0].sum()) / 2e-2 for e in steps])


def test_long_rows_are_packed_by_person():
    table = ChoiceTable.from_long(long(), ["price"])
    assert table.people == ("ann", "bob") and table.person.tolist() == [0, 0, 1]
    assert table.chosen.tolist() == [0, 1, 0]
    assert table.differences()[:, 0, 0].tolist() == [1.0, -1.0, -2.0]
    assert table.last(1).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (long(chosen=[1, 1, 0, 1, 1, 0]), "2 chosen rows"),
        (long(chosen=[0, 0, 0, 1, 1, 0]), "0 chosen rows"),
        (long(price=[1, 1, 2, 2, 3, 3]), "same for all alternatives"),
        (long(price=["a"] * 6), "not of numbers"),
        (long(price=[1, 2, float("nan"), 1, 2, 3]), "row 3"),
        (long(alternative=["x", "x", "x", "y", "x", "y"]), "twice"),
        (long(alternative=["x", "y", "x", "z", "x", "y"]), "lacks alternative"),
        ({"price": [1]}, "no column 'person'"),
    ],
)
def test_a_broken_table_is_refused_in_one_line(columns, said):
    with pytest.raises(ChoiceTableError, match=said) as error:
        ChoiceTable.from_long(columns, ["price"])
    assert "\n" not in str(error.value)


def test_unbalanced_sets_are_read_where_declared():
    table = ChoiceTable.from_long(long(alternative=["x", "y", "x", "z", "x", "y"]), ["price"], unbalanced=True)
    assert table.open.sum(axis=1).tolist() == [2, 2, 2]


def test_perfect_separation_is_refused():
    attributes = np.random.default_rng(0).normal(size=(50, 2, 1))
    table = shift_tables(people=1, seed=0)[0]["choices"]
    sure = dataclasses.replace(
        table,
        attributes=attributes,
        open=np.ones((50, 2), bool),
        chosen=attributes[..., 0].argmax(axis=1),
        person=np.zeros(50, int),
        names=("a",),
    )
    with pytest.raises(ChoiceTableError, match="perfect separation"):
        multinomial(sure)


def test_draws_have_the_moments_of_their_distributions():
    shapes = ("normal", "triangular", "uniform")
    for found in (sobol(40, 512, shapes), halton(40, 512, shapes)):
        assert np.abs(found.mean(axis=(0, 2))).max() < 0.01
        assert found.var(axis=(0, 2)) == pytest.approx([1, 1 / 6, 1 / 3], rel=0.02)


@pytest.mark.parametrize("distribution", ["normal", "lognormal", "triangular", "uniform"])
def test_the_gradient_of_the_simulated_likelihood_is_exact(meals, distribution):
    table, _ = meals
    mixing = Mixing(table.names, (Taste("A", distribution), Taste("price")), True)
    scores = simulated(pack(table), mixing, sobol(80, 32, (distribution, "normal")))
    at = begin(table, mixing)
    assert scores(at)[1].sum(axis=0) == pytest.approx(slope(scores, at), rel=2e-2, abs=0.2)


def test_the_gradient_of_the_nested_likelihood_is_exact():
    rng = np.random.default_rng(1)
    table = ChoiceTable(
        rng.normal(size=(200, 3, 2)),
        np.ones((200, 3), bool),
        rng.integers(0, 3, 200),
        np.arange(200),
        ("a", "b"),
        tuple(map(str, range(200))),
        ("x", "y", "z"),
    )
    found = nested(table, [["x", "y"]])
    at = np.array([0.4, -0.2, -0.5])
    assert found.scores(at)[1].sum(axis=0) == pytest.approx(slope(found.scores, at), rel=1e-3, abs=1e-2)
    level = np.array([0.4, -0.2, 0.0])
    plain = multinomial(table).scores(level[:2])[0]
    assert found.scores(level)[0] == pytest.approx(plain)


def test_a_state_dependent_taste_is_recovered_with_honest_intervals(meals):
    table, truth = meals
    fit = mixed(table, [Taste(name) for name in table.names], draws=128)
    assert fit.optimum.converged and fit.optimum.unidentified == ()
    error = np.sqrt(np.diag(fit.optimum.covariance()))[:3]
    assert (np.abs(fit.mean - MEAN) < 3 * error).all()
    people = individuals(fit, table, draws=256)
    assert 0.8 < ((people.low <= truth) & (truth <= people.high)).mean() < 0.97
    assert np.abs(people.mean - truth).mean() < np.abs(truth - truth.mean(axis=0)).mean()


def test_batches_do_not_change_whom_one_knows(meals):
    table, _ = meals
    fit = mixed(table, [Taste("A")], draws=64)
    held = table.last(2)
    probability = predict(fit, table.subset(~held), table.subset(held), draws=256)
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-4)
    whole, parts = (individuals(fit, table, draws=2048, batch=b) for b in (1000, 30))
    assert np.abs(whole.mean[:, 0] - parts.mean[:, 0]).max() < 0.25


def test_twin_columns_are_reported_as_not_identified(meals):
    table, _ = meals
    doubled = dataclasses.replace(
        table, attributes=table.attributes[..., [0, 1, 2, 2]], names=("A", "A:eaten", "price", "cost")
    )
    assert {"price", "cost"} <= set(multinomial(doubled).unidentified)


def test_valuers_are_saved_edited_and_shown(meals, tmp_path, capsys):
    table, _ = meals
    valuers = fit_valuers(table, draws=64)
    path, other = str(tmp_path / "v.mind"), str(tmp_path / "w.mind")
    valuers.save(path)
    assert Valuers.open(path).of("7") == valuers.of("7")
    words = ["values", path, "--as", "7", "--in", "price", "--set", "A=3", "-o", other, "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["values"]["A"] == {"weight": 3, "deviation": 0, "low": 3, "high": 3}
    assert told["exchange"]["rates"]["A"] == pytest.approx(-3 / told["values"]["price"]["weight"])
    assert list(told["moved"]["A"]) == ["eaten"]
    assert Valuers.open(other).of("7")["A"]["weight"] == 3
    assert main(["values", path, "--as", "nobody"]) == 2


def test_fit_reads_a_choice_table(tmp_path, capsys):
    rng, lines = np.random.default_rng(0), ["id,chid,alt,choice,price"]
    for chid in range(120):
        price = rng.uniform(0, 2, 2)
        pick = (-price + rng.gumbel(size=2)).argmax()
        lines += [f"{chid // 6},{chid},{a},{int(a == pick)},{price[a]:.3f}" for a in range(2)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    words = ["fit", str(path), "--map", "chosen=choice,person=id,occasion=chid,alternative=alt"]
    assert main([*words, "-o", str(tmp_path / "p.mind"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["converged"] is True
    assert main([*words[:3], "chosen=alt", "-o", str(tmp_path / "p.mind")]) == 1
