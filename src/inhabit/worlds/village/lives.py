"""A village's record as its people would tell it: a life for each day of each, in the log's own format."""

from collections.abc import Iterator
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.compiling import BRIEF
from inhabit.types import OWN, Choice, Key, Life, Message
from inhabit.worlds.village.acts import LOOKS, Deed, Hand, Say, Topic
from inhabit.worlds.village.body import EARSHOT
from inhabit.worlds.village.speaking import log_probabilities
from inhabit.worlds.village.state import DAY, LEVELS, Lore, State
from inhabit.worlds.village.villagers import deliberate, spoken_kind
from inhabit.worlds.village.words import LOOK_WORDS, NAMES, manner_of, sentence
from inhabit.worlds.village.world import Village

OTHER = "neighbour"
"""The role, in a life, of whoever is not its maker."""

IN_SIGHT = 6
"""Within how many cells a maker sees what could be picked."""


class Moment(eqx.Module):
    """One step of a village, as it stood before the deeds, and the deeds.

    Attributes:
        place: Column of each.
        levels: Of each.
        stress: Of each.
        alive: Of each.
        awake: Of each.
        holds: As `People.holds`.
        believes: As `Minds.believes`.
        goal: As `Minds.goal`.
        goodwill: As `Bonds.goodwill`.
        wronged: As `Bonds.wronged`.
        greeted: As `Bonds.greeted`.
        may: As `Bonds.may`.
        asked: As `Bonds.asked`.
        knows: As `Minds.knows`.
        bears: How many plants of each look bear fruit within `IN_SIGHT` of each.
        hand: What each did.
        did: Whether it could be done.
        say: What each said.
        log_chance: With what log-probability each would have said each kind of utterance.
        chance: A uniform number for each, for the phrasing.
        broke: As `Event.broke`.
    """

    place: Int[Array, "*time people 2"]
    levels: Float[Array, "*time people levels=6"]
    stress: Float[Array, "*time people"]
    alive: Bool[Array, "*time people"]
    awake: Bool[Array, "*time people"]
    holds: Int[Array, "*time people"]
    believes: Int[Array, "*time people looks"]
    goal: Int[Array, "*time people"]
    goodwill: Float[Array, "*time people people"]
    wronged: Int[Array, "*time people people"]
    greeted: Bool[Array, "*time people people"]
    may: Bool[Array, "*time people people"]
    asked: Int[Array, "*time people people"]
    knows: Int[Array, "*time people sorts=2 xy=2"]
    bears: Int[Array, "*time people looks"]
    hand: Int[Array, "*time people"]
    did: Bool[Array, "*time people"]
    say: Int[Array, "*time people words=5"]
    log_chance: Float[Array, "*time people kinds"]
    chance: Float[Array, "*time people"]
    broke: Int[Array, "*time people"]


class Record(eqx.Module):
    """What villages lived.

    Attributes:
        lore: Of each village.
        weight: What each level is worth to each person.
        kindness: Of each person.
        patience: Of each person.
        honest: Of each person.
        moments: Every step of every village.
    """

    lore: Lore
    weight: Float[Array, "villages people levels=6"]
    kindness: Float[Array, "villages people"]
    patience: Float[Array, "villages people"]
    honest: Bool[Array, "villages people"]
    moments: Moment


@partial(jax.jit, static_argnames=("villages", "days", "world"), compiler_options=BRIEF)
def run(world: Village, *, villages: int, days: int = 1, key: Key) -> Record:
    """Let villages live for some days, and keep what happened.

    Args:
        world: Of how many people.
        villages: How many villages.
        days: How long each lives.
        key: Same key, same record.
    """

    def one(number: Int[Array, ""]) -> Record:
        reset_key, live_key = jax.random.split(jax.random.fold_in(key, number))
        start = world.reset(key=reset_key)
        _, moments = jax.lax.scan(partial(_step, world), start, jax.random.split(live_key, days * DAY))
        minds = start.minds
        return Record(start.lore, minds.weight, minds.kindness, minds.patience, minds.honest, moments)

    return jax.vmap(one)(jnp.arange(villages))


def _step(world: Village, state: State, key: Key) -> tuple[State, Moment]:
    hand_key, say_key, phrase_key, world_key = jax.random.split(key, 4)
    hand, could = deliberate(state, key=hand_key)
    kind = spoken_kind(state, could, jax.random.gumbel(say_key, could.utility.shape))
    say = jnp.take_along_axis(could.says, kind[:, None, None], 1)[:, 0]
    after, event = world.step(state, Deed(hand=hand, say=say), key=world_key)
    people, plants = state.people, state.plants
    away = jnp.abs(people.place[:, None, :2] - plants.place[None, :, :2]).max(-1)
    seen = (away <= IN_SIGHT) & (plants.fruit > 0)
    return after, Moment(
        place=people.place[:, :2],
        levels=people.levels,
        stress=people.stress,
        alive=people.alive,
        awake=people.alive & (hand != Hand.REST),
        holds=people.holds,
        believes=state.minds.believes,
        goal=state.minds.goal,
        goodwill=state.bonds.goodwill,
        wronged=state.bonds.wronged,
        greeted=state.bonds.greeted,
        may=state.bonds.may,
        asked=state.bonds.asked,
        knows=state.minds.knows,
        bears=jnp.sum(seen[..., None] & (plants.look[:, None] == jnp.arange(LOOKS)), 1),
        hand=event.hand,
        did=event.did,
        say=event.say,
        log_chance=log_probabilities(state, could),
        chance=jax.random.uniform(phrase_key, hand.shape),
        broke=event.broke,
    )


