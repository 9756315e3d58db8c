"""What villagers want: how much each level's lack is felt, and the goal that each keeps until it is served."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.utility import exponential_utility
from inhabit.types import Key
from inhabit.worlds.village.state import DAY, LEVELS, State

FOOD, WATER, REST, WARMTH, COMPANY, SWEET = range(len(LEVELS))

CURVATURE = 2.0
"""Of every villager's utility of a level."""

URGENT = 0.35
"""Below this a level that one dies of is felt more and more, whatever one values."""

VITAL = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0], np.float32)
"""Which levels one dies of."""

CONTENT = 0.12
"""A need below this moves nobody."""

MARGIN = 0.12
"""By how much another need must be felt more to make one leave a goal that is not served."""


def night(time: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether it is night: the last third of the day."""
    return time % DAY >= 2 * DAY // 3


def needs(state: State) -> Float[Array, "people levels=6"]:
    """How much the lack of each level is felt.

    The utility that is missing below the set point, times six times the weight (a usual weight counts 1); plus three
    times what a vital level is below `URGENT`; at night rest is wanted more, company and sweets less.
    """
    minds, levels = state.minds, state.people.levels
    curvature = jnp.full(levels.shape[1:], CURVATURE)
    utility = lambda level: jax.vmap(exponential_utility, (0, 0, None))(level, minds.set_point, curvature)
    missing = utility(minds.set_point) - utility(jnp.minimum(levels, minds.set_point))
    late = night(state.time)
    by_night = jnp.where(late, jnp.array([1.0, 1, 1, 1, 0.3, 0.3]), 1.0)
    sleepy = late * (levels[:, REST] < 0.95) * 0.4
    felt = 6 * minds.weight * missing * by_night + 3 * VITAL * jnp.maximum(URGENT - levels, 0.0)
    return felt + sleepy[:, None] * (jnp.arange(len(LEVELS)) == REST)


def temperature(stress: Float[Array, " people"]) -> Float[Array, " people"]:
    """Noise of the choice of a goal, in units of need."""
    return 0.02 * jnp.exp(2 * stress)


def turned(state: State, *, key: Key) -> State:
    """Everyone's goal after a step: kept until it is served or something else presses more."""
    felt = needs(state)
    noise = jax.random.gumbel(key, felt.shape)
    tempting = jnp.argmax(felt + temperature(state.people.stress)[:, None] * noise, -1)
    levels = jnp.arange(len(LEVELS))
    at = lambda which: jnp.sum(jnp.where(levels == which[:, None], felt, 0.0), -1)
    goal, old, new = state.minds.goal, at(state.minds.goal - 1), at(tempting)
    stay = (goal > 0) & (old > CONTENT / 3) & (new < old + MARGIN)
    fresh = jnp.where(new > CONTENT, tempting + 1, 0)
    return eqx.tree_at(lambda s: s.minds.goal, state, jnp.where(stay, goal, fresh).astype(goal.dtype))
