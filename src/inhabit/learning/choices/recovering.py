"""Would this design find the truth? Known people make its choices again and again, and the same fit is held to them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from inhabit.learning.choices.draws import standard_of
from inhabit.learning.choices.individual import individuals
from inhabit.learning.choices.mixed import MixedLogit, mixed
from inhabit.learning.choices.mixing import Taste
from inhabit.learning.choices.table import ChoiceTable, ChoiceTableError


@dataclasses.dataclass(frozen=True)
class Recovery:
    """What came back of the truth, parameter by parameter.

    Attributes:
        names: Of the parameters.
        truth: What the synthetic people were drawn from: the fit to the real choices.
        estimates: `repeats x parameters`.
        errors: Standard errors, the same shape.
        covered: Share of people's true weights inside their own intervals, one a repeat.
        alike: Mean absolute error of a person's weights when everyone is taken for the population, and `own` with
            their own posterior; one a repeat.
        own: See `alike`.
        failed: Repeats in which no maximum was found, with why.
        level: Probability inside the intervals.
    """

    names: tuple[str, ...]
    truth: np.ndarray
    estimates: np.ndarray
    errors: np.ndarray
    covered: np.ndarray
    alike: np.ndarray
    own: np.ndarray
    failed: tuple[str, ...]
    level: float

    def rows(self) -> dict[str, dict[str, float]]:
        """Of each parameter: truth, mean estimate, bias, spread of the estimates, mean standard error, cover."""
        tail = _tail(self.level)
        inside = np.abs(self.estimates - self.truth) <= tail * self.errors
        columns = {
            "truth": self.truth,
            "mean": self.estimates.mean(axis=0),
            "bias": self.estimates.mean(axis=0) - self.truth,
            "spread": self.estimates.std(axis=0),
            "error": self.errors.mean(axis=0),
            "cover": inside.mean(axis=0),
        }
        return {name: {c: float(v[k]) for c, v in columns.items()} for k, name in enumerate(self.names)}


def recover(
    table: ChoiceTable,
    tastes: Sequence[Taste],
    *,
    repeats: int = 50,
    draws: int = 128,
    correlated: bool = False,
    truth: np.ndarray | None = None,
    level: float = 0.9,
    seed: int = 0,
    watch: Callable[[int], None] = lambda number: None,
) -> Recovery:
    """Draw people from a known population, let them choose from the table's own sets, fit, and compare.

    Attributes that follow from earlier choices (what was eaten) are taken as the table has them.

    Args:
        table: The design: who is offered what. Its choices give the truth, when that is left out.
        tastes: Attributes whose weight varies.
        repeats: Synthetic populations.
        draws: For each person.
        correlated: Whether tastes go together.
        truth: Parameters of the population, in the order of `Mixing.parameters`.
        level: Probability inside the intervals.
        seed: Same seed, same people.
        watch: Is told the number of each population that is done.

    Raises:
        ValueError: Nothing came back from any of them.
    """
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; recovery takes at least one synthetic population")
    settings: dict = {"draws": draws, "correlated": correlated}
    fit = mixed(table, tastes, seed=seed, **settings)
    if truth is not None:
        parameters = np.asarray(truth, float)
        fit = dataclasses.replace(fit, optimum=dataclasses.replace(fit.optimum, parameters=parameters))
    found, failed = [], []
    for number in range(repeats):
        rng = np.random.default_rng((seed, number))
        made, weights = again(table, fit, rng)
        try:
            found.append(_compared(made, weights, fit, settings, level, number))
        except (ChoiceTableError, np.linalg.LinAlgError) as error:
            failed.append(str(error))
        watch(number)
    if not found:
        raise ValueError(f"no synthetic population gave a fit: {failed[0]}")
    estimates, errors, covered, alike, own, stated = (np.array(part) for part in zip(*found))
    failed += [str(status) for status in stated if status]
    true = _unsigned(fit, fit.optimum.parameters)
    return Recovery(fit.optimum.names, true, estimates, errors, covered, alike, own, tuple(failed), level)


def again(table: ChoiceTable, fit: MixedLogit, rng: np.random.Generator) -> tuple[ChoiceTable, np.ndarray]:
    """The table's sets, chosen from by people drawn from a fitted population; and those people's weights."""
    standard = rng.standard_normal((len(table.people), len(fit.mixing.tastes), 1)).astype(np.float32)
    weights = fit.mixing.weights(fit.optimum.parameters, standard_of(standard, fit.mixing.shapes)[0])[..., 0]
    utility = np.einsum("oak,ok->oa", table.attributes, weights[table.person])
    utility = np.where(table.open, utility + rng.gumbel(size=utility.shape), -np.inf)
    return dataclasses.replace(table, chosen=utility.argmax(axis=1)), weights


def _compared(
    made: ChoiceTable, weights: np.ndarray, fit: MixedLogit, settings: Mapping, level: float, number: int
) -> tuple[np.ndarray, np.ndarray, float, float, float, str]:
    one = mixed(made, fit.mixing.tastes, seed=number, **settings)
    people = individuals(one, made, level=level, seed=number)
    seen = np.unique(made.person)
    inside = (people.low[seen] <= weights[seen]) & (weights[seen] <= people.high[seen])
    varying = fit.mixing.varying
    covered = float(inside[:, varying].mean()) if len(varying) else float("nan")
    alike = float(np.abs(weights[seen] - one.moments[0]).mean())
    own = float(np.abs(weights[seen] - people.mean[seen]).mean())
    errors = np.sqrt(np.maximum(np.diag(one.optimum.covariance()), 0.0))
    status = "" if one.optimum.converged else one.optimum.status
    return _unsigned(fit, one.optimum.parameters), errors, covered, alike, own, status


def _unsigned(fit: MixedLogit, parameters: np.ndarray) -> np.ndarray:
    """Parameters with the columns of the factor turned so that spreads are positive: their sign means nothing."""
    told, size = parameters.copy(), len(fit.mixing.names)
    rows, columns = fit.mixing.entries
    diagonal = told[size:][rows == columns]
    told[size:] *= np.where(diagonal < 0, -1.0, 1.0)[columns] if len(columns) else 1.0
    return told


def _tail(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
