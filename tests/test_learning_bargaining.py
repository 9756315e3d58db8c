"""From logs to bargainers and back: plans and moves, exact gradients, and values that cause what is said."""

import dataclasses

import jax
import numpy as np
import pytest
from scipy.optimize import check_grad

from inhabit.learning import bargaining
from inhabit.learning.annotating import annotate, move_of, moves, plan_of
from inhabit.learning.bargaining import fit_bargainer, sharpened, turns_of
from inhabit.learning.meeting import (
    as_unwilling,
    auc,
    figures,
    meet,
    meet_as,
    met,
    pairs_of,
    put_into_words,
    summary,
    told_apart,
)
from inhabit.learning.swapping import brings, exchanged, swaps, usual_shares
from inhabit.mind.bargainer.table import ACCEPT, REJECT, SPEAK, SUBMIT, Move
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.plans import Plan
from inhabit.types import Life, Message

GOODS = ("Food", "Water", "Firewood")
COUNTS = (3, 3, 3)
NAN = float("nan")
LEXICON = Lexicon(goods=GOODS, totals=dict.fromkeys(GOODS, 3))
WORTHS = [tuple(row) for row in np.random.default_rng(5).permuted(np.tile([5.0, 4.0, 3.0], (60, 1)), axis=1)]


def _life(number: int, worth, other, *messages: Message) -> Life:
    return Life(
        id=f"{number}/a",
        maker=f"{number}/a",
        messages=messages,
        values=dict(zip(GOODS, worth)),
        outcome={"dialogue": str(number), "partner_values": dict(zip(GOODS, other)), "deal": None},
    )


def _talk(number: int) -> Life:
    """A maker who asks for its best good, offers its worst, and submits that deal; the other accepts if it gains."""
    worth, other = WORTHS[number], WORTHS[-number - 1]
    best, worst = GOODS[int(np.argmax(worth))], GOODS[int(np.argmin(worth))]
    theirs = GOODS[int(np.argmax(other))]
    you = {good: {best: 3.0, worst: 0.0}.get(good, 2.0) for good in GOODS}
    deal = {"you": you, "they": {good: 3 - part for good, part in you.items()}}
    answer = ACCEPT if theirs != best else REJECT
    return _life(
        number,
        worth,
        other,
        Message(role="partner", content="hello"),
        Message(role="user", content=f"I need {best}"),
        Message(role="partner", content=f"I want {theirs}"),
        Message(role="user", content=f"I can give you {worst}" if number % 2 else f"I get 3 {best} and you get 3 {worst}"),
        Message(role="partner", content="ok"),
        Message(role="user", content="", act=SUBMIT, sees=deal),
        Message(role="partner", content="", act=answer),
    )  # fmt: skip


def _other(life: Life) -> Life:
    """The same dialogue as the other side lived it."""
    flip = {"user": "partner", "partner": "user"}
    messages = [
        dataclasses.replace(m, role=flip[m.role], sees={"you": m.sees["they"], "they": m.sees["you"]} if m.sees else {})
        for m in life.messages
    ]
    outcome = {**life.outcome, "partner_values": life.values}
    values = life.outcome["partner_values"]
    return dataclasses.replace(life, id=life.id[:-1] + "b", messages=tuple(messages), values=values, outcome=outcome)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [side for number in range(40) for side in (_talk(number), _other(_talk(number)))]


@pytest.fixture(scope="module")
def mind(lives):
    return fit_bargainer([turn for life in lives for turn in turns_of(life, LEXICON)], GOODS)


def test_words_get_acts_and_stances_and_deals_keep_theirs(lives):
    life = lives[2]
    told = annotate([life], LEXICON)[0].messages
    best = max(life.values, key=lambda good: life.values[good])
    assert (told[1].act, dict(told[1].stances)) == ("ask", {best: "ask"})
    assert [message.act for message in told[-2:]] == [message.act for message in life.messages[-2:]]
    assert life.messages[1].act is None


@pytest.mark.parametrize(
    "plan",
    [
        Plan(act="propose", stances={"Food": "ask", "Water": "offer"}, amounts={"Food": 2, "Water": 3}),
        Plan(act="refuse", stances={"Water": "refuse", "Food": "ask"}),
        Plan(act="offer", stances={"Firewood": "offer"}, amounts={"Firewood": 1}),
        Plan(act="thank"),
    ],
)
def test_plans_are_moves_and_back(plan):
    assert plan_of(move_of(plan, GOODS, COUNTS), GOODS, COUNTS) == plan


