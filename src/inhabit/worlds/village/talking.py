"""What talk does to those who hear it: greetings count, leave is given, places and lore are believed, or not."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, Deed, Quality, Say, Topic
from inhabit.worlds.village.bearings import DIRECTIONS, apart, uppermost, where_delta
from inhabit.worlds.village.body import EARSHOT
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.norms import addressed, asks, strength
from inhabit.worlds.village.state import DAY, Minds, Outcome, State
from inhabit.worlds.village.wanting import turned

PLEASED = {
    Say.GREET: 0.04,
    Say.THANK: 0.05,
    Say.OFFER: 0.10,
    Say.TELL_WHERE: 0.05,
    Say.TEACH: 0.05,
    Say.WARN: 0.05,
    Say.REFUSE: -0.04,
    Say.COMPLAIN: -0.04,
}
"""Goodwill that whoever is spoken to gains towards the speaker."""

BLAMED = 0.05
"""Goodwill lost, with each who believes it, by whom a wrong is told of."""


def hear(before: State, deed: Deed, outcome: Outcome, after: State, *, key: Key) -> State:
    """Let everyone hear, remember, believe, and turn to what each then wants.

    Args:
        before: The village before the deeds.
        deed: Of all.
        outcome: What the deeds came to.
        after: The village after hands have done and wrongs have been judged.
        key: For who believes what, and for goals.
    """
    belief_key, goal_key = jax.random.split(key)
    say = jnp.where((before.people.alive & ~before.people.asleep)[:, None], deed.say, 0)
    place = after.people.place[:, :2]
    awake = after.people.alive & ~after.people.asleep
    near = (apart(place, place) <= EARSHOT) & awake[:, None] & ~jnp.eye(len(say), dtype=bool)  # listener, speaker
    told = eqx.tree_at(lambda s: s.said, after, say.astype(after.said.dtype))
    chance = jax.random.uniform(belief_key, near.shape)
    told = _minds(_bonds(told, say, near, chance), before, outcome, near, chance)
    return turned(told, key=goal_key)


def _bonds(state: State, say: Int[Array, "people words=5"], near: Array, chance: Array) -> State:
    bonds = state.bonds
    kind, to = say[:, 0], addressed(say)
    heard = to & near.T  # speaker, listener
    dawn = (state.time + 1) % DAY == 0
    greets = (kind == Say.GREET)[:, None] & (heard | ((say[:, 4] == 0)[:, None] & near.T))
    lets = (kind == Say.OFFER)[:, None] & heard
    asked = bonds.asked + (asks(say) & near.T).T
    spoken_out = (kind == Say.COMPLAIN)[:, None] & heard
    return eqx.tree_at(
        lambda s: s.bonds,
        state,
        eqx.tree_at(
            lambda b: (b.greeted, b.may, b.asked, b.wronged, b.goodwill),
            bonds,
            (
                (bonds.greeted | greets) & ~dawn,
                (bonds.may | lets) & ~dawn,
                jnp.where(state.people.asleep[:, None], 0, asked).astype(bonds.asked.dtype),
                jnp.where(spoken_out, 0, bonds.wronged),
                _goodwill(state, say, heard, near, chance),
            ),
        ),
    )


def _goodwill(state: State, say: Array, heard: Array, near: Array, chance: Array) -> Float[Array, "people people"]:
    """Goodwill after talk: pleased by what is kind, less so towards whom others speak ill of."""
    goodwill, kind = state.bonds.goodwill, say[:, 0]
    pleased = jnp.sum(jnp.stack([jnp.where(kind == word, push, 0.0) for word, push in PLEASED.items()]), 0)
    gained = (pleased[:, None] * heard).T
    blames = (kind == Say.GOSSIP) & (say[:, 1] == Topic.NOTHING)
    believed = near & blames[None] & (chance < strength(goodwill))  # listener, speaker
    whom = say[:, 4:] == 1 + jnp.arange(len(say))  # speaker, blamed
    blamed = jnp.any(believed[:, :, None] & whom[None], 1) & ~jnp.eye(len(say), dtype=bool)
    room = jnp.where(gained > 0, 1 - goodwill, 1.0)
    return jnp.clip(goodwill + gained * room - BLAMED * blamed, -1.0, 1.0)


def _minds(state: State, before: State, outcome: Outcome, near: Array, chance: Array) -> State:
    believes = _tasted(before, outcome, _lore_heard(state, near, chance))
    knows = noticed(state, _places_heard(state, near, chance))
    kept = lambda new, old: jnp.where(_broad(state.people.alive, new), new, old).astype(old.dtype)
    minds: Minds = state.minds
    return eqx.tree_at(
        lambda s: (s.minds.believes, s.minds.knows),
        state,
        (kept(believes, minds.believes), kept(knows, minds.knows)),
    )


def _lore_heard(state: State, near: Array, chance: Array) -> Int[Array, "people looks"]:
    """Beliefs after what was said of fruit: the unknowing are easily taught, the others seldom and by friends."""
    said = state.said
    teaches = (said[:, 0] == Say.TEACH) | (said[:, 0] == Say.WARN) | (said[:, 0] == Say.GOSSIP)
    teaches &= (said[:, 1] >= Topic.FRUIT) & (said[:, 2] <= Quality.BLAND) & (said[:, 2] > 0)
    look = said[:, 1] - Topic.FRUIT
    old = state.minds.believes
    known = jnp.sum(jnp.where(jnp.arange(LOOKS) == look[None, :, None], old[:, None], 0), -1) > 0
    trust = strength(state.bonds.goodwill)
    taken = near & teaches[None] & (chance < jnp.where(known, 0.02 * trust**2, trust))
    heard = jnp.max(jnp.where(taken[:, :, None] & (jnp.arange(LOOKS) == look[:, None]), said[:, 2:3], 0), 1)
    return jnp.where(heard > 0, heard, old)


def _tasted(before: State, outcome: Outcome, believes: Array) -> Int[Array, "people looks"]:
    """One's own mouth is believed."""
    which = (jnp.arange(LOOKS) == before.people.holds[:, None] - 2) & (outcome.mouthed > 0)[:, None]
    return jnp.where(which, outcome.mouthed[:, None], believes)


