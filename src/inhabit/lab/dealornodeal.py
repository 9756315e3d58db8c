"""Deal or No Deal: hear what a partner values after two utterances, and let minds split books, hats and balls."""

import collections
import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from inhabit.lab.casino import Figures, Prediction, averages, compared, meeting_line
from inhabit.learning.annotating import moves
from inhabit.learning.bargaining import counts_of, fit_bargainer, sharpened, turns_of
from inhabit.learning.meeting import Meeting, meet_as, met, pairs_of
from inhabit.learning.understanding import attend, beliefs, fit_speaker
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.mind.bargainer.table import ACCEPT, SELECT, SUBMIT, WALK, Table, splits
from inhabit.records.reading import read
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.speaker import orders, ranks
from inhabit.types import Life, Message

GOODS = ("book", "hat", "ball")
TOTAL = 10
"""What everything on the table is worth to each side."""

UTTERANCES = 2
NOTHING = 0.0
"""Points of each side when there is no deal."""

LISTENED, BARGAINED = 6000, 3000
"""Training lives from which the speaker and the bargainer learn; drawn by the seed, so that a run takes minutes."""

SHARPNESS = {"talk": 3.0, "deal": 4.0, "goods": 1.3, "answers": 3.0}
"""As in `bargaining.SHARPNESS`, chosen on 800 training lives that were not fitted on, by agreement, points and Pareto-optimal
deals. Answers are made surer as well: what people chose who did not agree is not in the log, and is guessed."""

PUBLISHED = {
    "published people: deals": 0.779,
    "published people: points": 5.82,
    "published people: points when agreed": 7.47,
    "published people: Pareto-optimal deals": 0.770,
    "published, n-gram logistic regression: order": 0.612,
    "published, 8B few-shot: order": 0.598,
    "published, likelihood model against itself (2017): deals": 0.879,
    "published, likelihood model against itself (2017): points": 5.4,
    "published, likelihood model against itself (2017): Pareto-optimal deals": 0.496,
}


def dealornodeal(
    data: pathlib.Path, *, seed: int = 0, listened: int = LISTENED, bargained: int = BARGAINED, times: int = 2
) -> tuple[Figures, Figures, list[Prediction]]:
    """Learn from the training dialogues, measure on the validation dialogues; no dialogue is on both sides.

    Args:
        data: The folder of Deal or No Deal.
        seed: Of the subsamples and of all noise.
        listened: Training lives for the speaker.
        bargained: Training lives for the bargainer.
        times: How often the minds of each dialogue meet.

    Returns:
        Measured, baselines (priors without talk, the people of the same dialogues, published), raw predictions.
    """
    train, held = parted(read(data / "train.txt").lives, read(data / "val.txt").lives, seed=seed)
    lexicon = dataclasses.replace(Lexicon.learn(GOODS, train[:listened]), totals={})
    heard, baseline, lines = order_figures(train[:listened], held, lexicon, seed=seed)
    bargain, people, more = meeting_figures(train[:bargained], held, lexicon, seed=seed, times=times)
    published = {name: Estimate(value, value, value) for name, value in PUBLISHED.items()}
    return heard | bargain, baseline | people | published, lines + more


def parted(train: Sequence[Life], held: Sequence[Life], *, seed: int) -> tuple[list[Life], list[Life]]:
    """Training lives in random order without any whose dialogue is held out, and the held-out lives."""
    seen = {life.outcome["dialogue"] for life in held}
    rest = [life for life in train if life.outcome["dialogue"] not in seen]
    return [rest[i] for i in np.random.default_rng(seed).permutation(len(rest))], list(held)


