"""Names: how the acts and stances of a log that names none are read in its words."""

import dataclasses
from collections.abc import Iterable, Sequence

from inhabit.learning.annotating import annotate, annotated
from inhabit.learning.codebook import goods_of
from inhabit.learning.naming import Acts
from inhabit.speech.lexicon import Lexicon
from inhabit.types import Life, Message


@dataclasses.dataclass(frozen=True)
class Names:
    """How a log's words are given acts; without either part, the log names them itself.

    Attributes:
        acts: Acts induced from the words, where the log has no goods to speak of.
        lexicon: How plans are read in words, where it has.
    """

    acts: Acts | None = None
    lexicon: Lexicon | None = None

    @classmethod
    def learn(cls, lives: Sequence[Life], *, seed: int = 0) -> "Names":
        """What the log needs: nothing, where it names the acts of at least half of its makers' messages."""
        named = [m.act is not None for life in lives for m in life.messages if m.role == "user"]
        if 2 * sum(named) >= len(named):
            return cls()
        if goods := goods_of(lives):
            return cls(lexicon=Lexicon.learn(goods, lives))
        return cls(acts=Acts.learn(lives, seed=seed))

    def of(self, lives: Iterable[Life]) -> list[Life]:
        """The same lives with every act named."""
        if self.lexicon is not None:
            return annotate(lives, self.lexicon)
        return list(lives) if self.acts is None else list(self.acts.annotate(list(lives)))

    def understood(self, message: Message) -> Message:
        """The same message with its act and its stances."""
        if self.lexicon is not None:
            return annotated(message, self.lexicon)
        if self.acts is not None and message.role == "user" and message.act is None:
            return dataclasses.replace(message, act=self.acts.name(message.content))
        return message
