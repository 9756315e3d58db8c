"""The value store: what is valued, by how much, and how that shifts with satiation and mood."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.maths import utility
from inhabit.values.mood import Condition, Mood
from inhabit.values.values import AbstractValues, all_changes, index_of

PARTS = ("value", "set_point", "curvature", "decay", "stress", "valence")
"""The parts of a store in the order of its unconstrained vector; each is one number per good."""


class ValueStore(AbstractValues):
    """What one maker values. Utility of a good is exponential saturation times its present weight.

    `utility(levels, mood) = scale * sum_g weight_g(mood) * U(level_g; set_point_g, curvature_g)` with
    `weight(mood) = softmax(log weight + stress * mood.stress + valence * mood.valence + coupling @ covariates)` and `U`
    of `maths.utility.exponential_utility`. Forms to put around it: `values.forms`.

    Attributes:
        names: The goods.
        weight: Share of each good in what is valued, at rest; positive, sums to 1.
        scale: Utility of the first unit of all goods together; positive.
        set_point: Level at which each good's marginal value has fallen by `exp(-curvature)`; positive.
        curvature: How fast its marginal value diminishes; positive.
        decay: Share of each level lost in a step; between 0 and 1.
        stress: What full stress adds to each good's log weight.
        valence: What full valence adds to it.
        covariates: What else of the moment shifts the weights, told by a `Condition`; a bare mood has them all at 0.
        coupling: What one unit of each covariate adds to each good's log weight.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    weight: Float[Array, " goods"]
    scale: Float[Array, ""]
    set_point: Float[Array, " goods"]
    curvature: Float[Array, " goods"]
    decay: Float[Array, " goods"]
    stress: Float[Array, " goods"]
    valence: Float[Array, " goods"]
    covariates: tuple[str, ...] = eqx.field(static=True, default=())
    coupling: Float[Array, "goods covariates"] | None = None

    @classmethod
    def of(
        cls,
        values: Mapping[str, float],
        *,
        set_point: float | Sequence[float] = 1.0,
        curvature: float | Sequence[float] = 1.0,
        decay: float | Sequence[float] = 0.1,
        stress: float | Sequence[float] = 0.0,
        valence: float | Sequence[float] = 0.0,
        covariates: Mapping[str, float | Sequence[float]] | None = None,
    ) -> "ValueStore":
        """Make a store from what each good's first unit is worth, refusing bad numbers.

        Args:
            values: Worth of the first unit of each good; positive. Their sum is the scale.
            set_point: One for all goods, or one each; so for what follows.
            curvature: Positive.
            decay: Strictly between 0 and 1.
            stress: Any sign.
            valence: Any sign.
            covariates: Of each further state, what one unit of it adds to the log weight of the goods.

        Raises:
            ValueError: No goods, or a number outside its range, or a wrong number of numbers.
        """
        if not values:
            raise ValueError("a store needs at least one good, for instance values={'bread': 1.0}")
        names = tuple(values)
        worth = _numbers("value", list(values.values()), names, low=0.0)
        coupled = [_numbers(state, numbers, names) for state, numbers in (covariates or {}).items()]
        return cls(
            names=names,
            weight=jnp.asarray(worth / worth.sum()),
            scale=jnp.asarray(worth.sum()),
            set_point=jnp.asarray(_numbers("set_point", set_point, names, low=0.0)),
            curvature=jnp.asarray(_numbers("curvature", curvature, names, low=0.0)),
            decay=jnp.asarray(_numbers("decay", decay, names, low=0.0, high=1.0)),
            stress=jnp.asarray(_numbers("stress", stress, names)),
            valence=jnp.asarray(_numbers("valence", valence, names)),
            covariates=tuple(covariates or ()),
            coupling=jnp.asarray(np.stack(coupled, axis=1)) if coupled else None,
        )

    @property
    def value(self) -> Float[Array, " goods"]:
        """Worth of the first unit of each good at rest: `scale * weight`."""
        return self.scale * self.weight

    def worth(self, mood: Mood | Condition) -> Float[Array, " goods"]:
        """Worth of the first unit of each good in a mood."""
        tilt = mood.tilt
        coupling = jnp.stack([self.stress, self.valence], axis=1)
        if tilt.shape[0] > 2 or self.covariates:
            coupling = self._coupled(coupling, tilt)
        return self.scale * utility.shifted_weights(self.weight, coupling, tilt)

    def parts(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What the level of each good is worth in a mood."""
        return self.worth(mood) * utility.exponential_utility(levels, self.set_point, self.curvature)

    def changes(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, "options goods"]:
        """What each option (a change of levels) would bring by way of each good."""
        return all_changes(lambda level: self.parts(level, mood), options, levels)

    def marginal(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What a little more of each good would be worth, per unit: the gradient of `utility`."""
        return self.worth(mood) * utility.exponential_marginal(levels, self.set_point, self.curvature)

    def one_more(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What one whole unit more of each good would add, from a level of 0 on."""
        return self.marginal(levels, mood) * utility.relative_expm1(-self.curvature / self.set_point)

    def one_less(self, levels: Float[Array, " goods"], mood: Mood | Condition) -> Float[Array, " goods"]:
        """What one whole unit less of each good would cost, from a level of 1 on."""
        return self.marginal(levels, mood) * utility.relative_expm1(self.curvature / self.set_point)

    def drive(self, levels: Float[Array, " goods"]) -> Float[Array, ""]:
        """How far the levels are from their set points, weighted by what each good is worth at rest."""
        return utility.drive(levels, self.set_point, self.value)

    def reward(
        self, before: Float[Array, " goods"], after: Float[Array, " goods"], mood: Mood | Condition
    ) -> Float[Array, ""]:
        """Homeostatic reward: fall of drive between two levels, counted by what the goods are worth in the mood."""
        worth = self.worth(mood)
        return utility.homeostatic_reward(
            utility.drive(before, self.set_point, worth), utility.drive(after, self.set_point, worth)
        )

    def decayed(self, levels: Float[Array, " goods"]) -> Float[Array, " goods"]:
        """Levels one step later, nothing eaten."""
        return (1 - self.decay) * levels

    def with_value(self, name: str, number: float) -> "ValueStore":
        """The same store with one good's value (worth of its first unit) changed; the others' values stay."""
        index = index_of(name, self.names)
        worth = self.value.at[index].set(_numbers("value", [number], (name,), low=0.0)[0])
        return eqx.tree_at(lambda s: (s.weight, s.scale), self, (worth / worth.sum(), worth.sum()))

    def swapped(self, one: str, other: str) -> "ValueStore":
        """The same store with the values of two goods exchanged."""
        i, j = index_of(one, self.names), index_of(other, self.names)
        weight = self.weight.at[i].set(self.weight[j]).at[j].set(self.weight[i])
        return eqx.tree_at(lambda s: s.weight, self, weight)

    def to_unconstrained(self) -> Float[Array, " parameters"]:
        """All numbers of the store on the real line.

        Logs of value, set point and curvature, logit of decay, and the couplings as they are.

        The order is `PARTS`, each part one number per good, then each covariate's coupling the same way.
        `from_unconstrained` is its inverse.
        """
        return jnp.concatenate(
            [
                jnp.log(self.value),
                jnp.log(self.set_point),
                jnp.log(self.curvature),
                jax.scipy.special.logit(self.decay),
                self.stress,
                self.valence,
                *(() if self.coupling is None else self.coupling.T),
            ]
        )

    @classmethod
    def from_unconstrained(
        cls, vector: Float[Array, " parameters"], names: Sequence[str], covariates: Sequence[str] = ()
    ) -> "ValueStore":
        """Make a store from real numbers in the order of `to_unconstrained`; every vector is a store."""
        needed = (len(PARTS) + len(covariates)) * len(names)
        if vector.shape[0] != needed:
            raise ValueError(
                f"got {vector.shape[0]} numbers for {len(names)} goods; {needed} are needed "
                f"({', '.join((*PARTS, *covariates))} of each good)"
            )
        value, set_point, curvature, decay, stress, valence, *coupling = vector.reshape(-1, len(names))
        return cls(
            names=tuple(names),
            weight=jax.nn.softmax(value),
            scale=jnp.exp(jax.nn.logsumexp(value)),
            set_point=jnp.exp(set_point),
            curvature=jnp.exp(curvature),
            decay=jax.nn.sigmoid(decay),
            stress=stress,
            valence=valence,
            covariates=tuple(covariates),
            coupling=jnp.stack(coupling, axis=1) if covariates else None,
        )

    def _coupled(self, moods: Float[Array, "goods 2"], tilt: Float[Array, " moods"]) -> Float[Array, "goods moods"]:
        """The couplings that a tilt asks for; a bare mood asks for none of the covariates'."""
        if tilt.shape[0] == moods.shape[1]:
            return moods
        if self.coupling is None or tilt.shape[0] != moods.shape[1] + len(self.covariates):
            raise ValueError(
                f"the condition has {tilt.shape[0] - 2} covariates; this store is coupled to {len(self.covariates)} "
                f"({', '.join(self.covariates) or 'none'})"
            )
        return jnp.concatenate([moods, self.coupling], axis=1)


def _numbers(
    what: str,
    got: float | Sequence[float],
    names: tuple[str, ...],
    low: float = -np.inf,
    high: float = np.inf,
) -> np.ndarray:
    """One number per good, strictly between `low` and `high`, or a `ValueError` that says what was wrong."""
    numbers = np.asarray(got, np.float32)
    if numbers.ndim > 1 or numbers.size not in (1, len(names)):
        raise ValueError(f"{what}: got {numbers.size} numbers for {len(names)} goods; give one, or one each")
    numbers = np.broadcast_to(numbers, len(names))
    for name, number in zip(names, numbers):
        if not (np.isfinite(number) and low < number < high):
            raise ValueError(f"{what} of {name!r} is {number:g}; it must be finite and between {low:g} and {high:g}")
    return numbers
