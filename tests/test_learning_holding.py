import pytest

from inhabit.learning.holding import hold_out

from .tiny import tiny_lives


def test_makers_are_held_out_with_all_their_lives():
    train, held = hold_out(tiny_lives(), "user", share=0.34)
    assert {life.maker for life in train}.isdisjoint({life.maker for life in held})
    assert len(train) + len(held) == 12 and len(held) == 4


def test_the_last_life_of_everyone_is_held_out():
    train, held = hold_out(tiny_lives(), "time")
    assert [life.id for life in held] == ["9", "10", "11"]
    assert [life.id for life in train] == [str(i) for i in range(9)]


def test_nothing_is_held_out_when_nothing_is_to_be():
    assert hold_out(tiny_lives(), "none") == (tuple(tiny_lives()), ())


def test_a_log_from_which_nothing_can_be_held_out_is_refused():
    with pytest.raises(ValueError, match="three makers"):
        hold_out(tiny_lives()[:2], "user")
    with pytest.raises(ValueError, match="comes back"):
        hold_out(tiny_lives()[:3], "time")
    with pytest.raises(ValueError, match="no way"):
        hold_out(tiny_lives(), "half")
