"""Mouthing: fitting a small mouth to a log's words, and measuring whether what was meant comes through in words."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from scipy import sparse

from inhabit.learning import reading
from inhabit.learning.codebook import goods_of, turns
from inhabit.learning.fitting import split
from inhabit.learning.people import People
from inhabit.learning.phrasebook import Phrasebook
from inhabit.learning.regression import believe, regress
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.senses.text import Ear
from inhabit.speech.flattening import Flattening
from inhabit.speech.mouths import AbstractMouth, SmallMouth
from inhabit.speech.plans import Plan
from inhabit.speech.sheets import MOUTH
from inhabit.speech.twin import Twin
from inhabit.types import STANCES, Key, Life

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
    documents, valid = ([flattening.sheet(life).document(MOUTH) for life in some] for some in (learn, check))
    return reading.fit(
        documents, len(flattening.tokens), recipe=recipe or reading.Recipe(), validation=valid, epochs=passes, key=key
    )


def with_mouth(people: People, lives: Sequence[Life], *, vocabulary: int = 1024, seed: int = 0, **how: Any) -> People:
    """The same people with a small mouth fitted to their log; `how` as for `read_mouth`."""
    lives = people.names.of(lives)
    learn, check = split(lives, 0.1, seed=seed)
    flattening = Flattening.learn(learn, goods=goods_of(lives), size=vocabulary)
    lesson = read_mouth(flattening, learn, check, key=jax.random.key(seed), **how)
    return dataclasses.replace(people, mouth=Twin(lesson.model, flattening))


def small_mouth(people: People) -> SmallMouth:
    """The small mouth of people who keep one; of a few candidates it says what their phrasebook reads back best.

    Raises:
        ValueError: They keep none.
    """
    if people.mouth is None:
        raise ValueError("these people keep no small mouth; fit them with one (`inhabit fit --mouth`)")
    book = Phrasebook(people)
    return SmallMouth(people.mouth.model, people.mouth.flattening, lambda words, life: book.plan(words))


@dataclasses.dataclass(frozen=True)
class Listener:
    """Tells the act from the words by softmax regression; learned apart from any mouth, so that it can judge them.

    Attributes:
        ear: Hears the words.
        acts: Acts that it tells apart.
        coefficients: Of each phrase for each act.
        intercepts: Of each act.
    """

    ear: Ear
    acts: tuple[str, ...]
    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def learn(cls, words: Sequence[str], acts: Sequence[str]) -> "Listener":
        """Learn from what was said and what it did."""
        names = tuple(sorted(set(acts)))
        ear = Ear.learned(words, size=4000, least=2)
        blank = cls(ear, names, np.zeros((0, len(names))), np.zeros(len(names)))
        target = np.array([names.index(act) for act in acts])
        found = regress(blank._heard(words), target, len(names), np.ones(len(words), np.float32))
        return dataclasses.replace(blank, coefficients=found[0], intercepts=found[1])

    def understood(self, words: Sequence[str]) -> list[str]:
        """The likeliest act of each message."""
        told = believe(self._heard(words), self.coefficients, self.intercepts)
        return [self.acts[i] for i in np.argmax(told, axis=1)]

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
    people: People,
    mouths: Mapping[str, AbstractMouth],
    held: Sequence[Life],
    *,
    most: int = 400,
    seed: int = 0,
    watch: Callable[[int], None] = lambda said: None,
) -> tuple[dict[str, dict[str, Estimate]], list[dict[str, Any]]]:
    """How often what was meant can be read in what was said, on plans of people whom no mouth has heard.

    Each mouth is told the plan of a held-out message and what was said before it. Two readers then read the words:
    the phrasebook (which a small mouth itself consults, so it may flatter that mouth) gives the stances, and a
    listener learned apart from the mouths gives the act. Beside the mouths stand the people's own words for those
    plans (what the readers can tell at best), and a phrase drawn at random from the log (what they tell by chance).

    Args:
        people: Whose phrases the readers learn from.
        mouths: What is measured, by name.
        held: Lives of people whom no mouth has heard.
        most: Messages at most, drawn at random.
        seed: Which messages.
        watch: Told how many messages were said.

    Returns:
        Measure -> who -> estimate with a 95 % interval over makers, and one line for each message and mouth.
    """
    phrases = [phrase for phrase in people.phrases if phrase.plan.act is not None]
    listener = Listener.learn([one.words for one in phrases], [str(one.plan.act) for one in phrases])
    book, rng = Phrasebook(people), np.random.default_rng(seed)
    places = [(life, turn) for life in people.names.of(held) for turn in turns(life) if turn.message.content]
    places = [(life, turn) for life, turn in places if turn.message.act in listener.acts]
    chosen = [places[i] for i in sorted(rng.permutation(len(places))[:most])]
    said: dict[str, list[str]] = {"people": [turn.message.content for _, turn in chosen]}
    said["any phrase"] = [phrases[i].words for i in rng.integers(len(phrases), size=len(chosen))]
    for name, mouth in mouths.items():
        said[name] = []
        for index, (life, turn) in enumerate(chosen):
            plan = Plan(act=turn.message.act, stances=turn.message.stances, feels=turn.message.feels)
            before = dataclasses.replace(life, messages=life.messages[: turn.index])
            said[name].append(mouth.say(plan, before, key=jax.random.fold_in(jax.random.key(seed), index)))
            watch(index + 1)
    makers = [life.maker for life, _ in chosen]
    table: dict[str, dict[str, Estimate]] = {}
    lines: list[dict[str, Any]] = []
    spoken = any(turn.message.stances for _, turn in chosen)
    for who, words in said.items():
        acts, plans = listener.understood(words), [book.plan(one) for one in words]
        scores = {"act comes through": [act == turn.message.act for act, (_, turn) in zip(acts, chosen)]}
        if spoken:
            scores["stances come through"] = [
                _stances(plan) == _stances(turn.message) for plan, (_, turn) in zip(plans, chosen)
            ]
        for measure, right in scores.items():
            estimate = bootstrap_mean([float(one) for one in right], makers, resamples=300, seed=seed)
            table.setdefault(measure, {})[who] = estimate
        lines += [
            {"task": "mouth", "by": who, "life": life.id, "turn": turn.index, "meant": turn.message.act}
            | {"heard": act, "stances_meant": dict(turn.message.stances), "stances_heard": dict(plan.stances)}
            | {"words": one}
            for one, act, plan, (life, turn) in zip(words, acts, plans, chosen)
        ]
    return table, lines


def _stances(plan: Any) -> dict[str, str]:
    return {good: stance for good, stance in plan.stances.items() if stance in STANCES[1:]}
