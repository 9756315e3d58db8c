import jax
import jax.numpy as jnp
import pytest

from inhabit.maths import flops


def shape(*sizes):
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


def test_matrix_product_and_elementwise_by_hand():
    work = flops.count(lambda a, b: jnp.exp(a @ b) + 1.0, shape(3, 5), shape(5, 7))
    assert work.flops == 2 * 3 * 5 * 7 + 21 + 21
    assert work.parts["dot_general"] == 210


def test_batched_product_by_hand():
    assert flops.count(lambda a, b: jnp.einsum("bij,bjk->bik", a, b), shape(4, 2, 3), shape(4, 3, 5)).flops == 240


def test_reduction_counts_its_inputs_and_moving_data_is_free():
    assert flops.count(lambda a: jnp.sum(a.T.reshape(12)), shape(3, 4)).flops == 12


def test_convolution_by_hand():
    # two input channels, five outputs, kernel of three, nine places: 2 * 9 * 5 * (3 * 2)
    convolve = lambda x, k: jax.lax.conv_general_dilated(x, k, (1,), "SAME")
    assert flops.count(convolve, shape(1, 2, 9), shape(5, 2, 3)).flops == 2 * 9 * 5 * 6


def test_scan_is_its_body_times_its_length():
    def run(w, x):
        return jax.lax.scan(lambda h, _: (w @ h, None), x, None, length=11)[0]

    assert flops.count(run, shape(4, 4), shape(4)).flops == 11 * 2 * 16


def test_gradient_of_a_matrix_product_costs_two_more():
    def loss(w, x):
        return jnp.sum(x @ w)

    forward = flops.count(loss, shape(8, 8), shape(16, 8)).parts["dot_general"]
    both = flops.count(jax.value_and_grad(lambda w, x: loss(w @ w, x), argnums=(0, 1)), shape(8, 8), shape(16, 8))
    square = 2 * 8**3
    assert forward == 2 * 16 * 8 * 8
    assert both.parts["dot_general"] == pytest.approx(3 * (forward + square))


def test_recursion_through_jit_remat_and_custom_derivatives():
    @jax.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (x * x, x), lambda x, g: (2.0 * x * g,))
    assert flops.count(jax.jit(jax.checkpoint(lambda x: f(x) + jax.jit(jnp.sin)(x))), shape(10)).flops == 30


def test_cond_counts_its_dearest_branch():
    def either(x):
        return jax.lax.cond(x[0] > 0, lambda y: y, lambda y: jnp.exp(y) * 2.0, x)

    assert flops.count(either, shape(10)).flops == pytest.approx(20, abs=2)


def test_while_needs_its_trips():
    def run(x):
        return jax.lax.while_loop(lambda y: y[0] < 3.0, lambda y: y + 1.0, x)

    with pytest.raises(ValueError, match="trips="):
        flops.count(run, shape(10))
    assert flops.count(run, shape(10), trips=5).flops == 5 * 11


def test_close_to_what_the_compiler_counts():
    def network(w, x):
        return jnp.sum(jax.nn.relu(x @ w) @ w.T)

    arrays = jnp.ones((64, 96)), jnp.ones((128, 64))
    compiled = jax.jit(jax.value_and_grad(network)).lower(*arrays).compile().cost_analysis()["flops"]
    assert flops.count(jax.value_and_grad(network), *arrays).flops == pytest.approx(compiled, rel=0.05)


def test_work_adds_and_multiplies():
    work = flops.Work(2.0, {"add": 2.0})
    assert (work + work * 3).flops == 8 and (work + work * 3).parts == {"add": 8.0}
