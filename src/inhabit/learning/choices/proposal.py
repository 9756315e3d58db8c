"""Where a person's tastes may lie: two normals, a narrow and a wide one, at the mode of the person's own posterior."""

import dataclasses

import numpy as np

from inhabit.learning.choices.draws import net, shifted, standard_of
from inhabit.learning.choices.kernel import Block, log_kernel
from inhabit.learning.choices.mixing import Mixing

WIDE, SHARE = 2.0, 0.25
"""How much wider the wide one is, and the share of draws that come from it, so that no tail is left out."""


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What to draw everyone's standard tastes from (standard normal numbers, before they are shaped).

    Attributes:
        mode: `people x tastes`.
        root: Lower triangular root of the inverse curvature there; `people x tastes x tastes`.
    """

    mode: np.ndarray
    root: np.ndarray

    def draw(self, some: np.ndarray, draws: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draws of some people, `people x tastes x draws`, and log prior less log density of each, `people x draws`."""
        size = self.mode.shape[1]
        normal, wide = shifted(net(draws, size + 1, seed=seed), len(some), size, seed=seed + 1)
        noise = normal * np.where(wide < SHARE, WIDE, 1.0)[:, None].astype(np.float32)
        drawn = self.mode[some][:, :, None] + np.matmul(self.root[some], noise)
        square = (noise**2).sum(axis=1)
        narrow = np.log(1 - SHARE) - square / 2
        log_density = np.logaddexp(narrow, np.log(SHARE) - size * np.log(WIDE) - square / (2 * WIDE**2))
        spread = np.log(np.diagonal(self.root[some], axis1=1, axis2=2)).sum(axis=1)
        return drawn, -0.5 * (drawn**2).sum(axis=1) - log_density + spread[:, None]


def propose(mixing: Mixing, parameters: np.ndarray, blocks: list[Block], people: int, *, steps: int = 20) -> Proposal:
    """Find the mode of everyone's posterior, and the curvature there, by damped Newton steps.

    Someone of whom nothing was seen keeps the population: mode 0, curvature 1.

    Args:
        mixing: What the parameters mean.
        parameters: The population.
        blocks: Large ones: people are climbed side by side.
        people: How many there are.
        steps: Most steps.
    """
    size = len(mixing.tastes)
    mode, root = np.zeros((people, size), np.float32), np.tile(np.eye(size, dtype=np.float32), (people, 1, 1))
    for some, rows, occasions in blocks if size else ():
        at = np.zeros((len(some), size))
        value, slope, curvature = _look(mixing, parameters, rows, occasions, at)
        damping = np.zeros(len(some))
        for _ in range(steps):
            move = np.linalg.solve(curvature + damping[:, None, None] * np.eye(size), slope[..., None])[..., 0]
            if np.abs(move).max() < 1e-2:
                break
            after = _look(mixing, parameters, rows, occasions, at + move)
            better = after[0] >= value - 1e-4
            at[better] += move[better]
            for now, new in zip((value, slope, curvature), after):
                now[better] = new[better]
            damping = np.where(better, damping / 8, np.maximum(damping, 0.5) * 8)
        mode[some] = at
        root[some] = np.linalg.inv(np.linalg.cholesky(curvature)).transpose(0, 2, 1)
    return Proposal(mode, root)


def _look(
    mixing: Mixing, parameters: np.ndarray, rows: np.ndarray, occasions: int, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log posterior of standard tastes, its slope, and the expected curvature (never less than the prior's)."""
    drawn, along = standard_of(at[:, :, None], mixing.shapes)
    weight = mixing.weights(parameters, drawn)
    kernel, probability = log_kernel(rows, occasions, weight)
    people, size = at.shape
    jacobian = np.zeros((people, len(mixing.names), size))
    jacobian[:, mixing.varying] = mixing.factor(parameters) * along[:, None, :, 0]
    for k in mixing.lognormal:
        jacobian[:, k] *= weight[:, k]
    moved = np.matmul(rows[..., :-1], jacobian.astype(np.float32))  # people x rows x tastes
    leaning = moved * probability
    shaped = leaning.reshape(people, -1, occasions, size).sum(axis=1)
    slope = -shaped.sum(axis=1) - at
    curvature = np.eye(size) + leaning.transpose(0, 2, 1) @ moved - shaped.transpose(0, 2, 1) @ shaped
    return kernel[:, 0] - 0.5 * (at**2).sum(axis=1), slope.astype(float), curvature.astype(float)
