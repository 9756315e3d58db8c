import dataclasses

import jax
import numpy as np
import pytest

from inhabit.learning.mouthing import Listener, came_through, fit_mouth, small_mouth
from inhabit.learning.names import Names
from inhabit.learning.people import People
from inhabit.learning.phrasebook import Phrasebook
from inhabit.learning.reading import Recipe
from inhabit.speech.mouths import AbstractMouth, Wordless

from .tiny import tiny_lives, tiny_people

RECIPE = Recipe(width=16, depth=1, heads=2, context=96, batch=4)


class Parrot(AbstractMouth):
    """Says what the plan's act is called in the log, word for word."""

    def __init__(self, people: People):
        self.words = {phrase.plan.act: phrase.words for phrase in people.phrases}

    def say(self, plan, context, *, key):
        return self.words[plan.act]


def test_a_listener_tells_acts_by_their_words():
    words = ["give me food", "i want water", "no way", "no, never"] * 4
    listener = Listener.learn(words, ["ask", "ask", "refuse", "refuse"] * 4)
    assert listener.understood(["give water", "never no"]) == ["ask", "refuse"]


def test_what_a_mouth_says_is_read_back_beside_peoples_own_words_and_chance():
    people, lives = tiny_people(), tiny_lives()
    table, lines = came_through(people.phrases, {"parrot": Parrot(people), "mute": Wordless()}, lives, most=12)
    acts = table["act comes through"]
    assert acts["people"].value == 1.0 and acts["parrot"].value == 1.0
    assert acts["mute"].value < 1.0 and acts["any phrase"].value < 1.0
    assert len(lines) == 4 * 12 and {line["by"] for line in lines} == {"people", "any phrase", "parrot", "mute"}
    scored = np.mean([line["meant"]["act"] == line["heard"]["act"] for line in lines if line["by"] == "mute"])
    assert scored == pytest.approx(acts["mute"].value)


def test_a_small_mouth_is_kept_in_the_file_and_says_the_same_after(tmp_path):
    mouth = fit_mouth(tiny_lives(), recipe=RECIPE, passes=2.0, vocabulary=256)
    people = dataclasses.replace(tiny_people(), mouth=mouth)
    people.save(tmp_path / "p.mind")
    again = People.open(tmp_path / "p.mind")
    assert again.mouth is not None and people.mouth is not None
    assert again.mouth.flattening == people.mouth.flattening
    np.testing.assert_array_equal(again.mouth.model.table, people.mouth.model.table)
    book, plan = Phrasebook(people.phrases, people.names), people.phrases[0].plan
    said = [small_mouth(one.mouth, book).say(plan, tiny_lives()[0], key=jax.random.key(1)) for one in (people, again)]
    assert said[0] == said[1] != ""


def test_people_without_a_small_mouth_say_how_to_get_one():
    with pytest.raises(ValueError, match="inhabit fit --mouth"):
        small_mouth(None, Phrasebook((), Names()))
