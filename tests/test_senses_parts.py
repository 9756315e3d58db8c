import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.senses.body import BodySense, felt
from inhabit.senses.fusion import Fusion
from inhabit.senses.symbols import SymbolSense

KEY = jax.random.key(0)


def test_nothing_and_the_unknown_are_the_zero_vector_and_symbols_are_their_rows():
    sense = SymbolSense(4, 6, key=KEY)
    for symbol in (0, -1, 4, 99):
        assert not np.any(sense(jnp.array(symbol)))
    np.testing.assert_array_equal(sense(jnp.array(3)), sense.table[3])


def test_no_gradient_reaches_the_row_of_nothing():
    gradient = jax.grad(lambda s: s(jnp.array(0)).sum() + s(jnp.array(2)).sum())(SymbolSense(4, 6, key=KEY))
    np.testing.assert_array_equal(gradient.table.sum(axis=1), [0, 0, 6, 0])


def test_a_vocabulary_has_a_symbol():
    with pytest.raises(ValueError, match="at least one"):
        SymbolSense(1, 4, key=KEY)


def test_not_felt_is_not_the_same_as_none():
    np.testing.assert_array_equal(felt(jnp.array([2.0, jnp.nan, 0.0])), [2, 0, 0, 1, 0, 1])


def test_linear_body_sense_by_hand():
    sense = BodySense(2, 3, depth=0, key=KEY)
    layer = sense.network.layers[0]
    by_hand = np.asarray(layer.weight) @ [0.5, 0, 1, 0] + np.asarray(layer.bias)
    np.testing.assert_allclose(sense(jnp.array([0.5, jnp.nan])), by_hand, rtol=1e-5)


def test_a_body_not_felt_has_a_finite_gradient():
    gradient = jax.grad(lambda body: BodySense(2, 3, key=KEY)(body).sum())(jnp.array([jnp.nan, 1.0]))
    assert np.isfinite(gradient).all() and gradient[0] == 0


def test_a_silent_sense_changes_nothing():
    both = Fusion((4, 3), 5, key=KEY)
    alone = eqx.tree_at(
        lambda f: (f.means, f.precisions), Fusion((4,), 5, key=KEY), (both.means[:1], both.precisions[:1])
    )
    x = jnp.arange(4.0)
    np.testing.assert_allclose(both(x, jnp.zeros(3)), alone(x), rtol=1e-6)


def test_fusion_is_the_precision_weighted_mean():
    fusion = Fusion((2, 3), 4, key=KEY)
    x = [np.array([1.0, -2.0]), np.array([0.5, 0.0, 3.0])]
    precision = [(np.asarray(b) @ e) ** 2 for b, e in zip(fusion.precisions, x)]
    mean = sum(p * (np.asarray(a) @ e) for a, p, e in zip(fusion.means, precision, x)) / (1 + sum(precision))
    by_hand = (mean - mean.mean()) / np.sqrt(mean.var() + 1e-5)
    np.testing.assert_allclose(fusion(*map(jnp.asarray, x)), by_hand, rtol=1e-4, atol=1e-5)


def test_nothing_perceived_is_finite_and_so_is_its_gradient():
    fusion = Fusion((2,), 4, key=KEY)
    value, gradient = jax.value_and_grad(lambda x: fusion(x).sum())(jnp.zeros(2))
    assert value == 0 and np.isfinite(gradient).all()


def test_fusion_refuses_another_number_of_senses():
    with pytest.raises(ValueError, match="for 1 senses"):
        Fusion((2,), 4, key=KEY)(jnp.zeros(2), jnp.zeros(2))
