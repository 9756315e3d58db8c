import json

import pytest

from inhabit.web.goal import goal_of
from inhabit.web.protocol import (
    MOST_BYTES,
    MOST_CHARACTERS,
    MOST_MESSAGES,
    Asked,
    Refused,
    Said,
    asked,
    chunks,
    completion,
    tokens,
)

HELLO = {"role": "user", "content": "hello there"}


def ask(body, **settings):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asked(raw, **({"end_token": "<END>"} | settings))


def refused(body):
    with pytest.raises(Refused) as caught:
        ask(body)
    return caught.value


def test_a_request_is_read_with_its_defaults():
    got = ask({"model": "ann", "messages": [{"role": "system", "content": "be"}, HELLO]})
    assert got == Asked(
        model="ann", system="be", said=(Said("user", "hello there"),), seed=None, stream=False, usage=False, plain=False
    )


def test_the_sign_of_leaving_is_taken_off_what_a_person_said_and_off_nothing_else():
    said = [{"role": "assistant", "content": "bye <END> "}, {"role": "user", "content": "bye <END>"}]
    assert [one.content for one in ask({"messages": said}).said] == ["bye", "bye <END>"]


def test_text_parts_are_joined_and_no_content_is_silence():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    got = ask({"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": None}]})
    assert [one.content for one in got.said] == ["a\nb", ""]


@pytest.mark.parametrize(
    "body, status, param",
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b"[" * 100_000, 400, None),
        (b" " * (MOST_BYTES + 1), 413, None),
        ({}, 400, "messages"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [HELLO] * (MOST_MESSAGES + 1)}, 400, "messages"),
        ({"messages": [HELLO | {"content": "x" * (MOST_CHARACTERS + 1)}]}, 400, "messages"),
        ({"messages": ["hello"]}, 400, "messages[0]"),
        ({"messages": [HELLO, {"role": "king", "content": "x"}]}, 400, "messages[1].role"),
        ({"messages": [HELLO | {"content": 3}]}, 400, "messages[0].content"),
        ({"messages": [HELLO | {"content": [{"type": "image_url"}]}]}, 400, "messages[0].content"),
        ({"messages": [HELLO], "stream": "yes"}, 400, "stream"),
        ({"messages": [HELLO], "model": 3}, 400, "model"),
        ({"messages": [HELLO], "seed": "7"}, 400, "seed"),
        ({"messages": [HELLO], "seed": True}, 400, "seed"),
        ({"messages": [HELLO], "n": 2}, 400, "n"),
    ],
)
def test_a_request_out_of_form_is_refused_with_the_field_that_is_wrong(body, status, param):
    problem = refused(body)
    assert (problem.status, problem.param) == (status, param)
    error = problem.to_json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error" and error["message"]


def test_pieces_of_a_stream_put_together_are_the_whole():
    got = ask({"model": "ann", "messages": [HELLO], "stream": True, "stream_options": {"include_usage": True}})
    content = "  I need\nfood,  please \n"
    events = list(chunks("c1", 7, got, content, {"act": "ask"}))
    assert all(event.startswith("data: ") and event.endswith("\n\n") for event in events)
    assert events[-1] == "data: [DONE]\n\n"
    read = [json.loads(event[6:]) for event in events[:-1]]
    assert "".join(c["delta"].get("content", "") for one in read for c in one["choices"]) == content
    assert [c["finish_reason"] for one in read for c in one["choices"]] == [None] * (len(read) - 2) + ["stop"]
    assert read[0]["choices"][0]["delta"]["role"] == "assistant"
    assert read[-2]["inhabit"] == {"act": "ask"}
    assert read[-1]["choices"] == [] and read[-1]["usage"]["completion_tokens"] == tokens(content) == 5
    assert {one["object"] for one in read} == {"chat.completion.chunk"} and {one["id"] for one in read} == {"c1"}


def test_a_whole_answer_counts_both_sides_and_can_leave_the_extension_out():
    body = {"messages": [HELLO]}
    whole = completion("c1", 7, ask(body), "Hi!", {"act": "greet"})
    assert whole["usage"] == {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
    assert whole["choices"][0]["message"] == {"role": "assistant", "content": "Hi!"}
    assert "inhabit" in whole and "inhabit" not in completion("c1", 7, ask(body, plain=True), "Hi!", {})


def test_a_goal_in_words_gives_its_numbers_and_keeps_the_rest():
    goal = goal_of("Buy a tent.\nValues: food=5, Water: 4\nfeels: stress=0.9, hunger=.0\nBe kind.", ("food", "water"))
    assert goal.text == "Buy a tent.\nfeels: stress=0.9, hunger=.0\nBe kind."  # ".0" is no number: left as words
    assert goal.values == {"food": 5.0, "water": 4.0}
    goal = goal_of("feels: stress=0.9, hunger=0.5", ())
    assert (goal.mood, goal.feels, goal.text) == ({"stress": 0.9}, {"hunger": 0.5}, "")


def test_a_goal_in_json():
    goal = goal_of('{"values": {"food": 5}, "feels": {"load": 0.1, "cold": 1}, "goal": "eat"}', ("food",))
    assert (goal.values, goal.mood, goal.feels, goal.text) == ({"food": 5.0}, {"load": 0.1}, {"cold": 1.0}, "eat")


@pytest.mark.parametrize("words", ["", "You are a customer: {name}.", '{"other": 1}', "the values: many things", "{"])
def test_words_that_only_look_like_numbers_stay_words(words):
    goal = goal_of(words, ("food",))
    assert (goal.values, goal.mood, goal.feels, goal.text) == ({}, {}, {}, words)


@pytest.mark.parametrize(
    "words", ["values: gold=3", '{"values": {"food": "much"}}', '{"values": [1]}', '{"values": {"food": 1e999}}']
)
def test_a_goal_that_cannot_be_is_refused(words):
    with pytest.raises(Refused):
        goal_of(words, ("food",))
