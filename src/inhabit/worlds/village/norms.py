"""The norms of a village that nobody states: what breaks them, and what it costs with whom."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.worlds.village.acts import Deed, Say
from inhabit.worlds.village.bearings import apart
from inhabit.worlds.village.state import Outcome, State
from inhabit.worlds.village.wanting import FOOD, REST

HUNGRY, TIRED, SATED = 0.4, 0.35, 0.5
"""Below which level of food one is hungry, of rest tired; above which level of food one has enough to share."""

WITNESS = 6
"""Within how many cells others see a wrong done."""

COST, WITNESSED = 0.3, 0.06
"""Goodwill lost with whom one wrongs, and with each witness."""


def judge(before: State, deed: Deed, outcome: Outcome, after: State) -> tuple[State, Int[Array, " people"]]:
    """See what was done against the norms that hold here: goodwill falls, and the wronged remember until they complain.

    Returns:
        The village after, and the norm (index into `NORMS`, plus 1) that each broke, else 0.
    """
    wrongs = wrongs_done(before, deed, outcome)
    norm = jnp.max(wrongs * jnp.arange(1, 5)[:, None, None], 0)  # norm done by first to second person
    broke = norm.max(1)
    wronged = norm.T
    place = after.people.place[:, :2]
    saw = (apart(place, place) <= WITNESS) & (broke > 0)[None] & (wronged == 0) & ~jnp.eye(len(broke), dtype=bool)
    goodwill = after.bonds.goodwill - COST * (wronged > 0) - WITNESSED * saw
    return eqx.tree_at(
        lambda s: (s.bonds.goodwill, s.bonds.wronged),
        after,
        (
            jnp.maximum(goodwill, -1.0),
            jnp.where(wronged > 0, wronged, after.bonds.wronged).astype(after.bonds.wronged.dtype),
        ),
    ), broke


def wrongs_done(before: State, deed: Deed, outcome: Outcome) -> Bool[Array, "norms=4 doer wronged"]:
    """Which norm each broke towards whom in a step; of two at once only the later in `NORMS` counts."""
    people, bonds = before.people, before.bonds
    everyone = jnp.arange(len(people.alive))
    others = people.alive[:, None] & people.alive[None] & (everyone[:, None] != everyone)
    asked = asks(deed.say) & others
    hungry_asker = asks_for(before.said).T & (people.levels[:, FOOD] < HUNGRY)[None]
    had = (people.holds >= 2) & (people.levels[:, FOOD] > SATED) & ~people.asleep
    gave = outcome.gave[:, None] == 1 + everyone
    offered = addressed(deed.say) & (deed.say[:, 0] == Say.OFFER)[:, None]
    plants = jnp.arange(len(before.plants.owner))
    owner = jnp.sum(jnp.where(plants == outcome.picked[:, None] - 1, before.plants.owner, 0), 1)
    took = (owner[:, None] == 1 + everyone) & ~bonds.may.T & others
    tired = (people.levels[:, REST] < TIRED) | people.asleep
    broken = (
        took,
        asked & ~bonds.greeted,
        hungry_asker & had[:, None] & ~gave & ~offered & others,
        asked & (bonds.asked.T > 0) & tired[None],
    )
    return jnp.stack(broken) & before.lore.norms[:, None, None]


def addressed(say: Int[Array, "people words=5"]) -> Bool[Array, "speaker listener"]:
    """Whom each spoke to (gossip is spoken to everybody); speaking to everybody is speaking to nobody."""
    everyone = jnp.arange(1, len(say) + 1)
    return (say[:, 4:] == everyone) & (say[:, :1] != Say.GOSSIP)


def asks(say: Int[Array, "people words=5"]) -> Bool[Array, "speaker listener"]:
    """Who asks whom for anything."""
    kind = say[:, 0]
    return addressed(say) & ((kind == Say.ASK_WHERE) | (kind == Say.ASK_WHAT) | (kind == Say.ASK_FOR))[:, None]


def asks_for(say: Int[Array, "people words=5"]) -> Bool[Array, "speaker listener"]:
    """Who asks whom to be given, or let pick, something."""
    return addressed(say) & (say[:, 0] == Say.ASK_FOR)[:, None]


def strength(goodwill: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """Chance that what is said by someone of this goodwill is believed by who knows nothing of it."""
    return jnp.clip(0.6 + 0.6 * goodwill, 0.03, 0.95)
