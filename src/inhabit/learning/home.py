"""A home: where one mind lives, as the mind meets it; the seam between any mind and any world."""

import abc
from typing import Any, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Bool, Float, PyTree

from inhabit.types import Key

PlaceT = TypeVar("PlaceT")


class Turn(eqx.Module):
    """What an act came to.

    Attributes:
        reward: Of each good.
        terminated: The life ended.
        truncated: The life was cut off, and would have gone on.
        shown: What one who lives there would have done in the mind's place; `None` where nobody shows anything.
    """

    reward: Float[Array, " goods"]
    terminated: Bool[Array, ""]
    truncated: Bool[Array, ""]
    shown: PyTree = None


class AbstractHome(eqx.Module, Generic[PlaceT]):
    """Where one mind lives. `vmap` makes many."""

    @abc.abstractmethod
    def begin(self, mind: Any, *, key: Key) -> tuple[PlaceT, Any]:
        """A new life: the place, and the state of the mind that is born there."""

    @abc.abstractmethod
    def percept(self, place: PlaceT) -> Any:
        """What the mind perceives."""

    @abc.abstractmethod
    def step(self, place: PlaceT, act: Any, *, key: Key) -> tuple[PlaceT, Turn]:
        """Let the mind do something."""
