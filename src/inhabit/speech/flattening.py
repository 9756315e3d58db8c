"""Flattening: how a life becomes one line of tokens, such that everything a mind sees is in its text."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence

from inhabit.speech.sheets import MAKER, RATING, answer_token, plain
from inhabit.speech.tokens import PAD, Tokens
from inhabit.types import LEAVE, STANCES, Life


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flattening:
    """The layout of a life in tokens.

    First what is known from the start; then each message: who, what is seen, what is felt, then the act, the stances,
    the amounts, then the words. So `p(act)` and `p(words | act)` can both be read off one pass. Questions (a rating,
    the partner's priorities) are a token whose answer is foretold but not read on, so they give nothing away.

    Attributes:
        tokens: The vocabulary.
        acts: Acts with a token, in order; always with `leave`.
        goods: Goods of which stances are told, in order.
        questions: For each question, its possible answers. `"rating"` is asked where the log has one; any other after
            every message of another and at the end.
        knows: Which of a life's `values`, `traits`, `feels` are known from the start.
        sees: Keys of a message's `sees` that are told before the act.
        carries: Keys of a message's `sees` that are told with the act (a deal's contents).
        tells: Which of `act`, `stances`, `feels` are in the text. An act that is not told is still foretold.
    """

    tokens: Tokens
    acts: tuple[str, ...]
    goods: tuple[str, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    knows: tuple[str, ...] = ("values", "traits", "feels")
    sees: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    tells: tuple[str, ...] = ("act", "stances", "feels")

    @classmethod
    def learn(
        cls,
        lives: Sequence[Life],
        *,
        goods: Sequence[str] = (),
        questions: Mapping[str, Sequence[str]] | None = None,
        size: int = 1024,
        **layout: tuple[str, ...],
    ) -> "Flattening":
        """Learn the vocabulary of some lives (those of training only).

        Args:
            lives: Where acts, roles, ratings and words are met.
            goods: Names of goods.
            questions: Possible answers to each question; a rating's are taken from the lives.
            size: Number of byte pairs, as for `Tokens.learn`.
            layout: `knows`, `sees`, `carries`, `tells`.
        """
        acts = sorted({m.act for life in lives for m in life.messages if m.act is not None} - {LEAVE})
        ratings = sorted({m.rating for life in lives for m in life.messages if m.rating is not None})
        roles = sorted({m.role for life in lives for m in life.messages} - {MAKER})
        asked = {RATING: tuple(f"{rating:g}" for rating in ratings)} if ratings else {}
        asked |= {name: tuple(options) for name, options in (questions or {}).items()}
        acts.append(LEAVE)
        specials = _specials(roles, acts, goods, asked)
        bare = cls(
            tokens=Tokens((PAD,), "{}"),
            acts=tuple(acts),
            goods=tuple(goods),
            questions=asked,
            **layout,  # type: ignore[arg-type]
        )
        texts = (text for life in lives for text in bare._texts(life))
        return dataclasses.replace(bare, tokens=Tokens.learn(texts, specials=specials, size=size))

    def choices(self) -> list[int]:
        """Ids of the act tokens, then of each question's answers, in order: what to ask of `score`."""
        answers = [answer_token(name, option) for name, options in self.questions.items() for option in options]
        return [self.tokens.id(name) for name in [*(f"<act:{act}>" for act in self.acts), *answers]]

    def to_json(self) -> str:
        """One string from which `from_json` makes the same flattening."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps(fields | {"tokens": self.tokens.to_json()})

    @classmethod
    def from_json(cls, text: str) -> "Flattening":
        """Read what `to_json` wrote."""
        read = json.loads(text)
        questions = {name: tuple(options) for name, options in read.pop("questions").items()}
        tokens = Tokens.from_json(read.pop("tokens"))
        return cls(tokens=tokens, questions=questions, **{name: tuple(value) for name, value in read.items()})

    def _texts(self, life: Life) -> Iterable[str]:
        yield from (plain(getattr(life, name)) for name in self.knows)
        for message in life.messages:
            yield message.content
            yield plain({name: message.sees[name] for name in (*self.sees, *self.carries) if name in message.sees})
            yield plain(message.feels)


def _specials(
    roles: Sequence[str], acts: Sequence[str], goods: Sequence[str], questions: Mapping[str, Sequence[str]]
) -> list[str]:
    marks = [
        "start",
        "end",
        "says",
        "stop",
        "values",
        "traits",
        "feels",
        "sees",
        "amounts",
        "maker",
        "role:?",
        "act:?",
    ]
    names = [f"<{mark}>" for mark in marks]
    names += [f"<role:{role}>" for role in roles] + [f"<act:{act}>" for act in acts]
    names += [f"<{stance}:{good}>" for good in goods for stance in STANCES[1:]]
    for question, options in questions.items():
        names += [f"<ask:{question}?>", *(answer_token(question, option) for option in options)]
    return names
