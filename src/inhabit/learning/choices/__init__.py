"""Learning what people value from choices among sets: multinomial, nested and mixed logit, and each person's posterior."""

from inhabit.learning.choices.individual import Individuals, individuals
from inhabit.learning.choices.logit import multinomial, nested
from inhabit.learning.choices.mixed import MixedLogit, mixed
from inhabit.learning.choices.mixing import Taste
from inhabit.learning.choices.optimum import Optimum
from inhabit.learning.choices.recovering import Recovery, recover
from inhabit.learning.choices.table import ChoiceTable, ChoiceTableError

__all__ = [
    "ChoiceTable",
    "ChoiceTableError",
    "Individuals",
    "MixedLogit",
    "Optimum",
    "Recovery",
    "Taste",
    "individuals",
    "mixed",
    "multinomial",
    "nested",
    "recover",
]
