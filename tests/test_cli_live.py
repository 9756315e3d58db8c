"""The command that grows a mind: what it refuses, and how a village and an answer are shown."""

import json
import types

import numpy as np
import pytest

from inhabit.cli import village
from inhabit.cli.main import main
from inhabit.cli.view import above, beside, heights
from inhabit.mind.dweller.answering import direction
from inhabit.web.life import life_page
from inhabit.worlds.village.acts import Hand


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["live", "moon"], "no world is called 'moon'; there is village"),
        (["live", "village", "-o", "/nowhere/x.mind"], "/nowhere: no such folder to write x.mind in"),
        (["live", "village", "--log", "/nowhere/x.jsonl"], "/nowhere: no such folder to write x.jsonl in"),
        (["live", "village", "--page", "/nowhere/x.html"], "/nowhere: no such folder to write x.html in"),
    ],
)
def test_wrong_words_cost_one_line_and_status_two(words, complaint, capsys):
    assert main(words) == 2
    assert complaint in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_going_on_with_a_mind_that_is_not_there_is_told_in_one_line(tmp_path, capsys):
    assert main(["live", "village", "--resume", "--out", str(tmp_path / "no.mind")]) == 1
    assert "no.mind: no such file; check the path" in capsys.readouterr().err


def test_a_village_is_drawn_from_above_with_north_up():
    voxels = np.zeros((5, 4, 3), np.uint8)
    voxels[:, :, 0] = 1
    voxels[4, 0, 0] = 3
    plants = types.SimpleNamespace(place=np.array([[0, 3, 1]]), look=np.array([2]), fruit=np.array([1]))
    people = types.SimpleNamespace(
        place=np.array([[1, 1, 1], [3, 2, 1]]), alive=np.array([True, True]), heading=np.array([1, 0])
    )
    one = lambda part: types.SimpleNamespace(**{name: value[None] for name, value in vars(part).items()})
    place = types.SimpleNamespace(
        state=types.SimpleNamespace(voxels=voxels[None], plants=one(plants), people=one(people))
    )
    drawn = above(types.SimpleNamespace(place=place))
    assert drawn == [",,,,~", ",@>,,", ",,,1,", "c,,,,"]
    assert beside(drawn, ["a", "b"]).splitlines()[1] == ",@>,,   b"
    assert heights(types.SimpleNamespace(place=place)) == ["11111"] * 4


def test_the_page_of_a_life_holds_it_whole_and_nothing_in_it_can_end_the_script():
    life = {"frames": [{"says": "a < b </script><b>"}]}
    page = life_page(life)
    start = page.index("const life = ") + len("const life = ")
    assert json.JSONDecoder().raw_decode(page, start)[0] == life
    assert page.count("</script>") == life_page({}).count("</script>") == 1


def test_directions_are_said_in_eight_ways_and_steps():
    assert direction(0, 0) == "here"
    assert direction(0, -1) == "1 step north"
    assert direction(5, 0) == "5 steps east"
    assert direction(3, 3) == "3 steps south-east"
    assert direction(-7, -6) == "7 steps north-west"


def test_every_deed_has_a_word_and_eating_with_an_empty_hand_is_drinking():
    assert set(village.DONE) == {one.name for one in Hand}
    page = lambda holding: types.SimpleNamespace(
        place=types.SimpleNamespace(sensed=types.SimpleNamespace(holding=np.array(holding)))
    )
    assert [village._done(page(held), "EAT") for held in (0, 1, 2)] == ["drank", "drank", "ate"]
    assert village._done(page(0), "REST") == "rested"
