"""Facts in time: what is held to be so, since when, by which event; a fixed number of rows inside a compiled mind."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class Fact(eqx.Module):
    """What can be asserted: the `relation` of `subject` about something is `object`. Codes; 0 is nothing.

    Attributes:
        subject: Whose fact it is.
        relation: What kind of fact.
        about: What it is about (a good), or 0.
        object: What is said.
    """

    subject: Int[Array, ""]
    relation: Int[Array, ""]
    about: Int[Array, ""]
    object: Int[Array, ""]


class Facts(eqx.Module):
    """Live knowledge: rows of facts, and how many were let go.

    Attributes:
        subject: Code; 0 marks an empty row.
        relation: Code.
        about: Code.
        object: Code.
        valid_at: When it began to hold.
        invalid_at: When it ceased to hold; infinite while it holds.
        recorded_at: When it was recorded.
        expired_at: When it was retracted; infinite unless it was.
        confidence: How much it is believed, 0 to 1.
        event: The event that it came from.
        said: How often it was asserted.
        said_at: When it was last asserted.
        order: Number of the assertion that recorded it; rows let go are the oldest by this.
        asserted: Assertions so far.
        lost: Rows overwritten for want of room.
    """

    subject: Int[Array, " capacity"]
    relation: Int[Array, " capacity"]
    about: Int[Array, " capacity"]
    object: Int[Array, " capacity"]
    valid_at: Float[Array, " capacity"]
    invalid_at: Float[Array, " capacity"]
    recorded_at: Float[Array, " capacity"]
    expired_at: Float[Array, " capacity"]
    confidence: Float[Array, " capacity"]
    event: Int[Array, " capacity"]
    said: Int[Array, " capacity"]
    said_at: Float[Array, " capacity"]
    order: Int[Array, " capacity"]
    asserted: Int[Array, ""]
    lost: Int[Array, ""]

    @property
    def open(self) -> Bool[Array, " capacity"]:
        """Rows that hold now: neither closed nor retracted nor empty."""
        return (self.subject > 0) & jnp.isinf(self.invalid_at) & jnp.isinf(self.expired_at)


def nothing_known(capacity: int) -> Facts:
    """No fact yet, and room for `capacity`."""
    code, time = jnp.zeros(capacity, int), jnp.zeros(capacity)
    never = jnp.full(capacity, jnp.inf)
    return Facts(
        subject=code,
        relation=code,
        about=code,
        object=code,
        valid_at=time,
        invalid_at=never,
        recorded_at=time,
        expired_at=never,
        confidence=time,
        event=code,
        said=code,
        said_at=time,
        order=code,
        asserted=jnp.zeros((), int),
        lost=jnp.zeros((), int),
    )


def assert_(
    facts: Facts,
    fact: Fact,
    at: Float[Array, ""],
    event: Int[Array, ""],
    confidence: Float[Array, ""],
    *,
    functional: Bool[Array, ""],
) -> Facts:
    """Assert a fact.

    A fact that already holds is said once more: it keeps its source, and the higher confidence. One that is new closes
    whatever it contradicts, and takes an empty row, else that of the oldest closed fact, else of the oldest open one.
    Subject 0 asserts nothing.

    Args:
        facts: Before.
        fact: What is asserted.
        at: When.
        event: Where it comes from.
        confidence: How much it is believed, 0 to 1.
        functional: Whether a subject has one object at a time in this relation about one thing. Facts of the other
            relations contradict nothing.
    """
    slot = _matches(facts, fact.subject, fact.relation, fact.about) & facts.open
    again = slot & (facts.object == fact.object)
    told = fact.subject > 0
    repeated, fresh = told & jnp.any(again), told & ~jnp.any(again)

    closed = fresh & functional & slot
    facts = eqx.tree_at(
        lambda f: (f.invalid_at, f.said, f.said_at, f.confidence, f.asserted),
        facts,
        (
            jnp.where(closed, jnp.maximum(at, facts.valid_at), facts.invalid_at),
            facts.said + (told & again),
            jnp.where(told & again, jnp.maximum(facts.said_at, at), facts.said_at),
            jnp.where(told & again, jnp.maximum(facts.confidence, confidence), facts.confidence),
            facts.asserted + (repeated | fresh),
        ),
    )
    return _record(facts, fact, at, event, confidence, fresh)


def holds(
    facts: Facts, subject: Int[Array, ""], relation: Int[Array, ""], about: Int[Array, ""], at: Float[Array, ""]
) -> tuple[Int[Array, ""], Float[Array, ""]]:
    """What held at a time: the object and its confidence; 0 and 0 when nothing did. The latest, if several did."""
    held = _matches(facts, subject, relation, about) & jnp.isinf(facts.expired_at)
    held &= (facts.valid_at <= at) & (at < facts.invalid_at)
    row = jnp.argmax(jnp.where(held, facts.order, -1))
    found = held[row]
    return jnp.where(found, facts.object[row], 0), jnp.where(found, facts.confidence[row], 0.0)


def count(
    facts: Facts,
    subject: Int[Array, ""],
    relation: Int[Array, ""],
    about: Int[Array, ""],
    object_: Int[Array, ""],
) -> Int[Array, ""]:
    """How often this was asserted, open or closed, as far as it was not let go. Object 0 is any object."""
    said = _matches(facts, subject, relation, about) & ((object_ == 0) | (facts.object == object_))
    return jnp.sum(jnp.where(said & jnp.isinf(facts.expired_at), facts.said, 0))


def retract(facts: Facts, event: Int[Array, ""], at: Float[Array, ""]) -> Facts:
    """Take back what an event told.

    A fact that came from it and was said by nothing else expires; one that was said again since is said once less.
    What it had closed stays closed: nobody has said that it holds again.
    """
    told = (facts.subject > 0) & (facts.event == event) & jnp.isinf(facts.expired_at) & (facts.said > 0)
    left = facts.said - told
    expired = jnp.where(told & (left == 0), at, facts.expired_at)
    source = jnp.where(told & (left > 0), -1, facts.event)
    return eqx.tree_at(lambda f: (f.said, f.expired_at, f.event), facts, (left, expired, source))


def _matches(
    facts: Facts, subject: Int[Array, ""], relation: Int[Array, ""], about: Int[Array, ""]
) -> Bool[Array, " capacity"]:
    same = (facts.subject == subject) & (facts.relation == relation) & (facts.about == about)
    return same & (facts.subject > 0)


def _record(
    facts: Facts,
    fact: Fact,
    at: Float[Array, ""],
    event: Int[Array, ""],
    confidence: Float[Array, ""],
    fresh: Bool[Array, ""],
) -> Facts:
    """Write a new row where `fresh`, in the least wanted place."""
    used = facts.subject > 0
    later = facts.asserted + 1  # empty rows first, then the closed by age, then the open by age
    want = jnp.where(used, facts.order + jnp.where(facts.open, later, 0), -1)
    row = jnp.argmin(want)
    here = fresh & (jnp.arange(used.shape[0]) == row)
    new: dict[str, Any] = {
        "subject": fact.subject,
        "relation": fact.relation,
        "about": fact.about,
        "object": fact.object,
        "valid_at": at,
        "invalid_at": jnp.inf,
        "recorded_at": at,
        "expired_at": jnp.inf,
        "confidence": confidence,
        "event": event,
        "said": 1,
        "said_at": at,
        "order": facts.asserted,
    }
    rows = {name: jnp.where(here, value, getattr(facts, name)) for name, value in new.items()}
    return Facts(**rows, asserted=facts.asserted, lost=facts.lost + (fresh & used[row]))


def known(subject: int, relation: int, about: int, object_: int) -> Fact:
    """A fact from plain codes."""
    return Fact(*(jnp.asarray(code) for code in (subject, relation, about, object_)))


def attest(facts: Facts, seen: Bool[Array, " capacity"], gone: Bool[Array, " capacity"], at: Float[Array, ""]) -> Facts:
    """Look at facts again: an open row that is seen is asserted once more, one that is gone ceases to hold."""
    seen, gone = seen & facts.open, gone & facts.open
    return eqx.tree_at(
        lambda f: (f.invalid_at, f.said, f.said_at, f.confidence),
        facts,
        (
            jnp.where(gone, jnp.maximum(at, facts.valid_at), facts.invalid_at),
            facts.said + seen,
            jnp.where(seen, jnp.maximum(facts.said_at, at), facts.said_at),
            jnp.where(seen, 1.0, facts.confidence),
        ),
    )
