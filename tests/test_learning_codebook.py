import numpy as np

from inhabit.learning.codebook import Codebook, turns
from inhabit.senses.text import Ear
from inhabit.types import LEAVE, Life, Message

from .tiny import tiny_people


def life(*messages, **rest):
    return Life(id="x", maker="ann", messages=messages, **rest)


def test_a_life_in_which_the_maker_never_acts_is_a_lesson_with_nothing_lived():
    lesson = tiny_people().codebook.lesson(life(Message(role="assistant", content="bye", act=LEAVE)))
    assert not lesson.living.any() and (np.asarray(lesson.rating) == -1).all()


def test_falling_silent_is_leaving_but_being_left_or_cut_short_is_not():
    hello, bye = Message(role="user", content="hello"), Message(role="assistant", content="yes?")
    assert [t.message.act for t in turns(life(hello, bye))] == [None, LEAVE]
    assert len(turns(life(hello, bye, outcome={"truncated": True}))) == 1
    left = Message(role="assistant", content="bye", act=LEAVE)
    assert len(turns(life(hello, left))) == 1


def test_a_turn_knows_what_was_heard_since_the_last():
    said = [
        Message(role=r, content=c) for r, c in (("assistant", "a"), ("user", "b"), ("assistant", "c"), ("user", "d"))
    ]
    assert [[m.content for m in t.heard] for t in turns(life(*said))] == [["a"], ["c"]]


def test_what_is_said_of_goods_and_what_it_is_aimed_at_are_coded():
    codebook = tiny_people().codebook
    message = Message(role="user", content="", act="refuse", stances={"food": "refuse", "water": "offer"})
    act, good, stances = codebook.act(message)
    assert (codebook.acts[act], good, list(stances)) == ("refuse", 1, [3, 2])


def test_a_log_without_choices_keeps_room_for_one_so_that_no_array_is_empty():
    life = Life(id="a", maker="ann", messages=(Message(role="user", content="hello", act="greet"),))
    codebook = Codebook.learn([life], ear=Ear.learned(["hello"], size=8, least=1, length=4))
    assert codebook.lessons([life]).options.shape[2] == 1


def test_the_logs_clock_is_told_in_its_own_median_and_a_mind_hears_what_it_said_itself():
    said = [("assistant", "a", 0.0), ("user", "hello", 1.0), ("assistant", "b", 2.0), ("user", "well", 5.0)]
    said += [("assistant", "c", 6.0), ("user", "bye", 13.0)]
    one = life(*(Message(role=r, content=c, time=t) for r, c, t in said), outcome={"truncated": True})
    ear = Ear.learned(["hello well bye"], size=8, least=1, length=4)
    codebook = Codebook.learn([one], ear=ear)
    assert codebook.tempo == 6.0  # waits of 4 and 8 seconds
    lesson = codebook.lesson(one)
    np.testing.assert_allclose(lesson.percepts.elapsed[:3], [1.0, 4 / 6, 8 / 6])
    np.testing.assert_array_equal(lesson.percepts.spoken[1], ear.hear("hello"))
    np.testing.assert_array_equal(lesson.percepts.spoken[0], ear.hear(""))
