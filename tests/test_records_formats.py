import json

import pytest

from inhabit.records.formats import casino, uss
from inhabit.records.reading import read


def participant(high, medium, low, satisfaction="Slightly satisfied"):
    return {
        "value2issue": {"High": high, "Medium": medium, "Low": low},
        "value2reason": {"High": "why high", "Medium": "why medium", "Low": "why low"},
        "outcomes": {"points_scored": 20, "satisfaction": satisfaction, "opponent_likeness": "Extremely dislike"},
        "demographics": {"age": 30, "gender": "female"},
        "personality": {"svo": "proself", "big-five": {"extraversion": 4.5}},
    }


def deal(food, water, wood):
    you = {"Food": food, "Water": water, "Firewood": wood}
    return {"issue2youget": you, "issue2theyget": {good: str(3 - int(count)) for good, count in you.items()}}


def dialogue(number=7):
    one, two = "mturk_agent_1", "mturk_agent_2"
    logs = [
        {"id": two, "text": "hi", "task_data": {}},
        {"id": one, "text": "I need food", "task_data": {}},
        {"id": two, "text": "Submit-Deal", "task_data": deal("3", "1", "0")},
        {"id": one, "text": "Reject-Deal", "task_data": {"data": "reject_deal"}},
        {"id": one, "text": "Submit-Deal", "task_data": deal("2", "1", "1")},
        {"id": two, "text": "Accept-Deal", "task_data": {"data": "accept_deal"}},
    ]
    people = {
        two: participant("Water", "Food", "Firewood"),
        one: participant("Food", "Water", "Firewood", "Undecided"),
    }
    return {
        "dialogue_id": number,
        "chat_logs": logs,
        "participant_info": people,
        "annotations": [["I need food", "self-need,elicit-pref"]],
    }


@pytest.fixture
def casino_lives(tmp_path):
    (tmp_path / "casino_x.json").write_text(json.dumps([dialogue()]))
    got = read(tmp_path / "casino_x.json")
    assert got.format == "casino" and not got.set_aside
    return got.lives


def test_each_camper_lives_the_dialogue_once_from_their_own_side(casino_lives):
    first, second = casino_lives
    assert (first.id, second.maker) == ("7/mturk_agent_1", "7/mturk_agent_2")
    assert [one.role for one in first.messages] == ["partner", "user", "partner", "user", "user", "partner"]
    assert [one.role for one in second.messages] == ["user", "partner", "user", "partner", "partner", "user"]
    assert first.values == {"Food": 5.0, "Water": 4.0, "Firewood": 3.0} == second.outcome["partner_values"]
    assert first.outcome["satisfaction"] == 3.0 and second.outcome["satisfaction"] == 4.0
    assert first.outcome["likeness"] == 1.0
    assert first.traits["reasons"] == {"Food": "why high", "Water": "why medium", "Firewood": "why low"}


def test_a_deal_is_told_from_the_side_of_the_maker(casino_lives):
    first, second = casino_lives
    assert first.messages[2].act == "submit-deal"
    assert first.messages[2].sees["you"] == {"Food": 0.0, "Water": 2.0, "Firewood": 3.0}
    assert second.messages[2].sees["you"] == {"Food": 3.0, "Water": 1.0, "Firewood": 0.0}
    assert first.messages[5].sees["you"] == {"Food": 2.0, "Water": 1.0, "Firewood": 1.0} == first.outcome["deal"]["you"]
    assert second.outcome["deal"]["they"] == first.outcome["deal"]["you"]


def test_a_submission_is_a_choice_among_all_splits(casino_lives):
    first, second = casino_lives
    (own,) = first.choices
    assert (own.at, len(own.options)) == (4, 64)
    assert own.options[own.chosen] == {"Food": 2.0, "Water": 1.0, "Firewood": 1.0}
    assert [one.at for one in second.choices] == [2]


def test_strategies_stand_with_the_utterance_they_label(casino_lives):
    first, _ = casino_lives
    assert first.messages[1].sees == {"strategies": ["self-need", "elicit-pref"]}
    assert first.messages[0].sees == {}


def test_guesses_beside_are_read(tmp_path):
    (tmp_path / "casino_x.json").write_text(json.dumps([dialogue()]))
    guess = {"7": {"mturk_agent_1": {"partner_highest_item": "Water", "partner_lowest_item": "Food"}}}
    (tmp_path / "casino_ix2guessing.json").write_text(json.dumps(guess))
    first, second = read(tmp_path).lives
    assert first.outcome["guess"]["partner_highest_item"] == "Water"
    assert "guess" not in second.outcome


@pytest.mark.parametrize(
    "broken",
    [
        {"participant_info": {}},
        {"chat_logs": []},
        {"chat_logs": [{"id": "mturk_agent_1", "text": "Submit-Deal", "task_data": {"issue2youget": {}}}]},
        {"chat_logs": [{"id": "mturk_agent_1", "text": "Submit-Deal", "task_data": deal("9", "1", "1")}]},
        {"chat_logs": 3},
    ],
)
def test_a_broken_dialogue_is_set_aside_and_the_others_read(tmp_path, broken):
    (tmp_path / "c.json").write_text(json.dumps([dialogue(1), dialogue(2) | broken, dialogue(3)]))
    got = read(tmp_path / "c.json", format="casino")
    assert [life.id.split("/")[0] for life in got.lives] == ["1", "1", "3", "3"]
    assert len(got.set_aside) == 1 and len(str(got.set_aside[0]).splitlines()) == 1


