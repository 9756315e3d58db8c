"""Understanding: what is known before the talk, and a speaker learned from people whose values are known."""

import itertools

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import check_grad

from inhabit.learning import understanding
from inhabit.learning.understanding import Acquaintance, Fitting, attend, beliefs, falling, fit_speaker
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.speaker import orders
from inhabit.types import Life, Message

GOODS = ("Food", "Water", "Firewood")
LEXICON = Lexicon(goods=GOODS)


def plain_lives(copies: int) -> list[Life]:
    """People who say what they need first, and what they do not need second."""
    lives = []
    for number, order in itertools.product(range(copies), itertools.permutations(GOODS)):
        words = (f"I really need {order[0]}", f"I do not need {order[2]} at all")
        messages = tuple(Message(role="user", content=text) for text in words)
        values = dict(zip(order, (5.0, 4.0, 3.0)))
        lives.append(Life(id=f"{number}/{''.join(order)}", maker="m", messages=messages, values=values))
    return lives


def test_learns_to_understand_plain_words():
    lives = plain_lives(4)
    heard = attend(lives, LEXICON, turns=2)
    speaker = fit_speaker(heard, fitting=Fitting(penalty=0.1))
    belief = beliefs(speaker, heard)
    truth = [orders(3).tolist().index([GOODS.index(good) for good in life.values]) for life in lives]
    assert (belief[:, 1].argmax(1) == truth).all() and belief[np.arange(len(lives)), 1, truth].min() > 0.8
    top = belief[:, 0].reshape(len(lives), 3, 2).sum(-1)  # orders come in pairs with the same best good
    assert (top.argmax(1) == np.array(truth) // 2).all() and belief[:, 0].max() < 0.6


def test_beliefs_are_what_the_speaker_hears():
    lives = plain_lives(3)
    heard = attend(lives[:6], LEXICON, turns=2)
    speaker = fit_speaker(attend(lives, LEXICON, turns=2), fitting=Fitting(penalty=1.0))
    prior = np.log([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    belief = beliefs(speaker, heard, log_prior=lambda life: prior)
    for number, life in enumerate(lives[:6]):
        listened = speaker.listen(life.messages, log_prior=prior.astype(np.float32))
        assert belief[number, 1] == pytest.approx(np.asarray(listened), abs=1e-4)


def test_gradient_is_exact(monkeypatch):
    rng = np.random.default_rng(0)
    matrix = sparse.csr_matrix(rng.random((4 * 3, 5)))
    caught = {}
    monkeypatch.setattr(understanding, "minimize", lambda loss, start, **_: caught.update(loss=loss) or _Found(start))
    understanding._maximise(matrix, np.array([0, 2, 5, 1]), np.ones(4), rng.random((4, 6)), Fitting(penalty=2.0))
    loss = caught["loss"]
    assert check_grad(lambda w: loss(w)[0], lambda w: loss(w)[1], rng.normal(size=15)) < 1e-5


class _Found:
    def __init__(self, x):
        self.x = x


def test_acquaintance_by_hand():
    me = {"Food": 5.0, "Water": 4.0, "Firewood": 3.0}
    same, reverse = dict(me), {"Food": 3.0, "Water": 4.0, "Firewood": 5.0}
    known = Acquaintance.learn([(me, same), (me, same), (me, reverse)], GOODS)
    other = {"Food": 3.0, "Water": 5.0, "Firewood": 4.0}  # water, firewood, food
    log_prior = known(other, GOODS)
    found = {tuple(order): np.exp(p) for order, p in zip(orders(3).tolist(), log_prior)}
    assert found[(1, 2, 0)] == pytest.approx(3 / 9) and found[(0, 2, 1)] == pytest.approx(2 / 9)
    assert sum(found.values()) == pytest.approx(1)


def test_sooner_weighs_more():
    assert falling(5) == pytest.approx(np.array([5, 4, 3, 2, 1]) / 15)


def test_refuses_lives_without_values():
    with pytest.raises(ValueError, match="no value of"):
        fit_speaker(attend([Life(id="1", maker="m", messages=())], LEXICON))
