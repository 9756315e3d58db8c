import dataclasses
import time

import httpx
import jax
import pytest

from inhabit.speech.endpoint import EndpointMouth, instruction
from inhabit.speech.mouths import SmallMouth, Wordless, agreement
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase, RecallMouth
from inhabit.speech.sampling import nucleus
from inhabit.speech.service import EndpointError, fake_endpoint
from inhabit.speech.transformer import Transformer
from inhabit.types import Life, Message
from tests.test_speech_flattening import LAYOUT, LIFE
from tests.test_speech_transformer import shaken

KEY = jax.random.key(0)
GOODS = {"food": ("food", "meals"), "water": ("water",), "wood": ("firewood", "wood")}
PHRASES = [
    Phrase(Plan(act="ask", stances={"water": "ask"}, amounts={"water": 2}), "Could I have two water?", "hi", "ann"),
    Phrase(Plan(act="ask", stances={"food": "ask"}), "Food, please.", "what do you need", "bob"),
    Phrase(Plan(act="ask", stances={"food": "ask"}), "I would like food.", "hi", "cat"),
    Phrase(Plan(act="trade", stances={"food": "ask", "water": "offer"}), "Your food for my 3 water?", "", "ann"),
    Phrase(Plan(act="thank"), "Thank you!", "", "bob"),
]
MOUTH = RecallMouth(PHRASES, GOODS)


def talk(*words, maker="zoe"):
    return Life(id="t", maker=maker, messages=tuple(Message(role="bot", content=one) for one in words))


def test_recall_prefers_the_same_plan_in_a_like_situation():
    plan = Plan(act="ask", stances={"food": "ask"})
    assert MOUTH.say(plan, talk("So, what do you need?"), key=KEY) == "Food, please."


def test_recall_puts_in_the_plans_goods_and_amounts():
    plan = Plan(act="ask", stances={"wood": "ask"}, amounts={"wood": 1})
    assert MOUTH.say(plan, talk("hi", maker="ann"), key=KEY) == "Could I have one firewood?"
    both = Plan(act="trade", stances={"water": "ask", "food": "offer"}, amounts={"food": 2})
    assert MOUTH.say(both, talk(), key=KEY) == "Your water for my 2 food?"


def test_recall_avoids_what_was_said():
    plan = Plan(act="ask", stances={"food": "ask"})
    before = Message(role="user", content="Food, please.")
    context = dataclasses.replace(
        talk("what do you need"), messages=(before, Message(role="bot", content="what do you need"))
    )
    assert MOUTH.say(plan, context, key=KEY) == "I would like food."


def test_recall_of_thousands_takes_under_a_millisecond_and_repeats_itself_for_a_key():
    many = [dataclasses.replace(PHRASES[i % 5], words=f"{PHRASES[i % 5].words} {i}") for i in range(4000)]
    mouth, plan, context = RecallMouth(many, GOODS), Plan(act="ask", stances={"food": "ask"}), talk("what do you need")
    assert mouth.say(plan, context, key=KEY) == mouth.say(plan, context, key=KEY)
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        mouth.say(plan, context, key=KEY)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 2e-3


def test_nothing_to_recall_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        RecallMouth([], GOODS)


def test_agreement_by_hand():
    meant = Plan(act="ask", stances={"food": "ask"}, amounts={"food": 2})
    assert agreement(meant, meant) == 2.5
    assert agreement(meant, Plan(act="ask", stances={"food": "ask", "water": "offer"})) == 1 + 1 - 1


def test_the_small_mouth_says_the_candidate_that_reads_back_best():
    model = shaken(Transformer(len(LAYOUT.tokens), width=16, depth=1, heads=1, context=96, key=KEY))
    plan, heard = Plan(act="ask"), []

    def reads(words, life):
        heard.append(words)
        return Plan(act="ask" if len(words) > 5 else None)

    mouth = SmallMouth(model, LAYOUT, reads, candidates=3, most=12)
    said = mouth.say(plan, LIFE, key=KEY)
    assert len(heard) == 3 and said in heard
    heard.clear()
    assert mouth.say(plan, LIFE, key=KEY) == said
    assert Wordless().say(plan, LIFE, key=KEY) == ""


def test_nucleus_by_hand():
    logits = jax.numpy.log(jax.numpy.array([0.5, 0.3, 0.15, 0.05]))
    assert jax.numpy.isfinite(nucleus(logits, 1.0, 0.7)).tolist() == [True, True, False, False]
    assert jax.numpy.isfinite(nucleus(logits, 1.0, 1.0)).tolist() == [True] * 4


def test_an_endpoint_is_told_the_plan_and_the_talk():
    sent = []
    transport = fake_endpoint(lambda body: sent.append(body) or ' "Two food, please." ')
    mouth = EndpointMouth(url="http://here/v1", model="m", transport=transport)
    plan = Plan(act="ask", stances={"food": "ask"}, amounts={"food": 2}, feels={"stress": 0.9})
    assert mouth.say(plan, LIFE, key=KEY) == "Two food, please."
    roles = [message["role"] for message in sent[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "system"]
    assert "asks for 2 food" in sent[0]["messages"][-1]["content"] and "stress 0.9" in instruction(plan)


def failing(*codes):
    left = list(codes)

    def handle(request):
        if left:
            return httpx.Response(left.pop(0), text="busy\nnow")
        return httpx.Response(200, json={"choices": [{"message": {"content": "Yes."}}]})

    return EndpointMouth(url="http://here/v1", model="m", transport=httpx.MockTransport(handle), pause=0.0)


def test_a_busy_endpoint_is_asked_again_and_a_refusal_is_one_line():
    assert failing(503, 429).say(Plan(), LIFE, key=KEY) == "Yes."
    with pytest.raises(EndpointError, match="3 tries: status 503"):
        failing(503, 503, 503).say(Plan(), LIFE, key=KEY)
    with pytest.raises(EndpointError, match=r"status 401 busy now$"):
        failing(401).say(Plan(), LIFE, key=KEY)


def test_an_endpoint_that_cannot_be_reached_or_makes_no_sense_is_one_line():
    def down(request):
        raise httpx.ConnectError("refused")

    unreachable = EndpointMouth(url="http://here/v1", model="m", transport=httpx.MockTransport(down), pause=0.0)
    with pytest.raises(EndpointError, match="ConnectError refused"):
        unreachable.say(Plan(), LIFE, key=KEY)
    odd = httpx.MockTransport(lambda request: httpx.Response(200, json={"choices": []}))
    with pytest.raises(EndpointError, match="without choices"):
        EndpointMouth(url="http://here/v1", model="m", transport=odd).say(Plan(), LIFE, key=KEY)


def test_no_endpoint_is_spoken_to_unless_named(monkeypatch):
    monkeypatch.delenv("INHABIT_ENDPOINT", raising=False)
    monkeypatch.setenv("INHABIT_MODEL", "m")
    with pytest.raises(ValueError, match="set INHABIT_ENDPOINT"):
        EndpointMouth.from_environment()
    monkeypatch.setenv("INHABIT_ENDPOINT", "http://here/v1")
    monkeypatch.setenv("INHABIT_KEY", "hidden")
    assert "hidden" not in repr(EndpointMouth.from_environment())
    with pytest.raises(ValueError, match="begins with http"):
        EndpointMouth(url="here", model="m")
