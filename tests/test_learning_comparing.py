import dataclasses

import numpy as np
import pytest

from inhabit.learning.comparing import compare, fit_twin
from inhabit.learning.judging import frequencies

from .tiny import tiny_lives, tiny_people


@pytest.mark.slow
def test_mind_twin_and_tables_foretell_the_same_turns():
    lives, people = tiny_lives(), tiny_people()
    people = dataclasses.replace(people, card={**people.card, "flops": 1.2e10})
    train, held = lives[:9], lives[9:]
    twin, work = fit_twin(people, train)
    assert 0 < work <= 1.5 * people.card["flops"]
    scores = compare(people, train, held, twin=twin)
    assert list(scores) == ["next act, nats", "next act, accuracy", "next act, macro-F1"]
    nats = scores["next act, nats"]
    assert nats["better"] == "lower" and set(nats["baselines"]) == {"frequencies", "table of last acts"}
    log = dict(zip(people.codebook.acts, frequencies(people.codebook, train)))
    by_hand = -np.mean([log["ask"], log["refuse"], log["agree"]])  # every life asks, refuses, agrees
    assert nats["baselines"]["frequencies"][0] == pytest.approx(by_hand)
    for one in scores.values():
        for value, low, high in (one["mind"], one["twin"], *one["baselines"].values()):
            assert low <= value <= high
