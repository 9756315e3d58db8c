"""Several beliefs made one: a log-linear pool, its weights fitted to beliefs about lives that were held back."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize

Beliefs = Mapping[str, Float[np.ndarray, "turns answers"]]
"""Log probabilities by the name of who believes them."""

_MOST = 3.0


@dataclasses.dataclass(frozen=True)
class Pool:
    """`log p(answer) = sum_m weight_m log p_m(answer) + bias(answer)`, up to what makes it sum to one.

    Attributes:
        weights: Of each believer, at least 0.
        bias: Of each answer.

    Source:
        Genest & Zidek (1986), Combining probability distributions, section 3.
    """

    weights: Mapping[str, float]
    bias: Float[np.ndarray, " answers"]

    def __call__(self, beliefs: Beliefs) -> Float[np.ndarray, "turns answers"]:
        """Log probabilities of all together."""
        energy = sum(weight * beliefs[name] for name, weight in self.weights.items()) + self.bias
        return energy - np.logaddexp.reduce(energy, axis=1, keepdims=True)


def fit_pool(beliefs: Beliefs, target: Int[np.ndarray, " turns"], *, penalty: float = 1.0) -> Pool:
    """The pool of greatest likelihood; `penalty / 2 * |bias|^2` is added to its nats.

    Args:
        beliefs: What each believer believed of turns that it had not learned from.
        target: The true answer of each; turns with -1 (an answer never seen) are left out.
        penalty: Of the biases.
    """
    known = np.flatnonzero(target >= 0)
    stacked = np.stack([belief[known] for belief in beliefs.values()])
    believers, turns, answers = stacked.shape
    truth = np.eye(answers)[target[known]]

    def nats(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[:believers], flat[believers:]
        energy = np.tensordot(weights, stacked, 1) + bias
        belief = energy - np.logaddexp.reduce(energy, axis=1, keepdims=True)
        slope = np.exp(belief) - truth
        gradient = np.concatenate([np.tensordot(stacked, slope, 2), slope.sum(0) + penalty * bias])
        return float(-np.sum(truth * belief) + penalty / 2 * bias @ bias), gradient

    start = np.concatenate([np.full(believers, 1 / believers), np.zeros(answers)])
    bounds = [(0.0, _MOST)] * believers + [(None, None)] * answers
    found = minimize(nats, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Pool(dict(zip(beliefs, map(float, found))), found[believers:])
