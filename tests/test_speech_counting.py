"""Talk of splitting few things, read as those who split them mean it, against hand-worked readings."""

import pytest

from inhabit.speech.counting import spelled_out
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import read_plan

COUNTS = {"book": 2.0, "hat": 1.0, "ball": 3.0}
LEXICON = Lexicon(
    goods=("book", "hat", "ball"), names={"books": "book", "hats": "hat", "balls": "ball", "basketballs": "ball"}
)
ASK, OFFER = "ask", "offer"


@pytest.mark.parametrize(
    ("text", "book", "hat", "ball"),
    [
        ("i want the books and you take the rest", (ASK, 2), (OFFER, 1), (OFFER, 3)),
        ("you can have both books if i get the hat and balls", (OFFER, 2), (ASK, 1), (ASK, 3)),
        ("2 basketballs and a book please", (ASK, 1), (OFFER, 1), (ASK, 2)),
        ("take the hat", (ASK, 2), (OFFER, 1), (ASK, 3)),
        ("i would like 1 of each", (ASK, 1), (ASK, 1), (ASK, 1)),
        ("i'll take everything except the hat", (ASK, 2), (OFFER, 1), (ASK, 3)),
    ],
)
def test_a_proposal_is_whole(text, book, hat, ball):
    plan = read_plan(spelled_out(text, LEXICON, COUNTS), LEXICON)
    said = [(plan.stances[good], plan.amounts[good]) for good in LEXICON.goods]
    assert said == [book, hat, ball]


def test_what_is_added_leaves_the_other_goods_as_they_were():
    plan = read_plan(spelled_out("i also need at least 1 book", LEXICON, COUNTS), LEXICON)
    assert (dict(plan.stances), dict(plan.amounts)) == ({"book": ASK}, {"book": 1})


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("yup", "agree"),
        ("i can live with that .", "agree"),
        ("guess we cant deal then", "reject"),
        ("hi there", "greet"),
    ],
)
def test_yes_and_no_are_read(text, act):
    assert read_plan(spelled_out(text, LEXICON, COUNTS), LEXICON).act == act
