"""Craftax-Classic as a world of this house: survival on a map seen from above; needs the extra `craftax`."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from inhabit.types import Key

try:
    from craftax.craftax_classic.envs.craftax_symbolic_env import (
        CraftaxClassicSymbolicEnvNoAutoReset,
        get_map_obs_shape,
    )
except ImportError as missing:
    raise ImportError("craftax is not installed; get it with: pip install 'inhabit[craftax]'") from missing

_ENV = CraftaxClassicSymbolicEnvNoAutoReset()
_PARAMS = _ENV.default_params

SHAPE: tuple[int, int] = get_map_obs_shape()[:2]
"""Cells in view: down, right; the body stands in the middle."""

CREATURES = 4
"""Zombie, cow, skeleton, arrow."""

MATERIALS: int = get_map_obs_shape()[2] - CREATURES
"""Codes of what a cell is."""

BODY = int(_ENV.observation_space(_PARAMS).shape[0]) - SHAPE[0] * SHAPE[1] * (MATERIALS + CREATURES)
"""Numbers of inventory, needs, heading, light and sleep."""

ACTS: int = _ENV.num_actions
"""Deeds to choose from; one is chosen each step."""

BEST = 22
"""Achievements; each pays 1 when it is first reached, and a tenth is paid for each point of health."""


class Seen(eqx.Module):
    """What is perceived.

    Attributes:
        material: Code of each cell.
        creature: 0 where nobody is, else 1 + which of zombie, cow, skeleton, arrow.
        body: Inventory, needs, heading, light and sleep, as Craftax scales them.
    """

    material: UInt8[Array, "down right"]
    creature: UInt8[Array, "down right"]
    body: Float[Array, " body"]


class Outcome(eqx.Module):
    """What a step came to; the last of 10,000 steps truncates, everything else that ends a life terminates it."""

    reward: Float[Array, ""]
    terminated: Bool[Array, ""]
    truncated: Bool[Array, ""]


class CraftaxClassic(eqx.Module):
    """The world, written for one; it does not begin anew by itself.

    Source:
        Matthews et al., "Craftax" (arXiv 2402.16801); Hafner, "Crafter" (arXiv 2109.06780).
    """

    def reset(self, *, key: Key) -> Any:
        """A new land with a new body in it."""
        return _ENV.reset_env(key, _PARAMS)[1]

    def line(self, state: Any) -> Float[Array, " observed"]:
        """What the body perceives, in one line, as Craftax gives it."""
        return _ENV.get_obs(state).astype(jnp.float32)

    def observe(self, state: Any) -> Seen:
        """What the body perceives."""
        seen = self.line(state)
        cells = seen[:-BODY].reshape(*SHAPE, MATERIALS + CREATURES)
        creature = jnp.max(cells[..., MATERIALS:] * jnp.arange(1, CREATURES + 1), -1)
        return Seen(
            material=jnp.argmax(cells[..., :MATERIALS], -1).astype(jnp.uint8),
            creature=creature.astype(jnp.uint8),
            body=seen[-BODY:],
        )

    def step(self, state: Any, act: Int[Array, ""], *, key: Key) -> tuple[Any, Outcome]:
        """Do something."""
        _, state, reward, over, _ = _ENV.step_env(key, state, act, _PARAMS)
        late = state.timestep >= _PARAMS.max_timesteps
        return state, Outcome(jnp.asarray(reward, jnp.float32), over & ~late, over & late)
