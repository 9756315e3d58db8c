"""The value store: what is valued, by how much, and how that shifts with satiation and mood."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.maths import choice, utility
from inhabit.types import Key
from inhabit.values.mood import Mood

PARTS = ("value", "set_point", "curvature", "decay", "stress", "valence")
"""The parts of a store in the order of its unconstrained vector; each is one number per good."""


class ValueStore(eqx.Module):
    """What one maker values. Utility of a good is exponential saturation times its present weight.

    `utility(levels, mood) = scale * sum_g weight_g(mood) * U(level_g; set_point_g, curvature_g)` with
    `weight(mood) = softmax(log weight + stress * mood.stress + valence * mood.valence)` and `U` of
    `maths.utility.exponential_utility`.

    Attributes:
        names: The goods.
        weight: Share of each good in what is valued, at rest; positive, sums to 1.
        scale: Utility of the first unit of all goods together; positive.
        set_point: Level at which each good's marginal value has fallen by `exp(-curvature)`; positive.
        curvature: How fast its marginal value diminishes; positive.
        decay: Share of each level lost in a step; between 0 and 1.
        stress: What full stress adds to each good's log weight.
        valence: What full valence adds to it.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    weight: Float[Array, " goods"]
    scale: Float[Array, ""]
    set_point: Float[Array, " goods"]
    curvature: Float[Array, " goods"]
    decay: Float[Array, " goods"]
    stress: Float[Array, " goods"]
    valence: Float[Array, " goods"]

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
    ) -> "ValueStore":
        """Make a store from what each good's first unit is worth, refusing bad numbers.

        Args:
            values: Worth of the first unit of each good; positive. Their sum is the scale.
            set_point: One for all goods, or one each; so for what follows.
            curvature: Positive.
            decay: Strictly between 0 and 1.
            stress: Any sign.
            valence: Any sign.

        Raises:
            ValueError: No goods, or a number outside its range, or a wrong number of numbers.
        """
        if not values:
            raise ValueError("a store needs at least one good, for instance values={'bread': 1.0}")
        names = tuple(values)
        worth = _numbers("value", list(values.values()), names, low=0.0)
        return cls(
            names=names,
            weight=jnp.asarray(worth / worth.sum()),
            scale=jnp.asarray(worth.sum()),
            set_point=jnp.asarray(_numbers("set_point", set_point, names, low=0.0)),
            curvature=jnp.asarray(_numbers("curvature", curvature, names, low=0.0)),
            decay=jnp.asarray(_numbers("decay", decay, names, low=0.0, high=1.0)),
            stress=jnp.asarray(_numbers("stress", stress, names)),
            valence=jnp.asarray(_numbers("valence", valence, names)),
        )

    @property
    def value(self) -> Float[Array, " goods"]:
        """Worth of the first unit of each good at rest: `scale * weight`."""
        return self.scale * self.weight

    def worth(self, mood: Mood) -> Float[Array, " goods"]:
        """Worth of the first unit of each good in a mood."""
        coupling = jnp.stack([self.stress, self.valence], axis=1)
        return self.scale * utility.shifted_weights(self.weight, coupling, mood.tilt)

    def utility(self, levels: Float[Array, " goods"], mood: Mood) -> Float[Array, ""]:
        """What levels of the goods are worth in a mood."""
        return self.worth(mood) @ utility.exponential_utility(levels, self.set_point, self.curvature)

    def marginal(self, levels: Float[Array, " goods"], mood: Mood) -> Float[Array, " goods"]:
        """What a little more of each good would be worth, per unit: the gradient of `utility`."""
        return self.worth(mood) * utility.exponential_marginal(levels, self.set_point, self.curvature)

    def gains(
        self, options: Float[Array, "options goods"], levels: Float[Array, " goods"], mood: Mood
    ) -> Float[Array, " options"]:
        """Change of utility that each option (a change of levels) would bring."""
        now = self.utility(levels, mood)
        return jax.vmap(lambda change: self.utility(levels + change, mood) - now)(options)

    def drive(self, levels: Float[Array, " goods"]) -> Float[Array, ""]:
        """How far the levels are from their set points, weighted by what each good is worth at rest."""
        return utility.drive(levels, self.set_point, self.value)

    def reward(self, before: Float[Array, " goods"], after: Float[Array, " goods"], mood: Mood) -> Float[Array, ""]:
        """Homeostatic reward: fall of drive between two levels, counted by what the goods are worth in the mood."""
        worth = self.worth(mood)
        return utility.homeostatic_reward(
            utility.drive(before, self.set_point, worth), utility.drive(after, self.set_point, worth)
        )

    def log_probabilities(
        self,
        options: Float[Array, "options goods"],
        levels: Float[Array, " goods"],
        mood: Mood,
        temperature: Float[Array, ""] | float = 1.0,
    ) -> Float[Array, " options"]:
        """Log-probability of choosing each option, by conditional logit on `gains`."""
        return choice.log_probabilities(self.gains(options, levels, mood), temperature)

    def choose(
        self,
        options: Float[Array, "options goods"],
        levels: Float[Array, " goods"],
        mood: Mood,
        temperature: Float[Array, ""] | float = 1.0,
        *,
        key: Key,
    ) -> Int[Array, ""]:
        """Draw an option; the same key with another store answers what would have been chosen instead."""
        logits = self.log_probabilities(options, levels, mood, temperature)
        return choice.gumbel_max(logits, jax.random.gumbel(key, logits.shape))

    def decayed(self, levels: Float[Array, " goods"]) -> Float[Array, " goods"]:
        """Levels one step later, nothing eaten."""
        return (1 - self.decay) * levels

    def with_value(self, name: str, number: float) -> "ValueStore":
        """The same store with one good's value (worth of its first unit) changed; the others' values stay."""
        index = self._index(name)
        worth = self.value.at[index].set(_numbers("value", [number], (name,), low=0.0)[0])
        return eqx.tree_at(lambda s: (s.weight, s.scale), self, (worth / worth.sum(), worth.sum()))

    def swapped(self, one: str, other: str) -> "ValueStore":
        """The same store with the values of two goods exchanged."""
        i, j = self._index(one), self._index(other)
        weight = self.weight.at[i].set(self.weight[j]).at[j].set(self.weight[i])
        return eqx.tree_at(lambda s: s.weight, self, weight)

    def to_unconstrained(self) -> Float[Array, " parameters"]:
        """All numbers of the store on the real line.

        Logs of value, set point and curvature, logit of decay, and the couplings as they are.

        The order is `PARTS`, each part one number per good. `from_unconstrained` is its inverse.
        """
        return jnp.concatenate(
            [
                jnp.log(self.value),
                jnp.log(self.set_point),
                jnp.log(self.curvature),
                jax.scipy.special.logit(self.decay),
                self.stress,
                self.valence,
            ]
        )

    @classmethod
    def from_unconstrained(cls, vector: Float[Array, " parameters"], names: Sequence[str]) -> "ValueStore":
        """Make a store from real numbers in the order of `to_unconstrained`; every vector is a store."""
        if vector.shape[0] != len(PARTS) * len(names):
            raise ValueError(
                f"got {vector.shape[0]} numbers for {len(names)} goods; {len(PARTS) * len(names)} are needed "
                f"({', '.join(PARTS)} of each good)"
            )
        value, set_point, curvature, decay, stress, valence = vector.reshape(len(PARTS), len(names))
        return cls(
            names=tuple(names),
            weight=jax.nn.softmax(value),
            scale=jnp.exp(jax.nn.logsumexp(value)),
            set_point=jnp.exp(set_point),
            curvature=jnp.exp(curvature),
            decay=jax.nn.sigmoid(decay),
            stress=stress,
            valence=valence,
        )

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"no good called {name!r}; this store knows {', '.join(self.names)}")
        return self.names.index(name)


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
