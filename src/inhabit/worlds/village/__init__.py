"""The village: bodies with needs, hidden values, unspoken norms, and a language that is about something."""

from inhabit.worlds.village.acts import Deed, Hand, Quality, Say, Topic
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.state import Event, Lore, Observation, State
from inhabit.worlds.village.world import Village

__all__ = [
    "Deed",
    "Event",
    "Hand",
    "Lore",
    "Material",
    "Observation",
    "Quality",
    "Say",
    "State",
    "Topic",
    "Village",
]
