import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.speech.tokens import Tokens

TEXTS = ["I need water.", "Could I have the water?", "No, the food is mine!", "water water food"] * 3
TOKENS = Tokens.learn(TEXTS, specials=("<maker>", "<other>"), size=400)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
@settings(deadline=None, max_examples=100)
def test_any_text_comes_back(text):
    assert TOKENS.decode(TOKENS.encode(text)) == text


@pytest.mark.parametrize("text", ["", " ", "  two", "tail ", "Émile 🙂☹️ naïve", "a\nb\t", "\x00", "<maker>"])
def test_awkward_text_comes_back(text):
    assert TOKENS.decode(TOKENS.encode(text)) == text


def test_words_cannot_forge_a_special_token():
    ids = TOKENS.encode("<maker> gives <pad>")
    assert min(ids) >= len(TOKENS.specials)
    assert TOKENS.id("<maker>") == 1


def test_frequent_words_become_one_token():
    assert len(TOKENS.encode("water")) == 1
    assert TOKENS.encode("the water")[-1:] == TOKENS.encode("water")


def test_json_round_trip():
    again = Tokens.from_json(TOKENS.to_json())
    assert again == TOKENS and again.encode("some water") == TOKENS.encode("some water")
    assert len(again) == len(TOKENS)


def test_special_tokens_are_left_out_of_words_and_unknown_ones_refused():
    assert TOKENS.decode([1, *TOKENS.encode("food"), 2]) == "food"
    with pytest.raises(ValueError, match="no special token"):
        TOKENS.id("<nobody>")
