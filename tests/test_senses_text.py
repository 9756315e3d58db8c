import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.senses.text import Ear, Hashed, Listed, TextSense, inverse_frequency, phrases, words

GOODS = {"Food": ("food",), "Firewood": ("firewood", "fire wood", "wood")}


def test_words_split_punctuation_and_shorten_numbers():
    assert words("I don't need 3, I need 12!") == ["i", "don't", "need", "3", ",", "i", "need", "##", "!"]


def test_phrases_come_short_first_and_latest_first():
    assert list(phrases(["a", "b"], 2)) == ["b", "a", "b >", "a b", "< a"]


def test_a_long_message_loses_phrases_before_words_and_its_beginning_before_its_end():
    ear = Ear.learned(["a b c"], size=99, least=1, length=4, longest=2)
    heard = [ear.index.listed[i - 1] for i in ear.hear("a b c")]
    assert heard == ["c", "b", "a", "c >"]


def test_hash_is_the_same_in_every_process():
    # the check value that every CRC-32 is published with
    assert Hashed(1000).id("123456789") == 1 + 0xCBF43926 % 999


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_text_gives_ids_in_range_each_once_then_silence(text):
    ear = Ear(index=Hashed(50), length=16)
    ids = ear.hear(text)
    kept = ids[ids > 0]
    assert ids.dtype == np.int32 and ids.max(initial=0) < 50
    assert len(set(kept.tolist())) == len(kept) and (ids[: len(kept)] > 0).all()


def test_goods_are_heard_as_this_and_other():
    ear = Ear(goods=GOODS)
    swapped = ear.hear_about("I need fire wood, not food.", "Firewood")
    assert (swapped == ear.hear_about("I need FOOD, not wood.", "Food")).all()
    assert (swapped == ear.hear_about("I need food, not wood.", "Food")).all()
    assert not (swapped == ear.hear_about("I need fire wood, not food.", "Food")).all()


def test_a_name_inside_a_word_is_no_good():
    ear = Ear(goods=GOODS)
    assert (ear.hear_about("hollywood", "Food") == ear.hear("hollywood")).all()


def test_an_unknown_good_is_refused():
    with pytest.raises(ValueError, match=r"'Gold'.*Food, Firewood"):
        Ear(goods=GOODS).hear_about("gold", "Gold")


def test_learned_list_is_ordered_by_messages_that_hold_the_phrase():
    ear = Ear.learned(["b a", "a a a", "b", "c", "a"], size=2, longest=1)
    assert ear.index == Listed(("a", "b"))
    assert ear.hear("c b").tolist()[:2] == [2, 0]


def test_inverse_frequency_by_hand():
    weight = inverse_frequency(np.array([[1, 2], [1, 0], [1, 0]], np.int32), 4)
    assert weight == pytest.approx([0, 1, 1 + np.log(2), 1 + np.log(4)], abs=1e-6)


def test_sense_is_a_linear_map_of_the_unit_weighted_bag():
    rng = np.random.default_rng(0)
    weight = rng.uniform(1, 2, 9).astype(np.float32)
    sense = TextSense.create(weight, 5, key=jax.random.key(0))
    ids = np.array([3, 7, 1, 0, 0], np.int32)
    bag = np.zeros(9)
    for i in (3, 7, 1):
        bag[i] = weight[i]
    expected = bag / np.linalg.norm(bag) @ np.asarray(sense.embedding)
    assert np.allclose(sense(jnp.asarray(ids)), expected, atol=1e-5)


def test_silence_is_zero_and_has_no_gradient():
    sense = TextSense.create(np.ones(4, np.float32), 3, key=jax.random.key(0))
    silence = jnp.zeros(6, int)
    gradient = jax.grad(lambda s: s(silence).sum())(sense)
    assert (sense(silence) == 0).all()
    assert np.all(np.asarray(gradient.embedding) == 0) and np.isfinite(np.asarray(gradient.weight)).all()
