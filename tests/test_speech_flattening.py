import dataclasses

import jax
import numpy as np
import pytest

from inhabit.speech.flattening import Flattening
from inhabit.speech.plans import Plan
from inhabit.speech.scoring import score
from inhabit.speech.sheets import MOUTH, TWIN, Kind, plain
from inhabit.speech.transformer import Transformer
from inhabit.speech.twin import Twin
from inhabit.speech.writing import prompted, written
from inhabit.types import Life, Message
from tests.test_speech_transformer import shaken

LIFE = Life(
    id="c1",
    maker="ann",
    values={"food": 5, "water": 4},
    feels={"stress": 0.25},
    messages=(
        Message(role="bot", content="What do you need?", act="greet"),
        Message(
            role="user", content="I need food.", act="ask", stances={"food": "ask"}, feels={"stress": 0.5}, rating=3
        ),
        Message(role="bot", content="No.", act="refuse", stances={"food": "refuse"}),
        Message(role="user", content="", act="leave", sees={"deal": {"food": 1}}),
    ),
)
ORDERS = ("food>water", "water>food")
LAYOUT = Flattening.learn(
    [LIFE] * 3, goods=("food", "water"), questions={"partner": ORDERS}, carries=("deal",), size=300
)


def names(ids):
    specials = LAYOUT.tokens.specials
    return [specials[i] if i < len(specials) else "w" for i in ids]


def squeezed(ids):
    listed = names(ids)
    return [name for before, name in zip([None, *listed], listed) if not before == name == "w"]


def test_a_life_in_tokens_by_hand():
    assert squeezed(written(LAYOUT, LIFE).tokens) == [
        *("<start>", "<values>", "w", "<feels>", "w"),
        *("<role:bot>", "<act:greet>", "<says>", "w", "<stop>", "<ask:partner?>"),
        *("<maker>", "<feels>", "w", "<act:ask>", "<ask:food>", "<says>", "w", "<stop>", "<ask:rating?>"),
        *("<role:bot>", "<act:refuse>", "<refuse:food>", "<says>", "w", "<stop>", "<ask:partner?>"),
        *("<maker>", "<act:leave>", "<amounts>", "w", "<says>", "<stop>", "<end>", "<ask:partner?>"),
    ]


def test_words_come_back_from_the_text():
    sheet = written(LAYOUT, LIFE)
    assert LAYOUT.tokens.decode(sheet.targets[(sheet.kinds == Kind.WORDS) & (sheet.messages == 1)]) == "I need food."


def test_acts_are_foretold_once_at_each_turn_of_the_maker():
    sheet = written(LAYOUT, LIFE)
    here = sheet.kinds == Kind.ACT
    assert names(sheet.targets[here]) == ["<act:ask>", "<act:leave>"]
    assert sheet.messages[here].tolist() == [1, 3]


def test_an_answer_is_foretold_but_never_read():
    told = written(LAYOUT, LIFE, answers={"partner": "water>food"})
    blind = written(LAYOUT, LIFE)
    np.testing.assert_array_equal(told.tokens, blind.tokens)
    assert names(told.targets[told.asked == 1]) == ["<answer:partner:water>food>"] * 3
    assert names(told.targets[told.asked == 0]) == ["<answer:rating:3>"]
    assert (blind.kinds == Kind.ANSWER).sum() == 1  # the rating that the log has
    assert blind.document(TWIN).weights[blind.asked == 1].sum() == 0


def test_an_act_that_is_not_told_is_still_foretold():
    silent = dataclasses.replace(LAYOUT, tells=("feels",))
    sheet = written(silent, LIFE)
    here = sheet.kinds == Kind.ACT
    assert names(sheet.targets[here]) == ["<act:ask>", "<act:leave>"]
    assert not [name for name in names(sheet.tokens) if name.startswith("<act:")]


def test_a_prompt_is_a_beginning_of_the_sheet_and_a_plan_goes_before_the_words():
    before = dataclasses.replace(LIFE, messages=LIFE.messages[:1])
    prompt = prompted(LAYOUT, before, LIFE.messages[1])
    np.testing.assert_array_equal(prompt, written(LAYOUT, LIFE).tokens[: len(prompt)])
    plan = Plan(act="ask", stances={"water": "ask"}, amounts={"water": 2}, feels={"stress": 0.5})
    told = prompted(LAYOUT, before, Message(role="user", content=""), plan)
    assert squeezed(told)[-7:] == ["<feels>", "w", "<act:ask>", "<ask:water>", "<amounts>", "w", "<says>"]
    sheet = written(LAYOUT, LIFE, plans={1: plan})
    np.testing.assert_array_equal(told, sheet.tokens[: len(told)])
    weights = sheet.document(MOUTH).weights
    assert set(sheet.messages[weights > 0]) == {1, 3}


def test_json_round_trip():
    again = Flattening.from_json(LAYOUT.to_json())
    assert again == LAYOUT
    np.testing.assert_array_equal(written(again, LIFE).tokens, written(LAYOUT, LIFE).tokens)


def test_facts_in_few_words():
    assert plain({"food": 5, "held": {"water": 0.25}, "by": ["a", 1]}) == "food 5, held water 0.2, by a 1"


def test_what_the_twin_foretells_agrees_with_a_slow_reading():
    model = shaken(Transformer(len(LAYOUT.tokens), width=16, depth=1, heads=1, context=128, key=jax.random.key(0)))
    twin = Twin(model, LAYOUT)
    (told, other), work = twin.foretell([LIFE, LIFE])
    np.testing.assert_allclose(told.acts, other.acts, atol=1e-4)
    sheet = written(LAYOUT, LIFE)
    logits = np.asarray(model.logits(model(jax.numpy.asarray(sheet.tokens))))
    place = names(sheet.tokens).index("<maker>")
    while not names(sheet.tokens)[place + 1].startswith("<act:"):
        place += 1
    acts = logits[place, [LAYOUT.tokens.id(f"<act:{act}>") for act in LAYOUT.acts]]
    np.testing.assert_allclose(told.acts[0], acts - np.log(np.exp(acts).sum()), atol=2e-3)
    assert told.turns == (1, 3) and told.spoken == (1, 3)
    assert told.asked == {"rating": (1,), "partner": (0, 2, -1)}
    np.testing.assert_allclose(np.exp(told.answers["partner"]).sum(1), 1, rtol=1e-5)
    nats = score(model, [sheet.document(TWIN)]).nats[0]
    words = (sheet.kinds == Kind.WORDS) & (sheet.messages == 1)
    assert told.words[0] == pytest.approx(nats[words].sum(), rel=1e-4)
    assert work.flops > 0


def test_the_twin_says_what_its_key_says():
    model = shaken(Transformer(len(LAYOUT.tokens), width=16, depth=1, heads=1, context=128, key=jax.random.key(0)))
    turn = Message(role="user", content="", feels={"stress": 0.5})
    one, two = (Twin(model, LAYOUT).say(LIFE, turn, key=jax.random.key(3)) for _ in range(2))
    assert one == two and one.role == "user"
