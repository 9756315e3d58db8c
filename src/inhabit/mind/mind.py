"""What every mind is: something with a state that steps from a percept to an act."""

import abc
from typing import Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from inhabit.types import Act, Key, Percept

State = TypeVar("State")


class MindInfo(eqx.Module):
    """What is only watched while a mind steps; nothing is computed from it.

    Attributes:
        surprise: Normalised surprise of the percept: about 1 when all is as expected.
        surprisal: `-log p(percept | expectation)` in nats, per modality: words, partner's act.
        stress: Stress after the percept.
        valence: Valence after the percept.
        load: Load after the percept: how repetitive and long the talk has become.
        worth: Marginal value of each good, as felt now.
    """

    surprise: Float[Array, ""]
    surprisal: Float[Array, " modalities"]
    stress: Float[Array, ""]
    valence: Float[Array, ""]
    load: Float[Array, ""]
    worth: Float[Array, " goods"]


class AbstractMind(eqx.Module, Generic[State]):
    """A mind: module = what is learned, state = what is lived, info = what is only watched."""

    @abc.abstractmethod
    def init(self, *, key: Key | None = None) -> State:
        """The state at birth."""

    @abc.abstractmethod
    def step(self, state: State, percept: Percept, *, key: Key) -> tuple[State, Act, MindInfo]:
        """Perceive, be surprised, remember, know, feel, decide."""
