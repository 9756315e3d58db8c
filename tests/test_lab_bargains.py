"""The bargaining experiments' own arithmetic, against hand-worked cases."""

import dataclasses

import numpy as np
import pytest

from inhabit.lab import casino, dealornodeal, dealornodeal_talks
from inhabit.learning.bargaining import Turn
from inhabit.learning.meeting import Meeting
from inhabit.learning.swapping import Swap
from inhabit.mind.bargainer.table import ACCEPT, SPEAK, SUBMIT, WALK, Move, Table
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life, Message

LEXICON = Lexicon(goods=dealornodeal.GOODS)


def meeting(deal, worths=((10.0, 0.0, 0.0), (0.0, 5.0, 5.0))) -> Meeting:
    moves = ((0, Move(kind="greet")), (1, Move(kind=SUBMIT, share=(0.0, 1.0, 1.0))), (0, Move(kind=ACCEPT)))
    return Meeting((1, 1, 1), worths, moves, deal)


def test_pareto_is_when_nobody_could_gain_for_free():
    assert dealornodeal_talks.pareto(meeting(((1, 0, 0), (0, 1, 1))))
    assert not dealornodeal_talks.pareto(meeting(((1, 1, 0), (0, 0, 1))))
    assert meeting(None).points(0.0) == (0.0, 0.0)


def test_what_the_rules_allow_is_worth_ten():
    rows = dealornodeal.possible((1, 2, 3))
    assert (rows @ [1, 2, 3] == 10).all()
    assert len(rows) == sum(1 for hat in range(6) for ball in range(4) if 2 * hat + 3 * ball <= 10)


def test_own_nothing_is_worth_something_to_the_other():
    """One book, one hat, one ball; I value the book only: the others share 10, and the book must be worth something."""
    chances = dealornodeal.order_prior((1, 1, 1), (10.0, 0.0, 0.0))
    rows = [(b, h, 10 - b - h) for b in range(1, 9) for h in range(1, 10 - b)]
    best = np.mean([(book >= hat >= ball) / ((book == hat) + (hat == ball) + 1) for book, hat, ball in rows])
    assert chances.sum() == pytest.approx(1)
    assert chances[0] == pytest.approx(best, abs=0.02)


def test_ties_may_stand_either_way():
    assert dealornodeal.ordered([3, 3, 1], [1, 0, 2]) and dealornodeal.ordered([3, 3, 1], [0, 1, 2])
    assert not dealornodeal.ordered([3, 3, 1], [2, 0, 1])


def _life(agreed: bool, chooser: str = "user") -> Life:
    deal = {
        "you": dict(zip(dealornodeal.GOODS, (1.0, 0.0, 1.0))),
        "they": dict(zip(dealornodeal.GOODS, (0.0, 2.0, 0.0))),
    }
    return Life(
        id="val/1",
        maker="val/1",
        messages=(
            Message(role="partner", content="i need the hat", sees={"counts": dict(zip(dealornodeal.GOODS, (1, 2, 1)))}),
            Message(role=chooser, content="", act="select"),
        ),
        values=dict(zip(dealornodeal.GOODS, (6.0, 0.0, 4.0))),
        outcome={
            "dialogue": "d",
            "partner_values": dict(zip(dealornodeal.GOODS, (0.0, 5.0, 0.0))),
            "agreed": agreed,
            "deal": deal if agreed else None,
        },
    )  # fmt: skip


def test_selecting_is_submitting_and_the_other_answers():
    life = dealornodeal_talks.settled(_life(agreed=True), LEXICON)
    assert [message.act for message in life.messages[1:]] == [SUBMIT, ACCEPT]
    assert [message.role for message in life.messages[1:]] == ["user", "partner"]
    assert life.messages[1].sees["you"] == {"book": 1, "hat": 0, "ball": 1}
    parted = dealornodeal_talks.settled(_life(agreed=False, chooser="partner"), LEXICON)
    assert [message.act for message in parted.messages[1:]] == [SUBMIT, WALK]
    assert parted.messages[1].sees["they"] == {"book": 0, "hat": 2, "ball": 0}


