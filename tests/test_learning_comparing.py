import numpy as np
import pytest

from inhabit.learning.comparing import card, compare
from inhabit.learning.judging import frequencies

from .tiny import tiny_lives, tiny_people


@pytest.mark.slow
def test_mind_and_tables_foretell_the_same_turns():
    lives, people = tiny_lives(), tiny_people()
    train, held = lives[:9], lives[9:]
    scores = card(compare(people, train, held)[0])
    assert list(scores) == ["next act, nats", "next act, accuracy", "next act, macro-F1"]
    nats = scores["next act, nats"]
    assert nats["better"] == "lower" and set(nats["baselines"]) == {"frequencies", "table of last acts"}
    log = dict(zip(people.codebook.acts, frequencies(people.codebook, train)))
    by_hand = -np.mean([log["ask"], log["refuse"], log["agree"]])  # every life asks, refuses, agrees
    assert nats["baselines"]["frequencies"][0] == pytest.approx(by_hand)
    for one in scores.values():
        for value, low, high in (one["mind"], *one["baselines"].values()):
            assert low <= value <= high
