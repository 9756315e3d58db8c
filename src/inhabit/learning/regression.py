"""The plain rival of a listening mind: logistic regression on the tf-idf of the last two turns and on the position."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.optimize import minimize

from inhabit.learning.turns import Rows


def features(rows: Rows) -> sparse.csr_matrix:
    """One line a row: unit tf-idf of what was heard, of what the maker said before, and four cues of position."""
    before = np.zeros(len(rows.own), int)
    before[rows.places[:, 1:]] = rows.places[:, :-1]
    before[0] = 0
    heard = _weighted(rows.heard, rows.heard_weight)
    own = _weighted(rows.own, rows.own_weight)[before]
    return sparse.hstack([heard, own, sparse.csr_matrix(rows.cues[:, :4])]).tocsr().astype(np.float32)


def history(rows: Rows, *, fading: float = 0.6) -> sparse.csr_matrix:
    """As `features`, and all that was said before that, unit tf-idf of each side fading turn by turn, and all cues."""
    heard, own = _weighted(rows.heard, rows.heard_weight), _weighted(rows.own, rows.own_weight)
    turns = rows.places.shape[1]
    line, column, weight = [], [], []
    for back in range(1, turns):
        here, there = rows.places[:, back:].ravel(), rows.places[:, :-back].ravel()
        some = here > 0
        line.append(here[some])
        column.append(there[some])
        weight.append(np.full(some.sum(), fading**back))
    size = len(rows.own)
    entries = np.concatenate(weight), (np.concatenate(line), np.concatenate(column))
    fade = sparse.csr_matrix(entries, (size, size))
    fade.data[fade.data < fading**6] = 0
    fade.eliminate_zeros()
    cues = sparse.csr_matrix(rows.cues[:, 4:])
    return sparse.hstack([features(rows), fade @ heard, fade @ own, cues]).tocsr().astype(np.float32)


def regress(
    features: sparse.csr_matrix | np.ndarray,
    target: Int[np.ndarray, " rows"],
    classes: int,
    weight: Float[np.ndarray, " rows"],
    *,
    penalty: float = 1.0,
    steps: int = 100,
) -> tuple[Float[np.ndarray, "features classes"], Float[np.ndarray, " classes"]]:
    """Coefficients and intercepts of a softmax regression, by L-BFGS.

    Minimises `-sum_i weight_i log p(target_i) + penalty / 2 * |coefficients|^2`; `penalty` is scikit-learn's `1 / C`.
    Each coefficient is searched in units of its curvature where all classes are as common as they are, which
    needs a third of the steps.

    Args:
        features: One line a row.
        target: The class of each row.
        classes: How many there are.
        weight: Of each row.
        penalty: Of the squared coefficients; intercepts are free.
        steps: Iterations at most.
    """
    rows, columns = features.shape
    weight = weight.astype(np.float32)
    transposed = features.T if isinstance(features, np.ndarray) else features.T.tocsr()
    chosen = np.zeros((rows, classes), np.float32)
    chosen[np.arange(rows), target] = 1
    unit = _units(transposed, chosen, weight, penalty)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.reshape(columns + 1, classes) * unit
        logits = features @ table[:-1].astype(np.float32) + table[-1].astype(np.float32)
        logits = _log_softmax(logits)
        slope = (np.exp(logits) - chosen) * weight[:, None]
        gradient = np.concatenate([transposed @ slope + penalty * table[:-1], slope.sum(0, keepdims=True)])
        value = -np.sum(weight * logits[np.arange(rows), target], dtype=float) + penalty / 2 * np.sum(table[:-1] ** 2)
        return float(value), (gradient * unit).ravel().astype(float)

    found = minimize(
        objective, np.zeros((columns + 1) * classes), jac=True, method="L-BFGS-B", options={"maxiter": steps}
    )
    table = found.x.reshape(columns + 1, classes) * unit
    return table[:-1], table[-1]


def believe(
    features: sparse.csr_matrix | np.ndarray,
    coefficients: Float[np.ndarray, "features classes"],
    intercepts: Float[np.ndarray, " classes"],
) -> Float[np.ndarray, "rows classes"]:
    """Log probabilities of the classes of each row."""
    return _log_softmax(np.asarray(features @ coefficients) + intercepts)


def balanced(target: Int[np.ndarray, " rows"], classes: int) -> Float[np.ndarray, " rows"]:
    """Weights that make every class that occurs count the same; their mean over rows is at most 1."""
    counts = np.bincount(target, minlength=classes)
    return (len(target) / (classes * np.maximum(counts, 1)))[target]


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _units(transposed: Any, chosen: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """`1 / sqrt(penalty + sum_i weight_i x_i^2 p (1 - p))` of each coefficient, a quarter of the sum; last intercepts."""
    share = chosen.mean(0)
    spread = np.maximum(share * (1 - share), 1e-4) / 4
    squared = (transposed.multiply(transposed) if sparse.issparse(transposed) else transposed**2) @ weight
    curvature = np.concatenate([penalty + np.outer(squared, spread), weight.sum() * spread[None]])
    return 1 / np.sqrt(curvature)


def _weighted(ids: np.ndarray, weight: np.ndarray) -> sparse.csr_matrix:
    """Unit tf-idf vectors of bags of ids."""
    values = weight[ids]
    values = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    line, place = np.nonzero(ids)
    return sparse.csr_matrix((values[line, place], (line, ids[line, place])), (len(ids), len(weight)))
