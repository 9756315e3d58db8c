"""Gated delta rule with exact momentum: every event is written, by as much as a learned rate says.

    V <- theta V + (1 - theta) rate k (v - M'k)',    M <- keep M + V

Momentum averages (`1 - theta`), for the summing form diverges: with unit keys, a rate of .5 and momentum .9 the pole
leaves the unit circle. Put in the surprise memory's place to learn what precision and caution are worth.

Source:
    Widrow & Hoff (1960); Yang et al., Gated DeltaNet (arXiv 2412.06464); Titans (arXiv 2501.00663) for the momentum.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths import associative
from inhabit.memory.memory import AbstractMemory, MemoryInfo, judged
from inhabit.types import Key


class DeltaState(eqx.Module):
    """A map from cues to values, and where it is moving."""

    mean: Float[Array, "keys values"]
    moving: Float[Array, "keys values"]


class DeltaMemory(AbstractMemory[DeltaState]):
    """A gated delta rule with averaged momentum; all attributes are unconstrained and learned.

    Attributes:
        rate: Logit of the share of an error that is written at its cue.
        momentum: Logit of the share of the last movement that goes on.
        keep: Logit of the share of the map that an event leaves.
        log_noise: Logarithm of the variance with which values are foretold.
        prior: Map that is held before anything is lived.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    rate: Float[Array, ""]
    momentum: Float[Array, ""]
    keep: Float[Array, ""]
    log_noise: Float[Array, ""]
    prior: Float[Array, "keys values"]

    def __init__(
        self,
        keys: int,
        values: int,
        *,
        rate: float = 0.5,
        momentum: float = 0.1,
        keep: float = 0.999,
        noise: float = 0.1,
    ):
        self.keys, self.values = keys, values
        self.rate, self.momentum, self.keep = jax.scipy.special.logit(jnp.array([rate, momentum, keep]))
        self.log_noise = jnp.log(jnp.array(noise))
        self.prior = jnp.zeros((keys, values))

    def init(self, *, key: Key | None = None) -> DeltaState:
        """The prior, at rest."""
        return DeltaState(mean=self.prior, moving=jnp.zeros_like(self.prior))

    def read(
        self, state: DeltaState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, with one variance everywhere."""
        return associative.expected(state.mean, cue), jnp.exp(self.log_noise)

    def step(
        self,
        state: DeltaState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[DeltaState, MemoryInfo]:
        """Write the event; what is not finite leaves no trace."""
        cue, value = event
        sane = jnp.all(jnp.isfinite(cue)) & jnp.all(jnp.isfinite(value))
        cue, value = jnp.where(sane, cue, 0.0), jnp.where(sane, value, 0.0)
        error = value - associative.expected(state.mean, cue)
        rate, momentum, keep = jax.nn.sigmoid(jnp.stack([self.rate, self.momentum, self.keep]))
        size = jnp.maximum(jnp.sum(cue**2), 1.0)  # a long cue must not overshoot
        moving = momentum * state.moving + (1 - momentum) * rate / size * jnp.outer(cue, error)
        after = DeltaState(mean=self.prior + keep * (state.mean - self.prior) + moving, moving=moving)
        after = jax.tree.map(lambda new, old: jnp.where(sane, new, old), after, state)
        return after, judged(error, jnp.exp(self.log_noise), sane)
