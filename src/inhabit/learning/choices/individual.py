"""What each person values, given what that person chose: posteriors under the fitted population, in batches."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from inhabit.learning.choices.draws import sobol
from inhabit.learning.choices.mixed import MixedLogit, log_kernel, pack
from inhabit.learning.choices.table import ChoiceTable


@dataclasses.dataclass(frozen=True)
class Individuals:
    """Posterior of every person's weights.

    Attributes:
        mean: `people x attributes`.
        deviation: Posterior standard deviation, the same shape.
        low: Lower end of the interval, the same shape.
        high: Upper end.
        effective: Effective number of draws behind each person's figures; `people`.
        names: Of the attributes.
        people: Of the people.
        level: Probability inside the interval.
    """

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray
    effective: np.ndarray
    names: tuple[str, ...]
    people: tuple[str, ...]
    level: float


def individuals(
    fit: MixedLogit,
    table: ChoiceTable,
    *,
    draws: int = 512,
    level: float = 0.9,
    batch: int = 2000,
    seed: int = 1,
    populations: int = 8,
) -> Individuals:
    """Posterior of everyone, by weighting draws from the population with the likelihood of the person's choices.

    The population is known only as well as its estimate: the posterior is a mixture over `populations` drawn from the
    estimate's own uncertainty (1 takes the estimate for certain, and its intervals are too short where people are few).
    `draws` is a multiple of `populations`. Memory does not grow with the people beyond the table and the answer: they are taken `batch` at a time.

    Source:
        Revelt & Train (2000); Train (2009), chapter 11.
    """
    people, size = len(table.people), len(table.names)
    mean, deviation, low, high = (np.empty((people, size), np.float32) for _ in range(4))
    effective = np.empty(people, np.float32)
    for first in range(0, people, batch):
        stop = min(first + batch, people)
        for some, weight, share in _weighted(fit, table, first, stop, draws, seed, populations):
            mean[some] = (weight * share[:, None]).sum(axis=2)
            deviation[some] = np.sqrt(np.maximum((weight**2 * share[:, None]).sum(axis=2) - mean[some] ** 2, 0.0))
            low[some], high[some] = _quantiles(weight, share, level)
            effective[some] = 1 / (share**2).sum(axis=1)
    return Individuals(mean, deviation, low, high, effective, table.names, table.people, level)


def predict(
    fit: MixedLogit, seen: ChoiceTable, ahead: ChoiceTable, *, draws: int = 4000, batch: int = 100, seed: int = 1
) -> np.ndarray:
    """Probability of each alternative on occasions ahead, given what the same people have chosen before.

    Args:
        fit: The population.
        seen: What has been seen of them; someone of whom nothing was is predicted by the population.
        ahead: Occasions to predict, of the same list of people; whom they chose is not looked at.
        draws: For each person.
        batch: People at a time.
        seed: Of the draws.
    """
    answer = np.full(ahead.open.shape, np.nan)
    bounds = ahead.starts
    for first in range(0, len(seen.people), batch):
        for some, weight, share in _weighted(fit, seen, first, min(first + batch, len(seen.people)), draws, seed):
            for i, person in enumerate(some):
                rows = slice(bounds[person], bounds[person + 1])
                utility = ahead.attributes[rows] @ weight[i].astype(float)
                utility[~ahead.open[rows]] = -np.inf
                odds = np.exp(utility - utility.max(axis=1, keepdims=True))
                answer[rows] = (odds / odds.sum(axis=1, keepdims=True)) @ share[i]
    return answer


def _weighted(
    fit: MixedLogit, table: ChoiceTable, first: int, stop: int, draws: int, seed: int, populations: int = 1
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """People of a batch with their draws and the draws' posterior shares; those without choices keep equal shares."""
    shapes = tuple(taste.distribution for taste in fit.mixing.tastes)
    standard = sobol(stop - first, draws, shapes, seed=seed * 1_000_003 + first)
    keep = (table.person >= first) & (table.person < stop)
    part = table.subset(keep)
    present = np.unique(part.person) - first
    believed = _populations(fit, populations, seed)
    for some, rows, occasions in pack(part) if len(part) else ():
        weight = _drawn(fit, believed, standard[present[some]])
        kernel = log_kernel(rows, occasions, weight)[0].reshape(len(some), populations, -1)
        share = np.exp(kernel - kernel.max(axis=2, keepdims=True))
        share /= populations * share.sum(axis=2, keepdims=True)
        yield present[some] + first, weight, share.reshape(len(some), -1).astype(np.float32)
    unseen = np.setdiff1d(np.arange(stop - first), present)
    if len(unseen):
        weight = _drawn(fit, believed, standard[unseen])
        yield unseen + first, weight, np.full((len(unseen), draws), 1 / draws, np.float32)


def _populations(fit: MixedLogit, number: int, seed: int) -> np.ndarray:
    """Parameters of populations that the choices leave open; the estimate itself where one is asked for."""
    if number == 1:
        return fit.optimum.parameters[None]
    covariance = fit.optimum.covariance(robust=False)
    return np.random.default_rng(seed).multivariate_normal(fit.optimum.parameters, covariance, number, method="eigh")


def _drawn(fit: MixedLogit, believed: np.ndarray, standard: np.ndarray) -> np.ndarray:
    """Weights of standard draws, an equal run of them from each population believed possible."""
    runs = np.split(standard, len(believed), axis=2)
    return np.concatenate([fit.mixing.weights(one, run) for one, run in zip(believed, runs)], axis=2)


def _quantiles(weight: np.ndarray, share: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(weight, axis=2)
    ranked = np.take_along_axis(weight, order, axis=2)
    reached = np.cumsum(np.take_along_axis(np.broadcast_to(share[:, None], weight.shape), order, axis=2), axis=2)
    tail = (1 - level) / 2
    ends = []
    for target in (tail, 1 - tail):
        index = np.minimum((reached < target).sum(axis=2), weight.shape[2] - 1)
        ends.append(np.take_along_axis(ranked, index[..., None], axis=2)[..., 0])
    return ends[0], ends[1]
