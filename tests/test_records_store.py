import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.records.facts import EventRow, FactRow
from inhabit.records.store import Store


def event(at=0.0, life="c1"):
    return EventRow(life=life, maker="ann", at=at, kind="said", payload={"words": "…"})


def fact(object_, valid, *, recorded=None, source=None, relation="is in", until=None):
    recorded = valid if recorded is None else recorded
    return FactRow(
        subject="ann",
        relation=relation,
        object=object_,
        valid_at=valid,
        invalid_at=until,
        recorded_at=recorded,
        event=source,
    )


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "facts.sqlite", functional=["is in"]) as one:
        yield one


def held(store, valid, recorded=float("inf")):
    return [one.object for one in store.as_of(valid=valid, recorded=recorded)]


def test_a_newer_fact_closes_the_older_one_and_what_was_believed_can_still_be_asked(store):
    store.tell([fact("kitchen", 1.0), fact("garden", 5.0)])
    assert [held(store, at) for at in (0, 1, 4.9, 5, 9)] == [[], ["kitchen"], ["kitchen"], ["garden"], ["garden"]]
    assert held(store, 9, recorded=4) == ["kitchen"]
    assert len(store.history("ann", "is in")) == 3


def test_news_of_the_past_does_not_change_the_present(store):
    store.tell([fact("kitchen", 1.0), fact("garden", 8.0), fact("hall", 4.0, recorded=9.0)])
    assert [held(store, at) for at in (2, 4, 7.9, 8)] == [["kitchen"], ["hall"], ["hall"], ["garden"]]
    assert held(store, 4, recorded=8.5) == ["kitchen"]


def test_a_relation_with_many_objects_closes_nothing(store):
    store.tell([fact("bob", 1.0, relation="knows"), fact("eve", 2.0, relation="knows")])
    assert held(store, 3) == ["bob", "eve"]


def test_a_fact_knows_the_event_it_came_from(store):
    first, second = store.record([event(1.0), event(2.0)])
    numbers = store.tell(
        [fact("kitchen", 1.0, source=first), fact("garden", 2.0, source=second), fact("bob", 1.0, relation="knows")]
    )
    assert store.why(numbers[0]).id == first
    assert store.why(store.as_of(valid=2.0, relation="is in")[0]).payload == {"words": "…"}
    assert store.why(numbers[2]) is None
    with pytest.raises(ValueError, match="no fact number 99"):
        store.why(99)


def test_taking_an_event_back_expires_its_facts_and_reopens_what_they_closed(store):
    truth, lie, later = store.record([event(1.0), event(5.0), event(8.0)])
    store.tell([fact("kitchen", 1.0, source=truth), fact("moon", 5.0, source=lie), fact("garden", 8.0, source=later)])
    assert held(store, 6) == ["moon"]
    assert store.retract(lie, recorded=9.0) == 1
    assert [held(store, at) for at in (2, 6, 8)] == [["kitchen"], ["kitchen"], ["garden"]]
    assert held(store, 6, recorded=8.5) == ["moon"]
    with pytest.raises(ValueError, match="no event number"):
        store.retract(lie, recorded=10.0)


def test_taking_back_a_fact_that_displaced_another_of_the_same_time_brings_it_back(store):
    truth, lie = store.record([event(1.0), event(1.0)])
    store.tell([fact("kitchen", 1.0, source=truth), fact("moon", 1.0, source=lie)])
    assert held(store, 1) == ["moon"]
    store.retract(lie, recorded=2.0)
    assert held(store, 1) == ["kitchen"]


def test_taking_back_the_truth_does_not_bring_back_a_lie_taken_back_before(store):
    truth, lie = store.record([event(1.0), event(1.0)])
    store.tell([fact("kitchen", 1.0, source=truth), fact("moon", 1.0, source=lie)])
    store.retract(lie, recorded=2.0)
    store.retract(truth, recorded=3.0)
    assert held(store, 1) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), min_size=1, max_size=10), st.data())
def test_as_of_agrees_with_a_slow_timeline_after_telling_and_taking_back(told, data):
    with Store(functional=["is in"]) as store:
        sources = store.record([event(float(at)) for at, _ in told])
        for number, (at, place) in enumerate(told):
            store.tell([fact(place, float(at), recorded=float(number), source=sources[number])])
        back = data.draw(st.lists(st.sampled_from(range(len(told))), unique=True, max_size=4))
        for step, number in enumerate(back):
            store.retract(sources[number], recorded=100.0 + step)
        left = [pair for number, pair in enumerate(told) if number not in back]
        for when in range(11):
            before = [(at, order, place) for order, (at, place) in enumerate(left) if at <= when]
            assert held(store, float(when)) == ([max(before)[2]] if before else [])
        for when in range(11):
            before = [(at, order, place) for order, (at, place) in enumerate(told) if at <= when]
            assert held(store, float(when), recorded=99.0) == ([max(before)[2]] if before else [])


def test_all_or_none_of_a_batch_is_written(store):
    bad = EventRow(life="c1", maker="ann", at=0.0, kind="said", payload={"x": float("nan")})
    with pytest.raises(ValueError):
        store.record([event(), bad])
    assert list(store.events()) == []


def test_a_store_is_there_again_after_closing_and_read_beside_a_writer(tmp_path):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.record([event(2.0), event(1.0)])
    with Store(path) as store, Store(path) as reader:
        store.tell([fact("kitchen", 1.0)])
        assert [one.at for one in reader.events(life="c1")] == [1.0, 2.0]
        assert held(reader, 1) == ["kitchen"]


def test_questions_as_of_use_an_index(store):
    plan = store._database.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM facts WHERE subject = ? AND relation = ? AND valid_at <= ?", ["a", "b", 1]
    ).fetchall()
    assert "facts_held" in str(plan)


@pytest.mark.parametrize("keys", [{"confidence": 1.5}, {"valid_at": float("nan")}, {"invalid_at": 0.0}])
def test_an_impossible_fact_is_refused(keys):
    good = {"subject": "a", "relation": "r", "object": "b", "valid_at": 1.0, "recorded_at": 1.0}
    with pytest.raises(ValueError):
        FactRow(**good | keys)


def test_a_statement_in_an_object_is_only_text(store):
    words = "'); DROP TABLE facts; --"
    store.tell([fact(words, 1.0)])
    assert held(store, 1) == [words]
    with pytest.raises(sqlite3.Error):
        store._database.execute("SELECT * FROM nothing")
