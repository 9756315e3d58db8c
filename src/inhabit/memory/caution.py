"""Caution: how rare an event must be to be a surprise, and how likely a surprise is to be a change of the world."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths import associative


class Caution(eqx.Module):
    """What decides over surprises; every number is unconstrained and learned.

    Attributes:
        gate: How rare a surprise is let in, as a standard normal deviate (3.1 lets in 99.9 %).
        log_slack: Logarithm of by how much wider the gate stands where nothing is known.
        conviction: Nats by which a surprise is held to be an outlier rather than a change, before any was met.
        log_experience: Logarithm of how many surprises that conviction is worth.
        log_inflation: Logarithm of how many times noisier than an event a surprise is held to be while it waits.
        returning: Log-odds that a former belief keeps, however often it was contradicted.
        repeated: Nats by which one event may speak for a surprise that waits, at most: whoever errs may err again.
        fade: Logit of what share of the quarantine is forgotten at each event.
    """

    gate: Float[Array, ""]
    log_slack: Float[Array, ""]
    conviction: Float[Array, ""]
    log_experience: Float[Array, ""]
    log_inflation: Float[Array, ""]
    returning: Float[Array, ""]
    repeated: Float[Array, ""]
    fade: Float[Array, ""]

    def __init__(
        self,
        *,
        gate: float,
        slack: float,
        conviction: float,
        experience: float,
        inflation: float,
        returning: float,
        repeated: float,
        fade: float,
    ):
        """See `SurpriseMemory`."""
        self.gate, self.conviction, self.returning, self.repeated = jnp.array([gate, conviction, returning, repeated])
        self.log_slack, self.log_experience, self.log_inflation = jnp.log(jnp.array([slack, experience, inflation]))
        self.fade = jnp.clip(jax.scipy.special.logit(jnp.array(fade)), -_SURE, _SURE)

    @property
    def keep(self) -> Float[Array, ""]:
        """Share of what waits that an event leaves."""
        return jax.nn.sigmoid(-self.fade)

    def admitted(
        self, spread: Float[Array, "*events"], blank: Float[Array, "*events"], values: int
    ) -> Float[Array, "*events"]:
        """Normalised surprise beyond which an event is not simply written.

        Where little is known there is little to protect, and how far a first value may lie is itself only guessed: the
        limit is wider by `slack` where the belief is as open as the prior.

        Args:
            spread: Predicted variance over the noise.
            blank: Prior variance at the cue over the noise.
            values: Dimensions of a value.
        """
        open_ = spread - 1
        unknown = open_**2 / (spread * jnp.maximum(blank, _LEAST))
        return associative.chi_square_limit(self.gate, values) * (1 + jnp.exp(self.log_slack) * unknown)

    def odds(self, experience: Float[Array, "2"]) -> Float[Array, ""]:
        """Log-odds that a surprise is a change, given how many turned out to be changes and how many outliers."""
        changes, outliers = jnp.log1p(experience * jnp.exp(-self.log_experience))
        return changes - outliers - self.conviction


_SURE = 16.0  # logit of all but 1e-7
_LEAST = 1e-12
