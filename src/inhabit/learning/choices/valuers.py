"""Valuers: people fitted from a choice table, what each of them values, and the file it is kept in."""

import dataclasses
import pathlib
from typing import Any, Self

import numpy as np

from inhabit.learning.choices.individual import Individuals, individuals
from inhabit.learning.choices.mixed import Taste, mixed
from inhabit.learning.choices.table import ChoiceTable
from inhabit.records import mindfile

KIND = "valuers"
"""What the manifest of a file with valuers says it holds."""


@dataclasses.dataclass(frozen=True)
class Valuers:
    """People and what they value.

    Attributes:
        people: Each one's posterior.
        mean: Mean weight in the population, one for each attribute.
        spread: Standard deviation of the weights among people; 0 where all weigh alike.
        card: How they were fitted: log-likelihood, status, standard errors, what is not identified.
    """

    people: Individuals
    mean: np.ndarray
    spread: np.ndarray
    card: dict[str, Any]

    def of(self, name: str | None) -> dict[str, dict[str, float]]:
        """What one person values (a stranger: the population): mean, deviation, low and high of each weight.

        Raises:
            KeyError: Nobody of that name is here.
        """
        if name is None:
            tail = 1.645 * self.spread
            rows = zip(self.mean, self.spread, self.mean - tail, self.mean + tail)
        else:
            if name not in self.people.people:
                some = ", ".join(self.people.people[:5])
                raise KeyError(f"nobody called {name!r} is in this file; it has {some}, ...")
            i, p = self.people.people.index(name), self.people
            rows = zip(p.mean[i], p.deviation[i], p.low[i], p.high[i])
        keys = ("weight", "deviation", "low", "high")
        return {good: dict(zip(keys, map(float, row))) for good, row in zip(self.people.names, rows)}

    def exchange(self, name: str | None, unit: str) -> dict[str, float]:
        """Marginal rates of exchange: how many units of `unit` make up for one more of each attribute.

        Raises:
            KeyError: No such attribute or person.
        """
        weights = {good: one["weight"] for good, one in self.of(name).items()}
        if unit not in weights:
            raise KeyError(f"no attribute is called {unit!r}; there are {', '.join(weights)}")
        return {good: -weight / weights[unit] for good, weight in weights.items() if good != unit}

    def moved(self, name: str | None) -> dict[str, dict[str, float]]:
        """How state moves what is valued: for each attribute, what one unit of each state adds to its weight."""
        shifts: dict[str, dict[str, float]] = {}
        for good, one in self.of(name).items():
            base, _, state = good.partition(":")
            if state:
                shifts.setdefault(base, {})[state] = one["weight"]
        return shifts

    def edited(self, name: str, good: str, weight: float) -> Self:
        """The same people, one person's weight set from outside and taken for certain."""
        self.exchange(name, good)
        i, k = self.people.people.index(name), self.people.names.index(good)
        arrays = {part: getattr(self.people, part).copy() for part in ("mean", "covariance", "low", "high")}
        for part in ("mean", "low", "high"):
            arrays[part][i, k] = weight
        arrays["covariance"][i, k] = arrays["covariance"][i, :, k] = 0
        return dataclasses.replace(self, people=dataclasses.replace(self.people, **arrays))

    def save(self, path: str | pathlib.Path) -> None:
        """Write a `.mind` file."""
        arrays = {part: getattr(self.people, part) for part in ("mean", "covariance", "low", "high", "effective")}
        arrays |= {"population.mean": self.mean, "population.spread": self.spread}
        manifest = {
            "kind": KIND,
            "names": list(self.people.names),
            "people": list(self.people.people),
            "level": self.people.level,
            "card": self.card,
        }
        mindfile.save(path, arrays=arrays, manifest=manifest)

    @classmethod
    def open(cls, path: str | pathlib.Path) -> Self:
        """Open what `save` wrote.

        Raises:
            MindFileError: It holds something else.
        """
        file = mindfile.open_mind(path)
        manifest = file.manifest
        if manifest.get("kind") != KIND:
            raise mindfile.MindFileError(
                f"{path}: it holds {manifest.get('kind', 'something else')!s}, not people fitted from a choice table"
            )
        parts = ("mean", "covariance", "low", "high", "effective")
        try:
            people = Individuals(
                **{part: file.arrays[part] for part in parts},
                names=tuple(manifest["names"]),
                people=tuple(manifest["people"]),
                level=float(manifest["level"]),
            )
            return cls(people, file.arrays["population.mean"], file.arrays["population.spread"], manifest["card"])
        except (KeyError, TypeError, ValueError) as error:
            raise mindfile.MindFileError(f"{path}: its parts do not fit together ({error})") from error


def fit_valuers(
    table: ChoiceTable, *, draws: int = 600, correlated: bool = False, seed: int = 0, most: int = 10_000
) -> Valuers:
    """Fit normal tastes for every attribute (the same for all where a person chooses but once), then every person.

    Args:
        table: The choices.
        draws: For each person.
        correlated: Whether tastes go together.
        seed: Same seed, same people.
        most: The population is fitted on at most so many people, drawn by lot; everyone gets a posterior under it.
    """
    panel = len(table) > len(np.unique(table.person))
    tastes = [Taste(name) for name in table.names] if panel else []
    fit = mixed(some_people(table, most, seed), tastes, draws=draws, correlated=correlated, seed=seed)
    found = fit.optimum
    errors = np.sqrt(np.maximum(np.diag(found.covariance()), 0.0))
    spread = np.zeros(len(table.names))
    spread[fit.mixing.varying] = np.sqrt(np.diag(fit.covariance))
    card = {
        "choices": len(table),
        "people": len(table.people),
        "log_likelihood": found.log_likelihood,
        "status": found.status,
        "converged": found.converged,
        "unidentified": list(found.unidentified),
        "estimates": {n: [float(v), float(e)] for n, v, e in zip(found.names, found.parameters, errors)},
    }
    return Valuers(individuals(fit, table, seed=seed + 1), fit.mean, spread, card)


def some_people(table: ChoiceTable, most: int, seed: int) -> ChoiceTable:
    """The choices of at most so many people, drawn by lot."""
    people = np.unique(table.person)
    if len(people) <= most:
        return table
    drawn = np.random.default_rng(seed).choice(people, most, replace=False)
    return table.subset(np.isin(table.person, drawn))
