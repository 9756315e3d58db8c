import json

import pytest

from inhabit.records.census import Range, census
from inhabit.records.identifying import identified
from inhabit.records.reading import Reading
from inhabit.types import Choice, Life, Message


def life(number, *, maker=None, turns=2, **keys):
    said = []
    for turn in range(turns):
        said.append(
            Message(role="user", content="I want Food please", act="ask" if turn else "greet", rating=turn + 1.0)
        )
        said.append(Message(role="assistant", content="What do you want?", time=float(turn)))
    return Life(id=str(number), maker=maker or str(number), messages=tuple(said), **keys)


def counted(lives):
    return census(Reading(lives=tuple(lives), format="life"))


def answers(lives):
    return {one.what: one.yes for one in identified(counted(lives))}


def test_counts_by_hand():
    choice = Choice(at=0, options=({"Food": 1.0}, {"Water": 2.0}), chosen=0)
    got = counted(
        [
            life(1, maker="ann", choices=(choice,), outcome={"points": 3}),
            life(2, maker="ann", turns=3, values={"Food": 5.0}, feels={"stress": 0.5}),
            life(3, turns=1, outcome={"points": 5, "end": "left"}),
        ]
    )
    assert (got.lives, got.makers, got.repeated_makers, got.messages, got.turns) == (3, 2, 1, 12, 6)
    assert got.words == {"maker": 24, "others": 24}
    assert got.acts == {"greet": 3, "ask": 3} and got.acts_heard == {}
    assert got.ratings == Range(count=6, low=1.0, median=1.5, mean=10 / 6, high=3.0)
    assert got.turns_per_life.median == 2
    assert (got.choices, got.options.high, got.makers_with_choices, got.goods) == (1, 2, 1, ("Food", "Water"))
    assert (got.lives_with_values, got.lives_naming_goods, got.feels) == (1, 3, {"stress": 1})
    assert got.outcomes == {"points": 2, "end": 1} and got.outcome_numbers["points"].mean == 4
    assert (got.timed, got.timed_lives, got.ratings_vary_within) == (6, 2, 2)
    assert got.repeated_asks == 1 + 2 + 0


def test_it_is_plain_json():
    record = counted([life(1)]).to_json()
    assert json.loads(json.dumps(record))["lives"] == 1


def test_a_rich_log_identifies_everything():
    choice = Choice(at=0, options=({"Food": 1.0}, {"Water": 2.0}), chosen=0)
    rich = [life(n, maker=str(n // 2), turns=3 + n % 3, choices=(choice,), values={"Food": 1.0}) for n in range(40)]
    assert all(answers(rich).values())


def test_an_empty_log_identifies_nothing_and_says_what_would():
    got = counted([])
    assert not any(one.yes for one in identified(got))
    assert all(one.mend and one.why for one in identified(got))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("next act", lambda message: Message(role=message.role, content=message.content)),
        (
            "satisfaction",
            lambda message: Message(role=message.role, content=message.content, act=message.act, rating=3.0),
        ),
        ("timing", lambda message: Message(role=message.role, content=message.content, act=message.act)),
    ],
)
def test_what_is_taken_from_a_log_is_no_longer_identified(what, change):
    lives = [life(n, turns=3 + n % 3) for n in range(40)]
    bare = [Life(id=one.id, maker=one.maker, messages=tuple(map(change, one.messages))) for one in lives]
    assert answers(lives)[what] and not answers(bare)[what]


def test_sums_of_nothing_and_of_one():
    assert Range.of([]) == Range(count=0) and not Range.of([]).varies
    assert Range.of([2]) == Range(count=1, low=2, median=2, mean=2, high=2) and not Range.of([2]).varies
