"""What a person has heard and lived: the state that a step replaces."""

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int

from inhabit.knowledge.facts import Facts
from inhabit.memory.surprise import MemoryState
from inhabit.mind.person.own import Belief
from inhabit.types import Act, Percept
from inhabit.values.mood import Mood

CUE = 16
"""Length of the memory's cues and of what it keeps of a percept."""


class Heard(eqx.Module):
    """A percept after the senses: what does not depend on the state of the mind.

    Attributes:
        words: What was said.
        about: What was said with regard to each good.
        gist: What the memory keeps of it.
        leaning: What the words alone make likely to be done, as scores of the acts.
        percept: The percept itself.
    """

    words: Float[Array, " sense"]
    about: Float[Array, "goods about"]
    gist: Float[Array, " cue"]
    leaning: Float[Array, " acts"]
    percept: Percept


class Deed(eqx.Module):
    """All that is seen of what a maker really did at one turn.

    Attributes:
        act: The act.
        rating: Index of the rating given with it; -1 where there is none.
        ends: Whether the maker's part of the life ends with it.
    """

    act: Act
    rating: Int[Array, ""]
    ends: Bool[Array, ""]


class PersonState(eqx.Module):
    """What a person has lived.

    Attributes:
        situation: What it makes of the conversation so far.
        goods: What it makes of each good.
        mood: Stress, valence, load.
        swing: How far the mood would be another, by now, for each unit that log temper were another.
        memory: The surprise memory.
        facts: Who said what of which good, and who did what: when, how often, and in which turn.
        belief: What is believed of the person's own part.
        known: What each good is worth to the person where that is known; NaN where it must be inferred.
        cue: The present cue for the memory.
        expected: What the learned expectation says will be heard, before memory corrects it.
        levels: Levels of the goods as last felt; 0 where never felt.
        stock: Levels and what is held together.
        seen: What is seen of each good now.
        balance: What the partner's last stances would bring of each good: +1 offered, -1 asked for.
        heard: The partner's last act.
        leaning: What the last words alone make likely to be done.
        echo: Fading trace of what was heard, against which repetition is felt.
        last: The person's own last act.
        age: Turns lived.
    """

    situation: Float[Array, " situation"]
    goods: Float[Array, "goods features"]
    mood: Mood
    swing: Mood
    memory: MemoryState
    facts: Facts
    belief: Belief
    known: Float[Array, " goods"]
    cue: Float[Array, " cue"]
    expected: Float[Array, " cue"]
    levels: Float[Array, " goods"]
    stock: Float[Array, " goods"]
    seen: Float[Array, "goods sights"]
    balance: Float[Array, " goods"]
    heard: Int[Array, ""]
    leaning: Float[Array, " acts"]
    echo: Float[Array, " sense"]
    last: Act
    age: Float[Array, ""]