def _places_heard(state: State, near: Array, chance: Array) -> Int[Array, "people sorts=2 xy=2"]:
    """Where water and the hearth are believed to be, after who does not know has been told by someone trusted."""
    said, place = state.said, state.people.place[:, :2]
    there = jnp.maximum(place + where_delta(said[:, 3]), 0)
    there = jnp.minimum(there, jnp.array(state.voxels.shape[:2]) - 1)
    knows = state.minds.knows
    for sort, topic in enumerate((Topic.WATER, Topic.HEARTH)):
        tells = (said[:, 0] == Say.TELL_WHERE) & (said[:, 1] == topic) & (said[:, 3] > 0)
        taken = near & tells[None] & (chance < strength(state.bonds.goodwill)) & (knows[:, sort, :1] < 0)
        speaker = jnp.argmax(taken, -1)
        knows = knows.at[:, sort].set(jnp.where(jnp.any(taken, -1)[:, None], there[speaker], knows[:, sort]))
    return knows


def noticed(state: State, knows: Array) -> Int[Array, "people sorts=2 xy=2"]:
    """What stands in front is known; a place that one has come to and that is not so is given up."""
    place = state.people.place[:, :2]
    front = place + jnp.array(DIRECTIONS)[state.people.heading]
    seen = uppermost(state.voxels, front)
    for sort, material in enumerate((Material.WATER, Material.HEARTH)):
        believed = knows[:, sort]
        there = jnp.abs(believed - place).max(-1) <= 1
        wrong = there & (uppermost(state.voxels, believed) != material)
        kept = jnp.where(wrong[:, None], -1, believed)
        knows = knows.at[:, sort].set(jnp.where((seen == material)[:, None], front, kept))
    return knows


def _broad(which: Bool[Array, " people"], like: Array) -> Array:
    return which.reshape(which.shape + (1,) * (like.ndim - 1))
