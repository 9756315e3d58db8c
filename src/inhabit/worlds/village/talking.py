"""What talk does to those who hear it: nothing yet."""

from jaxtyping import Array, Int

from inhabit.types import Key
from inhabit.worlds.village.state import Outcome, State


def hear(state: State, say: Int[Array, "people words=5"], outcome: Outcome, *, key: Key) -> State:
    """Hear what is said: nobody heeds it."""
    return state
