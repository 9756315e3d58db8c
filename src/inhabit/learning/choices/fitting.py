"""From a choice table to valuers: how tastes vary among people, then everyone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inhabit.learning.choices.individual import individuals
from inhabit.learning.choices.mixed import MixedLogit, mixed
from inhabit.learning.choices.mixing import Taste
from inhabit.learning.choices.saying import ANNOUNCED, read_talk
from inhabit.learning.choices.table import ChoiceTable
from inhabit.learning.choices.valuers import Valuers


def fit_valuers(
    table: ChoiceTable,
    *,
    tastes: Mapping[str, str] | None = None,
    draws: int = 256,
    correlated: bool = False,
    sequence: str = "adaptive",
    seed: int = 0,
    most: int = 10_000,
) -> Valuers:
    """Fit how tastes vary among people, then every person.

    Args:
        table: The choices. Words said with them are read too (`saying`), if the table has them.
        tastes: Distribution of the taste for some attributes, or `fixed`; the others are normal. Where a person chooses
            but once, all are fixed.
        draws: For each person.
        correlated: Whether tastes go together.
        sequence: Of the draws.
        seed: Same seed, same people.
        most: The population is fitted on at most so many people, drawn by lot; everyone gets a posterior under it.
    """
    card: dict[str, Any] = {"choices": len(table), "people": len(table.people)}
    if table.said is not None:
        talk = read_talk(table)
        card["said"] = talk.card
        table = talk.joined(table)
    some = some_people(table, most, seed)
    fit = mixed(some, varying(table, tastes or {}), draws=draws, correlated=correlated, sequence=sequence, seed=seed)
    found = fit.optimum
    errors = np.sqrt(np.maximum(np.diag(found.covariance()), 0.0))
    card |= {
        "log_likelihood": found.log_likelihood,
        "draws": f"{draws} {sequence}",
        "beside": _beside(some, fit),
        "status": found.status,
        "converged": found.converged,
        "unidentified": list(found.unidentified),
        "estimates": {n: [float(v), float(e)] for n, v, e in zip(found.names, found.parameters, errors)},
    }
    people = individuals(fit, table, seed=seed + 1)
    mean, spread = fit.moments
    size = len([name for name in table.names if name != ANNOUNCED])
    return Valuers(people.of_attributes(size), mean[:size], spread[:size], card)


def varying(table: ChoiceTable, tastes: Mapping[str, str]) -> list[Taste]:
    """Tastes of a table: normal unless named otherwise; none where everyone chose but once.

    Raises:
        ValueError: There is no such attribute, or no such distribution.
    """
    for name in tastes:
        if name not in table.names:
            raise ValueError(f"no attribute {name!r} to vary; there are {', '.join(table.names)}")
    if len(table) == len(np.unique(table.person)):
        return []
    named = {name: tastes.get(name, "normal") for name in table.names if name != ANNOUNCED}
    return [Taste(name, shape) for name, shape in named.items() if shape != "fixed"]


def _beside(table: ChoiceTable, fit: MixedLogit, draws: int = 600, most: int = 50_000) -> dict[str, float]:
    """The maximum under as many Halton draws from the population as other packages take, to hold beside theirs."""
    rows, tastes = table.open.sum(), len(fit.mixing.tastes)
    if fit.sequence != "adaptive" or not 0 < tastes <= 10 or rows > most:
        return {}
    halton = mixed(
        table,
        fit.mixing.tastes,
        draws=draws,
        correlated=fit.mixing.correlated,
        sequence="halton",
        start=fit.optimum.parameters,
    )
    return {f"{draws} halton": halton.optimum.log_likelihood}


def some_people(table: ChoiceTable, most: int, seed: int) -> ChoiceTable:
    """The choices of at most so many people, drawn by lot."""
    people = np.unique(table.person)
    if len(people) <= most:
        return table
    drawn = np.random.default_rng(seed).choice(people, most, replace=False)
    return table.subset(np.isin(table.person, drawn))
