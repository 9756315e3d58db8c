"""What is valued and by how much: goods, satiation, drives, mood; the forms values take, and how they are learned."""

from inhabit.values.forms import Delayed, LossAverse, Together
from inhabit.values.learning import StoreBelief, levels_of, taught_by_reward
from inhabit.values.mood import Condition, Mood, MoodDynamics, MoodInput
from inhabit.values.store import ValueStore
from inhabit.values.values import AbstractValues

__all__ = [
    "AbstractValues",
    "Condition",
    "Delayed",
    "LossAverse",
    "Mood",
    "MoodDynamics",
    "MoodInput",
    "StoreBelief",
    "Together",
    "ValueStore",
    "levels_of",
    "taught_by_reward",
]
