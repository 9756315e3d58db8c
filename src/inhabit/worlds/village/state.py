"""A village as it stands: land, plants, people, and what lies between them. Everything in it is an array."""

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int, UInt8

LEVELS = ("food", "water", "rest", "warmth", "company", "sweet")
"""What a body needs, in the order of its levels; each runs from 0 (none) to 1 (all that it can hold)."""

DAY = 96
"""Steps from dawn to dawn; the last third is night."""

SEASON = 2 * DAY
"""Steps in a season; four make a year."""


class Lore(eqx.Module):
    """What is so in this village and no other; nobody states it whole.

    Attributes:
        quality: What the fruit of each look is: a `Quality` from `NOURISHING` to `BLAND`.
        seasons: In which seasons each look bears fruit.
        norms: Which norms hold here, in the order of `NORMS`.
    """

    quality: Int[Array, " looks"]
    seasons: Bool[Array, "looks seasons=4"]
    norms: Bool[Array, " norms=4"]


class Plants(eqx.Module):
    """What bears fruit; a plant is a voxel of its own and never moves.

    Attributes:
        place: Its cell: x (to the east), y (to the south), z (up).
        look: Of its fruit.
        owner: 0 nobody's, else 1 + whose.
        fruit: How many hang there.
    """

    place: Int[Array, "plants 3"]
    look: Int[Array, " plants"]
    owner: Int[Array, " plants"]
    fruit: Int[Array, " plants"]


class People(eqx.Module):
    """Bodies and hands, of everyone in the village.

    Attributes:
        place: Cell of each.
        heading: 0 north (-y), 1 east (+x), 2 south (+y), 3 west (-x).
        levels: Of what a body needs, in the order of `LEVELS`, 0 to 1.
        health: 1 well, 0 dead.
        stress: 0 calm, to 1.
        alive: False once health has reached 0; the dead do nothing and are not there.
        holds: 0 nothing, 1 a block, 2 + look a fruit.
        taste: `Quality` of what was last in the mouth in this step, else 0.
        asleep: Rested in the last step.
    """

    place: Int[Array, "people 3"]
    heading: Int[Array, " people"]
    levels: Float[Array, "people levels=6"]
    health: Float[Array, " people"]
    stress: Float[Array, " people"]
    alive: Bool[Array, " people"]
    holds: Int[Array, " people"]
    taste: Int[Array, " people"]
    asleep: Bool[Array, " people"]


class Minds(eqx.Module):
    """What is inside the villagers: their hidden values and what they have come to believe. Bodies do not show it.

    Attributes:
        weight: What each level is worth to each; positive, sums to 1.
        set_point: The level at which each has enough.
        patience: How much each bears before complaining; positive.
        kindness: 0 gives nothing away, 1 all.
        home: Cell (x, y) where each sleeps.
        believes: `Quality` that each believes the fruit of each look to be; 0 does not know.
        knows: Place (x, y) where each believes the nearest water and the hearth to be; -1 does not know.
        goal: What each is after: 0 nothing, else 1 + the level that is to rise.
        honest: False for who says what is not so: of fruit, of places, of people.
    """

    weight: Float[Array, "people levels=6"]
    set_point: Float[Array, "people levels=6"]
    patience: Float[Array, " people"]
    kindness: Float[Array, " people"]
    home: Int[Array, "people 2"]
    believes: Int[Array, "people looks"]
    knows: Int[Array, "people sorts=2 xy=2"]
    goal: Int[Array, " people"]
    honest: Bool[Array, " people"]


class Bonds(eqx.Module):
    """What lies between people. The first axis is whose it is, the second about whom.

    Attributes:
        goodwill: From -1 to 1, 0 towards a stranger; hidden, shown only by what is done and said.
        greeted: Whether this one has greeted that one today.
        may: Whether this one has let that one pick from what is theirs; until the day ends.
        asked: How often this one was asked by that one since this one last slept.
        wronged: The norm (index into `NORMS`, plus 1) that was broken towards this one by that one and not yet
            complained of; else 0.
    """

    goodwill: Float[Array, "people people"]
    greeted: Bool[Array, "people people"]
    may: Bool[Array, "people people"]
    asked: Int[Array, "people people"]
    wronged: Int[Array, "people people"]


