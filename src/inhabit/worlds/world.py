"""What a world is: something that begins, and changes with what is done in it."""

import abc
from typing import Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Int

from inhabit.types import Key

StateT = TypeVar("StateT")
EventT = TypeVar("EventT")


class AbstractWorld(eqx.Module, Generic[StateT, EventT]):
    """A world, written for one; `vmap` makes many, `scan` makes time."""

    @abc.abstractmethod
    def reset(self, *, key: Key) -> StateT:
        """Begin: draw a first state."""

    @abc.abstractmethod
    def step(self, state: StateT, act: Int[Array, ""], *, key: Key) -> tuple[StateT, EventT]:
        """Do one act (an index into the world's own options); give back the new state and what was seen of it."""
