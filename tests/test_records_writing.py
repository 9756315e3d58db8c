import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inhabit.records.reading import read
from inhabit.records.writing import line, write
from inhabit.types import Choice, Life, Message

NUMBER = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
TIME = st.floats(0, 1e9, allow_subnormal=False)
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
ROLE = st.sampled_from(["user", "partner", "assistant", "Human", "ann"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=5,
)
OBJECT = st.dictionaries(NAME, JSON, max_size=3)
NUMBERS = st.dictionaries(NAME, NUMBER, max_size=3)


@st.composite
def lives(draw):
    count = draw(st.integers(1, 5))
    times = draw(st.none() | st.lists(TIME, min_size=count, max_size=count).map(sorted))
    messages = [
        Message(
            role="user" if number == 0 else draw(ROLE),
            content=draw(st.text(st.characters(codec="utf-8"), max_size=20)),
            time=None if times is None else times[number],
            act=draw(st.none() | NAME),
            stances=draw(st.dictionaries(NAME, st.sampled_from(["ask", "offer", "refuse"]), max_size=2)),
            sees=draw(OBJECT),
            feels=draw(NUMBERS),
            rating=draw(st.none() | NUMBER),
        )
        for number in range(count)
    ]
    options = draw(st.lists(NUMBERS, min_size=1, max_size=3))
    choice = Choice(
        at=draw(st.integers(0, count)), options=tuple(options), chosen=draw(st.integers(0, len(options) - 1))
    )
    return Life(
        id=draw(NAME),
        maker=draw(NAME | ROLE),
        messages=tuple(messages),
        choices=draw(st.sampled_from([(), (choice,)])),
        values=draw(NUMBERS),
        traits=draw(OBJECT),
        feels=draw(NUMBERS),
        outcome=draw(OBJECT),
    )


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25
)
@given(st.lists(lives(), min_size=1, max_size=2, unique_by=lambda life: life.id))
def test_what_is_written_is_read_again(tmp_path, population):
    path = tmp_path / "lives.jsonl"
    assert write(path, population) == len(population)
    got = read(path)
    assert got.format == "life"
    assert list(got.lives) == population
    assert got.set_aside == () and got.mended == ()


def test_a_life_that_cannot_be_written_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "lives.jsonl"
    good = Life(id="a", maker="ann", messages=(Message(role="user", content="x"),))
    write(path, [good])
    before = path.read_bytes()
    bad = Life(id="b", maker="bob", messages=(Message(role="user", content="x", rating=math.nan),))
    with pytest.raises(ValueError, match="life 'b'"):
        write(path, [good, bad])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_line_by_hand():
    life = Life(id="c1", maker="ann", messages=(Message(role="user", content="hé", rating=0.0),), values={"food": 5.0})
    expected = '{"id": "c1", "maker": "ann", "values": {"food": 5.0}, '
    assert line(life) == expected + '"messages": [{"role": "user", "content": "hé", "rating": 0.0}]}'