def test_a_scale_has_five_steps():
    words = [
        "Extremely dissatisfied",
        "Slightly dissatisfied",
        "Undecided",
        "Slightly satisfied",
        "Extremely satisfied",
    ]
    assert [casino._scale(word) for word in words] == [1, 2, 3, 4, 5]
    words = ["Extremely dislike", "Slightly dislike", "Undecided", "Slightly like", "Extremely like"]
    assert [casino._scale(word) for word in words] == [1, 2, 3, 4, 5]


USS = (
    "\nUSER\thello\tINFORM\t3,3,4\nSYSTEM\twhich one?\tREQUEST\t\nUSER\tboth\t\t2,2,4,4\nUSER\tOVERALL\t\t1,2,5"
    "\n\nUSER\tbye\tGOODBYE\t5\n"
)


def test_uss_turns_have_acts_and_the_mode_of_their_ratings(tmp_path):
    (tmp_path / "X.txt").write_text(USS)
    got = read(tmp_path / "X.txt")
    first, second = got.lives
    assert got.format == "uss" and (first.id, second.id) == ("X/0", "X/1")
    assert [(m.role, m.content, m.act, m.rating) for m in first.messages] == [
        ("user", "hello", "INFORM", 3.0),
        ("assistant", "which one?", "REQUEST", None),
        ("user", "both", None, 2.0),
    ]
    assert first.messages[2].sees == {"ratings": [2, 2, 4, 4]}
    assert (first.outcome["overall"], first.outcome["overall_ratings"]) == (1.0, [1, 2, 5])
    assert "overall" not in second.outcome


def test_sets_in_folders_below_are_read_with_the_folder_in_their_ids(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "X.txt").write_text(USS)
    (tmp_path / "two" / "x.csv").write_text("colour\nred\n")
    got = read(tmp_path)
    assert [life.id for life in got.lives] == ["one/X/0", "one/X/1", "two/X/0", "two/X/1"]
    assert [problem.file for problem in got.set_aside] == ["two/x.csv"]


def test_tied_ratings_give_the_lowest():
    assert [uss.mode(ratings) for ratings in ([3, 4], [5, 4, 4, 5, 1], [2, 3, 3])] == [3.0, 4.0, 3.0]


def test_broken_uss_lines_are_said(tmp_path):
    (tmp_path / "X.txt").write_text(USS + "USER\tonly two\nUSER\tx\tA\t3,9\nMAN\tx\tA\t3\n\nSYSTEM\tx\tA\t\n")
    got = read(tmp_path / "X.txt")
    assert [len(life.messages) for life in got.lives] == [3, 2]
    assert [problem.line for problem in got.set_aside] == [8, 10, 12]
    assert [problem.line for problem in got.mended] == [9]


def test_acts_beside_are_taken_over_for_the_same_session_only(tmp_path):
    talk = [f"this is a long and telling turn number {n}, is it not" for n in range(4)]
    rated = "\n".join(f'USER\t{words} "Heat (1995)"\t\t3,3' for words in talk)
    acted = "\n".join(f"USER\t{words} @1234 <Heat  (1995)>\tACT{n}\t" for n, words in enumerate(talk))
    (tmp_path / "R.txt").write_text(rated + "\n\nUSER\tsomething else altogether, and long\t\t3,3\n")
    (tmp_path / "R-action.txt").write_text(acted + "\n")
    got = read(tmp_path / "R.txt")
    assert [m.act for m in got.lives[0].messages] == ["ACT0", "ACT1", "ACT2", "ACT3"]
    assert got.lives[1].messages[0].act is None
    assert "1 of 2 sessions; 4 turns" in str(got.mended[0])


YOU = "<input> 1 6 3 0 2 2 </input> <dialogue> YOU: the hats ? <eos> THEM: ok <eos> YOU: <selection> </dialogue> "
THEM = "<input> 1 1 3 3 2 0 </input> <dialogue> THEM: the hats ? <eos> YOU: ok <eos> THEM: <selection> </dialogue> "
ITEMS = ("item0=1 item1=0 item2=1", "item0=0 item1=3 item2=1")
SIDES = [
    f"{YOU}<output> {ITEMS[0]} {ITEMS[1]} </output> <partner_input> 1 1 3 3 2 0 </partner_input>",
    f"{THEM}<output> {ITEMS[1]} {ITEMS[0]} </output> <partner_input> 1 6 3 0 2 2 </partner_input>",
    f"{YOU}<output> {'<disagree> ' * 6}</output> <partner_input> 1 1 3 3 2 0 </partner_input>",
]


def test_deal_or_no_deal_points_and_both_sides_of_a_dialogue(tmp_path):
    (tmp_path / "d.txt").write_text("\n".join(SIDES) + "\n" + SIDES[0][:90] + "\n")
    got = read(tmp_path / "d.txt")
    one, other, nothing = got.lives
    assert got.format == "dealornodeal" and [problem.line for problem in got.set_aside] == [4]
    assert one.values == {"book": 6.0, "hat": 0.0, "ball": 2.0} == other.outcome["partner_values"]
    assert one.messages[0].sees == {"counts": {"book": 1.0, "hat": 3.0, "ball": 2.0}}
    assert [(m.role, m.act) for m in one.messages] == [("user", None), ("partner", None), ("user", "select")]
    assert (one.outcome["points"], one.outcome["partner_points"]) == (8.0, 9.0)
    assert (other.outcome["points"], other.outcome["partner_points"]) == (9.0, 8.0)
    assert one.outcome["dialogue"] == other.outcome["dialogue"]
    assert (nothing.outcome["end"], nothing.outcome["points"], nothing.outcome["agreed"]) == ("disagree", 0.0, False)
