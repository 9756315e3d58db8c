"""Whatever bytes a file holds, reading gives lives and one-line problems, or one `ReadError`."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inhabit.records.formats import FORMATS
from inhabit.records.reading import ReadError, read
from inhabit.records.writing import line

OUTER = ["id", "maker", "user", "messages", "conversations", "maker_role", "choices", "values", "traits", "outcome"]
INNER = [
    "role",
    "content",
    "from",
    "value",
    "time",
    "act",
    "stances",
    "sees",
    "feels",
    "rating",
    "at",
    "options",
    "chosen",
]
OTHERS = ["metadata", "chat_logs", "participant_info", "dialogue_id", "x"]
KEYS = st.sampled_from([*OUTER, *INNER, *OTHERS])
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["user", "gpt"])
VALUE = st.recursive(LEAF, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12)
MESSAGE = st.dictionaries(KEYS, VALUE, max_size=5).map(lambda d: {"role": "user", "from": "human"} | d)
RECORD = st.builds(
    lambda key, messages, rest: rest | {key: messages},
    st.sampled_from(["messages", "conversations"]),
    st.lists(MESSAGE | VALUE, max_size=4),
    st.dictionaries(KEYS, VALUE, max_size=4),
)
HOSTILE = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def reads(path, format=None):
    try:
        got = read(path, format=format)
    except ReadError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert all(len(str(problem).splitlines()) == 1 for problem in (*got.set_aside, *got.mended))
    assert len({life.id for life in got.lives}) == len(got.lives)
    for life in got.lives:
        line(life).encode()


@HOSTILE
@given(
    st.lists(RECORD | VALUE, max_size=4), st.booleans(), st.sampled_from(["life", "chat", "sharegpt", "casino", None])
)
def test_records_of_any_shape(tmp_path, records, array, format):
    path = tmp_path / "log.json"
    path.write_text(json.dumps(records) if array else "\n".join(map(json.dumps, records)))
    reads(path, format)


@HOSTILE
@given(st.binary(max_size=200), st.sampled_from([*FORMATS, None]), st.sampled_from(["a.jsonl", "a.csv", "a.txt.gz"]))
def test_any_bytes(tmp_path, raw, format, name):
    path = tmp_path / name
    path.write_bytes(raw)
    reads(path, format)


@HOSTILE
@given(st.lists(st.lists(st.text(max_size=4), max_size=5), max_size=5), st.sampled_from([",", "\t"]))
def test_any_table(tmp_path, rows, separator):
    path = tmp_path / "log.csv"
    body = "\n".join(separator.join(row) for row in rows)
    path.write_text(f"id,role,text,time,rating\n{body}".replace(",", separator), encoding="utf-8", errors="replace")
    reads(path)


@HOSTILE
@given(st.data())
@pytest.mark.parametrize("text", ["USER\thello\tINFORM\t3,3,4\n\nSYSTEM\twhich?\tREQUEST\t\nUSER\tOVERALL\t\t1,2,5\n"])
def test_any_byte_of_a_session_changed(tmp_path, text, data):
    raw = bytearray(text.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "a.txt").write_bytes(raw)
    reads(tmp_path / "a.txt", "uss")
