"""A budget per source: nobody may change a memory by more than was granted."""

from typing import Generic

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.memory.memory import AbstractMemory, MemoryInfo, State


class BudgetState(eqx.Module, Generic[State]):
    """What is believed, and what each source may still change.

    Attributes:
        memory: State of the memory.
        left: Nats that each source has left.
    """

    memory: State
    left: Float[Array, " sources"]


class Budget(eqx.Module, Generic[State]):
    """A memory whose sources each have so many nats of information gain to spend; what would exceed them is not written.

    Attributes:
        memory: Any memory that reports its information gain.
        granted: Nats that each source has at the start and at most.
        income: Nats that come back to every source at each event.
    """

    memory: AbstractMemory
    granted: Float[Array, " sources"]
    income: float = eqx.field(static=True, default=0.0)

    def init(self) -> BudgetState:
        """Nothing spent."""
        return BudgetState(memory=self.memory.init(), left=self.granted)

    def step(
        self,
        state: BudgetState,
        event: tuple[Float[Array, " keys"], Float[Array, " values"]],
        source: Int[Array, ""],
    ) -> tuple[BudgetState, MemoryInfo, Bool[Array, ""]]:
        """Live through one event of a source.

        Args:
            state: Before it.
            event: Cue and value.
            source: Index of who said it.

        Returns:
            The state after it, what it told, and whether it was refused for want of budget; a refused event leaves no
            trace in the memory.
        """
        after, info = self.memory.step(state.memory, event)
        refused = info.information > state.left[source]
        kept = jax.tree.map(lambda new, old: jnp.where(refused, old, new), after, state.memory)
        left = state.left.at[source].add(jnp.where(refused, 0.0, -info.information))
        return BudgetState(memory=kept, left=jnp.minimum(left + self.income, self.granted)), info, refused
