import gzip
import json

import pytest

from inhabit.records import reading
from inhabit.records.fields import MAX_CONTENT
from inhabit.records.opening import MAX_LINE
from inhabit.records.problems import Problem
from inhabit.records.reading import ReadError, read


def chat(text="hello", **keys):
    return json.dumps({"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "hi"}]} | keys)


def said(reading):
    return [[one.content for one in life.messages] for life in reading.lives]


def one_line(problems):
    lines = [str(problem) for problem in problems]
    assert all(line and "\n" not in line for line in lines)
    return lines


@pytest.fixture
def log(tmp_path):
    def write(content, name="log.jsonl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_problem_is_one_line():
    problem = Problem(file="a", line=3, field="x", expected="one\ntwo", mend="do\n\nthis")
    assert str(problem) == "a:3: x: one two; do this"


def test_a_malformed_line_is_set_aside_and_the_rest_is_read(log):
    got = read(log("\n".join([chat("one"), '{"messages": [', chat("two"), "\x00\x01", chat("three")])))
    assert [talk[0] for talk in said(got)] == ["one", "two", "three"]
    assert [problem.line for problem in got.set_aside] == [2, 4]
    assert one_line(got.set_aside)[0].startswith("log.jsonl:2: expected one JSON record")


def test_a_malformed_first_line_does_not_hide_the_format(log):
    got = read(log("\n".join(['{"messages": [{"role', chat("two")])))
    assert (got.format, len(got.lives), len(got.set_aside)) == ("chat", 1, 1)


def test_a_file_cut_in_its_last_line_loses_only_that(log):
    got = read(log((chat("one") + "\n" + chat("two"))[:-20]))
    assert said(got) == [["one", "hi"]]
    assert [problem.line for problem in got.set_aside] == [2]


@pytest.mark.parametrize("cut", range(60, 330, 15))
def test_an_array_cut_anywhere_keeps_its_whole_records(log, cut):
    records = [json.loads(chat(f"talk {n}")) for n in range(4)]
    text = json.dumps(records)
    starts = [text.index(f"talk {n}") for n in range(4)]
    whole = sum(text[start:cut].count("]}") > 0 for start in starts)
    got = read(log(text[:cut], "log.json"), format="chat")
    assert len(got.lives) == whole
    assert len(got.set_aside) + len(got.mended) == 1


@pytest.mark.parametrize("indent", [None, 1])
def test_an_array_of_records_is_read(log, indent):
    text = json.dumps([json.loads(chat("one")), json.loads(chat("two"))], indent=indent)
    assert [talk[0] for talk in said(read(log(text)))] == ["one", "two"]


def test_an_array_with_one_record_on_each_line_is_read(log):
    assert len(read(log("[\n" + chat("one") + ",\n" + chat("two") + "\n]\n")).lives) == 2


def test_what_follows_an_array_is_said(log):
    got = read(log("[\n" + chat("one") + "\n]\n" + chat("two")))
    assert len(got.lives) == 1 and len(got.set_aside) == 1


def test_a_pretty_printed_list_of_messages_is_one_conversation(log):
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert said(read(log(json.dumps(messages, indent=2)))) == [["a", "b"]]


def test_bare_lists_of_messages_are_conversations(log):
    line = json.dumps([{"role": "user", "content": "a"}])
    assert said(read(log(line + "\n" + line.replace('"a"', '"b"')))) == [["a"], ["b"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_give_the_same_words(log, encoding):
    got = read(log((chat("naïve ☕", id="a") + "\n" + chat("zwei", id="b") + "\n").encode(encoding)))
    assert [talk[0] for talk in said(got)] == ["naïve ☕", "zwei"]
    assert not got.set_aside and not got.mended


def test_bytes_that_are_not_utf8_are_read_as_far_as_they_go_and_said(log):
    raw = (chat("one") + "\n" + chat("caf# here")).encode().replace(b"#", b"\xe9")
    got = read(log(raw))
    assert said(got)[1][0] == "caf\N{REPLACEMENT CHARACTER} here"
    (problem,) = got.mended
    assert problem.line == 2 and "0xe9" in problem.expected


def test_gzip_is_read_and_a_cut_one_as_far_as_it_goes(log):
    lines = "\n".join(
        chat(f"{n} " + "".join(chr(97 + (n * k) % 26) for k in range(200)), id=str(n)) for n in range(400)
    )
    packed = gzip.compress(lines.encode())
    whole = read(log(packed, "log.jsonl.gz"))
    assert len(whole.lives) == 400
    cut = read(log(packed[: len(packed) // 2], "cut.jsonl.gz"))
    assert 0 < len(cut.lives) < 400
    assert any("gzip" in line for line in one_line(cut.set_aside))


@pytest.mark.parametrize("content", ["", "\n\n \n", "\ufeff"])
def test_an_empty_file_is_said(log, content):
    got = read(log(content))
    assert got.lives == () and len(one_line(got.set_aside)) == 1


def test_empty_conversations_and_ones_without_a_maker_are_set_aside(log):
    lines = [json.dumps({"messages": []}), json.dumps({"messages": [{"role": "assistant", "content": "x"}]}), chat()]
    got = read(log("\n".join(lines)))
    assert len(got.lives) == 1
    assert [problem.line for problem in got.set_aside] == [1, 2]


def test_content_of_parts_null_and_other_kinds(log):
    contents = [
        [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, "b"],
        None,
        17,
        {"text": "c"},
        "half \ud800",
    ]
    got = read(log(json.dumps({"messages": [{"role": "user", "content": content} for content in contents]})))
    assert said(got) == [["a\nb", "", "17", "c", "half " + "\N{REPLACEMENT CHARACTER}" * 3]] or said(got)[0][:4] == [
        "a\nb",
        "",
        "17",
        "c",
    ]
    said(got)[0][4].encode()
    assert [problem.field for problem in got.mended] == [
        "messages[0].content[1]",
        "messages[2].content",
        "messages[4].content",
    ]


def test_an_absurd_message_is_cut_and_an_absurd_line_set_aside(log):
    lines = [chat("x" * (MAX_CONTENT + 5)), chat("y" * MAX_LINE), chat("z")]
    got = read(log("\n".join(lines)), format="chat")
    assert [len(talk[0]) for talk in said(got)] == [MAX_CONTENT, 1]
    assert [problem.line for problem in got.set_aside] == [2]
    assert "100,005" in one_line(got.mended)[0]


def test_deep_nesting_and_huge_numbers_are_set_aside(log):
    got = read(log("\n".join(["[" * 200_000, '{"messages": ' + "9" * 6000 + "}", chat()])), format="chat")
    assert len(got.lives) == 1 and len(one_line(got.set_aside)) == 2


def test_numbers_that_are_not_finite_are_left_out_and_said(log):
    line = (
        '{"maker": "ann", "values": {"food": NaN, "wood": 2}, "traits": {"age": Infinity}, "messages": '
        '[{"role": "user", "content": "x", "rating": NaN, "time": 1e999, "feels": {"stress": -Infinity}}]}'
    )
    got = read(log(line))
    (life,) = got.lives
    assert (dict(life.values), life.traits, life.messages[0].rating) == ({"wood": 2.0}, {"age": None}, None)
    assert (life.messages[0].time, dict(life.messages[0].feels)) == (None, {})
    assert {problem.field for problem in got.mended} == {
        "values.food",
        "traits.age",
        "messages[0].rating",
        "messages[0].time",
        "messages[0].feels.stress",
    }


def test_the_same_life_twice_is_set_aside_and_another_of_that_id_renamed(log):
    got = read(log("\n".join([chat("one", id="a"), chat("one", id="a"), chat("two", id="a"), chat("three", id="a")])))
    assert [life.id for life in got.lives] == ["a", "a#2", "a#3"]
    assert len(one_line(got.set_aside)) == 1 and len(one_line(got.mended)) == 2


def test_unknown_roles_are_kept_and_said_once(log):
    message = {"role": "Oracle", "content": "x"}
    got = read(log(json.dumps({"messages": [{"role": "Human", "content": "y"}, message, message]})))
    assert [one.role for one in got.lives[0].messages] == ["user", "oracle", "oracle"]
    assert len(one_line(got.mended)) == 1


def test_messages_that_are_none_are_set_aside_and_choices_keep_their_place(log):
    messages = [{"role": "user", "content": "a"}, 7, {"content": "nobody"}, {"role": "user", "content": "b"}]
    choice = {"at": 3, "options": [{"food": 1}, {"food": 2}], "chosen": 1}
    bad = {"at": 9, "options": [{"food": 1}], "chosen": 0}
    got = read(log(json.dumps({"maker": "ann", "messages": messages, "choices": [choice, bad]})))
    (life,) = got.lives
    assert [one.content for one in life.messages] == ["a", "b"]
    assert [(one.at, one.chosen) for one in life.choices] == [(1, 1)]
    assert [problem.field for problem in got.set_aside] == ["messages[1]", "messages[2]", "choices[1]"]


def test_times_become_seconds_from_the_start_and_never_go_back(log):
    stamps = ["2024-05-01T10:00:00Z", "2024-05-01T10:00:30+00:00", "2024-05-01T09:00:00Z", "soon"]
    got = read(
        log(json.dumps({"messages": [{"role": "user", "content": "x", "timestamp": stamp} for stamp in stamps]}))
    )
    assert [one.time for one in got.lives[0].messages] == [0.0, 30.0, None, None]
    assert {problem.field for problem in got.mended} == {"messages[2].time", "messages[3].time"}


def test_milliseconds_are_told_from_seconds(log):
    messages = [{"role": "user", "content": "x", "ts": 1_700_000_000_000 + ms} for ms in (0, 2500)]
    assert [one.time for one in read(log(json.dumps({"messages": messages}))).lives[0].messages] == [0.0, 2.5]


def test_the_maker_of_a_chat_is_named_in_it_or_its_metadata(log):
    lines = [chat(user="ann", id="1"), chat(metadata={"user_id": 7, "model": "m"}, id="2"), chat(id="3")]
    got = read(log("\n".join(lines)))
    assert [life.maker for life in got.lives] == ["ann", "7", "3"]
    assert got.lives[1].outcome == {"metadata": {"user_id": 7, "model": "m"}}


def test_a_maker_that_is_a_role_becomes_the_user(log):
    messages = [{"role": "seller", "content": "a"}, {"role": "user", "content": "b"}]
    got = read(log(json.dumps({"maker": "seller", "messages": messages})))
    assert [one.role for one in got.lives[0].messages] == ["user", "partner"]


def test_sharegpt_array(log):
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    got = read(log(json.dumps([{"id": "x", "conversations": turns}]), "share.json"))
    assert got.format == "sharegpt"
    assert [(one.role, one.content) for one in got.lives[0].messages] == [("user", "a"), ("assistant", "b")]


def test_extra_keys_are_kept(log):
    got = read(
        log(json.dumps({"messages": [{"role": "user", "content": None, "name": "N", "tool_calls": [1]}], "model": "m"}))
    )
    assert got.lives[0].messages[0].sees == {"name": "N", "tool_calls": [1]}
    assert got.lives[0].outcome == {"metadata": {"model": "m"}}


def test_a_folder_reads_what_fits_and_names_the_rest(tmp_path, log):
    log(chat("one"), "b.jsonl")
    log(chat("two"), "a.jsonl")
    log("just words\n", "LICENSE")
    log(b"\xff\xfe\x00\x00\x80", "noise.bin")
    got = read(tmp_path)
    assert [talk[0] for talk in said(got)] == ["two", "one"]
    assert (got.files, got.passed_over) == (("a.jsonl", "b.jsonl"), ("LICENSE", "noise.bin"))


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda tmp: tmp / "missing.jsonl", {}),
        (lambda tmp: (tmp / "words.txt", (tmp / "words.txt").write_text("just words"))[0], {}),
        (lambda tmp: (tmp / "a.jsonl", (tmp / "a.jsonl").write_text(chat()))[0], {"format": "word"}),
        (lambda tmp: (tmp / "a.jsonl", (tmp / "a.jsonl").write_text(chat()))[0], {"mapping": {"colour": "x"}}),
        (lambda tmp: (tmp / "none", (tmp / "none").mkdir())[0], {}),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_in_one_line(tmp_path, make, keys):
    with pytest.raises(ReadError) as caught:
        read(make(tmp_path), **keys)
    assert len(str(caught.value).splitlines()) == 1


def test_the_message_for_an_unknown_format_lists_them(log):
    with pytest.raises(ReadError, match=r"chat.*sharegpt|sharegpt.*chat"):
        read(log("words", "a.txt"))


def test_everything_public_is_there():
    assert all(hasattr(reading, name) for name in reading.__all__)
