"""Who is about: who hears whom, who may be asked, and who waits for an answer; and one of many, picked by a score."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from inhabit.worlds.village.acts import Say
from inhabit.worlds.village.bearings import apart
from inhabit.worlds.village.body import EARSHOT
from inhabit.worlds.village.norms import addressed, asks_for
from inhabit.worlds.village.seeking import DESPERATE, rough, unwearied
from inhabit.worlds.village.state import State
from inhabit.worlds.village.wanting import FOOD, WATER


class Around(eqx.Module):
    """Who is about: distances, and who asked each for what in the last step (0 nobody, else 1 + who)."""

    away: Int[Array, "people people"]
    hears: Bool[Array, "people people"]
    may_ask: Bool[Array, "people people"]
    where_asker: Int[Array, " people"]
    what_asker: Int[Array, " people"]
    for_asker: Int[Array, " people"]
    helper: Int[Array, " people"]

    @classmethod
    def of(cls, state: State) -> "Around":
        """Look about."""
        people, bonds = state.people, state.bonds
        place = people.place[:, :2]
        away = apart(place, place)
        others = people.alive[:, None] & people.alive[None] & ~jnp.eye(len(place), dtype=bool)
        hears = others & (away <= EARSHOT)
        norms = state.lore.norms
        desperate = (people.levels[:, FOOD] < DESPERATE) | (people.levels[:, WATER] < DESPERATE) | rough(state)
        polite = bonds.greeted | ~norms[1] | desperate[:, None]
        to_me = addressed(state.said).T & hears
        said = lambda kind: one(to_me & (state.said[:, 0] == kind)[None], -away)
        helped = (
            (state.said[:, 0] == Say.OFFER) | (state.said[:, 0] == Say.TELL_WHERE) | (state.said[:, 0] == Say.TEACH)
        )
        return cls(
            away=away,
            hears=hears,
            may_ask=hears & polite & unwearied(state, rough(state)) & ~people.asleep,
            where_asker=said(Say.ASK_WHERE),
            what_asker=said(Say.ASK_WHAT),
            for_asker=one(asks_for(state.said).T & hears, -away),
            helper=one(to_me & (helped | (state.said[:, 0] == Say.WARN))[None], -away),
        )


def one(which: Bool[Array, "people others"], score: Array) -> Int[Array, " people"]:
    """1 + the best of those who come into question; 0 where none does."""
    return (1 + jnp.argmax(jnp.where(which, score, -99.0), -1)) * jnp.any(which, -1)


def of(bond: Array, whom: Int[Array, " people"]) -> Array:
    """Of a bond, each one's entry for whom it is with; 0 for nobody."""
    others = 1 + jnp.arange(bond.shape[1])
    return jnp.sum(jnp.where(others == whom[:, None], bond, 0), -1)
