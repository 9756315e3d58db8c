import json
import os
import sqlite3
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.records import mindfile
from inhabit.records.facts import SCHEMA, EventRow, FactRow
from inhabit.records.mindfile import MindFileError, open_mind, save

MANIFEST = {"goods": ["food", "wood"], "scores": {"act": 0.5}, "name": "☕"}
EVENT = EventRow(id=1, life="c1", maker="ann", at=0.5, kind="said", payload={"words": "naïve"})
FACT = FactRow(id=1, subject="ann", relation="knows", object="bob", valid_at=0.5, recorded_at=0.5, event=1)


def arrays():
    rng = np.random.default_rng(0)
    return {
        "mu": rng.normal(size=(3, 4)).astype(np.float32),
        "turned": rng.normal(size=(3, 4)).T,
        "every other": np.arange(10)[::2],
        "big endian": np.arange(3, dtype=">i4"),
        "scalar": np.array(2.5),
        "none": np.zeros((0, 3)),
        "truth": np.array([True, False]),
    }


@pytest.fixture
def mind(tmp_path):
    path = tmp_path / "people.mind"
    save(path, arrays=arrays(), manifest=MANIFEST, facts=[FACT], events=[EVENT])
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rewrite(path, changed, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in changed.items():
            archive.writestr(name, data)
    return path


def refuses(path, match):
    with pytest.raises(MindFileError, match=match) as caught:
        open_mind(path)
    assert len(str(caught.value).splitlines()) == 1


def database(*statements, schema=SCHEMA):
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def test_what_is_saved_is_opened_again(mind):
    got = open_mind(mind)
    assert got.manifest == MANIFEST
    assert set(got.arrays) == set(arrays())
    for name, array in arrays().items():
        np.testing.assert_array_equal(got.arrays[name], array)
        assert got.arrays[name].shape == array.shape
    assert (list(got.facts()), list(got.events())) == ([FACT], [EVENT])


def test_the_same_contents_give_the_same_bytes(mind, tmp_path):
    other = tmp_path / "other.mind"
    backwards = dict(reversed(MANIFEST.items()))
    save(other, arrays=dict(reversed(arrays().items())), manifest=backwards, facts=[FACT], events=[EVENT])
    assert other.read_bytes() == mind.read_bytes()


def test_a_failed_save_leaves_the_old_file_and_no_other(mind):
    before = mind.read_bytes()
    for bad in (
        {"arrays": {"x": np.array(["words"])}},
        {"arrays": {"x": np.array([object()])}},
        {"manifest": {"x": np.nan}},
    ):
        with pytest.raises(MindFileError):
            save(mind, **{"arrays": {}, "manifest": {}} | bad)
    assert mind.read_bytes() == before
    assert os.listdir(mind.parent) == [mind.name]


def test_a_crash_before_the_end_leaves_the_old_file(mind, monkeypatch):
    before = mind.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        save(mind, arrays={}, manifest={})
    assert mind.read_bytes() == before and os.listdir(mind.parent) == [mind.name]


def test_a_missing_file(tmp_path):
    refuses(tmp_path / "no.mind", "no such file")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_file_that_is_cut_or_has_a_byte_changed_is_refused_or_the_same(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("m")
    path = folder / "a.mind"
    save(path, arrays={"x": np.arange(4.0)}, manifest=MANIFEST, facts=[FACT], events=[EVENT])
    raw, good = path.read_bytes(), open_mind(path)
    place = data.draw(st.integers(0, len(raw) - 1))
    cut = data.draw(st.booleans())
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    path.write_bytes(raw[:place] if cut else changed)
    try:
        got = open_mind(path)
    except MindFileError:
        return
    assert not cut
    assert (got.manifest, got.knowledge, got.arrays["x"].tolist()) == (good.manifest, good.knowledge, [0, 1, 2, 3])


def test_a_bomb_is_refused_unopened(mind):
    contents = members(mind) | {"arrays.safetensors": b"\0" * 50_000_000}
    refuses(rewrite(mind, contents, zipfile.ZIP_DEFLATED), "compressed")


def test_a_size_over_the_limit_is_refused(mind, monkeypatch):
    monkeypatch.setitem(mindfile.LIMITS, "manifest.json", 10)
    refuses(mind, "over 10")
    with pytest.raises(MindFileError, match="at most 10"):
        save(mind, arrays={}, manifest=MANIFEST)


@pytest.mark.parametrize(
    "change",
    [
        {"evil.py": b"import os"},
        {"../../up": b""},
        {"manifest.json": None},
    ],
)
def test_other_members_are_refused(mind, change):
    contents = {name: data for name, data in (members(mind) | change).items() if data is not None}
    refuses(rewrite(mind, contents), "expected the members")


def test_a_member_twice_is_refused(mind):
    contents = members(mind)
    with zipfile.ZipFile(mind, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name, data in [*contents.items(), ("manifest.json", contents["manifest.json"])]:
            archive.writestr(name, data)
    refuses(mind, "expected the members")


def test_a_file_hidden_before_the_archive_is_refused(mind):
    mind.write_bytes(b"#!/bin/sh\n" + mind.read_bytes())
    refuses(mind, "one after another|whole")


def test_another_version_is_refused_with_a_mend(mind):
    record = json.loads(members(mind)["manifest.json"]) | {"schema": 99}
    refuses(rewrite(mind, members(mind) | {"manifest.json": json.dumps(record).encode()}), "version 99.*fit again")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": "inhabit.mind", "schema": 1, "manifest": {"x": NaN}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_manifest_that_is_none_is_refused(mind, manifest):
    refuses(rewrite(mind, members(mind) | {"manifest.json": manifest}), "manifest.json")


@pytest.mark.parametrize(
    "header",
    [
        b'{"x": {"dtype": "F32", "shape": [1000000], "data_offsets": [0, 4]}}',
        b'{"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 99]}}',
        b'{"x": {"dtype": "PICKLE", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"x": ',
    ],
)
def test_arrays_that_lie_about_themselves_are_refused(mind, header):
    data = struct.pack("<Q", len(header)) + header + b"\0" * 4
    refuses(rewrite(mind, members(mind) | {"arrays.safetensors": data}), "arrays.safetensors")
    huge = struct.pack("<Q", 2**62) + header
    refuses(rewrite(mind, members(mind) | {"arrays.safetensors": huge}), "arrays.safetensors")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW v AS SELECT load_extension('x')",
        "CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM events; END",
        "CREATE TABLE more (x)",
        "CREATE VIRTUAL TABLE words USING fts5(x)",
        "CREATE INDEX other ON facts (object)",
        "ALTER TABLE facts ADD COLUMN x INT GENERATED ALWAYS AS (1)",
        "DROP INDEX facts_told",
    ],
)
def test_a_database_with_anything_else_in_it_is_refused(mind, statement):
    refuses(rewrite(mind, members(mind) | {"knowledge.sqlite": database(statement)}), "other tables")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO facts VALUES (1, 'a', 'r', 'b', 1, NULL, 1, NULL, 7.0, NULL)",
        "INSERT INTO facts VALUES (1, 'a', 'r', 'b', 1e999, NULL, 1, NULL, 0.5, NULL)",
        "INSERT INTO facts VALUES (1, CAST(x'ff' AS TEXT), 'r', 'b', 1, NULL, 1, NULL, 0.5, NULL)",
        "INSERT INTO events VALUES (1, 'a', 'm', 1, 'k', 'not json', NULL)",
    ],
)
def test_rows_that_are_no_facts_or_events_are_refused(mind, statement):
    refuses(rewrite(mind, members(mind) | {"knowledge.sqlite": database(statement)}), "knowledge.sqlite is broken")


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + b"\xff" * 5000, b"words"])
def test_a_database_that_is_none_is_refused(mind, data):
    refuses(rewrite(mind, members(mind) | {"knowledge.sqlite": data}), "knowledge.sqlite")


def test_the_same_names_with_other_columns_are_refused(mind):
    schema = SCHEMA.replace("confidence REAL NOT NULL", "confidence BLOB NOT NULL")
    refuses(rewrite(mind, members(mind) | {"knowledge.sqlite": database(schema=schema)}), "other tables")
