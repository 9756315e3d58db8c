"""The norms of a village: none is broken yet."""

import jax.numpy as jnp
from jaxtyping import Array, Int

from inhabit.worlds.village.acts import Deed
from inhabit.worlds.village.state import Outcome, State


def judge(before: State, deed: Deed, outcome: Outcome, after: State) -> tuple[State, Int[Array, " people"]]:
    """See what was done against the norms: nobody breaks any."""
    return after, jnp.zeros_like(deed.hand)
