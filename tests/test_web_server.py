import asyncio
import json
import re

import pytest
from starlette.testclient import TestClient

from inhabit.learning.standing import Intervention
from inhabit.learning.watched import facts_of
from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.recall import RecallMouth
from inhabit.web.people import Served
from inhabit.web.protocol import Refused
from inhabit.web.server import PAGE, Turnstile, serve_app

from .tiny import tiny_people


def served(**settings):
    people = tiny_people()
    return Served(people, RecallMouth(people.phrases, people.called), **settings)


def client(made=None, **settings):
    return TestClient(serve_app(made or served(), clock=lambda: 7.0, **settings))


def body(*said, model="ann", system="", **more):
    head = [{"role": "system", "content": system}] if system else []
    turns = [{"role": ("user", "assistant")[i % 2], "content": words} for i, words in enumerate(said)]
    return {"model": model, "messages": head + turns} | more


def ask(to, *said, **more):
    response = to.post("/v1/chat/completions", json=body(*said, **more))
    assert response.status_code == 200, response.text
    return response.json()


def words(answer):
    return answer["choices"][0]["message"]["content"]


def test_a_reply_comes_as_the_assistant_with_what_went_on_inside():
    answer = ask(client(), "Hello, what do you need?", seed=1)
    assert answer["object"] == "chat.completion" and answer["created"] == 7
    assert answer["choices"][0]["message"]["role"] == "assistant" and words(answer)
    inside = answer["inhabit"]
    assert inside["act"] in tiny_people().codebook.acts
    assert set(inside["worth"]) == {"food", "water"} and inside["valued"] == {"food": 5.0, "water": 3.0}
    assert sum(chance for _, chance in inside["likely"]) <= 1.001


def test_the_messages_alone_carry_the_conversation():
    said, first = ["Hello, what do you need?"], client()
    for line in ("May I have the food too?", "And the water?"):
        said += [words(ask(first, *said, seed=3)), line]
    warm = ask(first, *said, seed=3)
    cold = ask(client(), *said, seed=3)
    assert warm == cold
    streamed = client().post("/v1/chat/completions", json=body(*said, seed=3, stream=True)).text
    read = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in read) == words(cold)
    assert streamed.endswith("data: [DONE]\n\n") and read[-1]["inhabit"] == cold["inhabit"]


def test_without_a_seed_the_same_messages_give_the_same_reply_and_the_same_stranger():
    one = [ask(client(), "Hello, friend.", model="stranger") for _ in range(2)]
    assert one[0] == one[1]
    made = served()
    talk, _ = made._lived(*made._person(asked := _asked("Hello.", "Hi.", "And?")), asked)
    first, _ = made._lived(*made._person(asked := _asked("Hello.")), asked)
    assert (talk.state.belief.mean != first.state.belief.mean).any()  # what it said told of it ...
    again, _ = served()._lived(*made._person(asked := _asked("Hello.")), asked)
    assert (again.state.belief.mean == first.state.belief.mean).all()  # ... and the stranger drawn is the same


def _asked(*said):
    from inhabit.web.protocol import asked

    return asked(json.dumps(body(*said, model="stranger")).encode(), end_token="")


def test_words_put_into_a_persons_mouth_are_lived_too():
    made = served()
    talk, _ = made._lived(*made._person(asked := _asked("Hello.", "No, no, but you can have the water!", "Oh?")), asked)
    said = {(one["subject"], one["object"], one["about"]) for one in facts_of(made.people, talk)}
    assert {("self", "refuse", "food"), ("self", "offer", "water"), ("self", "refuse", "")} <= said


def test_the_system_text_moves_the_person():
    calm, tense = (
        ask(client(), "Hello.", seed=1, system=text)["inhabit"] for text in ("", '{"mood": {"stress": 0.9}}')
    )
    assert tense["mood"]["stress"] == pytest.approx(0.9) and calm["mood"]["stress"] != tense["mood"]["stress"]
    rich = ask(client(), "Hello.", seed=1, system="values: water=9")["inhabit"]
    assert rich["valued"]["water"] == 9 and rich["worth"]["water"] > calm["worth"]["water"]


