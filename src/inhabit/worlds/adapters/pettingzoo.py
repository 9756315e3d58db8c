"""The village as a PettingZoo parallel environment: every person is a mind from outside."""

from typing import Any

import jax
import numpy as np

from inhabit.worlds.adapters import spaces
from inhabit.worlds.village.state import DAY, State
from inhabit.worlds.village.world import Village

try:
    import pettingzoo
except ImportError as missing:
    raise ImportError("pettingzoo is not installed; get it with: pip install 'inhabit[worlds]'") from missing


class VillageParallelEnv(pettingzoo.ParallelEnv):
    """A village of minds from outside, named `person_0` and so on; who dies leaves `agents`, the last dawn truncates all.

    The reward of each is `relief`. `infos` have `did`: whether the deed could be done.
    """

    metadata = {"name": "village_v0", "render_modes": [], "is_parallelizable": True}  # noqa: RUF012

    def __init__(self, village: Village | None = None, *, days: int = 10):
        """Make an environment of a village, `Village()` if left out, that goes on for some days."""
        if days < 1:
            raise ValueError(f"a life of {days} days; give at least 1")
        self.village, self.steps, self.render_mode = village or Village(), days * DAY, None
        self.possible_agents = [f"person_{who}" for who in range(self.village.people)]
        self.agents: list[str] = []
        self.observation_spaces = {name: spaces.observation_space(self.village) for name in self.possible_agents}
        self.action_spaces = {name: spaces.action_space(self.village) for name in self.possible_agents}
        self._rng = np.random.default_rng()
        self._state: State | None = None

    def observation_space(self, agent: str) -> Any:
        """What one perceives."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """What one can do."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        """Draw a village; same seed, same village."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self._state, seen = spaces.begun(self.village, self._key())
        return self._each(lambda who: spaces.perceived(seen, who)), self._each(lambda who: {})

    def step(self, actions: dict[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        """Let everyone do something at once; who is left out stays and is silent."""
        if self._state is None:
            raise ValueError("nothing has begun: call reset() before step()")
        told = {self._who(name): action for name, action in actions.items()}
        acts, _ = spaces.acts_of(self.village, told)
        everyone = np.ones(self.village.people, bool)
        self._state, seen, event, reward = spaces.stepped(self.village, self._state, acts, everyone, self._key())
        over = int(self._state.time) >= self.steps
        said = (
            self._each(lambda who: spaces.perceived(seen, who)),
            self._each(lambda who: float(reward[who])),
            self._each(lambda who: bool(event.terminated[who])),
            self._each(lambda who: over),
            self._each(lambda who: {"did": bool(event.did[who])}),
        )
        self.agents = [name for name in self.agents if not (over or said[2][name])]
        return said

    def state(self) -> State | None:  # type: ignore[override]
        """The whole village as it stands; minds do not see it."""
        return self._state

    def _who(self, name: str) -> int:
        return self.possible_agents.index(name)

    def _each(self, tell: Any) -> dict[str, Any]:
        return {name: tell(self._who(name)) for name in self.agents}

    def _key(self) -> jax.Array:
        return jax.random.key(int(self._rng.integers(2**31)))
