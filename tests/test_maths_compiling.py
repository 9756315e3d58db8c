"""What every figure rests on: that the compiler adds up."""

import jax
import jax.numpy as jnp
import numpy as np


def test_a_large_batch_sums_as_numpy_does():
    """jaxlib 0.10.2 offloads such sums and loses all past 2 ** 17 numbers (its issue 39103)."""
    weights = np.arange(136, dtype=np.float32).reshape(34, 4)
    batch = np.random.default_rng(0).random((1024, 4), np.float32)

    found = jax.jit(jax.vmap(lambda row: 1 + jnp.sum(weights * row, axis=1)))(batch)

    np.testing.assert_allclose(found, 1 + batch @ weights.T, rtol=1e-5)
