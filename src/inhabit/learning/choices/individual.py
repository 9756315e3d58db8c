"""What each person values, given what that person chose: posteriors under the fitted population, in batches."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from inhabit.learning.choices.draws import net, shifted, standard_of
from inhabit.learning.choices.kernel import log_kernel, pack
from inhabit.learning.choices.mixed import MixedLogit
from inhabit.learning.choices.proposal import propose
from inhabit.learning.choices.table import ChoiceTable


@dataclasses.dataclass(frozen=True)
class Individuals:
    """Posterior of every person's weights.

    Attributes:
        mean: `people x attributes`.
        covariance: `people x attributes x attributes`.
        low: Lower end of the interval, the same shape.
        high: Upper end.
        effective: Effective number of draws behind each person's figures; `people`.
        names: Of the attributes.
        people: Of the people.
        level: Probability inside the interval.
    """

    mean: np.ndarray
    covariance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    effective: np.ndarray
    names: tuple[str, ...]
    people: tuple[str, ...]
    level: float

    @property
    def deviation(self) -> np.ndarray:
        """Posterior standard deviation; `people x attributes`."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=1, axis2=2), 0.0))

    def of_attributes(self, number: int) -> "Individuals":
        """The same people, of their first so many attributes."""
        return dataclasses.replace(
            self,
            mean=self.mean[:, :number],
            covariance=self.covariance[:, :number, :number],
            low=self.low[:, :number],
            high=self.high[:, :number],
            names=self.names[:number],
        )


def individuals(
    fit: MixedLogit,
    table: ChoiceTable,
    *,
    draws: int = 256,
    level: float = 0.9,
    batch: int = 2000,
    seed: int = 1,
    populations: int = 8,
) -> Individuals:
    """Posterior of everyone, by importance sampling around the mode of each person's own posterior.

    The population is known only as well as its estimate: the posterior is a mixture over `populations` drawn from the
    estimate's own uncertainty (1 takes the estimate for certain, and its intervals are too short where people are few).
    Draws from the population itself would do for few choices; with many choices hardly one of them lies where the
    person does, and intervals made of one or two draws are too short.

    Memory does not grow with the people beyond the table and the answer: they are taken `batch` at a time.

    Args:
        fit: The population.
        table: What its people, or others, chose.
        draws: For each person; a multiple of `populations`.
        level: Probability inside the intervals.
        batch: People at a time.
        seed: Same seed, same draws.
        populations: Populations believed possible.

    Source:
        Revelt & Train (2000); Train (2009), chapter 11; importance sampling: Owen (2013), chapter 9.
    """
    if draws % populations:
        raise ValueError(f"{draws} draws do not divide into {populations} populations; say a multiple of {populations}")
    people, size = len(table.people), len(table.names)
    believed = populations_of(fit, populations, seed=seed)
    mean, low, high = (np.empty((people, size), np.float32) for _ in range(3))
    covariance, effective = np.empty((people, size, size), np.float32), np.empty(people, np.float32)
    for first in range(0, people, batch):
        for some, weight, share in _weighted(fit, table, first, min(first + batch, people), draws, seed, believed):
            mean[some] = (weight * share[:, None]).sum(axis=2)
            away = weight - mean[some][:, :, None]
            covariance[some] = (away * share[:, None]) @ away.transpose(0, 2, 1)
            low[some], high[some] = _quantiles(weight, share, level)
            effective[some] = 1 / (share**2).sum(axis=1)
    return Individuals(mean, covariance, low, high, effective, table.names, table.people, level)


