"""A ledger of writes: any belief can be explained by the events that made it, and any event can be unlearned.

What the memory keeps is a summary; the ledger keeps the events. Unlearning is exact, for the life is lived again from
the last snapshot before the event, without it.
"""

import dataclasses
from collections.abc import Collection
from typing import Generic

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory, MemoryInfo, State


@dataclasses.dataclass
class Ledger(Generic[State]):
    """A life with its memory written down.

    Attributes:
        memory: Lives it.
        state: As it is now.
        every: Events between snapshots.
        events: Cue, value and source of every event, in order; None where it was unlearned.
        snapshots: States, by how many events went before.
    """

    memory: AbstractMemory[State]
    state: State
    every: int = 256
    events: list[tuple[np.ndarray, np.ndarray, str] | None] = dataclasses.field(default_factory=list)
    snapshots: dict[int, State] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.snapshots.setdefault(0, self.state)

    def live(self, cue: Float[Array, " keys"], value: Float[Array, " values"], source: str = "") -> MemoryInfo:
        """Live through one event and write it down."""
        self.state, info = _step(self.memory, self.state, (jnp.asarray(cue), jnp.asarray(value)))
        self.events.append((np.asarray(cue), np.asarray(value), source))
        if len(self.events) % self.every == 0:
            self.snapshots[len(self.events)] = self.state
        return info

    def explain(self, cue: Float[Array, " keys"]) -> list[tuple[int, float, str]]:
        """Which writes made what is expected at a cue.

        Returns:
            Index, weight and source of every event, the weightiest first: the value expected is the sum of the values
            met, each times its weight, plus what the prior says. Decisions (what waited) are taken as they fell.
        """
        index, cues, values = self._remaining(0)
        weights = _weights(self.memory, self.snapshots[0], cues, values, jnp.asarray(cue))
        sources = [event[2] for event in self.events if event is not None]
        found = zip(index, np.asarray(weights).tolist(), sources, strict=True)
        return sorted(found, key=lambda one: -abs(one[1]))

    def unlearn(self, gone: Collection[int]) -> None:
        """Live again without some events, by their index; exactly as if they had never been.

        Raises:
            IndexError: There is no such event.
        """
        for index in gone:
            if not 0 <= index < len(self.events):
                raise IndexError(f"there is no event {index}; there are {len(self.events)}, counted from 0")
            self.events[index] = None
        if gone:
            start = self._back_to(min(gone))
            _, cues, values = self._remaining(start)
            self.state = _again(self.memory, self.snapshots[start], cues, values)

    def roll_back(self, events: int) -> None:
        """Forget all but the first `events` events.

        Raises:
            IndexError: There are not so many.
        """
        if not 0 <= events <= len(self.events):
            raise IndexError(f"cannot roll back to {events} events; there are {len(self.events)}")
        start = self._back_to(events)
        del self.events[events:]
        _, cues, values = self._remaining(start)
        self.state = _again(self.memory, self.snapshots[start], cues, values)

    def _back_to(self, events: int) -> int:
        """The last snapshot before an event; later ones are no longer true."""
        self.snapshots = {at: state for at, state in self.snapshots.items() if at <= events}
        return max(self.snapshots)

    def _remaining(self, start: int) -> tuple[list[int], Array, Array]:
        left = [(at, event) for at, event in enumerate(self.events) if event is not None and at >= start]
        cues = np.array([event[0] for _, event in left], np.float32).reshape(len(left), self.memory.keys)
        values = np.array([event[1] for _, event in left], np.float32).reshape(len(left), self.memory.values)
        return [at for at, _ in left], jnp.asarray(cues), jnp.asarray(values)


@eqx.filter_jit
def _step(memory, state, event):
    return memory.step(state, event)


@eqx.filter_jit
def _again(memory, state, cues, values):
    return jax.lax.scan(lambda state, event: (memory.step(state, event)[0], None), state, (cues, values))[0]


@eqx.filter_jit
def _weights(memory, state, cues, values, cue):
    def read(shift: Float[Array, " events"]) -> Array:
        # All dimensions of a value are written alike: a shift of one of them tells the weight.
        moved = values.at[:, 0].add(shift)
        decided = jax.lax.stop_gradient(memory)

        def one(state, event):
            after, _ = decided.step(state, event)
            return after, None

        return memory.read(jax.lax.scan(one, state, (cues, moved))[0], cue)[0][0]

    return jax.grad(read)(jnp.zeros(values.shape[0]))
