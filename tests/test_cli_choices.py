"""Choice tables from the command line: errors in one line, words, checking a design, values of a stored file."""

import json

import numpy as np
import pytest

from inhabit.cli.main import main
from inhabit.learning.choices.valuers import Valuers

MAP = "chosen=choice,person=id,occasion=chid,alternative=alt"
ALTS = ("bus", "tram")


def rows(people=20, occasions=8, seed=0, said=False):
    """People who choose between bus and tram by price and time, and may say which they would rather have."""
    rng, lines = np.random.default_rng(seed), []
    for person in range(people):
        weight = np.array([-1.0, -0.5]) + 0.5 * rng.standard_normal(2)
        for n in range(occasions):
            offer = rng.uniform(0, 3, (2, 2))
            pick, wish = ((offer @ weight * sharp + rng.gumbel(size=2)).argmax() for sharp in (1.0, 2.0))
            words = f"I like the {ALTS[wish].upper()} best" if said and n % 2 else ""
            lines += [
                [person, f"{person}-{n}", ALTS[a], int(a == pick), *(f"{x:.3f}" for x in offer[a]), *([words] * said)]
                for a in range(2)
            ]
    return ["id", "chid", "alt", "choice", "price", "time", *(["words"] * said)], lines


def written(path, head, lines):
    path.write_text("\n".join(",".join(map(str, line)) for line in [head, *lines]) + "\n")
    return str(path)


def told(capsys, *words):
    """What a command that must fail complains of: one line, no traceback."""
    assert main(words) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def lacks(lines):
    return lines[:-1]


def unchosen(lines):
    return [[*line[:3], 0, *line[4:]] if n < 2 else line for n, line in enumerate(lines)]


def constant(lines):
    return [[*line[:4], 1.0, *line[5:]] for line in lines]


def separated(lines):
    best = [max((a, b), key=lambda line: float(line[4])) for a, b in zip(lines[::2], lines[1::2])]
    return [[*line[:3], int(line in best), *line[4:]] for line in lines]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lacks, "lacks alternative 'tram'"),
        (unchosen, "has 0 chosen rows"),
        (constant, "column 'price' is the same for all alternatives"),
        (separated, "perfect separation"),
    ],
)
def test_a_broken_table_is_told_in_one_line_with_the_mend(spoil, said, tmp_path, capsys):
    head, lines = rows()
    path = written(tmp_path / "t.csv", head, spoil(lines))
    assert said in told(capsys, "fit", path, "--map", MAP, "-o", str(tmp_path / "p.mind"))


