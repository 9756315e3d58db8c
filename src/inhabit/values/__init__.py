"""What is valued and by how much: goods, satiation, drives, mood."""

from inhabit.values.mood import Mood, MoodDynamics, MoodInput
from inhabit.values.store import ValueStore

__all__ = ["Mood", "MoodDynamics", "MoodInput", "ValueStore"]
