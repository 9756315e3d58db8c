"""The speaker: one energy, two directions, the same for all goods."""

import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.speech.lexicon import Lexicon
from inhabit.speech.relative import BUCKETS, bucket, heard
from inhabit.speech.speaker import Speaker, order_energy, orders, ranks, silent_speaker
from inhabit.types import Message

GOODS = ("Food", "Water", "Firewood")
LEXICON = Lexicon(goods=GOODS, totals={"Food": 3, "Water": 3, "Firewood": 3})
TALK = (
    Message(role="partner", content="I need 2 food, what about you?"),
    Message(role="user", content="I need water more. You can have 1 food"),
)
SAID = ["I need food", "I need water", "You can have all the firewood", "hello"]


def random_speaker(seed: int) -> Speaker:
    weights = np.random.default_rng(seed).normal(0, 0.3, (BUCKETS, 3)).astype(np.float32)
    weights[0] = 0
    return Speaker(weights=jnp.asarray(weights), lexicon=LEXICON)


def test_order_energy_is_the_sum_over_goods_of_its_rank():
    energy = np.arange(9.0).reshape(3, 3) ** 2
    slow = [sum(energy[good, rank] for rank, good in enumerate(order)) for order in orders(3)]
    assert order_energy(jnp.asarray(energy)) == pytest.approx(np.array(slow))


def test_ranks_by_value():
    assert ranks({"Food": 3.0, "Water": 5.0, "Firewood": 4.0}, GOODS) == (2, 0, 1)


def test_evidence_is_a_slow_sum_of_weights():
    speaker = random_speaker(0)
    weights = np.asarray(speaker.weights)
    slow = [sum(weights[index] for index in {bucket(f) for f in features}) for features in heard(TALK, LEXICON)]
    assert speaker.evidence(TALK) == pytest.approx(np.array(slow), abs=1e-4)


def test_speaking_is_listening_backwards():
    """For every candidate, p(candidate | order) over its base rate is in proportion to p(order | candidate)."""
    speaker, base = random_speaker(1), np.array([0.4, 0.3, 0.2, 0.1])
    values = {"Food": 3.0, "Water": 5.0, "Firewood": 4.0}
    order = orders(3).tolist().index([1, 2, 0])
    spoken = np.asarray(speaker.speak(SAID, values, context=TALK, base=base))
    heard_after = [speaker.listen([*TALK, Message(role="user", content=text)])[order] for text in SAID]
    assert spoken / base / np.array(heard_after) == pytest.approx(
        np.full(4, (spoken / base / np.array(heard_after))[0]), rel=1e-4
    )
    assert spoken.sum() == pytest.approx(1, abs=1e-5)


def test_without_words_the_prior_stands():
    prior = jnp.log(jnp.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1]))
    assert silent_speaker(LEXICON).listen(TALK, log_prior=prior) == pytest.approx(np.exp(prior), abs=1e-6)
    worth = silent_speaker(LEXICON).worth(TALK, (5, 4, 3))
    assert worth == pytest.approx(np.full(3, 4.0), abs=1e-5)


def test_goods_are_exchangeable_but_for_their_own_words():
    """Swap food and water in the talk: what is heard of them swaps."""
    swapped = tuple(
        Message(role=m.role, content=m.content.replace("food", "F").replace("water", "food").replace("F", "water"))
        for m in TALK
    )
    shared = [[{f for f in features if f[2] != "L"} for features in heard(talk, LEXICON)] for talk in (TALK, swapped)]
    assert shared[0][0] == shared[1][1] and shared[0][1] == shared[1][0] and shared[0][2] == shared[1][2]


def test_said_twice_is_heard_once():
    again = (*TALK, Message(role="partner", content=""))
    assert heard(again, LEXICON) == heard(TALK, LEXICON)
    hello = Message(role="user", content="hello")
    assert heard((hello, hello), LEXICON) == heard((hello,), LEXICON)


def test_buckets_are_the_same_in_every_process():
    assert bucket("p:t|need THIS") == 1877
    assert 0 < bucket("p:t|need THIS") < BUCKETS
