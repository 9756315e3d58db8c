"""Reading facts: what is known, as features for a policy."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.knowledge.facts import Facts
from inhabit.types import Key


def table(
    facts: Facts, now: Float[Array, ""], *, subjects: int, relations: int, goods: int, objects: int
) -> Float[Array, "goods subjects relations objects 3"]:
    """What holds about each good: confidence, recency `1 / (1 + age)`, `log(1 + times said)`; else 0.

    Goods are exchangeable: permuting them in the facts permutes the first axis. Codes beyond the sizes are left out.
    `O(capacity)`.

    Args:
        facts: To be read.
        now: The time of reading.
        subjects: How many, without 0.
        relations: How many, without 0.
        goods: How many; a good's code in `about` is its index plus 1.
        objects: How many, without 0.
    """
    recency = 1 / (1 + jnp.maximum(now - facts.said_at, 0.0))
    features = jnp.stack([facts.confidence, recency, jnp.log1p(facts.said.astype(float))], axis=1)
    index = (facts.about - 1, facts.subject - 1, facts.relation - 1, facts.object - 1)
    shape = (goods, subjects, relations, objects)
    inside = facts.open
    for code, size in zip(index, shape):
        inside &= (code >= 0) & (code < size)
    place = tuple(jnp.where(inside, code, size) for code, size in zip(index, shape))
    return jnp.zeros((*shape, 3)).at[place].set(features, mode="drop")


class FactAttention(eqx.Module):
    """Attends to the facts that hold, with a question; a fact about a good is met as *this* good's or *another's*.

    Attributes:
        subject: Embedding of each code of a subject.
        relation: Embedding of each code of a relation.
        object: Embedding of each code of an object.
        about: Embedding of a fact about nothing, about this good, about another.
        manner: From confidence, recency and times said.
        question: From the query to a key.
        answer: From the read fact to the answer.
    """

    subject: Float[Array, "subjects width"]
    relation: Float[Array, "relations width"]
    object: Float[Array, "objects width"]
    about: Float[Array, "3 width"]
    manner: Float[Array, "3 width"]
    question: Float[Array, "width query"]
    answer: Float[Array, "width width"]

    def __init__(self, subjects: int, relations: int, objects: int, *, query: int, width: int, key: Key):
        """Make a reader; the sizes of the vocabularies are without 0."""
        names = ("subject", "relation", "object", "about", "manner", "question", "answer")
        keys = dict(zip(names, jax.random.split(key, len(names))))
        heights = dict(zip(names, (subjects + 1, relations + 1, objects + 1, 3, 3)))
        for name, height in heights.items():
            setattr(self, name, jax.random.normal(keys[name], (height, width)) / jnp.sqrt(width))
        self.question = jax.random.normal(keys["question"], (width, query)) / jnp.sqrt(query)
        self.answer = jax.random.normal(keys["answer"], (width, width)) / jnp.sqrt(width)

    def __call__(
        self, facts: Facts, query: Float[Array, " query"], good: Int[Array, ""], now: Float[Array, ""]
    ) -> Float[Array, " width"]:
        """Answer a question about a good (code; 0 for none); zeros when nothing is known."""
        recency = 1 / (1 + jnp.maximum(now - facts.said_at, 0.0))
        manner = jnp.stack([facts.confidence, recency, jnp.log1p(facts.said.astype(float))], axis=1)
        relative = jnp.where(facts.about == 0, 0, jnp.where(facts.about == good, 1, 2))
        known = self.subject[facts.subject] + self.relation[facts.relation] + self.object[facts.object]
        known = known + self.about[relative] + manner @ self.manner
        score = known @ (self.question @ query) / jnp.sqrt(known.shape[1])
        share = jax.nn.softmax(jnp.where(facts.open, score, -1e9)) * facts.open
        return self.answer @ (share @ known)
