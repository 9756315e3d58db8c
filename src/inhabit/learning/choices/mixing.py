"""Tastes that vary among people: what is estimated of them, and the weights that a draw of them means."""

import dataclasses

import numpy as np

from inhabit.learning.choices.draws import DISTRIBUTIONS


@dataclasses.dataclass(frozen=True)
class Taste:
    """How the weight of one attribute varies among people.

    Attributes:
        name: Of the attribute.
        distribution: `normal`, `lognormal` (the exponential of a normal), `triangular` or `uniform` (both symmetric,
            the spread is half their width).
    """

    name: str
    distribution: str = "normal"

    def __post_init__(self) -> None:
        if self.distribution not in DISTRIBUTIONS:
            raise ValueError(f"taste of {self.name}: {self.distribution!r} is none of {', '.join(DISTRIBUTIONS)}")


@dataclasses.dataclass(frozen=True)
class Mixing:
    """Maps a parameter vector and standard draws to weights of attributes.

    The parameters are one location for each attribute, then the entries of a lower triangular factor for those that
    vary (its diagonal alone when tastes are independent).
    """

    names: tuple[str, ...]
    tastes: tuple[Taste, ...]
    correlated: bool

    def __post_init__(self) -> None:
        for taste in self.tastes:
            if taste.name not in self.names:
                raise ValueError(f"no attribute {taste.name!r} to vary; there are {', '.join(self.names)}")

    @property
    def varying(self) -> np.ndarray:
        """Index among the attributes of each taste."""
        return np.array([self.names.index(taste.name) for taste in self.tastes], int)

    @property
    def shapes(self) -> tuple[str, ...]:
        """Distribution of each taste."""
        return tuple(taste.distribution for taste in self.tastes)

    @property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each free entry of the factor."""
        size = len(self.tastes)
        return np.tril_indices(size) if self.correlated else (np.arange(size), np.arange(size))

    @property
    def parameters(self) -> tuple[str, ...]:
        """What each parameter is called."""
        label = [taste.name for taste in self.tastes]
        spread = (f"sd {label[i]}" if i == j else f"chol {label[i]} {label[j]}" for i, j in zip(*self.entries))
        return (*self.names, *spread)

    def factor(self, parameters: np.ndarray) -> np.ndarray:
        """The lower triangular factor."""
        factor = np.zeros((len(self.tastes),) * 2)
        factor[self.entries] = parameters[len(self.names) :]
        return factor

    def weights(self, parameters: np.ndarray, standard: np.ndarray) -> np.ndarray:
        """Weights `people x attributes x draws` of standard draws `people x tastes x draws`, single precision."""
        moved = self.factor(parameters).astype(np.float32) @ standard
        weight = np.empty((len(standard), len(self.names), standard.shape[2]), np.float32)
        weight[:] = parameters[: len(self.names), None]
        weight[:, self.varying] += moved
        for k in self.lognormal:
            np.exp(weight[:, k], out=weight[:, k])
        return weight

    @property
    def lognormal(self) -> list[int]:
        """Attributes whose weight is the exponential of what the parameters say."""
        return [self.names.index(taste.name) for taste in self.tastes if taste.distribution == "lognormal"]
