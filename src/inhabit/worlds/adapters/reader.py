"""A reader of Gymnasium worlds: any environment of plain spaces as numbers in and choices out, for a mind to live in."""

import dataclasses
from typing import Any

import numpy as np

try:
    from gymnasium import Env, spaces
except ImportError as missing:
    raise ImportError("gymnasium is not installed; get it with: pip install 'inhabit[worlds]'") from missing

LEVELS = 5
"""Into how many evenly spaced values a continuous action is cut."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a step came to.

    Attributes:
        features: The observation as numbers of order 1: bounded boxes from -1 to 1, unbounded ones through
            `x / (1 + |x|)`, choices one-hot, dictionaries in the order of their keys.
        reward: Of the step; 0 at the beginning.
        terminated: The life ended.
        truncated: It was cut off, and would have gone on.
    """

    features: np.ndarray
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False


class Stay:
    """A mind's stay in someone else's world.

    Attributes:
        features: How many numbers an observation is.
        choices: How many options each part of an action has; an act is one index for each part.
    """

    def __init__(self, env: Env):
        """Read the spaces of an environment.

        Raises:
            ValueError: A space is of a kind that cannot be read.
        """
        self._env = env
        self.features = _width(env.observation_space)
        self.choices = tuple(_choices(env.action_space))

    def begin(self, *, seed: int | None = None) -> Seen:
        """Begin a life; same seed, same life."""
        observation, _ = self._env.reset(seed=seed)
        return Seen(features(self._env.observation_space, observation))

    def step(self, act: Any) -> Seen:
        """Do something: one index for each part of `choices`."""
        indices = [int(index) for index in np.ravel(act)]
        if len(indices) != len(self.choices) or any(not 0 <= i < n for i, n in zip(indices, self.choices)):
            raise ValueError(f"act {indices} is not one of this world's; give one index below each of {self.choices}")
        action = _action(self._env.action_space, iter(indices))
        observation, reward, terminated, truncated, _ = self._env.step(action)
        seen = features(self._env.observation_space, observation)
        return Seen(seen, float(reward), bool(terminated), bool(truncated))


def features(space: spaces.Space, value: Any) -> np.ndarray:
    """An element of a space as numbers of order 1."""
    if isinstance(space, spaces.Dict):
        return np.concatenate([features(part, value[name]) for name, part in space.spaces.items()])
    if isinstance(space, spaces.Tuple):
        return np.concatenate([features(part, one) for part, one in zip(space.spaces, value)])
    if isinstance(space, spaces.Discrete):
        return np.eye(int(space.n), dtype=np.float32)[int(value - space.start)]
    if isinstance(space, spaces.MultiDiscrete):
        parts = zip(space.nvec.ravel(), np.ravel(value) - np.ravel(space.start))
        return np.concatenate([np.eye(int(n), dtype=np.float32)[int(index)] for n, index in parts])
    if isinstance(space, spaces.MultiBinary):
        return np.ravel(value).astype(np.float32)
    if isinstance(space, spaces.Box):
        return _scaled(space, np.asarray(value, np.float64)).ravel().astype(np.float32)
    raise ValueError(_unreadable(space))


def _scaled(space: spaces.Box, value: np.ndarray) -> np.ndarray:
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    bounded = np.isfinite(low) & np.isfinite(high) & (high > low) & (high - low < 1e6)
    span = np.where(bounded, high - low, 1.0)
    return np.where(bounded, 2 * (value - np.where(bounded, low, 0.0)) / span - 1, value / (1 + np.abs(value)))


def _width(space: spaces.Space) -> int:
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        return sum(_width(part) for part in parts)
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.sum())
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return int(np.prod(space.shape))
    raise ValueError(_unreadable(space))


def _choices(space: spaces.Space) -> list[int]:
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        return [count for part in parts for count in _choices(part)]
    if isinstance(space, spaces.Discrete):
        return [int(space.n)]
    if isinstance(space, spaces.MultiDiscrete):
        return [int(n) for n in space.nvec.ravel()]
    if isinstance(space, spaces.MultiBinary):
        return [2] * int(np.prod(space.shape))
    if isinstance(space, spaces.Box) and space.is_bounded():
        return [LEVELS] * int(np.prod(space.shape))
    raise ValueError(_unreadable(space))


def _action(space: spaces.Space, indices: Any) -> Any:
    if isinstance(space, spaces.Dict):
        return {name: _action(part, indices) for name, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_action(part, indices) for part in space.spaces)
    if isinstance(space, spaces.Discrete):
        return next(indices) + space.start
    shape = space.shape or ()
    told = np.array([next(indices) for _ in range(int(np.prod(shape)))]).reshape(shape)
    if isinstance(space, spaces.Box):
        share = told / (LEVELS - 1)
        return (space.low + share * (space.high - space.low)).astype(space.dtype)
    return (told + getattr(space, "start", 0)).astype(space.dtype)


def _unreadable(space: spaces.Space) -> str:
    return f"a space {space} cannot be read; Box (bounded, for actions), Discrete, MultiDiscrete, MultiBinary, Dict, Tuple can"
