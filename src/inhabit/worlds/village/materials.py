"""What a voxel can be made of."""

import enum


class Material(enum.IntEnum):
    """Material of a voxel."""

    AIR = 0
    EARTH = 1
    STONE = 2
    WATER = 3
    TRUNK = 4  # of a tree: solid, opaque
    LEAVES = 5  # opaque, above a trunk
    BUSH = 6  # a plant; what hangs on it is told apart by `Observation.ripe`
    BLOCK = 7  # loose: can be picked, carried and stacked
    HEARTH = 8  # warm
    HIDDEN = 9  # as seen only: behind something, or outside the world
