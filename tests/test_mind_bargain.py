"""The table and the bargainer, against hand-worked negotiations and laws."""

import dataclasses

import numpy as np
import pytest

from inhabit.mind.bargainer.bargain import ANSWERS, OPEN, Bargainer, Noise
from inhabit.mind.bargainer.regard import gains, heard, relative, sayings, shapes
from inhabit.mind.bargainer.table import (
    ACCEPT,
    ASK,
    KINDS,
    OFFER,
    REJECT,
    SELECT,
    SPEAK,
    SUBMIT,
    TALK,
    WALK,
    Move,
    Table,
    View,
    splits,
)

COUNTS = (3, 3, 3)
NAN = float("nan")
WORTH = (5.0, 4.0, 3.0)


def said(stances, share=()) -> Move:
    return Move(kind=SPEAK, stances=stances, share=share)


def talked(*moves: tuple[int, Move]) -> Table:
    table = Table.laid(COUNTS)
    for side, move in moves:
        table = table.after(side, move)
    return table


@pytest.fixture
def mind() -> Bargainer:
    """A bargainer with weights of no meaning, of the right shapes."""
    rng = np.random.default_rng(0)
    table = talked((0, Move(kind=SUBMIT, share=(3.0, 2.0, 0.0))))
    view = dataclasses.replace(Table.laid(COUNTS)).view(0)
    blank = _blank(view)
    regard, answering = blank.regard(view, WORTH), blank.regard(table.view(1), WORTH)
    stances = np.array([1, 0, 2])

    def some(*shape: int) -> np.ndarray:
        return rng.normal(size=shape) / 2

    return Bargainer(
        listen=some(heard(view).shape[1]),
        kinds=some(len(regard.kinds()), len(OPEN)),
        answers=some(len(answering.answer()), len(ANSWERS)),
        goods=some(regard.goods().shape[1], 3),
        shapes=some(len(regard.shape()), shapes(3)[1].shape[1]),
        implied=some(regard.implied().shape[1]),
        amounts=some(len(regard.amounts(stances))),
        talk=some(regard.splits(stances).shape[1]),
        deal=some(regard.splits(None).shape[1]),
        moves=frozenset(KINDS) - {SELECT},
    )


def _blank(view: View) -> Bargainer:
    none = np.zeros((0, 0))
    empty = np.zeros(0)
    return Bargainer(np.zeros(heard(view).shape[1]), none, none, none, none, empty, empty, empty, empty)


def test_splits_are_all_ways_once():
    rows = splits((1, 2))
    assert rows.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert len(sayings(3)) == 4**3 - 1
    assert not any(not row.any() for row in sayings(3))


def test_gains_make_everything_worth_one():
    share = gains(relative(WORTH), COUNTS)
    assert share @ np.array(COUNTS) == pytest.approx(1)
    assert share / share[2] == pytest.approx(np.array(WORTH) / 3)


def test_a_deal_is_seen_from_both_ends():
    table = talked((0, Move(kind=SUBMIT, share=(3.0, 1.0, 0.0))))
    assert table.view(1).standing == (0, 2, 3)
    assert table.view(0).standing is None
    done = table.after(1, Move(kind=ACCEPT))
    assert done.over and done.deal == (3, 1, 0)


def test_a_rejected_deal_is_what_its_maker_last_asked_for():
    table = talked((1, Move(kind=SUBMIT, share=(3.0, 1.0, 0.0))), (0, Move(kind=REJECT)))
    assert table.standing is None and table.rejections == 1 and not table.over
    assert table.view(0).offered.tolist() == [0, 2, 3]
    assert talked((0, Move(kind=WALK))).over


def test_words_add_up_to_a_draft_that_both_see():
    table = talked((0, said((ASK, 0, 0), (2.0, NAN, NAN))), (1, said((0, OFFER, ASK), (NAN, 1.0, 3.0))))
    assert table.view(0).draft.tolist() == [2, 2, 0]
    assert table.view(1).draft.tolist() == [1, 1, 3]
    assert np.array_equal(table.view(0).offered, [NAN, 2, 0], equal_nan=True)
    assert not table.agreed and table.after(0, Move(kind="agree")).agreed


def test_agreeing_takes_over_what_the_other_said():
    table = talked((0, said((ASK, OFFER, 0), (3.0, 0.0, NAN))), (1, Move(kind="agree")))
    assert np.array_equal(table.view(1).me.share, [0, 3, NAN], equal_nan=True)


def test_exchanging_goods_exchanges_what_is_said(mind):
    """Goods are told apart only by worth and words: logits of sayings permute with the goods."""
    table = talked((0, said((ASK, 0, OFFER), (3.0, NAN, 1.0))), (1, said((ASK, ASK, 0), (2.0, 2.0, NAN))))
    swapped = talked((0, said((OFFER, 0, ASK), (1.0, NAN, 3.0))), (1, said((0, ASK, ASK), (NAN, 2.0, 2.0))))
    plain = mind.sayings(mind.regard(table.view(0), WORTH))
    other = mind.sayings(mind.regard(swapped.view(0), WORTH[::-1]))
    rows = sayings(3).tolist()
    order = [rows.index(row[::-1]) for row in rows]
    np.testing.assert_allclose(other, plain[order], atol=1e-9)


def test_without_noise_the_likeliest_and_with_the_same_noise_the_same(mind):
    view = talked((0, said((ASK, 0, 0)))).view(1)
    first, again = (mind.act(view, WORTH, Noise.drawn(COUNTS, np.random.default_rng(3))) for _ in range(2))
    assert repr(first) == repr(again)
    logits = mind.sayings(mind.regard(view, WORTH))
    best = mind.saying(mind.regard(view, WORTH), Noise.none(COUNTS))
    assert list(best.stances) == sayings(3)[np.argmax(logits)].tolist()


def test_a_standing_deal_must_be_answered_and_only_then(mind):
    standing = talked((0, Move(kind=SUBMIT, share=(3.0, 1.0, 0.0)))).view(1)
    rng = np.random.default_rng(0)
    answers = {mind.act(standing, WORTH, Noise.drawn(COUNTS, rng)).kind for _ in range(60)}
    assert answers <= set(ANSWERS)
    free = {mind.act(Table.laid(COUNTS).view(0), WORTH, Noise.drawn(COUNTS, rng)).kind for _ in range(60)}
    assert free <= {*TALK, SPEAK, SUBMIT, WALK}


def test_draws_follow_the_logits(mind):
    """Gumbel noise on the answers: frequencies against the softmax, within four standard errors."""
    view = talked((0, Move(kind=SUBMIT, share=(3.0, 1.0, 0.0)))).view(1)
    logits = mind.regard(view, WORTH).answer() @ mind.answers
    chances = np.exp(logits) / np.exp(logits).sum()
    rng, number = np.random.default_rng(1), 1500
    drawn = [mind.act(view, WORTH, Noise.drawn(COUNTS, rng)).kind for _ in range(number)]
    for answer, chance in zip(ANSWERS, chances):
        error = np.sqrt(chance * (1 - chance) / number)
        assert abs(drawn.count(answer) / number - chance) < 4 * error + 1e-9
