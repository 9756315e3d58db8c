"""What a dweller has lived, what it makes of a moment, and what comes of thinking: the records of a life from inside."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int

from inhabit.mind.dweller.expecting import Met
from inhabit.mind.dweller.knowing import Known
from inhabit.mind.dweller.manners import Pending
from inhabit.mind.dweller.percept import Conduct
from inhabit.senses.voxels import Window
from inhabit.values.mood import Mood
from inhabit.values.store import ValueStore

PEOPLE = 16
"""How many people a dweller can tell apart."""


class DwellerState(eqx.Module):
    """What a dweller has lived.

    Attributes:
        who: Which of the people it is.
        store: Its own values.
        mood: Stress, valence, load.
        core: What it bears in mind.
        lore: Surprise memory: what the fruit of each look is.
        norms: Surprise memory: how others react to what is done to them.
        known: Facts.
        foretold: What it expects to perceive next.
        usual: Running mean of its surprisal.
        fared: Wellbeing at the last percept.
        last: What it did last.
        held: What it held then.
        picked: Cell code of the plant last picked from, else 0.
        pending: The deed whose reactions it waits for.
        greeted: Whom it has greeted today.
        asked: Whom it has asked today.
        implored: Whether it was just asked for what it holds.
        angle: Time of day at the last percept, in radians.
        age: Steps lived.
    """

    who: Int[Array, ""]
    store: ValueStore
    mood: Mood
    core: Float[Array, " core"]
    lore: Any
    norms: Any
    known: Known
    foretold: Float[Array, " foretold"]
    usual: Float[Array, ""]
    fared: Float[Array, ""]
    last: Conduct
    held: Int[Array, ""]
    picked: Int[Array, ""]
    pending: Pending
    greeted: Bool[Array, " people"]
    asked: Bool[Array, " people"]
    implored: Bool[Array, ""]
    angle: Float[Array, ""]
    age: Int[Array, ""]


class Moment(eqx.Module):
    """What a dweller makes of a percept without anything learned. With leading axes, many.

    Attributes:
        window: What is seen.
        heard: What is heard.
        bearing: From where.
        who: Oneself.
        features: Body, values, mood, what memory says and what is known, as numbers of order 1.
        allowed: What can be said.
        met: What the expectation is held against.
    """

    window: Window
    heard: Int[Array, "*many utterances words=5"]
    bearing: Float[Array, "*many utterances 2"]
    who: Int[Array, "*many"]
    features: Float[Array, "*many features"]
    allowed: Bool[Array, "*many says topics"]
    met: Met


class Thought(eqx.Module):
    """What comes of thinking. With leading axes, many.

    Attributes:
        hand: Logits over what the body can do.
        say: Logits over first words; closed where there is nothing to say.
        topic: Logits over topics before the first word is known.
        value: Expected return of each good.
        core: What is borne in mind.
    """

    hand: Float[Array, "*many hands"]
    say: Float[Array, "*many says"]
    topic: Float[Array, "*many topics"]
    value: Float[Array, "*many goods"]
    core: Float[Array, "*many core"]
