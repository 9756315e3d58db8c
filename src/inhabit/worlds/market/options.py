"""What can be done at a turn in the market: every act with the goods or the reason that it names."""

import dataclasses

import numpy as np

GOODS = ("bread", "apples", "tea", "honey")
"""The goods of the market."""

ACTS = ("greet", "ask", "offer", "accept", "refuse", "complain", "thank", "chat", "praise", "eat", "leave")
"""The acts of the market."""

REASONS = ("plain", "need", "dislike", "full")
"""Why something is refused: unsaid; what is wanted is needed; what is offered is not liked; or was had enough of."""


@dataclasses.dataclass(frozen=True)
class Option:
    """One thing that can be done at a turn.

    Attributes:
        act: A name of `ACTS`.
        give: Good given (offer), eaten (eat) or spoken well of (praise).
        want: Good wanted in return (offer) or asked for (ask).
        reason: A name of `REASONS`, for refusing.
    """

    act: str
    give: str | None = None
    want: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.act, self.give, self.want and f"for {self.want}", self.reason) if part)


def _options() -> tuple[Option, ...]:
    return (
        Option("greet"),
        *(Option("ask", want=good) for good in GOODS),
        *(Option("offer", give=give, want=want) for give in GOODS for want in GOODS if give != want),
        Option("accept"),
        *(Option("refuse", reason=reason) for reason in REASONS),
        Option("complain"),
        Option("thank"),
        Option("chat"),
        *(Option("praise", give=good) for good in GOODS),
        *(Option("eat", give=good) for good in GOODS),
        Option("leave"),
    )


OPTIONS = _options()
"""All options, in the order of their indices."""

ACT_OF = np.array([ACTS.index(option.act) for option in OPTIONS])
"""Act of each option."""

GIVES = np.array([[option.give == good for good in GOODS] for option in OPTIONS], np.float32)
"""Which good each option gives (or eats, or praises): one-hot rows, or zeros."""

WANTS = np.array([[option.want == good for good in GOODS] for option in OPTIONS], np.float32)
"""Which good each option wants."""

IS = {act: (np.array([option.act == act for option in OPTIONS])).astype(np.float32) for act in ACTS}
"""Of each act, which options do it (1 or 0)."""

FOR = {reason: (np.array([option.reason == reason for option in OPTIONS])).astype(np.float32) for reason in REASONS}
"""Of each reason, which options give it (1 or 0)."""
