"""Mouthing: fitting a small mouth to a log's words, and measuring whether what was meant comes through in words."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from scipy import sparse

from inhabit.learning import reading
from inhabit.learning.codebook import goods_of, turns
from inhabit.learning.fitting import split
from inhabit.learning.phrasebook import Phrasebook
from inhabit.learning.regression import believe, regress
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.senses.text import Ear
from inhabit.speech.flattening import Flattening
from inhabit.speech.mouths import AbstractMouth, SmallMouth
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase
from inhabit.speech.sheets import MOUTH
from inhabit.speech.twin import Twin
from inhabit.speech.writing import written
from inhabit.types import Key, Life

PASSES = 8.0
"""Passes of a mouth over a log; the best moment is chosen by makers who are not learned from."""


def read_mouth(
    flattening: Flattening,
    learn: Sequence[Life],
    check: Sequence[Life],
    *,
    recipe: reading.Recipe | None = None,
    passes: float = PASSES,
    key: Key,
) -> reading.Lesson:
    """Fit a transformer to the words of lives, told what each message meant.

    Args:
        flattening: How a life is its text.
        learn: Lives to learn from, acts named.
        check: Lives by which the best moment is chosen.
        recipe: Its size, and how it learns.
        passes: Passes over the lives.
        key: Random key.
    """
    documents, valid = ([written(flattening, life).document(MOUTH) for life in some] for some in (learn, check))
    return reading.fit(
        documents, len(flattening.tokens), recipe=recipe or reading.Recipe(), validation=valid, epochs=passes, key=key
    )


def fit_mouth(lives: Sequence[Life], *, vocabulary: int = 1024, seed: int = 0, **how: Any) -> Twin:
    """A small mouth for lives whose acts are named; `how` as for `read_mouth`."""
    learn, check = split(lives, 0.1, seed=seed)
    flattening = Flattening.learn(learn, goods=goods_of(lives), size=vocabulary)
    return Twin(read_mouth(flattening, learn, check, key=jax.random.key(seed), **how).model, flattening)


def small_mouth(model: Twin | None, book: Phrasebook) -> SmallMouth:
    """A mouth that draws a few candidates from a model and says what a phrasebook reads back best.

    Raises:
        ValueError: There is no model.
    """
    if model is None:
        raise ValueError("these people keep no small mouth; fit them with one (inhabit fit --mouth)")
    return SmallMouth(model.model, model.flattening, lambda words, life: book.plan(words))


@dataclasses.dataclass(frozen=True)
class Listener:
    """Tells one thing (the act, the stance on a good) from the words, by softmax regression on their phrases.

    Attributes:
        ear: Hears the words.
        names: What it tells apart.
        coefficients: Of each phrase for each name.
        intercepts: Of each name.
    """

    ear: Ear
    names: tuple[str, ...]
    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def learn(cls, words: Sequence[str], meant: Sequence[str]) -> "Listener":
        """Learn from what was said and what was meant."""
        names = tuple(sorted(set(meant)))
        ear = Ear.learned(words, size=4000, least=2)
        blank = cls(ear, names, np.zeros((0, len(names))), np.zeros(len(names)))
        target = np.array([names.index(one) for one in meant])
        found = regress(blank._heard(words), target, len(names), np.ones(len(words), np.float32))
        return dataclasses.replace(blank, coefficients=found[0], intercepts=found[1])

    def understood(self, words: Sequence[str]) -> list[str]:
        """What each message most likely means."""
        told = believe(self._heard(words), self.coefficients, self.intercepts)
        return [self.names[i] for i in np.argmax(told, axis=1)]

    def _heard(self, words: Sequence[str]) -> sparse.csr_matrix:
        ids = np.stack([self.ear.hear(one) for one in words])
        row = np.repeat(np.arange(len(ids)), ids.shape[1])
        there = (ids > 0).ravel()
        counts = sparse.csr_matrix(
            (np.ones(there.sum(), np.float32), (row[there], ids.ravel()[there])), (len(ids), self.ear.buckets)
        )
        counts.data[:] = 1.0
        return counts


def came_through(
    others: Sequence[Phrase],
    mouths: Mapping[str, AbstractMouth],
    held: Sequence[Life],
    *,
    most: int = 400,
    seed: int = 0,
) -> tuple[dict[str, dict[str, Estimate]], list[dict[str, Any]]]:
    """How often what was meant can be read in what was said, on plans of people whom no mouth has heard.

    Each mouth is told the plan of a held-out message and what was said before it. Listeners who learned from other
    people than the mouths did then tell the act, and the stance on each good, by the words alone. Beside the mouths
    stand the people's own words for those plans (the best that these listeners can do) and somebody's phrase drawn at
    random (chance).

    Args:
        others: What the listeners learn from: phrases of people whom no mouth has heard, and who are not held out.
        mouths: What is measured, by name.
        held: Lives of people whom neither mouths nor listeners have heard; acts named.
        most: Messages at most, drawn at random.
        seed: Which messages.

    Returns:
        Measure -> who -> estimate with a 95 % interval over makers, and one line for each message and mouth.
    """
    others = [phrase for phrase in others if phrase.plan.act is not None]
    ears = _listeners(others)
    rng = np.random.default_rng(seed)
    places = [(life, turn) for life in held for turn in turns(life) if turn.message.content]
    places = [(life, turn) for life, turn in places if turn.message.act in ears[ACT].names]
    chosen = [places[i] for i in sorted(rng.permutation(len(places))[:most])]
    said: dict[str, list[str]] = {"people": [turn.message.content for _, turn in chosen]}
    said["any phrase"] = [others[i].words for i in rng.integers(len(others), size=len(chosen))]
    for name, mouth in mouths.items():
        said[name] = []
        for index, (life, turn) in enumerate(chosen):
            plan = Plan(act=turn.message.act, stances=turn.message.stances, feels=turn.message.feels)
            before = dataclasses.replace(life, messages=life.messages[: turn.index])
            said[name].append(mouth.say(plan, before, key=jax.random.fold_in(jax.random.key(seed), index)))
    meant = [_meanings(turn.message.act, turn.message.stances, ears) for _, turn in chosen]
    makers = [life.maker for life, _ in chosen]
    table: dict[str, dict[str, Estimate]] = {}
    lines: list[dict[str, Any]] = []
    for who, words in said.items():
        heard = [dict(zip(ears, row)) for row in zip(*(ear.understood(words) for ear in ears.values()))]
        right = {"act comes through": [one[ACT] == told[ACT] for one, told in zip(heard, meant)]}
        if len(ears) > 1:
            right["all stances come through"] = [
                all(one[good] == told[good] for good in ears if good != ACT) for one, told in zip(heard, meant)
            ]
        for measure, rights in right.items():
            estimate = bootstrap_mean([float(one) for one in rights], makers, resamples=300, seed=seed)
            table.setdefault(measure, {})[who] = estimate
        lines += [
            {
                "task": "mouth",
                "by": who,
                "life": life.id,
                "turn": turn.index,
                "meant": told,
                "heard": one,
                "words": text,
            }
            for text, one, told, (life, turn) in zip(words, heard, meant, chosen)
        ]
    return table, lines


ACT = "act"
"""Of the listeners, the one who tells acts; each other is called by the good whose stance it tells."""


def _listeners(phrases: Sequence[Phrase]) -> dict[str, Listener]:
    """One who tells the act, and one for each good that stances are taken on."""
    goods = sorted({good for phrase in phrases for good in phrase.plan.stances})
    words = [phrase.words for phrase in phrases]
    ears = {ACT: Listener.learn(words, [str(phrase.plan.act) for phrase in phrases])}
    return ears | {
        good: Listener.learn(words, [phrase.plan.stances.get(good, "") for phrase in phrases]) for good in goods
    }


def _meanings(act: str | None, stances: Mapping[str, str], ears: Mapping[str, Listener]) -> dict[str, str]:
    return {ACT: str(act)} | {good: stances.get(good, "") for good in ears if good != ACT}
