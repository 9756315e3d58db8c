import dataclasses
import json

import numpy as np
import pytest

from inhabit.cli.main import main
from inhabit.learning.people import People
from inhabit.learning.valued import PeopleValues
from tests.tiny import tiny_lives, tiny_people


@pytest.fixture(scope="module")
def unknown():
    """The tiny people, of whom no log said what they value."""
    people = tiny_people()
    return PeopleValues(dataclasses.replace(people, values=np.full_like(people.values, np.nan)))


def test_what_is_valued_is_told_with_its_uncertainty_and_rates(unknown):
    told = unknown.of("ann")
    assert sum(one["weight"] for one in told.values()) == pytest.approx(2, abs=0.2)
    assert told["food"]["low"] < told["food"]["weight"] < told["food"]["high"]
    middle, low, high = unknown.exchange_intervals("ann", "food")["water"]
    assert low < middle < high
    store = unknown.store("ann")
    one = np.asarray(store.marginal(np.ones(2, np.float32), _rest())) / np.asarray(store.value)
    assert unknown.moved("ann")["food"]["one had"] == pytest.approx(float(one[0]), rel=1e-5)
    assert set(unknown.curves("ann")) == {"stress", "units had"} and len(unknown.everyone()["food"]) == 3


def _rest():
    from inhabit.values import Mood

    return Mood.of()


def test_an_edit_holds_and_leaves_the_other_good_where_it_was_believed(unknown):
    edited = unknown.edited("ann", "food", 4 * unknown.of("ann")["water"]["weight"])
    assert edited.exchange("ann", "water")["food"] == pytest.approx(4, rel=1e-3)
    assert edited.of("ann")["food"]["deviation"] == pytest.approx(0, abs=1e-4)
    assert edited.of("bob") == unknown.of("bob")
    with pytest.raises(ValueError, match="positive"):
        unknown.edited("ann", "food", -1.0)
    with pytest.raises(ValueError, match="for certain"):
        edited.rewarded("ann", "food", 1.0)


def test_a_reward_beyond_what_was_expected_raises_what_a_good_is_worth(unknown):
    before = unknown.of("ann")["food"]
    more, less = (unknown.rewarded("ann", "food", reward).of("ann")["food"] for reward in (4.0, 0.0))
    assert more["weight"] > before["weight"] > less["weight"]
    assert unknown.rewarded("ann", "food", 1.0).people.belief("ann").deviation[0] < 1


@pytest.mark.slow
def test_more_talk_sharpens_whom_it_is_of_and_nobody_else(unknown):
    learned = unknown.learned([life for life in tiny_lives() if life.maker == "ann"][:2])
    before, after = unknown.people.belief("ann"), learned.people.belief("ann")
    assert (np.asarray(after.deviation) <= np.asarray(before.deviation) + 1e-4).all()
    assert np.abs(np.asarray(after.mean - before.mean)).max() > 1e-3
    np.testing.assert_array_equal(learned.people.belief("bob").mean, unknown.people.belief("bob").mean)
    with pytest.raises(ValueError, match="none of the"):
        unknown.learned([dataclasses.replace(tiny_lives()[0], maker="zoe")])


def test_people_from_talk_are_shown_drawn_edited_and_saved(tmp_path, capsys):
    path, other, picture = (tmp_path / name for name in ("a.mind", "b.mind", "p.svg"))
    tiny_people().save(path)
    words = ["values", str(path), "--as", "ann", "--in", "water", "--set", "food=9", "-o", str(other)]
    assert main([*words, "--picture", str(picture), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["exchange"] == {
        "in": "water",
        "rates": {"food": pytest.approx(3)},
        "intervals": {"food": pytest.approx([3, 3])},
    }
    assert People.open(other).known("ann")[0] == 9
    assert "What ann values" in picture.read_text() and "units had" in picture.read_text()
    assert main(["values", str(path), "--as", "zoe"]) == 2
