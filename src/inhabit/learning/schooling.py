"""Schooling: how much is lived before each lesson, and how much is learned from it."""

import dataclasses

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schooling:
    """How much is lived before each lesson, and how much is learned from it.

    Attributes:
        lives: Lives that are lived side by side.
        steps: Steps of each between lessons.
        births: New lives drawn between lessons, to take the place of those that ended; shared if more did.
        epochs: How often each lesson is gone through.
        minibatches: Into how many parts the lives are dealt.
        rate: Of Adam, at the first lesson.
        calmed: Lessons after which that rate has halved: it is `rate / (1 + lessons / calmed)`.
        discount: Of the next step's reward.
        lambda_: Of the advantages.
        clip: Of PPO's ratio.
        entropy: Worth of a nat of the policy's entropy, at first.
        settled: Lessons after which it is worth a tenth of that.
        value: Weight of the value's squared error.
        expectation: Weight of a nat of surprisal, all modalities together.
        longest: Norm at which a gradient is cut.
        watching: Weight of a nat of what others would have done in one's place, at the first lesson; 0 watches nobody.
        weaned: Lessons until that weight has fallen to 0, in a straight line.
        hasty: Births are compiled briefly and run slowly (`maths.compiling.brief`): right where they take long to compile.
    """

    lives: int = 128
    steps: int = 32
    births: int = 64
    epochs: int = 2
    minibatches: int = 4
    rate: float = 1e-3
    calmed: float = 400.0
    discount: float = 0.99
    lambda_: float = 0.95
    clip: float = 0.2
    entropy: float = 0.004
    settled: int = 365
    value: float = 4.0
    expectation: float = 0.02
    longest: float = 0.5
    watching: float = 0.0
    weaned: int = 200
    hasty: bool = True

    def __post_init__(self):
        if self.lives % self.minibatches:
            raise ValueError(f"{self.lives} lives cannot be dealt evenly into {self.minibatches} minibatches")
        if not 1 <= self.births <= self.lives:
            raise ValueError(f"births must be 1 to {self.lives} (as many as there are lives), got {self.births}")
        if not 0 <= self.discount < 1:
            raise ValueError(f"discount must be at least 0 and below 1, got {self.discount}")

    @property
    def transitions(self) -> int:
        """Steps lived for one lesson."""
        return self.lives * self.steps

    def optimiser(self) -> optax.GradientTransformation:
        """Adam, with its gradients cut; how far it goes is `calm` times as much."""
        return optax.chain(optax.clip_by_global_norm(self.longest), optax.adam(self.rate, eps=1e-5))

    def heed(self, lessons: Int[Array, ""] | int) -> Float[Array, ""]:
        """Weight of a nat of what others would have done, after so many lessons."""
        return self.watching * jax.nn.relu(1 - lessons / self.weaned)

    def play(self, lessons: Int[Array, ""] | int) -> Float[Array, ""]:
        """Worth of a nat of entropy after so many lessons."""
        return self.entropy * jnp.where(lessons < self.settled, 1.0, 0.1)

    def calm(self, lessons: Int[Array, ""]) -> Float[Array, ""]:
        """Share of the rate that is left after so many lessons."""
        return 1 / (1 + lessons / self.calmed)
