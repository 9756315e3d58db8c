"""The readers on the real sets; skipped where `INHABIT_DATA` does not point to them."""

import collections
import os
import pathlib
import statistics

import pytest

from inhabit.records.census import census
from inhabit.records.reading import read
from inhabit.records.writing import write

DATA = pathlib.Path(os.environ.get("INHABIT_DATA", "/nowhere"))


def real(name):
    if not (DATA / name).is_dir():
        pytest.skip(f"INHABIT_DATA has no {name}")
    return read(DATA / name)


@pytest.fixture(scope="module")
def casino():
    return real("casino")


@pytest.fixture(scope="module")
def deals():
    return real("dealornodeal")


@pytest.fixture(scope="module")
def sessions():
    return real("uss")


def test_casino_has_its_published_counts(casino):
    got = census(casino)
    assert (got.lives, got.set_aside, got.mended) == (2060, 0, 0)
    assert got.acts == {"submit-deal": 1181, "accept-deal": 1005, "reject-deal": 167, "walk-away": 25}
    assert got.choices == 1181
    points = [life.outcome["points"] for life in casino.lives]
    assert (round(statistics.fmean(points), 2), round(statistics.stdev(points), 2)) == (18.64, 3.54)
    labelled = {life.outcome["dialogue"] for life in casino.lives if any("strategies" in m.sees for m in life.messages)}
    assert len(labelled) == 396


def test_casino_points_follow_from_values_and_the_deal_as_each_side_sees_it(casino):
    for life in casino.lives:
        if life.outcome["agreed"]:
            gains = life.outcome["deal"]["you"]
            assert sum(life.values[good] * gains[good] for good in life.values) == life.outcome["points"]


def test_casino_partners_see_the_same_from_both_sides(casino):
    by_id = {life.id: life for life in casino.lives}
    for life in casino.lives:
        other = by_id[life.outcome["partner"]]
        assert [m.content for m in life.messages] == [m.content for m in other.messages]
        assert [m.role == "user" for m in life.messages] == [m.role != "user" for m in other.messages]
        assert [m.sees.get("you") for m in life.messages] == [m.sees.get("they") for m in other.messages]
        for choice in life.choices:
            assert life.messages[choice.at].sees["you"] == choice.options[choice.chosen]
            assert (life.messages[choice.at].role, life.messages[choice.at].act) == ("user", "submit-deal")


def test_deal_or_no_deal_agrees_with_what_is_published(deals):
    assert (len(deals.lives), len(deals.set_aside)) == (11182, 0)
    agreed = [life for life in deals.lives if life.outcome["agreed"]]
    assert len(agreed) / len(deals.lives) == pytest.approx(0.779, abs=0.005)
    assert statistics.fmean(life.outcome["points"] for life in deals.lives) == pytest.approx(5.82, abs=0.05)
    assert statistics.fmean(life.outcome["points"] for life in agreed) == pytest.approx(7.47, abs=0.05)
    assert all(
        sum(life.values[g] * n for g, n in life.messages[0].sees["counts"].items()) == 10 for life in deals.lives
    )


def test_deal_or_no_deal_has_at_most_two_sides_to_a_dialogue_and_a_split_keeps_them(deals):
    sides = collections.defaultdict(list)
    for life in deals.lives:
        sides[life.outcome["dialogue"]].append(life)
    assert collections.Counter(map(len, sides.values())) == {2: 5409, 1: 364}
    for pair in sides.values():
        assert len({life.id.split("/")[0] for life in pair}) == 1
        if len(pair) == 2:
            one, other = pair
            assert one.values == other.outcome["partner_values"]
            assert one.outcome["points"] == other.outcome["partner_points"]


def test_uss_has_its_sessions_turns_and_ratings(sessions):
    by_set = collections.Counter(life.id.split("/")[0] for life in sessions.lives)
    assert by_set == {"MWOZ": 1000, "SGD": 1000, "ReDial": 1000, "ReDial-action": 336}
    rated = [life for life in sessions.lives if not life.id.startswith("ReDial-action")]
    turns = collections.Counter(life.id.split("/")[0] for life in rated for m in life.messages if m.role == "user")
    assert turns == {"MWOZ": 12553 - 1000, "SGD": 13833 - 1000, "ReDial": 11806 - 1000}
    assert all(m.rating in (1, 2, 3, 4, 5) for life in rated for m in life.messages if m.role == "user")
    assert all("overall" in life.outcome for life in rated)
    assert not sessions.set_aside


def test_real_lives_are_written_and_read_again(casino, tmp_path):
    write(tmp_path / "casino.jsonl", casino.lives[:200])
    assert read(tmp_path / "casino.jsonl").lives == casino.lives[:200]
