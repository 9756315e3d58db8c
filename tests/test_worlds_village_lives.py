import numpy as np
import pytest

from inhabit.records.reading import read
from inhabit.records.writing import write
from inhabit.worlds.village import lives as telling
from inhabit.worlds.village.acts import LOOKS, Hand, Quality, Say, Topic
from inhabit.worlds.village.state import DAY
from inhabit.worlds.village.words import LOOK_WORDS, parse

PEOPLE = 4


@pytest.fixture(scope="module")
def record():
    """A day in which Ada and Ben stand together, Cora sleeps beside them and Dan is far away."""
    none = np.zeros((1, DAY, PEOPLE), int)
    place = np.zeros((1, DAY, PEOPLE, 2), int)
    place[:, :, 3] = 20
    say = np.zeros((1, DAY, PEOPLE, 5), int)
    say[0, 2, 0] = (Say.ASK_FOR, Topic.FRUIT + 1, 0, 0, 2)
    say[0, 3, 1] = (Say.WARN, Topic.FRUIT + 1, Quality.SICKENING, 0, 1)
    say[0, 9, 3] = (Say.FEEL, 0, Quality.LONELY, 0, 0)
    awake = none == 0
    awake[:, :, 2] = False
    bears, hand, holds = np.zeros((1, DAY, PEOPLE, LOOKS), int), none.copy(), none.copy()
    bears[0, 5, 0, [1, 4]] = 2
    hand[0, 5, 0], hand[0, 7, 0], holds[0, 6:8, 0] = Hand.PICK, Hand.EAT, 2 + 4
    moments = telling.Moment(
        place=place,
        levels=np.full((1, DAY, PEOPLE, 6), 0.5, np.float32),
        stress=np.zeros((1, DAY, PEOPLE), np.float32),
        alive=none == 0,
        awake=awake,
        holds=holds,
        believes=np.zeros((1, DAY, PEOPLE, LOOKS), int),
        goal=none,
        goodwill=np.zeros((1, DAY, PEOPLE, PEOPLE), np.float32),
        wronged=np.zeros((1, DAY, PEOPLE, PEOPLE), int),
        greeted=np.zeros((1, DAY, PEOPLE, PEOPLE), bool),
        may=np.zeros((1, DAY, PEOPLE, PEOPLE), bool),
        asked=np.zeros((1, DAY, PEOPLE, PEOPLE), int),
        knows=np.zeros((1, DAY, PEOPLE, 2, 2), int),
        bears=bears,
        hand=hand,
        did=none == 0,
        say=say,
        log_chance=np.zeros((1, DAY, PEOPLE, len(Say)), np.float32),
        chance=np.zeros((1, DAY, PEOPLE), np.float32),
        broke=none,
    )
    lasting = np.zeros((1, PEOPLE), np.float32)
    lore = telling.Lore(np.zeros((1, LOOKS), int), np.zeros((1, LOOKS, 4), bool), np.zeros((1, 4), bool))
    return telling.Record(lore, np.zeros((1, PEOPLE, 6), np.float32), lasting, lasting, lasting > 0, moments)


def test_a_life_holds_what_its_maker_said_heard_and_did(record):
    told = {life.maker: life for life in telling.lives(record)}
    assert set(told) == {"Ada of village 0", "Ben of village 0", "Dan of village 0"}  # Cora slept without a word
    ada, ben, dan = told.values()
    assert [(m.role, m.act) for m in ada.messages] == [
        ("user", "ask for"),
        ("neighbour", "warn"),
        ("user", "pick"),
        ("user", "eat"),
    ]
    assert [(m.role, m.act) for m in ben.messages] == [("neighbour", "ask for"), ("user", "warn")]
    assert [(m.role, m.act) for m in dan.messages] == [("user", "feel")]
    assert parse(ada.messages[0].content) == (Say.ASK_FOR, Topic.FRUIT + 1, 0, 0, 2)
    assert ada.messages[0].stances == {LOOK_WORDS[1]: "ask"} and ada.messages[3].sees["own"] == {LOOK_WORDS[4]: 1}


def test_picking_is_a_choice_among_what_hangs_in_sight(record):
    ada = telling.lives(record)[0]
    (choice,) = ada.choices
    assert choice.at == 2 and [list(option) for option in choice.options] == [[LOOK_WORDS[1]], [LOOK_WORDS[4]]]
    assert choice.chosen == 1


def test_a_village_is_read_as_any_other_log(record, tmp_path):
    told = telling.lives(record)
    assert write(tmp_path / "village.jsonl", told) == len(told)
    assert read(tmp_path / "village.jsonl").lives == told
