"""Two-layer memory: a small network that takes one step of gradient descent at every event.

Source:
    Sun et al., learning to learn at test time (arXiv 2407.04620); Titans (arXiv 2501.00663).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory, MemoryInfo, judged
from inhabit.types import Key


class TwoLayerState(eqx.Module):
    """The network's weights as they were lived to be."""

    first: Float[Array, "keys hidden"]
    second: Float[Array, "hidden values"]


class TwoLayerMemory(AbstractMemory[TwoLayerState]):
    """`v = W2' gelu(W1' k)`, one step of normalised gradient descent an event.

    Attributes:
        first: First layer before anything is lived.
        second: Second layer before anything is lived.
        rate: Logit of the share of an error that is written at its cue.
        keep: Logit of the share of what was lived that an event leaves.
        log_noise: Logarithm of the variance with which values are foretold.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    first: Float[Array, "keys hidden"]
    second: Float[Array, "hidden values"]
    rate: Float[Array, ""]
    keep: Float[Array, ""]
    log_noise: Float[Array, ""]

    def __init__(
        self,
        keys: int,
        values: int,
        hidden: int,
        *,
        rate: float = 0.5,
        keep: float = 0.999,
        noise: float = 0.1,
        key: Key,
    ):
        self.keys, self.values = keys, values
        self.first = jax.random.normal(key, (keys, hidden)) * jnp.sqrt(2 / keys)
        self.second = jnp.zeros((hidden, values))
        self.rate, self.keep = jax.scipy.special.logit(jnp.array([rate, keep]))
        self.log_noise = jnp.log(jnp.array(noise))

    def init(self, *, key: Key | None = None) -> TwoLayerState:
        """The weights that were learned."""
        return TwoLayerState(first=self.first, second=self.second)

    def read(
        self, state: TwoLayerState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, with one variance everywhere."""
        return jax.nn.gelu(cue @ state.first) @ state.second, jnp.exp(self.log_noise)

    def step(
        self,
        state: TwoLayerState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[TwoLayerState, MemoryInfo]:
        """Descend once; what is not finite leaves no trace."""
        cue, value = event
        sane = jnp.all(jnp.isfinite(cue)) & jnp.all(jnp.isfinite(value))
        cue, value = jnp.where(sane, cue, 0.0), jnp.where(sane, value, 0.0)
        active, slope = jax.jvp(jax.nn.gelu, (before := cue @ state.first,), (jnp.ones_like(before),))
        error = value - active @ state.second
        back = slope * (state.second @ error)
        # Divided by the squared length of the gradient's features, a full step (rate 1) of the last layer would be exact.
        rate = jax.nn.sigmoid(self.rate) / (1e-6 + active @ active + jnp.sum(cue**2))
        keep = jax.nn.sigmoid(self.keep)
        after = TwoLayerState(
            first=self.first + keep * (state.first - self.first) + rate * jnp.outer(cue, back),
            second=self.second + keep * (state.second - self.second) + rate * jnp.outer(active, error),
        )
        after = jax.tree.map(lambda new, old: jnp.where(sane, new, old), after, state)
        return after, judged(error, jnp.exp(self.log_noise), sane)
