"""Utterances, kind by kind: the words that each villager would say it with, and the utility of saying it.

What is spoken of and to whom follows from what the speaker believes, wants and feels, so the message tells of its maker.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths import choice
from inhabit.worlds.village.acts import LOOKS, NORMS, Quality, Say, Topic
from inhabit.worlds.village.around import Around, of, one
from inhabit.worlds.village.bearings import apart, where_code
from inhabit.worlds.village.norms import HUNGRY
from inhabit.worlds.village.paths import Ground
from inhabit.worlds.village.seeking import Errand, enough, hearth_known, water_known
from inhabit.worlds.village.state import State
from inhabit.worlds.village.wanting import COMPANY, FOOD, REST, SWEET, WARMTH, WATER

_FELT = np.array([Quality.WELL, Quality.HUNGRY, Quality.THIRSTY, Quality.TIRED, Quality.COLD, Quality.LONELY, 0])
_FELT[6] = Quality.HUNGRY  # who wants sweets says so


def silence(state: State, around: Around) -> tuple[Array, Array]:
    """1; less while someone waits for an answer, unless one bears them a grudge."""
    asker = jnp.maximum(jnp.maximum(around.where_asker, around.what_asker), around.for_asker)
    grudge = jnp.maximum(-of(state.bonds.goodwill, asker), 0.0)
    return _words(Say.SILENCE, asker * 0), 1.5 + jnp.where(asker > 0, 5 * grudge - 1.0, 0.0)


def greet(state: State, around: Around) -> tuple[Array, Array]:
    """Who has not been greeted today and is near, the one liked best."""
    new = around.hears & ~state.bonds.greeted & (around.away <= 4)
    whom = one(new, state.bonds.goodwill - 0.1 * around.away)
    warmth = 3.0 + 2.0 * of(state.bonds.goodwill, whom)
    return _words(Say.GREET, whom), _if(whom > 0, warmth)


def ask_where(state: State, errand: Errand, around: Around) -> tuple[Array, Array]:
    """Whoever is lost asks whom it likes best where water, the hearth or a fruit that it wants is."""
    goal = state.minds.goal - 1
    lost = ~errand.found
    fruit = _look_wanted(state)
    topic = jnp.select([goal == WATER, goal == WARMTH], [int(Topic.WATER), int(Topic.HEARTH)], fruit)
    wants = lost & ((goal == WATER) | (goal == WARMTH) | (((goal == FOOD) | (goal == SWEET)) & (fruit > 0)))
    whom = one(around.may_ask & wants[:, None], state.bonds.goodwill)
    return _words(Say.ASK_WHERE, whom, topic), _if(whom > 0, jnp.full(len(goal), 3.0))


def ask_what(state: State, errand: Errand, around: Around) -> tuple[Array, Array]:
    """Of a fruit in the hand, or about to be picked, of which one believes nothing."""
    held = state.people.holds - 2
    looks = state.plants.look[jnp.clip(errand.plant - 1, 0, len(state.plants.look) - 1)]
    look = jnp.where(held >= 0, held, looks)
    open_ = ((held >= 0) | (errand.plant > 0)) & (_belief(state, look) == Quality.NOTHING)
    whom = one(around.may_ask & open_[:, None], state.bonds.goodwill)
    return _words(Say.ASK_WHAT, whom, Topic.FRUIT + look), _if(whom > 0, jnp.full(len(look), 2.5))


def ask_for(state: State, errand: Errand, around: Around) -> tuple[Array, Array]:
    """Who is hungry asks whoever holds what it likes, else the owner of the plant that it would pick from."""
    people, goal = state.people, state.minds.goal - 1
    hungry = ((goal == FOOD) | (goal == SWEET)) & (people.holds == 0)
    held = people.holds - 2
    liked = jnp.where(goal == SWEET, int(Quality.SWEET), int(Quality.NOURISHING))
    likes = jnp.sum(jnp.where(held[None, :, None] == jnp.arange(LOOKS), state.minds.believes[:, None], 0), -1)
    giver = one(around.may_ask & hungry[:, None] & (likes == liked[:, None]), state.bonds.goodwill)
    wish = jnp.clip(errand.wish - 1, 0, len(state.plants.look) - 1)
    owner = state.plants.owner[wish] * (errand.wish > 0)
    owner *= jnp.any(around.may_ask & (owner[:, None] == 1 + jnp.arange(len(goal))), -1) & hungry & (errand.plant == 0)
    whom = jnp.where(giver > 0, giver, owner)
    look = jnp.where(giver > 0, held[jnp.clip(giver - 1, 0)], state.plants.look[wish])
    return _words(Say.ASK_FOR, whom, Topic.FRUIT + look), _if(whom > 0, 3.0 + 1.0 * (people.levels[:, FOOD] < HUNGRY))


def _will(state: State, asker: Int[Array, " people"]) -> Float[Array, " people"]:
    """How willing each is to let an asker have something: kindness, goodwill, and not being hungry oneself."""
    stingy = state.lore.norms[NORMS.index(Quality.STINGY)] & enough(state)
    hungry = jnp.maximum(0.5 - state.people.levels[:, FOOD], 0.0)
    return 2 * (state.minds.kindness - 0.4) + 2 * of(state.bonds.goodwill, asker) - 4 * hungry + 1.5 * stingy


def _has(state: State, topic: Int[Array, " people"]) -> Bool[Array, " people"]:
    """Who holds, or has on a plant of theirs, the fruit that is spoken of."""
    everyone = jnp.arange(len(topic))
    look = topic - Topic.FRUIT
    plants = (state.plants.owner == 1 + everyone[:, None]) & (state.plants.look == look[:, None])
    return (state.people.holds - 2 == look) | jnp.any(plants & (state.plants.fruit > 0), -1)


def offer(state: State, around: Around) -> tuple[Array, Array]:
    """What one was asked for and has; and unasked to whoever says that it is hungry."""
    asker = around.for_asker
    topic = _topic(state, asker)
    answer = _if((asker > 0) & _has(state, topic), 2.5 + 3 * _will(state, asker))
    starving = around.hears & ((state.said[:, 0] == Say.FEEL) & (state.said[:, 2] == Quality.HUNGRY))[None]
    poor = one(starving & enough(state)[:, None] & (state.people.holds == 0)[None], state.bonds.goodwill)
    unasked = _if((asker == 0) & (poor > 0), 1.0 + 2 * _will(state, poor))
    topic = jnp.where(asker > 0, topic, Topic.FRUIT + state.people.holds - 2)
    return _words(Say.OFFER, jnp.where(asker > 0, asker, poor), topic), jnp.maximum(answer, unasked)


def refuse(state: State, around: Around) -> tuple[Array, Array]:
    """Who has it and will not give it says so; who bears a grudge tells nothing either."""
    asker, other = around.for_asker, jnp.maximum(around.where_asker, around.what_asker)
    whom = jnp.where(asker > 0, asker, other)
    topic = _topic(state, whom)
    give = jnp.where(_has(state, topic), 2.5 - 3 * _will(state, whom), 3.0)
    tell = 0.5 - 5 * of(state.bonds.goodwill, whom)
    return _words(Say.REFUSE, whom, topic), _if(whom > 0, jnp.where(asker > 0, give, tell))


def tell_where(state: State, ground: Ground, around: Around) -> tuple[Array, Array]:
    """An answer; a liar points the other way."""
    asker, place = around.where_asker, state.people.place[:, :2]
    topic = _topic(state, asker)
    water, has_water = water_known(state, ground)
    hearth, has_hearth = hearth_known(state)
    bears = (state.plants.look + Topic.FRUIT == topic[:, None]) & (state.plants.fruit > 0)
    away = apart(place, state.plants.place[:, :2])
    plant = state.plants.place[jnp.argmin(jnp.where(bears, away, 999), -1), :2]
    cases = [topic == Topic.WATER, topic == Topic.HEARTH]
    there = jnp.where(cases[0][:, None], water, jnp.where(cases[1][:, None], hearth, plant))
    known = jnp.where(cases[0], has_water, jnp.where(cases[1], has_hearth, jnp.any(bears, -1)))
    delta = jnp.where(state.minds.honest[:, None], 1, -1) * (there - place)
    return _words(Say.TELL_WHERE, asker, topic, where=where_code(delta)), _if((asker > 0) & known, _trust(state, asker))


def teach(state: State, around: Around) -> tuple[Array, Array]:
    """An answer about a fruit that one believes to be no danger."""
    asker = around.what_asker
    topic = _topic(state, asker)
    claim = _claim(state, topic)
    open_ = (asker > 0) & (claim != Quality.NOTHING) & (claim != Quality.SICKENING)
    return _words(Say.TEACH, asker, topic, claim), _if(open_, _trust(state, asker))


def warn(state: State, around: Around) -> tuple[Array, Array]:
    """An asker is warned, and whoever holds what one believes to be sickening."""
    asker = around.what_asker
    topic = _topic(state, asker)
    answer = _if((asker > 0) & (_claim(state, topic) == Quality.SICKENING), _trust(state, asker))
    holds = state.people.holds[None, :, None] - 2 == jnp.arange(LOOKS)
    fears = jnp.sum(jnp.where(holds, state.minds.believes[:, None], 0), -1) == Quality.SICKENING
    eater = one(around.hears & fears, state.bonds.goodwill)
    unasked = _if((asker == 0) & (eater > 0), 3.0 + 2 * of(state.bonds.goodwill, eater))
    whom = jnp.where(asker > 0, asker, eater)
    held = Topic.FRUIT + state.people.holds[jnp.clip(eater - 1, 0)] - 2
    topic = jnp.where(asker > 0, topic, held)
    return _words(Say.WARN, whom, topic, jnp.full_like(topic, int(Quality.SICKENING))), jnp.maximum(answer, unasked)


def thank(state: State, around: Around) -> tuple[Array, Array]:
    """For an offer, a place, a lesson or a warning."""
    return _words(Say.THANK, around.helper), _if(around.helper > 0, 3.0 + 1.0 * of(state.bonds.goodwill, around.helper))


def complain(state: State, around: Around) -> tuple[Array, Array]:
    """The sooner the less patient and the more stressed one is."""
    whom = one(around.hears & (state.bonds.wronged > 0), state.bonds.wronged - 0.1 * around.away)
    norm = of(state.bonds.wronged, whom)
    utility = 1.5 + 1.2 / state.minds.patience + 2 * state.people.stress
    return _words(Say.COMPLAIN, whom, quality=Quality.TOOK + norm - 1), _if(whom > 0, utility)


def gossip(state: State, around: Around) -> tuple[Array, Array]:
    """Of who wronged one and is not by; else of a fruit, on the authority of whom one likes best."""
    company = jnp.any(around.hears, -1)
    everyone = jnp.arange(len(company))
    guilty = one((state.bonds.wronged > 0) & ~around.hears, state.bonds.wronged)
    liar = ~state.minds.honest
    guilty = jnp.where(liar, 1 + (everyone + 1) % len(company), guilty)
    wrong = jnp.where(liar, 1 + everyone % len(NORMS), of(state.bonds.wronged, guilty))
    look = (state.time // 4 + everyone) % LOOKS
    claim = _claim(state, Topic.FRUIT + look)
    friend = one(around.hears, state.bonds.goodwill)
    accuses = (guilty > 0) & (~liar | (state.time % 2 == 0))
    topic = jnp.where(accuses, int(Topic.NOTHING), Topic.FRUIT + look)
    quality = jnp.where(accuses, Quality.TOOK + wrong - 1, claim)
    wants = (state.minds.goal - 1 == COMPANY) * 1.5 + 1.0 * liar
    utility = jnp.where(accuses, 1.0, -1.0) + wants
    says = _words(Say.GOSSIP, jnp.where(accuses, guilty, friend), topic, quality)
    return says, _if(company & (quality > 0), utility)


def feel(state: State, errand: Errand, around: Around) -> tuple[Array, Array]:
    """How one is, said to everybody: more when a need presses and one knows no way."""
    goal = state.minds.goal
    quality = jnp.asarray(_FELT)[goal]
    pressing = (goal > 0) & ~errand.found
    tired = (goal - 1 == REST) * 0.5
    utility = -0.5 + 1.5 * pressing + tired + 1.5 * state.people.stress + (goal - 1 == COMPANY)
    return _words(Say.FEEL, goal * 0, quality=quality), _if(jnp.any(around.hears, -1), utility)


def _words(
    kind: Say,
    whom: Int[Array, " people"],
    topic: Int[Array, " people"] | None = None,
    quality: Int[Array, " people"] | None = None,
    where: Int[Array, " people"] | None = None,
) -> Int[Array, "people words=5"]:
    none = jnp.zeros_like(whom)
    rest = (none if part is None else part.astype(whom.dtype) for part in (topic, quality, where))
    return jnp.stack([jnp.full_like(whom, int(kind)), *rest, whom], -1)


def _topic(state: State, speaker: Int[Array, " people"]) -> Int[Array, " people"]:
    """What the one who spoke to each spoke of."""
    return state.said[jnp.clip(speaker - 1, 0), 1] * (speaker > 0)


def _belief(state: State, look: Int[Array, " people"]) -> Int[Array, " people"]:
    """What each believes of a look."""
    return jnp.sum(jnp.where(jnp.arange(LOOKS) == look[:, None], state.minds.believes, 0), -1)


def _claim(state: State, topic: Int[Array, " people"]) -> Int[Array, " people"]:
    """What each says of a fruit: what it believes; a liar says sickening of the good and nourishing of the bad."""
    belief = _belief(state, topic - Topic.FRUIT)
    lie = jnp.where(belief == Quality.SICKENING, int(Quality.NOURISHING), int(Quality.SICKENING))
    return jnp.where(state.minds.honest | (belief == 0), belief, lie)


def _trust(state: State, asker: Int[Array, " people"]) -> Float[Array, " people"]:
    """Utility of answering."""
    return 4.0 + 5 * jnp.minimum(of(state.bonds.goodwill, asker), 0.0)


def _look_wanted(state: State) -> Int[Array, " people"]:
    """The topic of a fruit that is believed to be what the goal needs; 0 for none."""
    liked = jnp.where(state.minds.goal - 1 == SWEET, int(Quality.SWEET), int(Quality.NOURISHING))
    good = state.minds.believes == liked[:, None]
    return (Topic.FRUIT + jnp.argmax(good, -1)) * jnp.any(good, -1)


def _if(open_: Bool[Array, " people"], utility: Float[Array, " people"]) -> Float[Array, " people"]:
    return jnp.where(open_, utility, choice.FORBIDDEN)
