"""What everyone perceives: sight, touch, taste, hearing, the body, and the senses of place and time."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.worlds.village.body import audible
from inhabit.worlds.village.doing import AHEAD
from inhabit.worlds.village.sight import columns, see, things
from inhabit.worlds.village.state import DAY, SEASON, Observation, State

UTTERANCES = 4
"""How many utterances of a step are heard at most, the nearest."""

REACH = 8.0
"""Bearings are in units of so many cells."""

_TURN = 2 * np.pi * np.arange(DAY) / DAY
_DAYS = np.stack([np.sin(_TURN), np.cos(_TURN)], 1).astype(np.float32)
_SEASONS = 2 * np.pi * np.arange(4 * SEASON) / (4 * SEASON)
_YEAR = np.stack([np.sin(_SEASONS), np.cos(_SEASONS)], 1).astype(np.float32)


def observe(state: State) -> Observation:
    """What everyone perceives of a village as it stands; the leading axis is people."""
    people, size = state.people, state.voxels.shape
    everyone = jnp.arange(len(people.alive))
    seen = jax.vmap(see, (None, None, 0, 0, 0))(
        columns(state.voxels), things(size[:2], state.plants, people), people.place, people.heading, everyone
    )
    heard, speaker, bearing = listen(state)
    clock = jnp.concatenate([jnp.asarray(_DAYS)[state.time % DAY], jnp.asarray(_YEAR)[state.time % (4 * SEASON)]])
    felt = (people.levels, people.health[:, None], people.stress[:, None], people.asleep[:, None])
    return Observation(
        sight=seen[:, 0],
        ripe=seen[:, 1],
        person=seen[:, 2],
        holding=people.holds,
        taste=people.taste,
        heard=heard,
        speaker=speaker,
        bearing=bearing,
        body=jnp.concatenate([part.astype(jnp.float32) for part in felt], 1),
        compass=(people.heading[:, None] == jnp.arange(4)).astype(jnp.float32),
        clock=jnp.broadcast_to(clock, (len(everyone), 4)),
        place=people.place[:, :2] / jnp.array(size[:2], jnp.float32),
    )


def listen(
    state: State,
) -> tuple[Int[Array, "people utterances=4 words=5"], Int[Array, "people utterances=4"], Float[Array, "people 4 2"]]:
    """What each hears, from whom, and from where: the nearest utterances first, of equally near the lower index."""
    people, count = state.people, len(state.said)
    apart = people.place[None, :, :2] - people.place[:, None, :2]
    heard = audible(state) & (state.said[:, 0] > 0)
    distance = jnp.where(heard, jnp.sum(apart**2, -1), 1 << 20) * count + jnp.arange(count)
    rank = jnp.sum(distance[:, None, :] < distance[:, :, None], -1)  # of each speaker, for each listener
    chosen = (rank[:, None, :] == jnp.arange(UTTERANCES)[:, None]) & heard[:, None]
    said = jnp.sum(chosen[..., None] * state.said, 2)
    who = jnp.sum(chosen * jnp.arange(1, count + 1), 2)
    ahead = jnp.asarray(AHEAD)[people.heading]
    right = jnp.asarray(AHEAD)[(people.heading + 1) % 4]
    turned = jnp.stack([jnp.sum(apart * ahead[:, None], -1), jnp.sum(apart * right[:, None], -1)], -1)
    return said, who, jnp.sum(chosen[..., None] * turned[:, None], 2) / REACH