def test_an_offer_of_two_of_three_leaves_one():
    move = move_of(Plan(act="offer", stances={"Water": "offer"}, amounts={"Water": 2}), GOODS, COUNTS)
    assert np.array_equal(move.share, [NAN, 1, NAN], equal_nan=True)


def test_turns_are_seen_before_they_are_made(lives):
    turns = turns_of(lives[0], LEXICON)
    assert [turn.index for turn in turns] == [1, 3, 5]
    assert [turn.view.table.messages for turn in turns] == [1, 3, 5]
    assert turns[-1].move == Move(kind=SUBMIT, share=tuple(lives[0].messages[5].sees["you"].values()))


def test_every_gradient_is_exact(lives, monkeypatch):
    """Each part's slope against finite differences, at weights that are not its start."""
    apart = []

    def compared(loss, size):
        at = np.random.default_rng(size).normal(size=size) / 10
        apart.append(check_grad(lambda x: loss(x)[0], lambda x: loss(x)[1], at) / (1 + np.linalg.norm(loss(at)[1])))
        return np.zeros(size)

    monkeypatch.setattr(bargaining, "_maximise", compared)
    monkeypatch.setattr(bargaining, "WHOLE", -1.0)
    bargaining.fit_bargainer([turn for life in lives[:4] for turn in turns_of(life, LEXICON)], GOODS, misread=0.1)
    assert len(apart) >= 6
    assert max(apart) < 2e-2  # splits are weighed in single precision
    assert np.median(apart) < 1e-5


def test_values_cause_what_is_said(lives, mind):
    turns = [turn for life in lives for turn in turns_of(life, LEXICON)]
    usual = usual_shares(turns)
    found = list(swaps(sharpened(mind), turns, GOODS, seed=0))
    changed = [swap for swap in found if swap.changed]
    assert len(changed) > 0.5 * len(found)
    assert np.mean([swap.direction(usual) > 0 for swap in changed]) > 0.9
    line = changed[0].line(GOODS)
    assert line["plan"] != line["plan_swapped"] and sorted(line["values"].values()) == [3, 4, 5]


def test_a_mind_without_values_is_not_moved_by_them(lives, mind):
    """The measure can fail: with the weights of worth at zero no plan in words changes."""
    deaf = dataclasses.replace(
        mind, **{name: 0 * getattr(mind, name) for name in ("goods", "implied", "talk", "deal", "kinds")}
    )
    turns = [turn for life in lives for turn in turns_of(life, LEXICON)]
    assert not any(swap.changed for swap in swaps(deaf, turns, GOODS, seed=0))


def test_exchanged_and_brought():
    assert exchanged((4.0, 3.0, 5.0)) == (4.0, 5.0, 3.0)
    usual = np.array([0.5, 0.8, 0.2, 1.0])
    move = Move(kind=SPEAK, stances=(1, 2, 0), share=(2.0, NAN, NAN))
    assert brings(move, COUNTS, usual).tolist() == pytest.approx([2 / 3, 0.2, 0.5])


def test_the_rest_is_not_learned_from_what_is_misread():
    """Of 100 choices one is that of the others with its signs turned: known as misread it no longer dulls the weights."""
    features = [np.array([side]) for side in np.tile([1.0, -1.0], 50)]
    chosen = [int(feature[0] < 0) for feature in features]
    chosen[0] = 1 - chosen[0]
    plain, knowing = (bargaining._softmax(features, chosen, 2, misread) for misread in (0.0, 0.02))
    assert abs(knowing[0, 0]) > 1.02 * abs(plain[0, 0])


def test_no_talk_of_goods_is_refused():
    life = _life(0, (5.0, 4.0, 3.0), (5.0, 4.0, 3.0), Message(role="user", content="hello"))
    with pytest.raises(ValueError, match="no turn speaks of a good"):
        fit_bargainer(turns_of(life, LEXICON), GOODS)


def test_minds_take_turns_and_come_to_an_end(mind):
    rng = np.random.default_rng(0)
    for _ in range(20):
        meeting = meet((mind, mind), (WORTHS[0], WORTHS[1]), COUNTS, limit=30, rng=rng)
        assert len(meeting.moves) <= 30
        for (side, move), (after, _) in zip(meeting.moves, meeting.moves[1:]):
            assert (after == side) == (move.kind == REJECT)
        if meeting.deal:
            assert np.add(*meeting.deal).tolist() == [3, 3, 3]
            assert meeting.moves[-1][1].kind == ACCEPT


