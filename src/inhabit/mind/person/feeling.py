"""Feeling: how what is heard, done and earned moves a person's mood."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.mind.person.own import Own
from inhabit.types import MOODS, Key
from inhabit.values.mood import Mood, MoodDynamics, MoodInput


class Moved(eqx.Module):
    """What may move a mood at one turn.

    Attributes:
        words: What was heard, after the senses.
        heard: The partner's act; 0 is none.
        done: The person's own last act.
        surprise: Normalised surprise of what was heard; about 1 when all is as expected.
        repetition: How much of it had been heard before, 0 to 1.
        earned: What the last exchange brought, in utility.
    """

    words: Float[Array, " sense"]
    heard: Int[Array, ""]
    done: Int[Array, ""]
    surprise: Float[Array, ""]
    repetition: Float[Array, ""]
    earned: Float[Array, ""]


class Feeling(eqx.Module):
    """The couplings of mood, learned; temper is a person's own.

    Attributes:
        leaks: Of stress, valence and load, as logits.
        gains: Before softplus: stress from surprise, stress from load, relief and valence from reward, load from
            repetition, load from every turn, reward from what was earned.
        appraise: How good or bad the words that are heard are.
        hears: How good or bad it is that the partner does each act.
        does: How good or bad it is to have done each act oneself.
    """

    leaks: Float[Array, " moods"]
    gains: Float[Array, " gains"]
    appraise: eqx.nn.Linear
    hears: Float[Array, " symbols"]
    does: Float[Array, " acts"]

    def __init__(self, *, sense: int, symbols: int, acts: int, key: Key):
        self.leaks = jnp.array([-2.5, -2.0, -3.0])
        self.gains = jnp.array([-2.0, -4.0, -1.0, -1.0, 0.0, -3.0, -1.0])
        self.appraise = eqx.nn.Linear(sense, 1, key=key)
        self.hears = jnp.zeros(symbols)
        self.does = jnp.zeros(acts)

    def __call__(self, mood: Mood, own: Own, moved: Moved) -> Mood:
        """Move the mood."""
        gains = jax.nn.softplus(self.gains)
        good = self.appraise(moved.words)[0] + self.hears[moved.heard] + self.does[moved.done]
        given = MoodInput(
            surprise=jnp.clip(moved.surprise - 1, 0.0, 5.0),
            reward=jnp.tanh(good) + gains[6] * moved.earned,
            load=gains[4] * moved.repetition + gains[5],
        )
        strain = jnp.where(given.reward < 0, own.temper, 1.0)
        dynamics = eqx.tree_at(
            lambda d: (
                d.stress_leak, d.valence_leak, d.load_leak,
                d.stress_from_surprise, d.stress_from_load, d.stress_from_reward, d.valence_from_reward,
            ),
            MoodDynamics.of(),
            (
                *jax.nn.sigmoid(self.leaks),
                own.temper * gains[0], own.temper * gains[1], strain * gains[2], strain * gains[3],
            ),
        )  # fmt: skip
        return dynamics.step(mood, given)[0]

    def swung(self, felt: Float[Array, " feels"], mood: Mood, swing: Mood, own: Own, moved: Moved) -> tuple[Mood, Mood]:
        """Move the mood, as far as the body does not report it, and how far it would be another for another temper.

        Args:
            felt: What the body reports, `MOODS` first; NaN where it does not.
            mood: Before.
            swing: Derivative of `mood` by log temper.
            own: The person's own part.
            moved: What moves the mood.

        Returns:
            The mood after, and its derivative by log temper, worked out on the way.
        """

        def move(mood: Mood, hotter: Float[Array, ""]) -> Mood:
            return self(reported(felt, mood), own.hotter(hotter), moved)

        return jax.jvp(move, (mood, jnp.zeros(())), (swing, jnp.ones(())))


def reported(felt: Float[Array, " feels"], mood: Mood) -> Mood:
    """The mood as the body reports it, where it does; `MOODS` come first in what is felt."""
    now = jnp.stack([mood.stress, mood.valence, mood.load])
    told = felt[: len(MOODS)]
    return Mood(*jnp.where(jnp.isfinite(told), told, now))


def repetition(words: Float[Array, " sense"], echo: Float[Array, " sense"]) -> Float[Array, ""]:
    """How much what is heard has been heard before: cosine with the echo, at least 0."""
    lengths = jnp.sqrt(jnp.sum(words**2) + 1e-6) * jnp.sqrt(jnp.sum(echo**2) + 1e-6)
    return jnp.maximum(jnp.sum(words * echo) / lengths, 0.0)
