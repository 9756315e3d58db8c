"""Deal or No Deal: hear what a partner values after two utterances, and let minds split books, hats and balls."""

import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from inhabit.lab.casino import Figures, Prediction
from inhabit.lab.dealornodeal_talks import GOODS, from_published, meeting_figures, talks_apart
from inhabit.learning.bargaining import counts_of
from inhabit.learning.understanding import attend, beliefs, fit_speaker
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.records.reading import read
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.speaker import orders, ranks
from inhabit.types import Life

TOTAL = 10
"""What everything on the table is worth to each side."""

UTTERANCES = 2
LISTENED, BARGAINED = 6000, 6000
"""Training lives from which the speaker and the bargainer learn; drawn by the seed, so that a run takes minutes."""

HELD = 0.3
"""Share of the scenarios of the training file on which minds meet, besides all of the validation file."""

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
    """Learn from training dialogues, measure on others; no dialogue is on both sides, and for meetings no scenario.

    Partners are heard on the validation dialogues, and minds meet on these and on `HELD` of the training file's
    scenarios, which the bargainer does not learn from.

    Args:
        data: The folder of Deal or No Deal.
        seed: Of the subsamples and of all noise.
        listened: Training lives for the speaker.
        bargained: Training lives for the bargainer.
        times: How often the minds of each line meet.

    Returns:
        Measured, baselines (priors without talk, the people of the same dialogues, published), raw predictions.
    """
    lives = read(data / "train.txt").lives
    train, held = parted(lives, read(data / "val.txt").lives, seed=seed)
    lexicon = dataclasses.replace(Lexicon.learn(GOODS, train[:listened]), totals={})
    heard, baseline, lines = order_figures(train[:listened], held, lexicon, seed=seed)
    learned, more = talks_apart(lives, HELD, seed=seed)
    bargain, people, met = meeting_figures(learned[:bargained], [*held, *more], seed=seed, times=times)
    published = {name: Estimate(value, value, value) for name, value in PUBLISHED.items()}
    bargain |= from_published(bargain, published)
    return heard | bargain, baseline | people | published, lines + met


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