def test_people_read_back_and_met_again(lives, mind):
    people = [met(life, LEXICON) for life in pairs_of(lives)]
    assert 2 * len(people) == len(lives) and people[0].number(SUBMIT) == 1 and people[0].words == 5
    ours = meet_as(mind, people[:3], times=2, rng=np.random.default_rng(0))
    assert len(ours) == 6 and ours[0].worths == people[0].worths
    assert figures(people[0], without=5.0)["points"] == 5.0  # the log tells of no deal
    assert summary(ours[0], without=5.0).shape == summary(people[0], without=5.0).shape


class _Plain(AbstractMouth):
    """Says a plan so that it can be read back."""

    def say(self, plan, context, *, key):
        amount = {good: plan.amounts.get(good, "") for good in GOODS}
        asks = [f"I want {amount[good]} {good}" for good, stance in plan.stances.items() if stance == "ask"]
        offers = [f"I can give you {amount[good]} {good}" for good, stance in plan.stances.items() if stance == "offer"]
        return ". ".join(asks + offers) or str(plan.act)


def test_a_meeting_put_into_words_is_read_back_as_it_was(mind):
    """Asks and offers, amounts and deals come through the words; refusals have no words in this mouth."""
    rng, mouths = np.random.default_rng(2), (_Plain(), _Plain())
    meeting = meet((mind, mind), (WORTHS[0], WORTHS[1]), COUNTS, rng=rng)
    life = put_into_words(meeting, GOODS, mouths, key=jax.random.key(0))
    spoken = [dataclasses.replace(m, act=None) if m.content else m for m in life.messages]
    again = met(dataclasses.replace(life, messages=tuple(spoken)), LEXICON)
    assert again.deal == meeting.deal and again.worths == meeting.worths
    for (side, move), (other, read) in zip(meeting.moves, again.moves):
        assert side == other
        if move.kind in (SPEAK, SUBMIT) and 3 not in move.stances:
            assert read.stances == move.stances
            assert np.array_equal(read.share, move.share or (NAN,) * 3, equal_nan=True)


def test_minds_come_to_reject_as_often_as_people(lives, mind):
    people = [met(life, LEXICON) for life in pairs_of(lives)]
    rng, wanted = np.random.default_rng(0), np.mean([one.number(REJECT) for one in people])
    before = np.mean([one.number(REJECT) for one in meet_as(mind, people, times=2, rng=rng)])
    moved = as_unwilling(mind, people, rng=rng)
    after = np.mean([one.number(REJECT) for one in meet_as(moved, people, times=2, rng=rng)])
    assert abs(np.log(after / wanted)) < max(abs(np.log(before / wanted)), 0.4)


def test_points_are_worth_times_share():
    life = dataclasses.replace(lives_with_deal(), id="x/a")
    meeting = met(life, LEXICON)
    assert meeting.points(5.0) == (3 * 5 + 4.0, 2 * 4 + 3 * 5.0)


def lives_with_deal() -> Life:
    life = _life(0, (5.0, 4.0, 3.0), (3.0, 4.0, 5.0), Message(role="user", content="hi"))
    deal = {"you": dict(zip(GOODS, (3.0, 1.0, 0.0))), "they": dict(zip(GOODS, (0.0, 2.0, 3.0)))}
    return dataclasses.replace(life, outcome={**life.outcome, "deal": deal})


def test_area_under_the_curve_counts_pairs():
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 5, 40).astype(float), rng.integers(0, 2, 40).astype(float)
    ours, theirs = scores[truth == 1], scores[truth == 0]
    slow = np.mean([(a > b) + (a == b) / 2 for a in ours for b in theirs])
    assert auc(scores, truth) == pytest.approx(slow)


def test_the_judge_tells_only_what_can_be_told():
    rng = np.random.default_rng(0)
    alike, other = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    names = [str(i) for i in range(300)]
    assert abs(auc(*told_apart(alike, other, groups=(names, names))) - 0.5) < 0.08
    assert auc(*told_apart(alike + np.array([2, 0, 0, 0]), other, groups=(names, names))) > 0.85


def test_moves_are_read_in_order(lives):
    kinds = [move.kind for move in moves(lives[2], LEXICON, COUNTS)]
    assert kinds[0] == "greet" and kinds[1:4] == [SPEAK] * 3 and kinds[4:6] == ["agree", SUBMIT]
