"""What was said with a choice, read as evidence of the same weights through a model of the speaker.

Someone who names an alternative names what they would rather have, more or less sharply, or what they have just
chosen: `P(names j) ~ exp(sharpness * utility_j + announced * [j was chosen])`. Both numbers are estimated, so that words
that only repeat the choice are not counted as a second choice; where all of them do, they tell nothing more.

Source:
    Joining what is said to what is done by a scale of its own: Ben-Akiva & Morikawa (1990).
"""

import dataclasses
import re
from typing import Any

import numpy as np

from inhabit.learning.choices.logit import multinomial
from inhabit.learning.choices.table import ChoiceTable

ANNOUNCED = "announced"
"""Name of the attribute that says which alternative was chosen when it was named."""


@dataclasses.dataclass(frozen=True)
class Talk:
    """Words that name one alternative, as choices of what to name.

    Attributes:
        table: One occasion for each time that someone named one open alternative; `None` where nobody did.
        card: How many had words, how many named one alternative, sharpness and announcing.
    """

    table: ChoiceTable | None
    card: dict[str, Any]

    def joined(self, table: ChoiceTable) -> ChoiceTable:
        """Choices and words as one table: attributes of the words by their sharpness, with `ANNOUNCED` beside them."""
        return dataclasses.replace(table, said=None) if self.table is None else _joined(table, self.table, self.card)


def read_talk(table: ChoiceTable) -> Talk:
    """Read the words of a table: which alternative each names, how sharply people name what they value."""
    named = [_named(words, table) for words in table.said] if table.said is not None else []
    spoken = [o for o, name in enumerate(named) if name >= 0 and table.open[o, name]]
    card: dict[str, Any] = {
        "occasions with words": sum(bool(words.strip()) for words in table.said or ()),
        "naming one alternative": len(spoken),
    }
    if not spoken:
        return Talk(None, card)
    index = np.array(spoken)
    if (np.array(named)[index] == table.chosen[index]).all():
        return Talk(None, card | {"sharpness": 0.0, "only repeating the choice": len(spoken)})
    words = dataclasses.replace(
        table,
        attributes=table.attributes[index],
        open=table.open[index],
        chosen=np.array(named)[index],
        person=table.person[index],
        said=None,
    )
    repeated = np.eye(len(table.alternatives))[table.chosen[index]]
    words = dataclasses.replace(
        words,
        attributes=np.concatenate([words.attributes, repeated[..., None]], axis=2),
        names=(*table.names, ANNOUNCED),
    )
    return Talk(words, card | _sharpness(table, words))


def _sharpness(table: ChoiceTable, words: ChoiceTable) -> dict[str, float]:
    """How sharply people name what they value, beside how sharply they choose it: the scale that fits both best."""
    from scipy.optimize import minimize_scalar

    def worse(log_sharpness: float) -> float:
        return -multinomial(_joined(table, words, {"sharpness": np.exp(log_sharpness)})).log_likelihood

    found = minimize_scalar(worse, bounds=(np.log(0.01), np.log(10.0)), method="bounded", options={"xatol": 0.02})
    sharpness = float(np.exp(found.x))
    fit = multinomial(_joined(table, words, {"sharpness": sharpness}))
    return {"sharpness": sharpness, ANNOUNCED: float(fit.parameters[-1])}


def _joined(table: ChoiceTable, words: ChoiceTable, card: dict[str, Any]) -> ChoiceTable:
    scale = np.append(np.full(len(table.names), card["sharpness"]), 1.0)
    choices = np.concatenate([table.attributes, np.zeros((*table.attributes.shape[:2], 1))], axis=2)
    person = np.concatenate([table.person, words.person])
    order = np.argsort(person, kind="stable")
    return dataclasses.replace(
        words,
        attributes=np.concatenate([choices, words.attributes * scale])[order],
        open=np.concatenate([table.open, words.open])[order],
        chosen=np.concatenate([table.chosen, words.chosen])[order],
        person=person[order],
    )


def _named(words: str, table: ChoiceTable) -> int:
    """Which alternative words name; -1 where they name none, or several, or say that it is not wanted."""
    told = words.lower()
    found = [
        i for i, name in enumerate(table.alternatives) if re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", told)
    ]
    refused = re.search(r"(?<!\w)(not|no|never|don't|dont|hate|nor|without)(?!\w)", told)
    return found[0] if len(found) == 1 and not refused else -1
