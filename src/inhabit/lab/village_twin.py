"""The twin of a grown mind: a transformer that has read what was said in its villages, and answers the same questions."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np

from inhabit.learning.growing import Growth
from inhabit.learning.reading import Recipe, fit
from inhabit.maths.intervals import Estimate, bootstrap_mean
from inhabit.speech.packing import Document
from inhabit.speech.scoring import score
from inhabit.speech.tokens import Tokens
from inhabit.worlds.village.words import sentence

if TYPE_CHECKING:
    from inhabit.lab.questions import Question
    from inhabit.lab.truths import Lived

MOST, QUICK = 3e11, 1e9
"""Most floating-point operations that the twin may spend; else it has as many as growing up cost."""

HEARD = 24
"""Utterances, the latest, that the twin reads before a question."""

RECIPE = Recipe(width=64, depth=2, heads=2, context=384, batch=4, dropout=0.1)


@dataclasses.dataclass(frozen=True)
class TwinScore:
    """What the twin answered.

    Attributes:
        answers: To each question, in short form.
        baselines: Share right, of all and of each kind, of the twin and of always giving the commonest answer.
        flops: Work of fitting it.
    """

    answers: list[str]
    baselines: Mapping[str, Estimate]
    flops: float


def twin_score(
    growth: Growth,
    schooled: "Lived",
    others: "Sequence[Question]",
    lived: "Lived",
    asked: "Sequence[Question]",
    *,
    seed: int,
    quick: bool,
) -> TwinScore:
    """Fit the twin to the talk of some lives and to questions with right answers about them; ask it about others.

    It is right where its answer is one of those that the truth accepts; amounts are not asked of it.
    """
    taught = [one for one in others if one.right and one.accepts]
    keys = {kind: sorted({one.accepts[0] for one in taught if one.kind == kind}) for kind in {q.kind for q in taught}}
    names = [f"<{kind}:{key}>" for kind, kinds in keys.items() for key in kinds]
    talk = {id(one): _talk(schooled, one) for one in taught} | {id(one): _talk(lived, one) for one in asked}
    tokens = Tokens.learn([text for one in taught for text in talk[id(one)]], specials=names, size=512)
    documents = [_document(tokens, talk[id(one)], one, f"<{one.kind}:{one.accepts[0]}>") for one in taught]
    cut = max(1, len(documents) // 8)
    budget = QUICK if quick else min(MOST, growth.flops() * growth.lessons)
    lesson = fit(
        documents[cut:], len(tokens), recipe=RECIPE, budget=budget, validation=documents[:cut], key=jax.random.key(seed)
    )
    commonest = {kind: Counter(q.accepts[0] for q in taught if q.kind == kind).most_common(1)[0][0] for kind in keys}
    prompts = [_document(tokens, talk[id(one)], one, None) for one in asked]
    chosen = score(lesson.model, prompts, [tokens.id(name) for name in names]).choices
    answers = []
    for one, logits in zip(asked, chosen):
        mine = [i for i, name in enumerate(names) if name.startswith(f"<{one.kind}:")]
        answers.append(names[mine[int(np.argmax(logits[-1, mine]))]].split(":", 1)[1][:-1] if mine else "")
    return TwinScore(answers, _shares(asked, answers, commonest), lesson.flops)


def _shares(asked: "Sequence[Question]", answers: Sequence[str], commonest: Mapping[str, str]) -> dict[str, Estimate]:
    found = {}
    for who, said in (("twin", answers), ("commonest answer", [commonest.get(one.kind, "") for one in asked])):
        right = np.array([answer in one.accepts for one, answer in zip(asked, said)], float)
        groups = np.array([one.life for one in asked])
        found[f"right, {who}"] = bootstrap_mean(right, groups)
        for kind in dict.fromkeys(one.kind for one in asked):
            here = np.array([one.kind == kind for one in asked])
            found[f"right, {who}, {kind}"] = bootstrap_mean(right[here], groups[here])
    return found


def _talk(lived: "Lived", one: "Question") -> list[str]:
    """What was heard and said up to a question, a line each, the latest last; then the question."""
    names = ("I", *(f"person {who}" for who in range(1, 16)))
    lines: list[str] = []
    for step in range(one.step, -1, -1):
        page = lived.page(step, one.life)
        here = [
            f"{names[int(who) - 1]}: {sentence(say, names)}"
            for say, who in zip(page.place.sensed.heard, page.place.sensed.speaker)
            if say[0]
        ]
        if page.trace.act.say[0] and step < one.step:
            here.append(f"I: {sentence(page.trace.act.say, names)}")
        lines = here + lines
        if len(lines) >= HEARD:
            break
    return [*lines[-HEARD:], one.words]


def _document(tokens: Tokens, talk: Sequence[str], one: "Question", answer: str | None) -> Document:
    """The talk, the question and its answer, all to be foretold; the answer counts as much as the talk together."""
    read = [token for line in talk for token in tokens.encode(line)][-RECIPE.context + 2 :]
    if answer is None:
        return Document.plain(read)
    document = Document.plain([*read, tokens.id(answer)])
    document.weights[: len(read) - 1] = 1 / max(len(read) - 1, 1)
    return document
