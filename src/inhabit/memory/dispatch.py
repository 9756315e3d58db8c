"""One event at a time from Python, with as little ado as JAX allows.

Every array that enters or leaves a compiled call costs about a microsecond. Here a state travels as one array, given up
to the call and written in place, and what was told of the event as another.
"""

from collections.abc import Callable
from typing import Generic

import equinox as eqx
import jax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from inhabit.memory.memory import MemoryInfo, State


class Dispatch(Generic[State]):
    """A compiled step whose state is one array.

    Example:
        `loop = Dispatch(step, memory.init(), (cue, value))`, then `flat, told = loop.step(flat, cue, value)` from
        `flat = loop.flat`, which must not be used again; `loop.state(flat)` and `loop.info(told)` when they are wanted.

    Attributes:
        flat: The state to start from, as one array.
        step: From the state and an event to the next state and what was told; gives up the state.
        state: From one array to the state.
        info: From one array to what was told.
    """

    flat: Float[Array, " state"]
    step: Callable[[Array, Array, Array], tuple[Array, Array]]
    state: Callable[[Array], State]
    info: Callable[[Array], MemoryInfo]

    def __init__(
        self,
        step: Callable[[State, tuple[Array, Array]], tuple[State, MemoryInfo]],
        state: State,
        event: tuple[Array, Array],
    ):
        """Compile it.

        Args:
            step: For instance `memory.step`, or `step_heads` with its memories.
            state: To start from.
            event: Any cue and value, for their shapes.
        """
        self.flat, self.state = ravel_pytree(state)
        told = jax.eval_shape(lambda state, event: step(state, event)[1], state, event)
        self.info = ravel_pytree(jax.tree.map(lambda leaf: jax.numpy.zeros(leaf.shape, leaf.dtype), told))[1]

        def flatly(flat: Array, cue: Array, value: Array) -> tuple[Array, Array]:
            return jax.tree.map(
                lambda part: ravel_pytree(part)[0],
                step(self.state(flat), (cue, value)),
                is_leaf=lambda part: isinstance(part, eqx.Module),
            )

        self.step = jax.jit(flatly, donate_argnums=0)
