"""Plans: what is to be said, before there are words for it."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a message means.

    Attributes:
        act: What is done by saying it, from the log's vocabulary of acts.
        stances: What is said of each good: `"ask"`, `"offer"` or `"refuse"`; a good left out is not spoken of.
        amounts: How many of each good.
        feels: What is felt while saying it.
    """

    act: str | None = None
    stances: Mapping[str, str] = dataclasses.field(default_factory=dict)
    amounts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    feels: Mapping[str, float] = dataclasses.field(default_factory=dict)