def predict(
    fit: MixedLogit, seen: ChoiceTable, ahead: ChoiceTable, *, draws: int = 1024, batch: int = 500, seed: int = 1
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
    bounds, believed = ahead.starts, populations_of(fit, 1, seed=seed)
    for first in range(0, len(seen.people), batch):
        for some, weight, share in _weighted(
            fit, seen, first, min(first + batch, len(seen.people)), draws, seed, believed
        ):
            for i, person in enumerate(some):
                rows = slice(bounds[person], bounds[person + 1])
                utility = ahead.attributes[rows] @ weight[i].astype(float)
                utility[~ahead.open[rows]] = -np.inf
                odds = np.exp(utility - utility.max(axis=1, keepdims=True))
                answer[rows] = (odds / odds.sum(axis=1, keepdims=True)) @ share[i]
    return answer


def _weighted(
    fit: MixedLogit, table: ChoiceTable, first: int, stop: int, draws: int, seed: int, believed: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """People of a batch with draws of their weights and the draws' posterior shares."""
    shapes = fit.mixing.shapes
    part = table.of_people(first, stop)
    present = np.unique(part.person) - first
    here = seed * 1_000_003 + first
    proposal = propose(fit.mixing, fit.optimum.parameters, pack(part, rows=40_000) if len(part) else [], len(present))
    for some, rows, occasions in pack(part) if len(part) else ():
        tastes, lean = proposal.draw(some, draws, seed=here + 7919 * int(some[0]))
        weight = _drawn(fit, believed, standard_of(tastes, shapes)[0])
        kernel = (log_kernel(rows, occasions, weight)[0] + lean).reshape(len(some), len(believed), -1)
        share = np.exp(kernel - kernel.max(axis=2, keepdims=True))
        share /= len(believed) * share.sum(axis=2, keepdims=True)
        yield present[some] + first, weight, share.reshape(len(some), -1).astype(np.float32)
    unseen = np.setdiff1d(np.arange(stop - first), present)
    if len(unseen):
        normal, _ = shifted(net(draws, len(shapes), seed=here), len(unseen), len(shapes), seed=here + 1)
        weight = _drawn(fit, believed, standard_of(normal, shapes)[0])
        yield unseen + first, weight, np.full((len(unseen), draws), 1 / draws, np.float32)


def populations_of(fit: MixedLogit, number: int, *, seed: int) -> np.ndarray:
    """Parameters of populations that the choices leave open; the estimate itself where one is asked for.

    Normal draws by the outer product of scores; one that the likelihood itself puts outside its 99 % region is drawn back
    towards the estimate until it is inside. Near a spread of 0 the scores vanish, and would leave open almost anything.
    """
    found = fit.optimum
    if number == 1:
        return found.parameters[None]
    from scipy.stats import chi2

    rng, most = np.random.default_rng(seed), chi2.ppf(0.99, len(found.parameters)) / 2
    moves = rng.multivariate_normal(
        np.zeros(len(found.parameters)), found.covariance(robust=False), number, method="eigh"
    )
    for move in moves:
        for _ in range(20):
            fallen = found.log_likelihood - found.scores(found.parameters + move)[0].sum()
            if fallen <= most:
                break
            move *= 0.7
    return found.parameters + moves


def _drawn(fit: MixedLogit, believed: np.ndarray, standard: np.ndarray) -> np.ndarray:
    """Weights of standard draws, an equal run of them from each population believed possible."""
    runs = np.split(standard, len(believed), axis=2)
    return np.concatenate([fit.mixing.weights(one, run) for one, run in zip(believed, runs)], axis=2)


def _quantiles(weight: np.ndarray, share: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the central interval: where half of a draw's own share is reached, straight lines between the draws."""
    order = np.argsort(weight, axis=2)
    ranked = np.take_along_axis(weight, order, axis=2)
    shares = np.take_along_axis(np.broadcast_to(share[:, None], weight.shape), order, axis=2)
    reached = np.cumsum(shares, axis=2) - shares / 2
    ends = []
    for target in ((1 - level) / 2, (1 + level) / 2):
        above = np.clip((reached < target).sum(axis=2), 1, weight.shape[2] - 1)[..., None]
        (x, y), (left, right) = (
            [np.take_along_axis(of, above - back, axis=2)[..., 0] for back in (1, 0)] for of in (reached, ranked)
        )
        along = np.clip((target - x) / np.maximum(y - x, 1e-12), 0.0, 1.0)
        ends.append(left + along * (right - left))
    return ends[0], ends[1]
