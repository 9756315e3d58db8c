"""The village as a Gymnasium environment: one mind lives in it, the others are its villagers."""

from typing import Any

import jax

from inhabit.worlds.adapters import spaces
from inhabit.worlds.village.state import DAY, State
from inhabit.worlds.village.world import Village

try:
    import gymnasium
except ImportError as missing:
    raise ImportError("gymnasium is not installed; get it with: pip install 'inhabit[worlds]'") from missing

SELF = 0
"""Which of the people the mind is."""


class VillageEnv(gymnasium.Env):
    """A village with one mind in it, who is person 0; the others do what `decide` says.

    The reward is `relief`. Dying terminates; the last dawn truncates. `info` has `did`: whether the deed could be done.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (Gymnasium's own form)

    def __init__(self, village: Village | None = None, *, days: int = 10):
        """Make an environment of a village, `Village()` if left out, that goes on for some days."""
        if days < 1:
            raise ValueError(f"a life of {days} days; give at least 1")
        self.village, self.steps = village or Village(), days * DAY
        self.observation_space = spaces.observation_space(self.village)
        self.action_space = spaces.action_space(self.village)
        self._state: State | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        """Draw a village; same seed, same village and same life."""
        super().reset(seed=seed)
        self._state, observation = spaces.begun(self.village, self._key())
        return spaces.perceived(observation, SELF), {}

    def step(self, action: Any) -> tuple[dict, float, bool, bool, dict]:
        """Do something, and let a step pass."""
        if self._state is None:
            raise ValueError("nothing has begun: call reset() before step()")
        acts, own = spaces.acts_of(self.village, {SELF: action})
        self._state, seen, event, reward = spaces.stepped(self.village, self._state, acts, own, self._key())
        terminated, truncated = bool(event.terminated[SELF]), int(self._state.time) >= self.steps
        perceived = spaces.perceived(seen, SELF)
        return perceived, float(reward[SELF]), terminated, truncated, {"did": bool(event.did[SELF])}

    def _key(self) -> jax.Array:
        return jax.random.key(int(self.np_random.integers(2**31)))
