import dataclasses

import jax
import numpy as np
import pytest

from inhabit.learning.comparing import Sides, card, compare
from inhabit.learning.judging import Foretold, frequencies, measure_ratings
from inhabit.speech.flattening import Flattening
from inhabit.speech.transformer import Transformer
from inhabit.speech.twin import Twin

from .tiny import tiny_lives, tiny_people


@pytest.mark.slow
def test_mind_and_tables_foretell_the_same_turns():
    lives, people = tiny_lives(), tiny_people()
    train, held = lives[:9], lives[9:]
    scores = card(compare(people, train, held)[0])
    acts = ["next act, nats", "next act, accuracy", "next act, macro-F1"]
    assert list(scores) == [*acts, "rating, nats", "rating, rank correlation"]
    nats = scores["next act, nats"]
    assert nats["better"] == "lower" and set(nats["baselines"]) == {"frequencies", "table of last acts"}
    log = dict(zip(people.codebook.acts, frequencies(people.codebook, train)))
    by_hand = -np.mean([log["ask"], log["refuse"], log["agree"]])  # every life asks, refuses, agrees
    named = np.log(1 - np.exp(log["other"]))
    assert nats["baselines"]["frequencies"][0] == pytest.approx(by_hand + named)
    for one in scores.values():
        for value, low, high in (one["mind"], *one["baselines"].values()):
            assert low <= value <= high


def rated(life: str, turn: int, chances: list[float], true: int) -> Foretold:
    return Foretold(
        life=life,
        maker=life,
        turn=turn,
        acts=np.zeros(1),
        true=0,
        rating=np.log(chances),
        rated=true,
        aims=0.0,
        surprise=1.0,
    )


def test_ratings_stand_beside_what_follows_the_last_rating():
    people, lives = (
        tiny_people(),
        tiny_lives()[:9],
    )  # each is rated once, five with the lower level, four with the upper
    told = [rated("a", 0, [0.9, 0.1], 0), rated("a", 1, [0.8, 0.2], 1), rated("b", 0, [0.3, 0.7], 1)]
    table = measure_ratings(told, people.codebook, lives)
    first, after = np.array([6, 5]) / 11, np.array([1, 1]) / 2
    nats = {who: one.value for who, one in table["rating, nats"].items()}
    assert nats["mind"] == pytest.approx(-np.log([0.9, 0.2, 0.7]).mean())
    assert nats["table of last rating"] == pytest.approx(-np.log([first[0], after[1], first[1]]).mean())
    assert nats["frequencies"] == pytest.approx(-np.log(np.array([8, 7, 7]) / 15).mean())
    assert table["rating, rank correlation"]["mind"].value == pytest.approx(np.sqrt(3) / 2)
    assert measure_ratings(told[:1], people.codebook, lives) == {}


@pytest.mark.slow
def test_a_turn_whose_act_the_log_does_not_name_counts_for_nobody():
    lives = tiny_lives()
    train, life = lives[:9], lives[9]
    ask, *others = life.messages[1:]
    silent = dataclasses.replace(life, messages=(life.messages[0], dataclasses.replace(ask, act=None), *others))
    layout = Flattening.learn(train, goods=("food", "water"), size=300)
    model = Transformer(len(layout.tokens), width=16, depth=1, heads=1, context=128, key=jax.random.key(0))
    twin = Twin(model, layout)
    sides = Sides(people=dataclasses.replace(tiny_people(), mouth=twin), twin=twin, flops={})
    table, told = compare(sides, train, [silent])
    (alone,), acts = twin.foretell([silent])[0], layout.acts
    assert [one.turn for one in told] == [1, 3, 5] and alone.turns == (3, 5)
    makers = [at for at, act in enumerate(acts) if act in tiny_people().codebook.acts]
    rows = alone.acts - np.log(np.exp(alone.acts[:, makers]).sum(1, keepdims=True))
    by_hand = -np.mean([rows[0, acts.index("refuse")], rows[1, acts.index("agree")]])
    assert table["next act, nats"]["twin"].value == pytest.approx(by_hand, rel=1e-4)
    assert table["words given the plan, bits"]["twin"].value == pytest.approx(np.mean(alone.words[1:]) / np.log(2))
