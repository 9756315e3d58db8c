"""Deal or No Deal: talks of people read as bargains, minds fitted on them, and minds that meet in their place."""

import collections
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from inhabit.lab.casino import Figures, Prediction, averages, compared, meeting_line
from inhabit.learning.annotating import moves
from inhabit.learning.bargaining import counts_of, fit_bargainer, sharpened, turns_of
from inhabit.learning.meeting import Meeting, meet_as, met, pairs_of
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.mind.bargainer.table import ACCEPT, SELECT, SUBMIT, WALK, Table, splits
from inhabit.speech.counting import spelled_out
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life, Message

GOODS = ("book", "hat", "ball")
NAMES = {"basketball": "ball", "basketballs": "ball"}

NOTHING = 0.0
"""Points of each side when there is no deal."""

LIMIT = 20
"""Most moves of a meeting."""

MISREAD = 0.1
"""How often words are read as something else: of people's deals in training dialogues, words say another one in 9.5 %."""

SHARPNESS = {"talk": 2.0, "deal": 3.0, "answers": 1.2, "goods": 1.3}
"""As in `bargaining.SHARPNESS`, chosen among seven on training dialogues whose scenarios are not among those reported, by
agreement, points and Pareto-optimal deals; with none of it minds deal 6 % less often and get half a point less. Answers of 1.0,
1.2, 1.35 and 1.5 make deals in .766, .786, .797 and .806 of 7,016 training lines, people in .787."""


def talks_apart(train: Sequence[Life], share: float, *, seed: int) -> tuple[list[Life], list[Life]]:
    """Lives to learn from, in random order, and lives of `share` of the scenarios; no scenario is on both sides."""
    scenarios = [_scenario(life) for life in train]
    known = sorted(set(scenarios))
    order = np.random.default_rng(seed).permutation(len(known))
    held = {known[i] for i in order[: int(share * len(known))]}
    learned, apart = ([life for life, its in zip(train, scenarios) if (its in held) is side] for side in (False, True))
    order = np.random.default_rng(seed + 1).permutation(len(learned))
    return [learned[i] for i in order], apart


def _scenario(life: Life) -> tuple[tuple[float, ...], ...]:
    """How many goods there are and what they are worth to the two, whoever of them is asked."""
    mine, theirs = sorted(
        tuple(worth[good] for good in GOODS) for worth in (life.values, life.outcome["partner_values"])
    )
    return counts_of(life, GOODS), mine, theirs


def settled(life: Life, lexicon: Lexicon) -> Life:
    """Spell out the words, and put what both sides chose in place of `select`.

    Who selects submits a deal, and the other's own choice is the answer. Where their choices did not fit, the log does
    not say what they were; the last word on each good is taken for what was submitted, goods that nobody spoke of going
    to who selected, and the answer is to walk away. Who presses `no agreement`, as the rules allow after ten messages,
    walks away with no deal on the table.
    """
    counts = dict(zip(GOODS, counts_of(life, GOODS)))
    spelled = [
        dataclasses.replace(message, content=spelled_out(message.content, lexicon, counts)) if message.content else message
        for message in life.messages
    ]  # fmt: skip
    if not spelled or spelled[-1].act != SELECT:
        return dataclasses.replace(life, messages=tuple(spelled))
    last = spelled.pop()
    told = dataclasses.replace(life, messages=tuple(spelled))
    if life.outcome.get("end") == "no_agreement":
        return dataclasses.replace(told, messages=(*spelled, dataclasses.replace(last, act=WALK)))
    deal = life.outcome["deal"] or _meant(told, lexicon, own=last.role == "user")
    submitted = dataclasses.replace(last, act=SUBMIT, sees={**last.sees, **deal})
    other = "partner" if last.role == "user" else "user"
    answer = Message(role=other, content="", act=ACCEPT if life.outcome["agreed"] else WALK)
    return dataclasses.replace(told, messages=(*spelled, submitted, answer))


def _meant(life: Life, lexicon: Lexicon, *, own: bool) -> dict[str, dict[str, float]]:
    """What the words say that each side gets; goods that nobody spoke of are the maker's if `own`."""
    counts = np.array(counts_of(life, GOODS))
    draft = drafted(life, lexicon)
    share = np.where(np.isfinite(draft), draft, counts * own)
    return {"you": dict(zip(GOODS, share.tolist())), "they": dict(zip(GOODS, (counts - share).tolist()))}


