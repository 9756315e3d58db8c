import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.values import Mood, ValueStore

STORE = ValueStore.of({"bread": 2.0, "honey": 1.0}, set_point=[2.0, 1.0], curvature=[1.0, 2.0], stress=[0.0, 1.0])
REST = Mood.of()


def test_utility_by_hand():
    levels = jnp.array([1.0, 1.0])
    bread = 2 * 2 * (1 - np.exp(-0.5))
    honey = 0.5 * (1 - np.exp(-2))
    assert STORE.utility(levels, REST) == pytest.approx(bread + honey, rel=1e-5)


def test_marginal_is_the_gradient_of_utility():
    levels, mood = jnp.array([0.7, 0.0]), Mood.of(stress=0.4, valence=-0.3)
    np.testing.assert_allclose(
        STORE.marginal(levels, mood), jax.grad(lambda x: STORE.utility(x, mood))(levels), rtol=1e-3
    )


def test_a_whole_unit_more_or_less_changes_utility_by_what_is_said_of_it():
    levels, mood, one = jnp.array([1.3, 1.0]), Mood.of(stress=0.4), jnp.ones(2)
    here = STORE.parts(levels, mood)
    np.testing.assert_allclose(STORE.one_more(levels, mood), STORE.parts(levels + one, mood) - here, rtol=1e-4)
    np.testing.assert_allclose(STORE.one_less(levels, mood), here - STORE.parts(levels - one, mood), rtol=1e-4)


def test_stress_shifts_weight_towards_the_comforting_good_at_the_same_scale():
    calm, tense = STORE.worth(REST), STORE.worth(Mood.of(stress=1.0))
    assert tense[1] > calm[1] and tense.sum() == pytest.approx(3.0, rel=1e-5)
    assert tense[1] == pytest.approx(3 * np.e / (2 + np.e), rel=1e-5)


def test_eating_towards_the_set_point_rewards_and_beyond_it_punishes():
    assert STORE.reward(jnp.array([0.0, 1.0]), jnp.array([2.0, 1.0]), REST) == pytest.approx(np.sqrt(8), abs=3e-3)
    assert STORE.reward(jnp.array([2.0, 1.0]), jnp.array([4.0, 1.0]), REST) < 0
    assert STORE.drive(STORE.set_point) == pytest.approx(0, abs=1e-6)


def test_choices_follow_the_logit_and_a_full_stomach_changes_them():
    options = jnp.eye(2)
    hungry = jnp.exp(STORE.log_probabilities(options, jnp.zeros(2), REST))
    full = jnp.exp(STORE.log_probabilities(options, jnp.array([10.0, 0.0]), REST))
    gains = STORE.gains(options, jnp.zeros(2), REST)
    assert hungry[0] == pytest.approx(1 / (1 + np.exp(gains[1] - gains[0])), rel=1e-5)
    assert full[0] < hungry[0]
    drawn = [STORE.choose(options, jnp.zeros(2), REST, 0.01, key=key) for key in jax.random.split(jax.random.key(0), 9)]
    assert set(map(int, drawn)) == {0}


def test_an_edit_changes_one_value_and_leaves_the_others():
    edited = STORE.with_value("honey", 5.0)
    np.testing.assert_allclose(edited.value, [2.0, 5.0], rtol=1e-6)
    np.testing.assert_allclose(STORE.swapped("bread", "honey").value, [1.0, 2.0], rtol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-3, 3, width=32, allow_subnormal=False), min_size=12, max_size=12))
def test_every_vector_is_a_store_and_comes_back(numbers):
    vector = jnp.array(numbers)
    store = ValueStore.from_unconstrained(vector, ("bread", "honey"))
    assert store.weight.sum() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(store.to_unconstrained(), vector, atol=2e-5)


@pytest.mark.parametrize(
    "values, more, said",
    [
        ({}, {}, "at least one good"),
        ({"bread": -1.0}, {}, "value of 'bread' is -1"),
        ({"bread": float("nan")}, {}, "must be finite"),
        ({"bread": 1.0}, {"decay": 1.0}, "decay of 'bread' is 1"),
        ({"bread": 1.0}, {"set_point": [1.0, 2.0]}, "got 2 numbers for 1 goods"),
    ],
)
def test_bad_numbers_are_refused(values, more, said):
    with pytest.raises(ValueError, match=said):
        ValueStore.of(values, **more)


def test_an_unknown_good_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="bread, honey"):
        STORE.with_value("tea", 1.0)
    with pytest.raises(ValueError, match="12 are needed"):
        ValueStore.from_unconstrained(jnp.zeros(3), ("bread", "honey"))


def test_many_stores_at_once():
    vectors = jnp.stack([STORE.to_unconstrained(), STORE.with_value("bread", 0.5).to_unconstrained()])
    stores = jax.vmap(lambda v: ValueStore.from_unconstrained(v, STORE.names))(vectors)
    got = jax.vmap(lambda s: s.utility(jnp.ones(2), REST))(stores)
    assert got[0] == pytest.approx(float(STORE.utility(jnp.ones(2), REST)), rel=1e-5) and got[1] < got[0]
