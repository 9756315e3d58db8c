"""Logit without tastes that vary: multinomial and nested, with exact gradients."""

from collections.abc import Mapping, Sequence

import numpy as np

from inhabit.learning.choices.optimum import Optimum, maximise
from inhabit.learning.choices.table import ChoiceTable, ChoiceTableError


def multinomial(table: ChoiceTable, start: np.ndarray | None = None) -> Optimum:
    """Fit a multinomial logit: utility is the sum of weight times attribute, the same for everyone.

    Raises:
        ChoiceTableError: The choices are perfectly separated: some attribute decides every one of them.

    Source:
        McFadden (1974).
    """
    less = table.differences()
    closed = np.isnan(less[..., 0])
    less = np.where(closed[..., None], 0.0, less)
    starts = _starts(table)

    def scores(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        utility = np.where(closed, -np.inf, less @ weight)
        top = np.maximum(utility.max(axis=1), 0.0)
        odds = np.exp(utility - top[:, None])
        total = np.exp(-top) + odds.sum(axis=1)
        slope = -np.einsum("oj,ojk->ok", odds / total[:, None], less)
        return np.add.reduceat(-(top + np.log(total)), starts), np.add.reduceat(slope, starts, axis=0)

    found = maximise(scores, np.zeros(len(table.names)) if start is None else start, table.names)
    if found.log_likelihood > -1e-3 * len(table) or np.abs(found.parameters * less.std(axis=(0, 1))).max() > 50:
        raise ChoiceTableError(
            f"perfect separation: the attributes ({', '.join(table.names)}) decide the choices without noise, so no "
            "weight is large enough; leave out the one that gives the answer away, or gather more choices"
        )
    return found


def nested(table: ChoiceTable, nests: Sequence[Sequence[str]], start: np.ndarray | None = None) -> Optimum:
    """Fit a nested logit; alternatives in no nest stand alone.

    Parameters are the weights and, for each nest, `log lambda`: lambda 1 is the multinomial logit, towards 0 the
    alternatives of the nest are alike.

    Args:
        table: The choices.
        nests: Names of the alternatives in each nest.
        start: Weights, then log lambdas; when left out, the multinomial fit and lambdas of 0.8.

    Raises:
        ChoiceTableError: A nest names an alternative that does not exist.

    Source:
        McFadden (1978); Train (2009), chapter 4.
    """
    where: Mapping[str, int] = {name: i for i, name in enumerate(table.alternatives)}
    nest = np.full(len(where), -1)
    for number, members in enumerate(nests):
        for name in members:
            if name not in where:
                raise ChoiceTableError(f"no alternative {name!r} for the nest; there are {', '.join(where)}")
            nest[where[name]] = number
    alone = np.flatnonzero(nest < 0)
    nest[alone] = len(nests) + np.arange(len(alone))
    member = np.eye(nest.max() + 1)[nest]  # alternatives x nests
    size, free = len(table.names), len(nests)
    rows, starts = np.arange(len(table)), _starts(table)
    mine = nest[table.chosen]

    def scores(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = np.ones(member.shape[1])
        scale[:free] = np.exp(parameters[size:])
        utility = table.attributes @ parameters[:size]
        utility = utility - np.where(table.open, utility, -np.inf).max(axis=1, keepdims=True)
        scaled = np.where(table.open, utility / scale[nest], -np.inf)
        # Within a nest the largest is taken out before the exponential, so that small lambdas do not underflow.
        top = np.stack([scaled[:, member[:, m] > 0].max(axis=1) for m in range(len(scale))], axis=1)
        top = np.where(np.isfinite(top), top, 0.0)
        inner = np.exp(scaled - top[:, nest])
        mass = inner @ member
        share = inner / np.where(mass > 0, mass, 1.0)[:, nest]
        inclusive = top + np.log(np.where(mass > 0, mass, 1.0))
        outer = np.where(mass > 0, np.exp(scale * inclusive), 0.0)
        total = outer.sum(axis=1)
        of_nest = outer / total[:, None]
        log_p = scaled[rows, table.chosen] + (scale[mine] - 1) * inclusive[rows, mine] - np.log(total)
        slope = -of_nest[:, nest] * share
        slope += ((scale[mine] - 1) / scale[mine])[:, None] * share * (nest == mine[:, None])
        slope[rows, table.chosen] += 1 / scale[mine]
        moved = -(np.where(table.open, share * utility, 0.0) @ member) / scale**2
        by_scale = -of_nest * (inclusive + scale * moved)
        by_scale[rows, mine] += (
            -utility[rows, table.chosen] / scale[mine] ** 2
            + inclusive[rows, mine]
            + (scale[mine] - 1) * moved[rows, mine]
        )
        each = np.concatenate([np.einsum("oj,ojk->ok", slope, table.attributes), (by_scale * scale)[:, :free]], axis=1)
        return np.add.reduceat(log_p, starts), np.add.reduceat(each, starts, axis=0)

    if start is None:
        start = np.concatenate([multinomial(table).parameters, np.full(free, np.log(0.8))])
    return maximise(scores, start, (*table.names, *(f"log lambda {'+'.join(members)}" for members in nests)))


def _starts(table: ChoiceTable) -> np.ndarray:
    return np.flatnonzero(np.diff(table.person, prepend=-1))
