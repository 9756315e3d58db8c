"""Release against release: planted differences are found, absent ones are not, pairs are used."""

import dataclasses
import json

import numpy as np
import pytest

from inhabit.cli.main import main
from inhabit.lab.releases import compare
from inhabit.records.writing import write
from inhabit.types import LEAVE, Life, Message


def talk(number, maker, turns, *, complains=0, leaves=False, rating=4.0, stress=0.2):
    """A talk of so many turns, of which the first ones are complaints."""
    said = []
    for turn in range(turns):
        act = "complain" if turn < complains else "ask"
        said += [
            Message(role="assistant", content="What is it now?"),
            Message(role="user", content="Two words", act=act, rating=rating, feels={"stress": stress}),
        ]
    if leaves:
        said[-1] = dataclasses.replace(said[-1], act=LEAVE, content="")
    outcome = {"left": "user", "silently": leaves, "truncated": False}
    return Life(id=f"run-{number}", maker=maker, messages=tuple(said), outcome=outcome)


def release(seed, *, worse=0.0, talks=60, makers=30, shift=0):
    """Talks whose people differ much; `worse` adds complaints, departures and displeasure to each alike."""
    rng, found = np.random.default_rng(seed), []
    moods = np.random.default_rng(99).normal(0, 1.0, makers)
    for number in range(talks):
        mood = moods[number % makers]
        leaves = rng.uniform() < 0.2 + worse
        rating = float(3.5 + mood - worse + 0.1 * rng.normal())
        stress = float(np.clip(0.4 + 0.1 * rng.normal() + worse / 2, 0, 1))
        found.append(
            talk(number + shift, f"m{number % makers}", 5, complains=int(rng.uniform() < 0.2 + worse), leaves=leaves,
                 rating=rating, stress=stress)
        )  # fmt: skip
    return found


def by_name(found):
    return {one.measure: one for one in found.differences}


def test_means_are_those_counted_by_hand():
    a = [talk(0, "ann", 2, complains=1, rating=2.0), talk(1, "bob", 4, leaves=True, rating=4.0)]
    b = [talk(0, "ann", 2, rating=5.0), talk(1, "bob", 4, rating=4.0)]
    found = by_name(compare(a, b))
    assert (found["complaints a turn"].a.value, found["complaints a turn"].b.value) == (0.25, 0.0)
    assert (found["left without a word"].a.value, found["left without a word"].difference.value) == (0.5, -0.5)
    assert (found["satisfaction, mean"].a.value, found["satisfaction, mean"].difference.value) == (3.0, 1.5)
    assert found["turns of the person"].a.value == 3.0 and "goal met" not in found
    assert found["words a message, bot"].a.value == 4.0
    assert "turns until left without a word" not in found  # nobody leaves in B


def test_a_planted_difference_is_found_and_its_direction_told():
    found = compare(release(0), release(1, worse=0.4))
    rows = by_name(found)
    assert found.worse and found.pairs == 60
    assert {rows[name].verdict for name in ("left without a word", "satisfaction, last", "stress, last")} == {"worse"}
    assert rows["turns of the person"].verdict == ""
    back = compare(release(1, worse=0.4), release(0))
    assert not back.worse and by_name(back)["satisfaction, last"].verdict == "better"


def test_without_a_difference_a_table_rarely_shows_one():
    shown = [any(one.verdict in ("better", "worse") for one in compare(
        release(2 * seed), release(2 * seed + 1), resamples=400).differences) for seed in range(40)]  # fmt: skip
    assert np.mean(shown) <= 0.15


def test_pairs_narrow_the_interval_and_what_has_no_partner_is_left_out():
    a, b = release(0), release(1, worse=0.1)
    paired = compare(a, [*b[:50], talk(999, "zoe", 3)])
    assert (paired.pairs, paired.lives, paired.left_out[0]["without a partner"]) == (50, (50, 50), 10)
    assert paired.left_out[1]["without a partner"] == 1
    others = [dataclasses.replace(life, maker=f"other {life.maker}") for life in release(1, worse=0.1, shift=1000)]
    apart = compare(a, others)
    assert apart.pairs == 0 and apart.makers == 60
    width = [
        one.high - one.low for one in (by_name(found)["satisfaction, mean"].difference for found in (paired, apart))
    ]
    assert width[0] < 0.5 * width[1]


def test_talks_in_which_the_bot_failed_are_counted_and_left_out():
    a, b = release(0), release(0)
    b[0] = dataclasses.replace(b[0], outcome={"error": "status 500", "truncated": True})
    found = compare(a, b)
    assert found.left_out[1]["bot failed"] == 1 and found.pairs == 59
    with pytest.raises(ValueError, match="B holds no talk"):
        compare(a, b[:1])
    with pytest.raises(ValueError, match="nobody ever does fly"):
        compare(a, b, complaints=["fly"])


def test_the_command_prints_a_table_or_json_and_fails_a_build_when_asked(tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    write(paths[0], release(0))
    write(paths[1], release(1, worse=0.4))
    assert main(["compare", *paths]) == 0
    told = capsys.readouterr().out
    assert "60 talks paired, 30 people" in " ".join(told.split()) and "worse" in told
    assert main(["compare", *paths, "--fail-if", "worse", "--json"]) == 1
    read = json.loads(capsys.readouterr().out)
    assert read["worse"] and {one["measure"] for one in read["differences"]} >= {"left without a word", "stress, last"}
    assert main(["compare", paths[1], paths[0], "--fail-if", "worse"]) == 0
    few = [str(tmp_path / name) for name in ("few.jsonl", "too.jsonl")]
    write(few[0], release(0, talks=3, makers=3))
    write(few[1], release(1, talks=3, makers=3))
    assert main(["compare", *few]) == 0
    assert "only 3 people" in capsys.readouterr().err