def test_no_agreement_is_to_walk_away():
    life = _life(agreed=False)
    life = dealornodeal_talks.settled(
        dataclasses.replace(life, outcome={**life.outcome, "end": "no_agreement"}), LEXICON
    )
    assert [(message.role, message.act) for message in life.messages[1:]] == [("user", WALK)]


def test_a_deal_that_the_words_say_is_well_read():
    """`i need the hat` leaves the book and the ball to the other, as the deal does."""
    other = dataclasses.replace(
        _life(True), messages=(_message("i need the hat and the book"), *_life(True).messages[1:])
    )
    told = [dealornodeal_talks.settled(life, LEXICON) for life in (_life(True), other, _life(False))]
    assert dealornodeal_talks.well_read(told, LEXICON) == [1.0, 0.0]


def _message(content: str) -> Message:
    return dataclasses.replace(_life(True).messages[0], content=content)


def test_scenarios_are_apart_whoever_is_asked():
    """The two lives of one dialogue, with values exchanged, fall on one side."""
    lives = [_life(True)]
    for worth in (2.0, 3.0, 4.0, 5.0):
        lives.append(dataclasses.replace(_life(True), values={**_life(True).values, "hat": worth}))
    turned = [
        dataclasses.replace(
            one, values=one.outcome["partner_values"], outcome={**one.outcome, "partner_values": one.values}
        )
        for one in lives
    ]
    learned, held = dealornodeal_talks.talks_apart([*lives, *turned], 0.4, seed=0)
    assert (len(learned), len(held)) == (6, 4)
    assert not {max(one.values["hat"], one.outcome["partner_values"]["hat"]) for one in held if one.values["ball"]} & {
        one.values["hat"] for one in learned if one.values["ball"]
    }


def test_held_out_dialogues_are_not_learned_from():
    one, two = _life(True), dataclasses.replace(_life(True), outcome={**_life(True).outcome, "dialogue": "e"})
    train, held = dealornodeal.parted([one, two], [one], seed=0)
    assert [life.outcome["dialogue"] for life in train] == ["e"] and held == [one]


def _swap(after: Move) -> tuple[Swap, float]:
    turn = Turn(_life(True), 0, Table.laid((3, 3, 3)).view(0), Move(kind=SPEAK))
    before = Move(kind=SPEAK, stances=(1, 0, 0))
    swap = Swap(turn, (5.0, 4.0, 3.0), (3.0, 4.0, 5.0), before, after)
    return swap, swap.direction(np.array([0.5, 0.8, 0.2, 1.0]))


def test_shares_of_swaps_by_hand():
    """Of four, one stays, one turns to the new best, one to the middle good only, one the wrong way."""
    plans = [(1, 0, 0), (0, 0, 1), (1, 1, 0), (1, 0, 2)]
    rows = [_swap(Move(kind=SPEAK, stances=plan)) for plan in plans]
    found = casino.swap_figures("drawn", rows)
    assert found["swap, drawn: plans changed"].value == pytest.approx(3 / 4)
    assert found["swap, drawn: plans, the right way"].value == pytest.approx(1 / 3)
    assert found["swap, drawn: plans, neither way"].value == pytest.approx(1 / 3)
    assert np.isnan(found["swap, drawn: proposed deals changed"].value)


def test_equal_meetings_are_no_standard_error_apart():
    meetings = [meeting(((1, 0, 0), (0, 1, 1))), meeting(None)] * 10
    names = [str(i) for i in range(20)]
    found = casino.compared(meetings, meetings, (names, names), without=0.0)
    assert found["minds: deals"].value == 0.5
    assert found["minds: points"].value == 5.0
    assert found["minds: points, standard errors from people"].value == 0.0
    assert abs(found["told apart, AUC"].value - 0.5) < 0.05
