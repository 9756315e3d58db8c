"""The twin: a language model of the traffic, which answers the same questions as a mind."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax

from inhabit.maths.flops import Work
from inhabit.speech.flattening import Flattening
from inhabit.speech.sampling import Sampler
from inhabit.speech.scoring import Scores, score
from inhabit.speech.sheets import TWIN, Kind, Sheet
from inhabit.speech.transformer import Transformer
from inhabit.speech.writing import prompted, written
from inhabit.types import Key, Life, Message


@dataclasses.dataclass(frozen=True)
class Foretold:
    """What the twin foretold of one life, from one pass over it.

    Attributes:
        turns: Index of each message of the maker that has a known act.
        acts: Log-probability of each act there, in the order of the flattening's acts.
        spoken: Index of each message of the maker.
        words: Nats of its words, with the end of the message, given its act and stances.
        stances: Nats of its stances, given its act.
        answers: For each question, log-probabilities of its options each time it was asked (after each message of
            another, then at the end; a rating where the log has one).
        asked: For each question, index of the message after which it was asked; -1 at the end.
    """

    turns: tuple[int, ...]
    acts: Float[np.ndarray, "turns acts"]
    spoken: tuple[int, ...]
    words: Float[np.ndarray, " spoken"]
    stances: Float[np.ndarray, " spoken"]
    answers: Mapping[str, np.ndarray]
    asked: Mapping[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Twin:
    """A transformer and the layout of the lives it reads.

    Attributes:
        model: Who foretells.
        flattening: How a life is its text.
    """

    model: Transformer
    flattening: Flattening

    def foretell(self, lives: Sequence[Life]) -> tuple[list[Foretold], Work]:
        """Everything the twin foretells of some lives, and the work of it: one forward pass for each life."""
        sheets = [written(self.flattening, life) for life in lives]
        scores = score(self.model, [sheet.document(TWIN) for sheet in sheets], self.flattening.choices())
        told = [self._foretold(life, sheet, scores, i) for i, (life, sheet) in enumerate(zip(lives, sheets))]
        return told, scores.work

    def say(self, life: Life, turn: Message, *, key: Key, temperature: float = 1.0, top: float = 1.0) -> Message:
        """Sample the maker's next message: its act, its stances, its words.

        Args:
            life: What happened so far.
            turn: What the maker sees and feels now.
            key: Random key.
            temperature: Below 1, more like the most likely.
            top: Share of probability that is kept (nucleus).
        """
        sampler = Sampler(self.model, self.flattening.tokens.id("<stop>"))
        prompt = prompted(self.flattening, life, turn)
        ids = sampler(prompt, key=key, temperature=temperature, top=top)[0]
        names = [self.flattening.tokens.specials[i] for i in ids if i < len(self.flattening.tokens.specials)]
        parts = [name[1:-1].split(":", 1) for name in names if ":" in name]
        act = next((rest for kind, rest in parts if kind == "act" and rest in self.flattening.acts), None)
        stances = {good: kind for kind, good in parts if good in self.flattening.goods}
        return dataclasses.replace(turn, content=self.flattening.tokens.decode(ids), act=act, stances=stances)

    def _foretold(self, life: Life, sheet: Sheet, scores: Scores, index: int) -> Foretold:
        nats, choices = scores.nats[index], scores.choices[index]
        places = np.flatnonzero(sheet.kinds == Kind.ACT)
        spoken = tuple(i for i, message in enumerate(life.messages) if message.role == "user")
        answers, asked, first = {}, {}, len(self.flattening.acts)
        for number, (question, options) in enumerate(self.flattening.questions.items()):
            where = np.flatnonzero(sheet.asked == number)
            answers[question] = log_softmax(choices[where, first : first + len(options)], axis=-1)
            asked[question] = tuple(sheet.messages[where].tolist())
            first += len(options)
        return Foretold(
            turns=tuple(sheet.messages[places].tolist()),
            acts=log_softmax(choices[places, : len(self.flattening.acts)], axis=-1),
            spoken=spoken,
            words=_by_message(nats, sheet, Kind.WORDS, spoken),
            stances=_by_message(nats, sheet, Kind.STANCE, spoken),
            answers=answers,
            asked=asked,
        )


def _by_message(nats: np.ndarray, sheet: Sheet, kind: Kind, spoken: tuple[int, ...]) -> np.ndarray:
    count = 1 + max(spoken, default=0)
    here = sheet.kinds == kind
    return np.bincount(sheet.messages[here], nats[here], minlength=count)[np.array(spoken, int)].astype(np.float32)
