"""Valuers: people fitted from a choice table, what each of them values, and the file it is kept in."""

import dataclasses
import pathlib
from typing import Any, Self

import numpy as np

from inhabit.learning.choices import updating
from inhabit.learning.choices.individual import Individuals
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

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes."""
        return self.people.names

    @property
    def makers(self) -> tuple[str, ...]:
        """The people."""
        return self.people.people

    def curves(self, name: str | None) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
        """What an attribute weighs as each state that it depends on rises from 0 to 1, in its own units."""
        weights, at = {good: one["weight"] for good, one in self.of(name).items()}, np.linspace(0, 1, 11)
        found: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]] = {}
        for base, states in self.moved(name).items():
            for state, shift in states.items():
                found.setdefault(state, (at, {}))[1][base] = weights.get(base, 0.0) + shift * at
        return found

    def everyone(self) -> dict[str, np.ndarray]:
        """The weight of each attribute to each person."""
        return dict(zip(self.names, self.people.mean.T))

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

    def exchange_intervals(self, name: str | None, unit: str) -> dict[str, tuple[float, float, float]]:
        """The same with 90 % intervals from draws of the weights together: value, low, high."""
        rates, at = self.exchange(name, unit), self.names.index(unit)
        if name is None:
            mean, covariance = self.mean, np.diag(self.spread**2)
        else:
            i = self.people.people.index(name)
            mean, covariance = self.people.mean[i], self.people.covariance[i]
        rng = np.random.default_rng(0)
        drawn = rng.multivariate_normal(np.asarray(mean, float), np.asarray(covariance, float), 2000, method="eigh")
        ratio = -drawn / np.where(drawn[:, at] == 0, 1e-12, drawn[:, at])[:, None]
        low, high = np.quantile(ratio, [0.05, 0.95], axis=0)
        ends = {good: (float(a), float(b)) for good, a, b in zip(self.names, low, high)}
        return {good: (rate, *ends[good]) for good, rate in rates.items()}

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

    def rewarded(self, name: str, good: str, reward: float, *, noise: float = 1.0) -> Self:
        """One person learns: one unit more of an attribute felt as a reward, in units of utility.

        A temporal difference whose learning rate is what is unsure of it: Kalman's gain.

        Source:
            Geist & Pietquin (2010), Kalman temporal differences.
        """
        self.exchange(name, good)
        i, unit = self.people.people.index(name), np.array([n == good for n in self.people.names], float)
        mean, covariance = self.people.mean[i].astype(float), self.people.covariance[i].astype(float)
        return self._believing(i, *updating.rewarded(mean, covariance, unit, reward, noise=noise))

    def learned(self, table: ChoiceTable) -> Self:
        """People learn from more of what they chose; someone new starts from the population.

        Raises:
            ValueError: The table's attributes are others.
        """
        if table.names != self.people.names:
            raise ValueError(
                f"these choices are of {', '.join(table.names)}; the people in the file value {', '.join(self.people.names)}"
            )
        known = self.with_people(table.people)
        for number in np.unique(table.person):
            i = known.people.people.index(table.people[number])
            mean, covariance = known.people.mean[i].astype(float), known.people.covariance[i].astype(float)
            more = table.of_people(number, number + 1)
            known = known._believing(i, *updating.chose(mean, covariance, more.attributes, more.open, more.chosen))
        return known

    def with_people(self, names: tuple[str, ...]) -> Self:
        """The same people and those of these names who were not among them, each as the population is."""
        new = [name for name in names if name not in set(self.people.people)]
        if not new:
            return self
        stranger = np.diag(np.maximum(self.spread, 1e-3) ** 2)
        tail = _tail(self.people.level) * np.maximum(self.spread, 1e-3)

        def more(old: np.ndarray, one: np.ndarray | float) -> np.ndarray:
            return np.concatenate([old, np.broadcast_to(one, (len(new), *old.shape[1:]))]).astype(np.float32)

        p = self.people
        people = dataclasses.replace(
            p,
            mean=more(p.mean, self.mean),
            covariance=more(p.covariance, stranger),
            low=more(p.low, self.mean - tail),
            high=more(p.high, self.mean + tail),
            effective=more(p.effective, 0.0),
            people=(*p.people, *new),
        )
        return dataclasses.replace(self, people=people)

    def _believing(self, i: int, mean: np.ndarray, covariance: np.ndarray) -> Self:
        """The same people, one of them believed to be normal with this mean and covariance."""
        p, tail = self.people, _tail(self.people.level) * np.sqrt(np.maximum(np.diag(covariance), 0.0))
        parts = {"mean": mean, "covariance": covariance, "low": mean - tail, "high": mean + tail}
        arrays = {part: getattr(p, part).copy() for part in parts}
        for part, value in parts.items():
            arrays[part][i] = value
        return dataclasses.replace(self, people=dataclasses.replace(p, **arrays))

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


def _tail(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