def drafted(life: Life, lexicon: Lexicon) -> np.ndarray:
    """What the maker would get of each good by the last word on it; NaN where there was none."""
    counts = counts_of(life, GOODS)
    table = Table.laid(counts)
    for message, move in zip(life.messages, moves(life, lexicon, counts)):
        if message.content:
            table = table.after(0 if message.role == "user" else 1, move)
    return table.draft


def well_read(lives: Sequence[Life], lexicon: Lexicon) -> list[float]:
    """Of the deals that people made in settled lives, whether their words alone say the same deal."""
    return [
        float(drafted(life, lexicon).tolist() == [life.outcome["deal"]["you"][good] for good in GOODS])
        for life in lives
        if life.outcome["agreed"]
    ]


def meeting_figures(
    train: Sequence[Life], held: Sequence[Life], *, seed: int, times: int
) -> tuple[Figures, Figures, list[Prediction]]:
    """Minds split the goods of the held-out dialogues; the people of the same dialogues beside.

    Every line of the log counts, as in the published figures; a dialogue stands on two lines, but of those that came to
    no deal some stand on one only, so that by dialogues fewer deals are made than by lines.
    """
    lexicon = Lexicon.learn(GOODS, train)
    lexicon = dataclasses.replace(lexicon, totals={}, names={**lexicon.names, **NAMES})
    turns = [turn for life in train for turn in turns_of(settled(life, lexicon), lexicon)]
    mind = sharpened(fit_bargainer(turns, GOODS, misread=MISREAD), SHARPNESS)
    told = [settled(life, lexicon) for life in held]
    people = [met(life, lexicon) for life in told]
    minds = meet_as(mind, people, times=times, limit=LIMIT, rng=np.random.default_rng(seed))
    titles = [str(life.outcome["dialogue"]) for life in held]
    names = (titles * times, titles)
    measured = compared(minds, people, names, without=NOTHING, seed=seed)
    baselines = {f"people: {k}": v for k, v in averages(people, titles, without=NOTHING, seed=seed).items()}
    measured |= {f"minds: {k}": v for k, v in agreed_figures(minds, names[0], seed).items()}
    baselines |= {f"people: {k}": v for k, v in agreed_figures(people, names[1], seed).items()}
    once = pairs_of(held)
    deals = np.array([float(life.outcome["agreed"]) for life in once])
    baselines["people: deals, each dialogue once"] = bootstrap(
        functools.partial(_at, deals), [str(life.outcome["dialogue"]) for life in once], resamples=300, seed=seed
    )
    read = np.array(well_read(told, lexicon))
    measured["people's deals that their words say"] = bootstrap(
        functools.partial(_at, read), [life.outcome["dialogue"] for life in held if life.outcome["agreed"]], seed=seed
    )
    return measured, baselines, [meeting_line(0, title, meeting) for title, meeting in zip(names[0], minds)]


def from_published(measured: Figures, published: Figures) -> Figures:
    """How many of the minds' own standard errors their figures are from those of the whole corpus."""
    found: Figures = {}
    for name in ("deals", "points", "Pareto-optimal deals"):
        one, all_ = measured[f"minds: {name}"], published[f"published people: {name}"].value
        away = (one.value - all_) * 2 * 1.96 / max(one.high - one.low, 1e-12)
        found[f"minds: {name}, standard errors from the whole corpus"] = Estimate(away, away - 1.96, away + 1.96)
    return found


def pareto(meeting: Meeting) -> bool:
    """Whether no other split would have been better for one side without being worse for the other."""
    ways = splits(meeting.counts)
    mine, theirs = ways @ np.array(meeting.worths[0]), (np.array(meeting.counts) - ways) @ np.array(meeting.worths[1])
    got, left = meeting.points(NOTHING)
    better = (mine >= got) & (theirs >= left) & ((mine > got) | (theirs > left))
    return not better.any()


def agreed_figures(meetings: Sequence[Meeting], groups: Sequence[str], seed: int) -> Figures:
    """Of the deals that were made: points, and how many are Pareto-optimal."""
    rows = [(np.mean(m.points(NOTHING)), pareto(m), group) for m, group in zip(meetings, groups) if m.deal is not None]
    found: dict[str, list[Any]] = collections.defaultdict(list)
    for points, best, group in rows:
        found["points when agreed"].append(points)
        found["Pareto-optimal deals"].append(float(best))
        found["group"].append(group)
    return {
        name: bootstrap(functools.partial(_at, np.array(values)), found["group"], resamples=300, seed=seed)
        for name, values in found.items()
        if name != "group"
    }


def _at(rows: np.ndarray, index: np.ndarray) -> float:
    return float(rows[index].mean())
