"""Knowing someone: a belief about one maker's own part from that maker's lives, the shared part being known."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.learning.accounts import account
from inhabit.learning.codebook import Lesson
from inhabit.mind.own import Belief, own_size
from inhabit.mind.person import Person

STEPS = 5
"""Newton steps; the log posterior is nearly quadratic, three are usually enough."""


@eqx.filter_jit
def know(person: Person, lessons: Lesson) -> Belief:
    """Infer everyone's own part, by Laplace's method with the expected Fisher information.

    What tells is every act (with the good it is aimed at), rating and choice, given what the person perceived and
    had lived until then; the way of living through it depends on the own part too, and is differentiated through.

    Args:
        person: The shared part.
        lessons: Lives with two leading axes, makers and lives of a maker; a life with nothing living is padding.

    Source:
        Fisher scoring: McCullagh & Nelder (1989), section 2.5.
    """
    return jax.lax.map(lambda lives: _know(person, lives), lessons, batch_size=16)


def _know(person: Person, lives: Lesson) -> Belief:
    size = own_size(person.goods)

    def told(standard):
        each = jax.vmap(account, in_axes=(None, 0, None))(person, lives, standard)
        heads = {"acts": each.acts.reshape(*each.act.shape, -1), "ratings": each.ratings, "options": each.options}
        score = each.act + each.rating + each.choice
        return heads, score.sum()

    def improve(mean, _):
        (heads, score), (slopes, gradient) = _value_and_jacobian(told, mean)
        precision = jnp.eye(size) + _information(heads, slopes, lives)
        step = jnp.linalg.solve(precision, gradient - mean)
        return mean + step / jnp.maximum(1.0, jnp.max(jnp.abs(step)) / 2), precision

    mean, precisions = jax.lax.scan(improve, jnp.zeros(size), None, length=STEPS)
    return Belief(mean, precisions[-1])


def _value_and_jacobian(function, at: Float[Array, " own"]):
    """A function's value and its forward-mode Jacobian, in one pass."""
    value, push = jax.linearize(function, at)
    return value, jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), jax.vmap(push)(jnp.eye(at.shape[0])))


def _information(heads: dict[str, Array], slopes: dict[str, Array], lives: Lesson) -> Float[Array, "own own"]:
    """Expected Fisher information of everything categorical that happened."""
    happened = {"acts": lives.living, "ratings": lives.rating >= 0, "options": lives.chosen >= 0}

    def of(name: str) -> Float[Array, "own own"]:
        probability = jnp.where((happened[name] & lives.living)[..., None], jnp.exp(heads[name]), 0.0)
        return jnp.einsum("ltk,ltkp,ltkq->pq", probability, slopes[name], slopes[name])

    return of("acts") + of("ratings") + of("options")
