"""Mood: stress, valence and load, what moves them, and what they do to patience and to the noise of choice."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths.utility import pushed
from inhabit.types import Key


class Mood(eqx.Module):
    """The state of a mood; all three are 0 at rest.

    Attributes:
        stress: 0 (calm) to 1.
        valence: -1 (miserable) to 1 (delighted).
        load: 0 (nothing to bear in mind) to 1.
    """

    stress: Float[Array, ""]
    valence: Float[Array, ""]
    load: Float[Array, ""]

    @classmethod
    def of(cls, stress: float = 0.0, valence: float = 0.0, load: float = 0.0) -> "Mood":
        """Make a mood from plain numbers, refusing what lies outside its bounds."""
        for name, number, low in (("stress", stress, 0.0), ("valence", valence, -1.0), ("load", load, 0.0)):
            if not low <= number <= 1:
                raise ValueError(f"{name} is {number}; it runs from {low:g} to 1")
        return cls(jnp.asarray(stress, float), jnp.asarray(valence, float), jnp.asarray(load, float))

    @property
    def tilt(self) -> Float[Array, " moods=2"]:
        """The two parts of mood that shift what goods are worth: stress and valence."""
        return jnp.stack([self.stress, self.valence])


class Condition(eqx.Module):
    """A mood, and what else about the moment shifts what goods are worth: the hour, company, time since.

    Attributes:
        mood: Stress, valence, load.
        covariates: In the order of the store's `covariates`; 0 is the neutral value of each.
    """

    mood: Mood
    covariates: Float[Array, " covariates"]

    @property
    def tilt(self) -> Float[Array, " moods"]:
        """Stress, valence, then the covariates."""
        return jnp.concatenate([self.mood.tilt, self.covariates])


class MoodInput(eqx.Module):
    """What moves a mood at one step.

    Attributes:
        surprise: Surprisal beyond what was expected, in nats; 0 or more.
        reward: Homeostatic or social reward; any sign.
        load: What is newly to be borne in mind; 0 or more.
    """

    surprise: Float[Array, ""]
    reward: Float[Array, ""]
    load: Float[Array, ""]


class MoodDynamics(eqx.Module):
    """How one maker's mood leaks back to rest and is pushed by what happens.

    Each of the three first leaks (`x <- (1 - leak) * x`), then is pushed inside its bounds (`maths.utility.pushed`):

    - load by `load`;
    - stress by `stress_from_surprise * surprise + stress_from_load * load - stress_from_reward * reward`;
    - valence by `valence_from_reward * reward - valence_from_surprise * surprise`.

    Attributes:
        stress_leak: Share of stress lost in a step, 0 to 1.
        valence_leak: The same of valence.
        load_leak: The same of load.
        stress_from_surprise: Stress per nat of surprise.
        stress_from_load: Stress per unit of load.
        stress_from_reward: Relief per unit of reward (and stress per unit of loss).
        valence_from_reward: Valence per unit of reward.
        valence_from_surprise: Valence lost per nat of surprise.
        patience: Patience of a maker at rest, in whatever units the reader of `patience_in` uses; positive.
        patience_from_stress: Nats of log patience lost per unit of stress.
        patience_from_load: The same per unit of load.
        patience_from_valence: Nats of log patience gained per unit of valence.
        noise_from_stress: Nats of log temperature of choice gained per unit of stress.
        noise_from_load: The same per unit of load.
    """

    stress_leak: Float[Array, ""]
    valence_leak: Float[Array, ""]
    load_leak: Float[Array, ""]
    stress_from_surprise: Float[Array, ""]
    stress_from_load: Float[Array, ""]
    stress_from_reward: Float[Array, ""]
    valence_from_reward: Float[Array, ""]
    valence_from_surprise: Float[Array, ""]
    patience: Float[Array, ""]
    patience_from_stress: Float[Array, ""]
    patience_from_load: Float[Array, ""]
    patience_from_valence: Float[Array, ""]
    noise_from_stress: Float[Array, ""]
    noise_from_load: Float[Array, ""]

    @classmethod
    def of(
        cls,
        *,
        stress_leak: float = 0.1,
        valence_leak: float = 0.1,
        load_leak: float = 0.2,
        stress_from_surprise: float = 0.1,
        stress_from_load: float = 0.1,
        stress_from_reward: float = 0.2,
        valence_from_reward: float = 0.3,
        valence_from_surprise: float = 0.05,
        patience: float = 1.0,
        patience_from_stress: float = 1.0,
        patience_from_load: float = 0.5,
        patience_from_valence: float = 0.5,
        noise_from_stress: float = 0.5,
        noise_from_load: float = 0.25,
    ) -> "MoodDynamics":
        """Make dynamics from plain numbers, refusing leaks outside 0..1 and a patience that is not positive."""
        numbers = {name: number for name, number in locals().items() if name != "cls"}
        for name, number in numbers.items():
            if name.endswith("_leak") and not 0 <= number <= 1:
                raise ValueError(f"{name} is {number}; a leak is the share lost in a step, from 0 to 1")
        if not patience > 0:
            raise ValueError(f"patience is {patience}; it must be positive")
        return cls(**{field.name: jnp.asarray(numbers[field.name], float) for field in dataclasses.fields(cls)})

    def init(self, *, key: Key | None = None) -> Mood:
        """Begin at rest."""
        del key
        return Mood.of()

    def step(self, state: Mood, moved: MoodInput, *, key: Key | None = None) -> tuple[Mood, Float[Array, ""]]:
        """Leak, then be pushed; give back the new mood and the stress gained."""
        del key
        load = pushed((1 - self.load_leak) * state.load, moved.load, 0.0, 1.0)
        stress = pushed(
            (1 - self.stress_leak) * state.stress,
            self.stress_from_surprise * moved.surprise
            + self.stress_from_load * load
            - self.stress_from_reward * moved.reward,
            0.0,
            1.0,
        )
        valence = pushed(
            (1 - self.valence_leak) * state.valence,
            self.valence_from_reward * moved.reward - self.valence_from_surprise * moved.surprise,
            -1.0,
            1.0,
        )
        return Mood(stress, valence, load), stress - state.stress

    def patience_in(self, mood: Mood) -> Float[Array, ""]:
        """What is left of patience in a mood: `patience * exp(-stress part - load part + valence part)`."""
        return self.patience * jnp.exp(
            self.patience_from_valence * mood.valence
            - self.patience_from_stress * mood.stress
            - self.patience_from_load * mood.load
        )

    def temperature_in(self, mood: Mood) -> Float[Array, ""]:
        """Noise of choice in a mood, 1 at rest: `exp(noise_from_stress * stress + noise_from_load * load)`."""
        return jnp.exp(self.noise_from_stress * mood.stress + self.noise_from_load * mood.load)
