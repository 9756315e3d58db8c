"""What a mind is that learns by living: it acts, foresees what its life is worth, and can go through its steps again."""

import abc
from typing import Any, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from inhabit.mind.mind import AbstractMind
from inhabit.types import Key

State = TypeVar("State")


class Trace(eqx.Module):
    """What is kept of a step for the lesson. With leading axes, of many.

    Attributes:
        moment: What the mind made of the percept without anything learned: all that `relive` needs to look at.
        act: What was done.
        log_probability: Of the act, in nats.
        value: Expected discounted return of each good from here on.
        worth: What each good's reward counts for now: what makes one number of many.
        mood: Stress, valence, load.
        surprisal: Of the percept, in nats, per modality.
    """

    moment: PyTree
    act: PyTree
    log_probability: Float[Array, "*steps"]
    value: Float[Array, "*steps goods"]
    worth: Float[Array, "*steps goods"]
    mood: Float[Array, "*steps moods"]
    surprisal: Float[Array, "*steps modalities"]


class Relived(eqx.Module):
    """The same steps seen with the mind as it is now.

    Attributes:
        log_probability: Of the acts that were done.
        entropy: Of what could have been done, in nats.
        value: Expected return of each good.
        surprisal: Of each percept given what came before it, per modality; that of the first step is 0.
        shown: Log-probability of what others would have done instead; zeros where nobody showed anything.
    """

    log_probability: Float[Array, " time"]
    entropy: Float[Array, " time"]
    value: Float[Array, "time goods"]
    surprisal: Float[Array, "time modalities"]
    shown: Float[Array, " time"]


class AbstractActor(AbstractMind[State], Generic[State]):
    """A mind that can learn by living."""

    @abc.abstractmethod
    def attempt(self, state: State, percept: Any, *, key: Key) -> tuple[State, Trace]:
        """A step, with all that the lesson needs of it."""

    @abc.abstractmethod
    def core(self, state: State) -> PyTree:
        """The part of the state from which `relive` starts."""

    @abc.abstractmethod
    def relive(self, core: PyTree, trace: Trace, shown: PyTree = None) -> Relived:
        """Go through some steps again, all at once; differentiable in the mind.

        Args:
            core: What the mind bore in mind before them.
            trace: The steps.
            shown: Acts of others, one for each step, whose log-probability is asked too.
        """
