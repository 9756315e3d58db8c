"""A recurrence whose gates look only at the present: time costs no matrix product, so a whole life is encoded at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.types import Key


class GatedRecurrence(eqx.Module):
    """`h[t] = (1 - z[t]) * h[t-1] + z[t] * tanh(c[t])`, where gate `z` and candidate `c` are linear in the input.

    Attributes:
        into: From the input to gates, then candidates.

    Source:
        Feng et al., "Were RNNs all we needed?" (arXiv 2410.01201), minGRU; the tanh keeps the state bounded.
    """

    into: eqx.nn.Linear

    def __init__(self, inputs: int, size: int, *, key: Key):
        """Make one that forgets slowly (gates of about 0.12) at first."""
        into = eqx.nn.Linear(inputs, 2 * size, key=key)
        bias = jnp.concatenate([jnp.full(size, -2.0), jnp.zeros(size)])
        self.into = eqx.tree_at(lambda linear: linear.bias, into, bias)

    @property
    def size(self) -> int:
        """Width of the state."""
        return self.into.out_features // 2  # type: ignore[operator]

    def init(self) -> Float[Array, " {self.size}"]:
        """The state before anything was met."""
        return jnp.zeros(self.size)

    def __call__(
        self, state: Float[Array, " {self.size}"], inputs: Float[Array, "time inputs"]
    ) -> tuple[Float[Array, " {self.size}"], Float[Array, "time {self.size}"]]:
        """Live through some steps; give back the last state and that of every step."""
        both = inputs @ self.into.weight.T + self.into.bias  # type: ignore[operator]
        gates, candidates = jax.nn.sigmoid(both[:, : self.size]), jnp.tanh(both[:, self.size :])

        def step(state: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
            gate, candidate = now
            state = state + gate * (candidate - state)
            return state, state

        return jax.lax.scan(step, state, (gates, candidates))
