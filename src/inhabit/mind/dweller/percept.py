"""What a body in a world perceives and does, as a mind meets it."""

import equinox as eqx
from jaxtyping import Array, Float, Int

from inhabit.senses.voxels import Window


class Sensation(eqx.Module):
    """One step's percept, each sense in its own geometry. With leading axes, many.

    Attributes:
        window: What is seen.
        holding: 0 nothing, 1 a block, 2 + look a fruit.
        taste: Quality tasted in the last step, else 0.
        heard: Utterances, nearest first; zeros for none.
        speaker: 1 + who said each, else 0.
        bearing: From where each came: cells ahead and to the right, divided by 8.
        body: Levels, then health, stress, asleep.
        compass: One-hot of the heading: north, east, south, west.
        clock: Sine and cosine of the time of day, then of the year.
        place: Share of the land to the west, and to the north, of where one is.
    """

    window: Window
    holding: Int[Array, "*many"]
    taste: Int[Array, "*many"]
    heard: Int[Array, "*many utterances words=5"]
    speaker: Int[Array, "*many utterances"]
    bearing: Float[Array, "*many utterances 2"]
    body: Float[Array, "*many body"]
    compass: Float[Array, "*many headings=4"]
    clock: Float[Array, "*many clock=4"]
    place: Float[Array, "*many xy=2"]


class Conduct(eqx.Module):
    """What one does in a step.

    Attributes:
        hand: What the body does.
        say: Say, topic, quality, where, whom.
    """

    hand: Int[Array, "*many"]
    say: Int[Array, "*many words=5"]
