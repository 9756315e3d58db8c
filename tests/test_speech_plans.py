"""Plans are read out of words: tables worked by hand, and two symmetries."""

import pytest

from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import ACTS, Plan, read_plan
from inhabit.types import Life, Message

GOODS = Lexicon(
    goods=("Food", "Water", "Firewood"),
    names={"foods": "Food", "waters": "Water", "wood": "Firewood", "fire": "Firewood"},
    totals={"Food": 3, "Water": 3, "Firewood": 3},
)

READ = {
    "I need 2 water": ("ask", {"Water": ("ask", 2)}),
    "you can have all the food": ("offer", {"Food": ("offer", 3)}),
    "I can't give up firewood": ("refuse", {"Firewood": ("refuse", None)}),
    "I don't need any water, you can take it": ("offer", {"Water": ("offer", None)}),
    "I don't have enough food": ("ask", {"Food": ("ask", None)}),
    "I have plenty of water": ("offer", {"Water": ("offer", None)}),
    "How about I take 2 food, 1 water and you get 1 food and 2 water?": (
        "propose",
        {"Food": ("ask", 2), "Water": ("offer", 2)},
    ),
    "Can you give me 3 firewood for 2 food?": ("propose", {"Firewood": ("ask", 3), "Food": ("offer", 2)}),
    "I will give you 2 water for 3 food": ("propose", {"Water": ("offer", 2), "Food": ("ask", 3)}),
    "3 food for me and all the fire wood for you": ("propose", {"Food": ("ask", 3), "Firewood": ("offer", 3)}),
    "Firewood is my top priority": ("ask", {"Firewood": ("ask", None)}),
    "I can do without water but I want wood": ("propose", {"Water": ("offer", None), "Firewood": ("ask", None)}),
    "Do you need water?": ("question", {}),
    "What is more important to you, food or water?": ("question", {}),
    "That sounds good, deal!": ("agree", {}),
    "No, I cannot accept that": ("reject", {}),
    "Hello there": ("greet", {}),
    "": ("chat", {}),
}


@pytest.mark.parametrize("text", READ)
def test_reads_what_a_person_would_read(text):
    act, wanted = READ[text]
    plan = read_plan(text, GOODS)
    assert plan.act == act and act in ACTS
    assert {good: (stance, plan.amounts.get(good)) for good, stance in plan.stances.items()} == wanted


@pytest.mark.parametrize("text", READ)
def test_goods_are_exchangeable(text):
    turned = Lexicon(goods=("Water", "Firewood", "Food"), names=GOODS.names, totals=GOODS.totals)
    assert read_plan(text, turned) == read_plan(text, GOODS)


def test_feelings_are_read_from_signs():
    assert read_plan("ok 🙂", GOODS).feels == {"joy": 1.0}
    assert Plan().feels == {}


def test_lexicon_learns_names_totals_and_hints():
    lives = [
        Life(
            id=str(number),
            maker="a",
            messages=(Message(role="user", content="I want 3 waters and some wood for a fire, 2 foods"),),
            traits={"reasons": {"Water": "we get thirsty", "Firewood": "nights are cold", "Food": "hungry kids"}},
        )
        for number in range(4)
    ]
    learned = Lexicon.learn(("Food", "Water", "Firewood"), lives)
    assert learned.names["wood"] == "Firewood" and learned.names["waters"] == "Water"
    assert learned.totals == {"Water": 3, "Food": 2}
    # thirsty: counts 1 + 4, 1, 1 of 7: log(3 x 5/7)
    assert learned.hints["thirsty"][1] == pytest.approx(0.762140, abs=1e-6)
    assert max(learned.hinted(learned.clauses("it is cold")[0])) == learned.hinted(["cold"])[2]
    assert learned.clauses("I need 2 food, 1 fire wood, but no water!") == [
        ["i", "need", "2", "#0", ",", "1", "#2"],
        ["but", "no", "#1", "!"],
    ]


def test_same_names_are_refused():
    with pytest.raises(ValueError, match="different names"):
        Lexicon(goods=("Food", "food"))
    with pytest.raises(ValueError, match="not among the goods"):
        Lexicon(goods=("Food",), names={"water": "Water"})
