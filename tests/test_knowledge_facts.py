import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.knowledge import facts as kf
from inhabit.knowledge.reader import FactAttention, table
from inhabit.knowledge.rows import Vocabulary

CAPACITY = 5
FUNCTIONAL = {1: True, 2: False}
VOCABULARY = Vocabulary(
    subjects=("self", "partner"),
    relations=("stance", "reason"),
    abouts=("food", "water", "wood"),
    objects=("ask", "offer", "refuse"),
    functional=frozenset({"stance"}),
)


@jax.jit
def tell(facts, codes, at, event, confidence, functional):
    return kf.assert_(facts, kf.Fact(*codes), at, event, confidence, functional=functional)


def told(facts, s, r, a, o, at, event=0, confidence=1.0):
    codes = tuple(jnp.array(c) for c in (s, r, a, o))
    return tell(facts, codes, jnp.array(float(at)), jnp.array(event), jnp.array(confidence), jnp.array(FUNCTIONAL[r]))


class Listed:
    """The oracle: a plain list of dictionaries."""

    def __init__(self):
        self.rows, self.lost = [], 0

    def tell(self, s, r, a, o, at, event):
        slot = [row for row in self.rows if row["slot"] == (s, r, a) and row["until"] is None and not row["expired"]]
        for row in slot:
            if row["object"] == o:
                row["said"] += 1
                return
        if FUNCTIONAL[r]:
            for row in slot:
                row["until"] = at
        if len(self.rows) == CAPACITY:
            closed = [row for row in self.rows if row["until"] is not None or row["expired"]]
            self.rows.remove((closed or self.rows)[0])
            self.lost += 1
        self.rows.append(
            {"slot": (s, r, a), "object": o, "at": at, "until": None, "event": event, "said": 1, "expired": False}
        )

    def retract(self, event):
        for row in self.rows:
            if row["event"] == event and not row["expired"]:
                row["said"] -= 1
                row["event"] = -1 if row["said"] else event
                row["expired"] = row["said"] == 0

    def holds(self, slot, at):
        held = [
            row["object"]
            for row in self.rows
            if row["slot"] == slot
            and not row["expired"]
            and row["at"] <= at
            and (row["until"] is None or at < row["until"])
        ]
        return held[-1] if held else 0

    def count(self, slot, o):
        return sum(r["said"] for r in self.rows if r["slot"] == slot and not r["expired"] and o in (0, r["object"]))


saying = st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(0, 2), st.integers(1, 3))
taking_back = st.integers(0, 12)


@settings(deadline=None, max_examples=25)
@given(st.lists(saying | taking_back, min_size=1, max_size=14))
def test_facts_are_the_plain_list(deeds):
    facts, listed = kf.nothing_known(CAPACITY), Listed()
    take_back = jax.jit(kf.retract)
    for at, deed in enumerate(deeds):
        if isinstance(deed, tuple):
            facts = told(facts, *deed, at, event=at)
            listed.tell(*deed, at, at)
        else:
            facts = take_back(facts, jnp.array(deed), jnp.array(float(at)))
            listed.retract(deed)
    codes = VOCABULARY.rows(facts)
    assert [(r.event, r.said, r.valid_at) for r in codes] == [(r["event"], r["said"], r["at"]) for r in listed.rows]
    assert int(facts.lost) == listed.lost
    assert [r.invalid_at for r in codes] == [np.inf if r["until"] is None else r["until"] for r in listed.rows]
    holds, count = jax.jit(kf.holds), jax.jit(kf.count)
    for s, r, a in {row["slot"] for row in listed.rows}:
        slot = tuple(map(jnp.array, (s, r, a)))
        for at in (0.0, len(deeds) / 2, float(len(deeds))):
            assert int(holds(facts, *slot, jnp.array(at))[0]) == listed.holds((s, r, a), at)
        assert int(count(facts, *slot, jnp.array(0))) == listed.count((s, r, a), 0)


def test_rows_come_back_and_read_well():
    facts = told(kf.nothing_known(4), 2, 1, 1, 1, 1.0, event=3)
    facts = told(facts, 2, 1, 1, 1, 2.0, event=4)
    facts = told(facts, 2, 1, 1, 3, 5.0, event=5, confidence=0.5)
    rows = VOCABULARY.rows(facts)
    assert [str(row) for row in rows] == [
        "partner stance food: ask (from 1 until 5, said 2 times)",
        "partner stance food: refuse (from 5)",
    ]
    assert VOCABULARY.rows(VOCABULARY.facts(rows, 4)) == rows
    with pytest.raises(ValueError, match="do not fit"):
        VOCABULARY.facts(rows, 1)
    with pytest.raises(ValueError, match="not among"):
        VOCABULARY.facts([dataclasses.replace(rows[0], object="sing")], 4)


def some_facts():
    facts = told(kf.nothing_known(8), 1, 1, 1, 1, 0.0, confidence=0.5)
    facts = told(facts, 2, 1, 3, 2, 1.0)
    facts = told(facts, 2, 1, 3, 2, 3.0)
    return told(facts, 2, 2, 0, 2, 3.0)


SIZES = {"subjects": 2, "relations": 2, "goods": 3, "objects": 3}


def test_table_by_hand():
    read = table(some_facts(), jnp.array(4.0), **SIZES)
    by_hand = np.zeros((3, 2, 2, 3, 3))
    by_hand[0, 0, 0, 0] = [0.5, 1 / 5, np.log(2)]
    by_hand[2, 1, 0, 1] = [1.0, 1 / 2, np.log(3)]
    np.testing.assert_allclose(read, by_hand, rtol=1e-6)


def test_reading_is_equivariant_over_goods():
    facts, now = some_facts(), jnp.array(4.0)
    swap = jnp.array([0, 3, 1, 2])
    moved = eqx.tree_at(lambda f: f.about, facts, swap[facts.about])
    before, after = table(facts, now, **SIZES), table(moved, now, **SIZES)
    np.testing.assert_array_equal(after[swap[1:] - 1], before)
    reader = FactAttention(2, 2, 3, query=4, width=6, key=jax.random.key(0))
    query = jnp.arange(4.0)
    for good in (1, 2, 3):
        np.testing.assert_allclose(
            reader(facts, query, jnp.array(good), now), reader(moved, query, swap[good], now), rtol=1e-5
        )


def test_attention_to_nothing_is_nothing_and_to_one_fact_is_that_fact():
    reader = FactAttention(2, 2, 3, query=4, width=6, key=jax.random.key(0))
    none = reader(kf.nothing_known(4), jnp.ones(4), jnp.array(1), jnp.array(0.0))
    assert not np.any(none)
    one = told(kf.nothing_known(4), 2, 1, 1, 3, 0.0)
    fact = reader.subject[2] + reader.relation[1] + reader.object[3] + reader.about[1]
    fact = fact + jnp.array([1.0, 1.0, np.log(2)]) @ reader.manner
    read = reader(one, jnp.ones(4), jnp.array(1), jnp.array(0.0))
    np.testing.assert_allclose(read, reader.answer @ fact, rtol=1e-4, atol=1e-5)
