"""Villagers: minds with hidden values, knowledge and habits, and what each would do by its own."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.maths.choice import gumbel_max
from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, Deed, Quality, Say
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.paths import Ground
from inhabit.worlds.village.seeking import errands, hands, nearest
from inhabit.worlds.village.speaking import Talk, noise, talk
from inhabit.worlds.village.state import LEVELS, Bonds, Lore, Minds, State

WEIGHT_SPREAD = 0.5
"""Standard deviation of a weight's logarithm."""

COMMON = np.log(np.array([1.2, 1.2, 1.0, 1.0, 0.8, 0.8], np.float32))
"""Logarithm of a usual weight, before they are made to sum to 1."""

KNOWN, MISTAKEN = 0.9, 0.02
"""Chance that a villager is right about a look from the start, and that it is wrong."""


def draw_minds(
    lore: Lore, voxels: Array, homes: Int[Array, "people 3"], *, liars: Float[Array, ""] | float = 0.0, key: Key
) -> Minds:
    """Draw what is inside the villagers.

    Args:
        lore: What is so here.
        voxels: The land.
        homes: Where each sleeps, and begins.
        liars: Share of villagers who say what is not so.
        key: Same key, same minds.
    """
    people = len(homes)
    drawn = iter(jax.random.split(key, 9))
    weight = jax.nn.softmax(jnp.asarray(COMMON) + WEIGHT_SPREAD * jax.random.normal(next(drawn), (people, len(LEVELS))))
    chance = jax.random.uniform(next(drawn), (people, LOOKS))
    guess = jax.random.randint(next(drawn), (people, LOOKS), int(Quality.NOURISHING), int(Quality.BLAND) + 1)
    believes = jnp.where(chance < KNOWN, lore.quality, jnp.where(chance < KNOWN + MISTAKEN, guess, 0))
    found = jax.random.uniform(next(drawn), (people, 2, 1)) < jnp.array([0.9, 0.95])[:, None]
    water, _ = nearest(jnp.any(voxels == Material.WATER, 2), homes[:, :2])
    hearth, _ = nearest(jnp.any(voxels == Material.HEARTH, 2), homes[:, :2])
    return Minds(
        weight=weight,
        set_point=jax.random.uniform(next(drawn), (people, len(LEVELS)), minval=0.75, maxval=0.95),
        patience=jnp.exp(0.5 * jax.random.normal(next(drawn), (people,))),
        kindness=jax.random.uniform(next(drawn), (people,), minval=0.1, maxval=0.9),
        home=homes[:, :2],
        believes=believes.astype(lore.quality.dtype),
        knows=jnp.where(found, jnp.stack([water, hearth], 1), -1),
        goal=jnp.zeros(people, int),
        honest=jax.random.uniform(next(drawn), (people,)) >= liars,
    )


def draw_bonds(people: int, *, key: Key) -> Bonds:
    """Draw what lies between people who know one another: some goodwill, nothing yet said or done today."""
    none = jnp.zeros((people, people), bool)
    goodwill = jnp.clip(0.25 + 0.25 * jax.random.normal(key, (people, people)), -0.5, 0.9)
    count = jnp.zeros((people, people), int)
    return Bonds(
        goodwill=jnp.where(jnp.eye(people, dtype=bool), 0.0, goodwill),
        greeted=none,
        may=none,
        asked=count,
        wronged=count,
    )


def decide(state: State, *, key: Key) -> Deed:
    """What everyone would do by its own hidden mind."""
    hand_key, say_key = jax.random.split(key)
    hand, could = deliberate(state, key=hand_key)
    kind = spoken_kind(state, could, jax.random.gumbel(say_key, could.utility.shape))
    say = jnp.sum(jnp.where((jnp.arange(len(Say)) == kind[:, None])[..., None], could.says, 0), 1)
    return Deed(hand=hand, say=say.astype(state.said.dtype))


def deliberate(state: State, *, key: Key) -> tuple[Int[Array, " people"], Talk]:
    """What everyone's hand does, and what each could say meanwhile."""
    ground = Ground.of(state.voxels)
    errand = errands(state, ground)
    hand = hands(state, ground, errand, jax.random.uniform(key, (len(state.people.alive), 6)))
    return hand, talk(state, ground, errand, hand)


def spoken_kind(state: State, could: Talk, surprise: Float[Array, "people kinds"]) -> Int[Array, " people"]:
    """Which kind of utterance each chooses, with given Gumbel noise."""
    return jax.vmap(gumbel_max)(could.utility / noise(state.people.stress)[:, None], surprise)