def test_what_is_set_for_the_server_holds_for_everyone():
    made = served(held=Intervention({"load": 0.5}, {}))
    assert ask(client(made), "Hello.", model="bob")["inhabit"]["mood"]["load"] == pytest.approx(0.5)


def test_a_person_who_leaves_says_the_end_token_once():
    class Mute(AbstractMouth):
        def say(self, plan, context, *, key):
            return "Bye."

    class Leaves(Served):
        def answer(self, asked):
            answer = super().answer(asked)
            reply = type(answer.reply)(**(vars(answer.reply) | {"ends": True}))
            return type(answer)(reply, answer.seen, answer.name)

    made = Leaves(tiny_people(), Mute())
    assert words(ask(client(made, end_token="###STOP###"), "Hello.")) == "Bye. ###STOP###"
    assert words(ask(client(made, end_token=""), "Hello.")) == "Bye."


def test_models_are_the_makers_and_a_stranger():
    listed = client().get("/v1/models").json()
    assert listed["object"] == "list" and [one["id"] for one in listed["data"]] == ["stranger", "ann", "bob", "<cy>"]
    assert words(ask(client(), "Hello.", model="people:ann", seed=1)) == words(ask(client(), "Hello.", seed=1))
    assert client(served(sample=True)).get("/v1/models").json()["data"][0]["id"] == "stranger"
    assert ask(client(served(maker="bob")), "Hello.", model="gpt-4o")["inhabit"]["valued"] == {
        "food": 3.0,
        "water": 5.0,
    }


@pytest.mark.parametrize(
    "sent, status, said",
    [
        (body("Hello.", model="nobody"), 404, "no model is called 'nobody'"),
        (body("Hello.", system="values: gold=1"), 400, "no good is called 'gold'"),
        (body("Hello.", system="values: food=-1"), 400, "positive number"),
        (body("Hello.", system='{"mood": {"stress": 7}}'), 400, "out of bounds"),
        (body("Hello.", system='{"mood": {"joy": 1}}'), 400, "no mood is called 'joy'"),
        ({"model": "ann"}, 400, "messages"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_protocols_form(sent, status, said):
    response = client().post("/v1/chat/completions", json=sent)
    assert response.status_code == status
    assert said in response.json()["error"]["message"]


def test_an_unknown_address_and_a_foreign_name_are_refused():
    assert client().get("/v2/x").json()["error"]["type"] == "invalid_request_error"
    assert client().get("/v1/models", headers={"host": "evil.example"}).status_code == 400
    assert client(local_only=False).get("/v1/models", headers={"host": "mine.example"}).status_code == 200


def test_plain_leaves_the_extension_out_and_no_origin_is_let_in():
    response = client().post(
        "/v1/chat/completions?plain=1", json=body("Hello."), headers={"origin": "http://x.example"}
    )
    assert "inhabit" not in response.json() and "access-control-allow-origin" not in response.headers


def test_a_failing_reply_is_a_server_error_in_one_line(caplog):
    class Broken(AbstractMouth):
        def say(self, plan, context, *, key):
            raise RuntimeError("secret inside")

    response = client(Served(tiny_people(), Broken())).post("/v1/chat/completions", json=body("Hello."))
    assert response.status_code == 500 and "secret" not in response.text and "secret inside" in caplog.text


def test_only_so_many_wait():
    async def crowd():
        gate, inside = Turnstile(waiting=1), asyncio.Event()

        async def hold():
            async with gate.through():
                await inside.wait()

        first, second = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(Refused) as caught:
            async with gate.through():
                pass
        inside.set()
        await asyncio.gather(first, second)
        async with gate.through():
            return caught.value.status

    assert asyncio.run(crowd()) == 429


def test_remembered_conversations_are_bounded():
    made = served(remembered=3)
    for number in range(5):
        ask(client(made), f"Hello {number}.")
    assert len(made._talks) == 3


def test_the_page_asks_nothing_of_anyone_else():
    response = client().get("/")
    assert response.status_code == 200 and "default-src 'self'" in response.headers["content-security-policy"]
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) == {"http://www.w3.org/2000/svg"}
    told = client().get("/v1/people").json()
    assert told["goods"] == ["food", "water"] and told["people"][0] == "stranger" and told["end_token"] == "<END>"
