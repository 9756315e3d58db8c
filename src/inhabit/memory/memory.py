"""What every memory is: it is written while it is lived with, and says of every event how surprising it was."""

import abc
from typing import Generic, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inhabit.types import Key

State = TypeVar("State")


class MemoryInfo(eqx.Module):
    """What one event told the memory; only watched. With leading axes, one for each event.

    Attributes:
        innovation: Value less what was expected, in the units of the values.
        surprise: Normalised: squared innovation over predicted variance, mean over dimensions. 1 when all is as
            expected, whatever the scale of the values.
        surprisal: `-log p(value | cue)` in nats, Gaussian.
        information: Information gain in nats: how far the belief moved. 0 if nothing was written.
        written: Share of the innovation that the belief took in at this cue; 0 if nothing was written.
        quarantined: The event was beyond the gate and waits.
        confirmed: The event was beyond the gate and agreed with what waited: both were learned.
        ignored: The event was not finite or absurdly large and left no trace.
    """

    innovation: Float[Array, "*events values"]
    surprise: Float[Array, "*events"]
    surprisal: Float[Array, "*events"]
    information: Float[Array, "*events"]
    written: Float[Array, "*events"]
    quarantined: Bool[Array, "*events"]
    confirmed: Bool[Array, "*events"]
    ignored: Bool[Array, "*events"]


class AbstractMemory(eqx.Module, Generic[State]):
    """A memory from cues to values that is written while it is lived with."""

    keys: eqx.AbstractVar[int]
    values: eqx.AbstractVar[int]

    @abc.abstractmethod
    def init(self, *, key: Key | None = None) -> State:
        """The memory of someone who has lived nothing yet."""

    @abc.abstractmethod
    def read(
        self, state: State, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, and the predicted variance of each of its dimensions."""

    @abc.abstractmethod
    def step(
        self,
        state: State,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[State, MemoryInfo]:
        """Live through one event, a cue and the value met with it."""


def judged(
    error: Float[Array, "*events values"], variance: Float[Array, "*events"], sane: Bool[Array, "*events"]
) -> MemoryInfo:
    """Info of a memory that writes everything and holds each prediction to have a variance; nothing is gained or waits."""
    squared = jnp.sum(error**2, -1)
    nothing, no = jnp.zeros_like(squared), jnp.zeros_like(sane)
    nats = 0.5 * (squared / variance + error.shape[-1] * jnp.log(2 * jnp.pi * variance))
    return MemoryInfo(
        innovation=error,
        surprise=jnp.where(sane, squared / (variance * error.shape[-1]), 0.0),
        surprisal=jnp.where(sane, nats, 0.0),
        information=nothing,
        written=nothing,
        quarantined=no,
        confirmed=no,
        ignored=~sane,
    )