class State(eqx.Module):
    """A whole village at one moment.

    Attributes:
        voxels: `Material` of every cell, indexed x (to the east), y (to the south), z (up).
        hearth: The column (x, y) of the hearth.
        lore: What is so here.
        plants: What bears fruit.
        people: Bodies.
        minds: What is inside the villagers.
        bonds: What lies between them.
        said: What each said in the last step.
        time: Steps lived.
    """

    voxels: UInt8[Array, "x y z"]
    hearth: Int[Array, " xy=2"]
    lore: Lore
    plants: Plants
    people: People
    minds: Minds
    bonds: Bonds
    said: Int[Array, "people words=5"]
    time: Int[Array, ""]


class Event(eqx.Module):
    """What happened in a step, as the truth knows it; a maker knows what `observe` shows.

    Attributes:
        hand: What was done (a deed that could not be done still counts as tried).
        did: Whether it could be done.
        say: What was said.
        before: Levels before.
        after: Levels after.
        health: After.
        broke: The norm (index plus 1) that each broke in this step, else 0.
        terminated: Died in this step.
    """

    hand: Int[Array, " people"]
    did: Bool[Array, " people"]
    say: Int[Array, "people words=5"]
    before: Float[Array, "people levels=6"]
    after: Float[Array, "people levels=6"]
    health: Float[Array, " people"]
    broke: Int[Array, " people"]
    terminated: Bool[Array, " people"]


class Observation(eqx.Module):
    """What one person perceives, each sense in its own geometry.

    Attributes:
        sight: Materials around, in the observer's own frame: `[ahead, right, up]`, ahead from -2 (behind) to 6, right from
            -4 to 4, up from -2 to 2; `HIDDEN` where something stands between or the world ends.
        ripe: 1 + the look of the fruit that hangs in a seen cell, else 0.
        person: 1 + who stands in a seen cell, else 0. (Oneself is not seen.)
        holding: As `People.holds`: what the hand touches.
        taste: `Quality` tasted in the last step, else 0.
        heard: Up to four utterances of the last step, nearest first; zeros for none.
        speaker: 1 + who said each, else 0.
        bearing: From where each came in the observer's frame: cells ahead and to the right, divided by 8.
        body: The levels, then health, stress, asleep.
        compass: One-hot of the heading.
        clock: Sine and cosine of the time of day, then of the year.
        place: x and y divided by the size of the land: the sense of where one is.
    """

    sight: UInt8[Array, "ahead=9 right=9 up=5"]
    ripe: UInt8[Array, "ahead=9 right=9 up=5"]
    person: UInt8[Array, "ahead=9 right=9 up=5"]
    holding: Int[Array, ""]
    taste: Int[Array, ""]
    heard: Int[Array, "utterances=4 words=5"]
    speaker: Int[Array, " utterances=4"]
    bearing: Float[Array, "utterances=4 2"]
    body: Float[Array, " body=9"]
    compass: Float[Array, " headings=4"]
    clock: Float[Array, " clock=4"]
    place: Float[Array, " xy=2"]


class Outcome(eqx.Module):
    """What the deeds of a step came to, before anyone judges or hears of it.

    Attributes:
        did: Whether each deed could be done.
        picked: 1 + the plant that each picked from, else 0.
        gave: 1 + the person that each handed something to, else 0.
        front: 1 + the living person who stood in front of each, else 0.
        mouthed: `Quality` of what each ate or tasted, else 0.
        drank: Whether each drank.
    """

    did: Bool[Array, " people"]
    picked: Int[Array, " people"]
    gave: Int[Array, " people"]
    front: Int[Array, " people"]
    mouthed: Int[Array, " people"]
    drank: Bool[Array, " people"]
