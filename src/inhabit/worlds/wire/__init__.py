"""The wire: Mealy machines, their readers, and the traffic that passes between two of them."""

from inhabit.worlds.wire.dot import DotError, Drawing, PartialMachine, complete, parse_dot, read_dot, write_dot
from inhabit.worlds.wire.machine import Machine, by_time, difference, minimal, random_machine
from inhabit.worlds.wire.shipped import SHIPPED
from inhabit.worlds.wire.traffic import (
    Habits,
    Traffic,
    conversation,
    draw_habits,
    driven_traffic,
    habitual_traffic,
    random_traffic,
    resetless_traffic,
)

__all__ = [
    "SHIPPED",
    "DotError",
    "Drawing",
    "Habits",
    "Machine",
    "PartialMachine",
    "Traffic",
    "by_time",
    "complete",
    "conversation",
    "difference",
    "draw_habits",
    "driven_traffic",
    "habitual_traffic",
    "minimal",
    "parse_dot",
    "random_machine",
    "random_traffic",
    "read_dot",
    "resetless_traffic",
    "write_dot",
]