@functools.cache
def possible(counts: tuple[int, ...]) -> np.ndarray:
    """Every worth of the goods, in whole numbers, by which all of them together are worth `TOTAL`."""
    reach = [range(TOTAL // count + 1) if count else range(1) for count in counts]
    rows = np.array(list(itertools.product(*reach)))
    return rows[rows @ np.array(counts) == TOTAL]


def order_prior(counts: tuple[int, ...], own: Sequence[float] | None) -> np.ndarray:
    """Chance of each order of the partner's values from what the rules allow, all allowed worths equally likely.

    Args:
        counts: How many of each good there are.
        own: The listener's own values, if they are to be used: every good is worth something to one of the two, and
            one good at least to both.
    """
    rows = possible(counts)
    if own is not None:
        mine = np.array(own) > 0
        rows = rows[((rows > 0) | mine).all(1) & ((rows > 0) & mine).any(1)]
    known = [tuple(order) for order in orders(len(counts)).tolist()]
    chances = np.full(len(known), 1e-3)
    for row in rows:
        fits = [index for index, order in enumerate(known) if ordered(row, order)]
        chances[fits] += 1 / len(fits)
    return chances / chances.sum()


def ordered(worth: Sequence[float] | np.ndarray, order: Sequence[int]) -> bool:
    """Whether an order, best first, agrees with the worths; goods of equal worth may stand either way."""
    return all(worth[better] >= worth[worse] for better, worse in itertools.pairwise(order))


def order_figures(
    train: Sequence[Life], held: Sequence[Life], lexicon: Lexicon, *, seed: int
) -> tuple[Figures, Figures, list[Prediction]]:
    """Exact match of the order of the maker's values after two of its utterances, heard by its partner.

    The speaker is fitted on lives without ties. *Strict* figures are on held-out makers without ties (one right order
    of six); *all* are on all of them, where an order is right when it agrees with the values, ties either way.
    """
    strict = [life for life in train if len(set(life.values.values())) == len(GOODS)]
    knowing: Mapping[str, Callable[[Life], np.ndarray]] = {
        "words alone": lambda life: np.zeros(len(orders(len(GOODS)))),
        "words and counts": lambda life: np.log(order_prior(counts_of(life, GOODS), None)),
        "words, counts and own values": lambda life: np.log(
            order_prior(counts_of(life, GOODS), [life.outcome["partner_values"][good] for good in GOODS])
        ),
    }
    listened, test = (attend(lives, lexicon, turns=UTTERANCES) for lives in (strict, held))
    measured: Figures = {}
    baselines: Figures = {}
    lines: list[Prediction] = []
    for name, prior in knowing.items():
        belief = beliefs(fit_speaker(listened, log_prior=prior), test, log_prior=prior)[:, -1]
        lines = [order_line(life, chances) for life, chances in zip(held, belief)]
        measured |= _right(f"order, {name}", held, belief, seed)
        silence = np.stack([np.exp(prior(life)) for life in held])
        baselines |= _right(
            f"order, no words: {name.partition('words')[2].removeprefix(' alone').removeprefix(' and ').removeprefix(', ') or 'chance'}",
            held,
            silence,
            seed,
        )
    return measured, baselines, lines


def _right(name: str, held: Sequence[Life], belief: np.ndarray, seed: int) -> Figures:
    """Exact match on makers without ties, and on all."""
    known = orders(len(GOODS)).tolist()
    worths = [[life.values[good] for good in GOODS] for life in held]
    level = belief >= belief.max(1, keepdims=True) - 1e-12  # equally believed orders share the point
    right = np.array([np.mean([ordered(w, known[i]) for i in np.flatnonzero(row)]) for w, row in zip(worths, level)])
    groups = np.array([life.outcome["dialogue"] for life in held])
    strict = np.array([len(set(worth)) == len(worth) for worth in worths])
    return {
        f"{name}: strict": bootstrap(lambda i: float(right[strict][i].mean()), groups[strict], resamples=300, seed=seed),
        f"{name}: all": bootstrap(lambda i: float(right[i].mean()), groups, resamples=300, seed=seed),
    }  # fmt: skip


def order_line(life: Life, chances: np.ndarray) -> Prediction:
    """A belief as a raw prediction."""
    known = orders(len(GOODS)).tolist()
    return {
        "task": "order",
        "dialogue_id": life.outcome["dialogue"],
        "of": life.id,
        "k": UTTERANCES,
        "order": [GOODS[good] for good in known[int(np.argmax(chances))]],
        "probabilities": [round(float(chance), 6) for chance in chances],
        "values": dict(life.values),
        "truth": [GOODS[good] for good in np.argsort(ranks(life.values, GOODS))],
    }


def settled(life: Life, lexicon: Lexicon) -> Life:
    """Put what both sides chose in place of `select`: a deal submitted by who selected, and the other's answer.

    Where they did not agree the log does not say what was chosen; the last word on each good is taken for it, goods
    that nobody spoke of going to who selected. The answer is then to walk away.
    """
    if not life.messages or life.messages[-1].act != SELECT:
        return life
    chooser = life.messages[-1].role
    deal = life.outcome["deal"] or _meant(life, lexicon, own=chooser == "user")
    end = ACCEPT if life.outcome["agreed"] else WALK
    last = Message(role=chooser, content="", act=SUBMIT, sees={**life.messages[-1].sees, **deal})
    answer = Message(role="partner" if chooser == "user" else "user", content="", act=end)
    return dataclasses.replace(life, messages=(*life.messages[:-1], last, answer))


def _meant(life: Life, lexicon: Lexicon, *, own: bool) -> dict[str, dict[str, float]]:
    counts = counts_of(life, GOODS)
    table = Table.laid(counts)
    for message, move in zip(life.messages[:-1], moves(life, lexicon, counts)):
        table = table.after(0 if message.role == "user" else 1, move)
    share = np.where(np.isfinite(table.draft), table.draft, np.array(counts) * own)
    return {
        "you": dict(zip(GOODS, share.tolist())),
        "they": dict(zip(GOODS, (np.array(counts) - share).tolist())),
    }


def meeting_figures(
    train: Sequence[Life], held: Sequence[Life], lexicon: Lexicon, *, seed: int, times: int
) -> tuple[Figures, Figures, list[Prediction]]:
    """Minds split the goods of the held-out dialogues; the people of the same dialogues beside."""
    turns = [turn for life in train for turn in turns_of(settled(life, lexicon), lexicon)]
    mind = sharpened(fit_bargainer(turns, GOODS), SHARPNESS)
    pairs = pairs_of(held)
    people = [met(settled(life, lexicon), lexicon) for life in pairs]
    minds = meet_as(mind, people, times=times, limit=20, rng=np.random.default_rng(seed))
    titles = [str(life.outcome["dialogue"]) for life in pairs]
    names = (titles * times, titles)
    measured = compared(minds, people, names, without=NOTHING, seed=seed)
    baselines = {f"people: {k}": v for k, v in averages(people, titles, without=NOTHING, seed=seed).items()}
    measured |= {f"minds: {k}": v for k, v in agreed_figures(minds, names[0], seed).items()}
    baselines |= {f"people: {k}": v for k, v in agreed_figures(people, names[1], seed).items()}
    return measured, baselines, [meeting_line(0, title, meeting) for title, meeting in zip(names[0], minds)]


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