def maker_name(village: int, person: int) -> str:
    """Name of a maker."""
    return f"{NAMES[person]} of village {village}"


def lives(record: Record) -> tuple[Life, ...]:
    """Each day of each person as a life: what was said and heard, picked and eaten.

    Messages of others are those within earshot while the maker was awake. `sees` has what the maker holds (`own`) and the
    looks that hang in sight; `feels` its levels and stress. Picking is a choice among the looks in sight. Lives without a
    word of the maker's are left out.
    """
    plain = jax.tree.map(np.asarray, record)
    villages, steps, people = plain.moments.hand.shape
    return tuple(
        life
        for village in range(villages)
        for day in range(steps // DAY)
        for person in range(people)
        if (life := _life(_day(plain.moments, village, day), village, day, person)) is not None
    )


def _day(moments: Moment, village: int, day: int) -> Moment:
    return jax.tree.map(lambda leaf: leaf[village, day * DAY : (day + 1) * DAY], moments)


def _life(day: Moment, village: int, number: int, person: int) -> Life | None:
    messages: list[Message] = []
    choices: list[Choice] = []
    for time in np.flatnonzero(day.alive[:, person]):
        for speaker in heard_by(day, int(time), person):
            messages.append(_message(day, int(time), speaker, person))
        if (picked := picks(day, int(time), person)) is not None:
            if (choice := _choice(day, int(time), person, picked, len(messages))) is not None:
                choices.append(choice)
            messages.append(_deed(day, int(time), person, "pick", picked))
        elif (eaten := eats(day, int(time), person)) is not None:
            messages.append(_deed(day, int(time), person, "eat", eaten))
    if not any(message.role == "user" and message.content for message in messages):
        return None
    return Life(
        id=f"village-{village:04d}-day-{number}-{NAMES[person]}",
        maker=maker_name(village, person),
        messages=tuple(messages),
        choices=tuple(choices),
        feels=_feels(day, 0, person),
        outcome={"alive": bool(day.alive[-1, person]), "truncated": bool(day.alive[-1, person])},
    )


def heard_by(day: Moment, time: int, person: int) -> Iterator[int]:
    """Who spoke in a step so that a person knows of it: itself, and others within earshot while it is awake."""
    for speaker in np.flatnonzero(day.say[time, :, 0] != Say.SILENCE):
        near = np.abs(day.place[time, speaker] - day.place[time, person]).max() <= EARSHOT
        if speaker == person or (near and day.awake[time, person]):
            yield int(speaker)


def picks(day: Moment, time: int, person: int) -> int | None:
    """The look of the fruit that was picked in a step."""
    if day.hand[time, person] != Hand.PICK or not day.did[time, person] or time + 1 >= len(day.hand):
        return None
    held = int(day.holds[time + 1, person]) - 2
    return held if held >= 0 else None


def eats(day: Moment, time: int, person: int) -> int | None:
    """The look of the fruit that was eaten in a step."""
    held = int(day.holds[time, person]) - 2
    return held if day.hand[time, person] == Hand.EAT and held >= 0 else None


def words_of(day: Moment, time: int, speaker: int) -> str:
    """What was said in a step, in words that tell of the speaker's stress and goodwill."""
    said = day.say[time, speaker]
    to = int(said[4]) - 1
    goodwill = float(day.goodwill[time, speaker, to]) if to >= 0 and said[0] != Say.GOSSIP else 0.3
    manner = manner_of(goodwill, float(day.stress[time, speaker]))
    return sentence(said.tolist(), manner=manner, chance=float(day.chance[time, speaker]))


def _message(day: Moment, time: int, speaker: int, person: int) -> Message:
    kind, topic = (int(word) for word in day.say[time, speaker, :2])
    stance = {Say.ASK_FOR: "ask", Say.OFFER: "offer", Say.REFUSE: "refuse"}.get(Say(kind))
    return Message(
        role="user" if speaker == person else OTHER,
        content=words_of(day, time, speaker),
        time=float(time),
        act=Say(kind).name.lower().replace("_", " "),
        stances={LOOK_WORDS[topic - Topic.FRUIT]: stance} if stance and topic >= Topic.FRUIT else {},
        sees=_sees(day, time, person),
        feels=_feels(day, time, person),
    )


def _deed(day: Moment, time: int, person: int, act: str, look: int) -> Message:
    return Message(
        role="user",
        content="",
        time=float(time),
        act=act,
        stances={LOOK_WORDS[look]: "ask"},
        sees=_sees(day, time, person),
        feels=_feels(day, time, person),
    )


def _choice(day: Moment, time: int, person: int, picked: int, at: int) -> Choice | None:
    looks = [look for look in range(LOOKS) if day.bears[time, person, look] or look == picked]
    if len(looks) < 2:
        return None
    return Choice(at=at, options=tuple({LOOK_WORDS[look]: 1.0} for look in looks), chosen=looks.index(picked))


def _sees(day: Moment, time: int, person: int) -> dict[str, dict[str, int]]:
    held = int(day.holds[time, person]) - 2
    in_sight = {LOOK_WORDS[look]: int(number) for look, number in enumerate(day.bears[time, person]) if number}
    return {OWN: {LOOK_WORDS[held]: 1} if held >= 0 else {}, "in sight": in_sight}


def _feels(day: Moment, time: int, person: int) -> dict[str, float]:
    levels = dict(zip(LEVELS, day.levels[time, person].astype(float).round(2).tolist()))
    return levels | {"stress": round(float(day.stress[time, person]), 2)}
