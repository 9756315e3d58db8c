"""Living: many minds live side by side, each in a place of its own; who has died is replaced. Nothing is learned here."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from inhabit.learning.home import AbstractHome, Turn
from inhabit.mind.dweller.actor import AbstractActor, Trace
from inhabit.types import Key


class Lives(eqx.Module):
    """Lives that go on side by side; every leaf has a leading axis of lives.

    Attributes:
        place: Where each goes on.
        mind: The state of each mind.
        over: Which have ended and wait to be replaced.
        total: Worth of each so far: the sum of its rewards, each made one number by the mind's own values.
        age: Steps lived.
    """

    place: PyTree
    mind: PyTree
    over: Bool[Array, " lives"]
    total: Float[Array, " lives"]
    age: Int[Array, " lives"]


def born(mind: AbstractActor, home: AbstractHome, number: int, *, key: Key) -> Lives:
    """New lives."""
    place, state = jax.vmap(lambda key: home.begin(mind, key=key))(jax.random.split(key, number))
    nothing = jnp.zeros(number)
    return Lives(place, state, jnp.zeros(number, bool), nothing, nothing.astype(int))


def reborn(lives: Lives, fresh: Lives) -> Lives:
    """Replace the lives that are over, in their order, by new ones; too few new ones go round again."""
    which = (jnp.cumsum(lives.over) - 1) % fresh.over.shape[0]

    def replace(old: Array, new: Array) -> Array:
        return jnp.where(lives.over.reshape(-1, *[1] * (old.ndim - 1)), new[which], old)

    return jax.tree.map(replace, lives, fresh)


def live(
    mind: AbstractActor,
    home: AbstractHome,
    lives: Lives,
    *,
    steps: int,
    key: Key,
) -> tuple[Lives, tuple[Trace, Turn, Bool[Array, "lives time"]]]:
    """Let the lives go on; nothing is learned.

    Args:
        mind: Who lives.
        home: Where.
        lives: So far.
        steps: How many.
        key: Random key.

    Returns:
        The lives, and of each step its trace, what it came to, and whether it was lived at all.
    """

    def step(lives: Lives, key: Key) -> tuple[Lives, Any]:
        mind_key, home_key = jax.random.split(key)
        percept = jax.vmap(home.percept)(lives.place)
        keys = jax.random.split(mind_key, lives.over.shape[0])
        state, trace = jax.vmap(lambda s, p, k: mind.attempt(s, p, key=k))(lives.mind, percept, keys)
        keys = jax.random.split(home_key, lives.over.shape[0])
        place, turn = jax.vmap(lambda s, a, k: home.step(s, a, key=k))(lives.place, trace.act, keys)
        lived = ~lives.over
        worth = jnp.sum(turn.reward * trace.worth, -1) * lived
        over = lives.over | turn.terminated | turn.truncated
        return Lives(place, state, over, lives.total + worth, lives.age + lived), (trace, turn, lived)

    lives, record = jax.lax.scan(step, lives, jax.random.split(key, steps))
    return lives, jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), record)


def strong(tree: PyTree) -> PyTree:
    """The same with every array's type made its own, so that what comes out of a program fits into it again.

    Weak types (of what came from Python's numbers) would make the second call compile everything anew.
    """
    strengthened = lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype) if _is_number(leaf) else leaf
    return jax.tree.map(strengthened, tree)


def _is_number(leaf: Any) -> bool:
    return eqx.is_array(leaf) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