def test_a_map_says_how_tastes_vary(tmp_path, capsys):
    path = written(tmp_path / "t.csv", *rows())
    out = str(tmp_path / "p.mind")
    assert main(["fit", path, "--map", f"{MAP},tastes=time:fixed,draws=64,sequence=halton", "-o", out, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert list(card["estimates"]) == ["price", "time", "sd price"] and card["draws"] == "64 halton"
    assert main(["fit", path, "--map", f"{MAP},tastes=time:round", "-o", out]) == 1
    assert "'round' is none of" in capsys.readouterr().err
    assert main(["fit", path, "--map", f"{MAP},draws=few", "-o", out]) == 2


def test_words_are_read_as_evidence_of_the_same_values(tmp_path, capsys):
    path = written(tmp_path / "t.csv", *rows(people=60, said=True))
    out = str(tmp_path / "p.mind")
    assert main(["fit", path, "--map", f"{MAP},said=words", "-o", out, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["said"]["occasions with words"] == card["said"]["naming one alternative"] == 240
    assert 1.2 < card["said"]["sharpness"] < 3.5  # they speak twice as sharply as they choose
    assert abs(card["said"]["announced"]) < 1.0  # and not of what they have just chosen
    both = Valuers.open(out)
    assert main(["fit", path, "--map", f"{MAP},values=price+time", "-o", out, "--json"]) == 0
    alone = Valuers.open(out)
    assert both.names == alone.names == ("price", "time")
    assert both.people.deviation.mean() < alone.people.deviation.mean()


def test_words_that_only_announce_the_choice_are_not_a_second_choice(tmp_path, capsys):
    head, lines = rows(people=60, seed=1)
    picks = {line[1]: line[2] for line in lines if line[3]}
    lines = [[*line, f"I take the {picks[line[1]]}"] for line in lines]
    path = written(tmp_path / "t.csv", [*head, "words"], lines)
    assert main(["fit", path, "--map", f"{MAP},said=words", "-o", str(tmp_path / "p.mind"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["said"]["sharpness"] == 0
    assert main(["fit", path, "--map", f"{MAP},values=price+time", "-o", str(tmp_path / "q.mind")]) == 0
    assert Valuers.open(tmp_path / "p.mind").of("3") == Valuers.open(tmp_path / "q.mind").of("3")


def test_check_says_what_is_identified_and_recovers_a_known_truth(tmp_path, capsys):
    head, lines = rows(people=60, occasions=20)
    path = written(tmp_path / "t.csv", [*head, "cost"], [[*line, float(line[4]) * 2] for line in lines])
    assert main(["check", path, "--map", MAP, "--json"]) == 0
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)["identified"]}
    assert not found["weight of cost"]["yes"] and "price" in found["weight of cost"]["why"]
    assert found["weight of time"]["yes"]
    assert main(["check", path, "--map", f"{MAP},values=price+time", "--recover", "6", "--json"]) == 0
    recovery = json.loads(capsys.readouterr().out)["recovery"]
    row = recovery["parameters"]["price"]
    assert abs(row["bias"]) < 3 * row["spread"] and row["cover"] > 0.5 and recovery["populations"] == 6
    assert recovery["error, own posterior"] < recovery["error, everyone alike"]
    assert 0.75 < recovery["people covered"] < 1
    assert main(["check", path, "--recover", "6"]) == 2


def test_a_stored_person_learns_from_choices_and_rewards(tmp_path, capsys):
    path, out, new = (str(tmp_path / name) for name in ("t.csv", "p.mind", "q.mind"))
    written(tmp_path / "t.csv", *rows())
    assert main(["fit", path, "--map", MAP, "-o", out]) == 0
    more = [
        [9, "9-x", "bus", 1, 3.0, 1.0],
        [9, "9-x", "tram", 0, 0.0, 1.0],
        [77, 1, "bus", 1, 0, 0],
        [77, 1, "tram", 0, 1, 1],
    ]
    written(tmp_path / "more.csv", ["id", "chid", "alt", "choice", "price", "time"], more)
    assert main(["values", out, "--from", str(tmp_path / "more.csv"), "-o", new]) == 0
    before, after = Valuers.open(out), Valuers.open(new)
    assert after.of("9")["price"]["weight"] > before.of("9")["price"]["weight"]  # took the dear one
    assert after.of("8") == before.of("8") and "77" in after.makers
    assert main(["values", out, "--as", "9", "--reward", "price=3", "-o", new]) == 0
    assert Valuers.open(new).of("9")["price"]["weight"] > before.of("9")["price"]["weight"]
    capsys.readouterr()
    assert main(["values", out, "--as", "9", "--in", "price", "--picture", str(tmp_path / "p.svg"), "--json"]) == 0
    low, high = json.loads(capsys.readouterr().out)["exchange"]["intervals"]["time"]
    assert low < high and "What 9 values" in (tmp_path / "p.svg").read_text()
    assert main(["values", out, "--picture", str(tmp_path / "p.svg")]) == 0
    assert "What 20 people value" in (tmp_path / "p.svg").read_text()
    assert main(["values", out, "--as", "9", "--set", "price=1"]) == 2
    assert main(["values", out, "--as", "9", "--reward", "price=much", "-o", new]) == 2
