"""Noting: the facts that a person bears in mind in a talk, who said what of which good, and who did what."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.knowledge import facts as knowledge
from inhabit.knowledge.facts import Fact, Facts
from inhabit.knowledge.reader import table

FACTS = 32
"""Facts that a person bears in mind at once."""

SELF, PARTNER = 1, 2
"""Subjects of facts."""

SAYS, DID = 1, 2
"""Relations: what someone last said of a good (one thing at a time), and which acts someone did (any number)."""


def nothing_noted() -> Facts:
    """Before the first word."""
    return knowledge.nothing_known(FACTS)


def note(facts: Facts, who: int, act: Int[Array, ""], stances: Int[Array, " goods"], at: Float[Array, ""]) -> Facts:
    """Take down what someone did (code 0: nothing known) and said of each good, in the turn `at`."""
    spoken = jnp.concatenate([(stances > 0) * who, (act > 0)[None] * who])
    goods = stances.shape[0]
    relation = jnp.array([SAYS] * goods + [DID])
    about = jnp.array([*range(1, goods + 1), 0])
    each = Fact(spoken, relation, about, jnp.concatenate([stances, act[None]]))

    def assert_one(facts, fact):
        sure = jnp.asarray(1.0)
        functional = fact.relation == SAYS
        return knowledge.assert_(facts, fact, at, at.astype(int), sure, functional=functional), None

    return jax.lax.stop_gradient(jax.lax.scan(assert_one, jax.lax.stop_gradient(facts), each)[0])


def times(facts: Facts, who: int, act: Int[Array, ""]) -> Float[Array, ""]:
    """How often someone did an act."""
    return knowledge.count(facts, jnp.asarray(who), jnp.asarray(DID), jnp.asarray(0), act).astype(float)


def said(facts: Facts, now: Float[Array, ""], goods: int) -> Float[Array, "goods features"]:
    """What the partner last said of each good: how sure, how lately, how often, for each stance.

    What the person said itself is left out: it was said for what the goods are worth to it, and would be taken for them.
    """
    return table(facts, now, subjects=2, relations=1, goods=goods, objects=3)[:, PARTNER - 1].reshape(goods, -1)
