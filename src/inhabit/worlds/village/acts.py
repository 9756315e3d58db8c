"""What can be done and said in the village: deeds of the body, and utterances made of five words."""

import enum

import equinox as eqx
from jaxtyping import Array, Int

LOOKS = 6
"""How many looks a fruit can have; what a look means differs from village to village."""

WHERES = 17
"""Codes of a place as said: 0 nothing, then 1 + 2 * octant + far, octants counted clockwise from north."""

FAR = 6
"""A place is far when it is more than this many cells away (the larger of the two distances)."""


class Hand(enum.IntEnum):
    """What a body does in a step. `FRONT` is the column it faces."""

    STAY = 0
    FORWARD = 1  # one cell ahead, up or down one step
    LEFT = 2  # turn
    RIGHT = 3
    PICK = 4  # take a fruit from the plant, or the uppermost loose block, of the column in front
    PUT = 5  # set the held block down on the column in front, or hang a fruit back on a plant of its look
    EAT = 6  # eat the held fruit; without one, drink from water in front
    TASTE = 7  # a nibble of the held fruit: its taste, and most of its poison, if any; the fruit stays
    GIVE = 8  # hand what is held to whoever stands in front with an empty hand
    REST = 9  # sleep; restores rest, more at night


class Say(enum.IntEnum):
    """The first word of an utterance: what is done by saying it."""

    SILENCE = 0
    GREET = 1
    ASK_WHERE = 2  # where is TOPIC?
    ASK_WHAT = 3  # what is fruit TOPIC like?
    ASK_FOR = 4  # please give me (or let me pick) TOPIC
    OFFER = 5  # you may have (or pick) TOPIC
    REFUSE = 6
    TELL_WHERE = 7  # TOPIC is at WHERE
    TEACH = 8  # fruit TOPIC is QUALITY
    WARN = 9  # do not eat TOPIC, it is QUALITY
    THANK = 10
    COMPLAIN = 11  # you did QUALITY (a broken norm)
    GOSSIP = 12  # WHOM did QUALITY, or WHOM says that TOPIC is QUALITY
    FEEL = 13  # I am QUALITY


class Topic(enum.IntEnum):
    """The second word: what is spoken of. The fruit of look `k` is `FRUIT + k`."""

    NOTHING = 0
    WATER = 1
    HEARTH = 2
    BLOCK = 3
    FRUIT = 4


TOPICS = Topic.FRUIT + LOOKS
"""How many topics there are."""


class Quality(enum.IntEnum):
    """The third word: what is said of it. The first four are what a fruit can be."""

    NOTHING = 0
    NOURISHING = 1
    SWEET = 2
    SICKENING = 3
    BLAND = 4
    TOOK = 5  # the norms, as they are complained of: took what is another's
    RUDE = 6  # asked before greeting
    STINGY = 7  # held food and did not share it with the hungry
    PESTERED = 8  # asked a tired person again
    HUNGRY = 9
    THIRSTY = 10
    TIRED = 11
    COLD = 12
    LONELY = 13
    WELL = 14


NORMS = (Quality.TOOK, Quality.RUDE, Quality.STINGY, Quality.PESTERED)
"""What can be wrong in a village, in the order of `Lore.norms`."""

WORDS = (len(Say), TOPICS, len(Quality), WHERES)
"""How many values the first four words of an utterance have; the fifth, whom, has one more than there are people."""


class Deed(eqx.Module):
    """What one person does in a step. With leading axes, many.

    Attributes:
        hand: A `Hand`.
        say: `Say`, topic, `Quality`, where (0 to 16), and whom: 0 everybody, else 1 + the person spoken to (or,
            in gossip, spoken of).
    """

    hand: Int[Array, "*people"]
    say: Int[Array, "*people words=5"]
