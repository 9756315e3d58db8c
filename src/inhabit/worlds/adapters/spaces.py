"""The village in Gymnasium's spaces: what one person perceives and can do, and plain arrays of it."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS, WORDS, Deed, Hand, Quality
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.observing import UTTERANCES
from inhabit.worlds.village.state import LEVELS, Event, Observation, State
from inhabit.worlds.village.villagers import decide
from inhabit.worlds.village.world import Village

try:
    from gymnasium import spaces
except ImportError as missing:
    raise ImportError("gymnasium is not installed; get it with: pip install 'inhabit[worlds]'") from missing

ENOUGH = 0.8
"""The level of each need below which it is felt in `relief`."""

_WINDOW = (9, 9, 5)


def observation_space(village: Village) -> spaces.Dict:
    """What one person perceives: the fields of `Observation`, each sense in its own geometry."""
    most = village.people + 1
    box = lambda low, high, shape: spaces.Box(low, high, shape, np.float32)
    cells = lambda high: spaces.Box(0, high, _WINDOW, np.uint8)
    return spaces.Dict(
        {
            "sight": cells(int(Material.HIDDEN)),
            "ripe": cells(LOOKS),
            "person": cells(village.people),
            "holding": spaces.Discrete(2 + LOOKS),
            "taste": spaces.Discrete(int(Quality.BLAND) + 1),
            "heard": spaces.MultiDiscrete(np.tile([*WORDS, most], (UTTERANCES, 1))),
            "speaker": spaces.MultiDiscrete([most] * UTTERANCES),
            "bearing": box(-1, 1, (UTTERANCES, 2)),
            "body": box(0, 1, (len(LEVELS) + 3,)),
            "compass": box(0, 1, (4,)),
            "clock": box(-1, 1, (4,)),
            "place": box(0, 1, (2,)),
        }
    )


def action_space(village: Village) -> spaces.MultiDiscrete:
    """What one person can do in a step: a `Hand`, then the five words of an utterance."""
    return spaces.MultiDiscrete([len(Hand), *WORDS, village.people + 1])


def perceived(observation: Observation, who: int) -> dict[str, Any]:
    """What one person perceives, as an element of `observation_space`."""
    return {
        name: np.int64(leaf[who])
        if name in ("holding", "taste")
        else np.asarray(leaf[who], np.int64 if name in ("heard", "speaker") else None)
        for name, leaf in vars(observation).items()
    }


def relief(event: Event) -> Float[Array, " people"]:
    """Homeostatic reward: by how much drive fell in the step; less 1 for dying.

    Drive is the sum over the levels of the squared shortfall from `ENOUGH`.

    Source:
        Keramati & Gutkin (2014).
    """
    drive = lambda levels: jnp.sum(jnp.maximum(ENOUGH - levels, 0.0) ** 2, -1)
    return drive(event.before) - drive(event.after) - event.terminated


@eqx.filter_jit
def begun(village: Village, key: Key) -> tuple[State, Observation]:
    """A new village, and what everyone perceives of it."""
    state = village.reset(key=key)
    return state, village.observe(state)


@eqx.filter_jit
def stepped(
    village: Village,
    state: State,
    acts: Array | np.ndarray,
    own: Array | np.ndarray,
    key: Key,
) -> tuple[State, Observation, Event, Float[Array, " people"]]:
    """Let some do what they are told (`own`), and the others what they would by their own minds."""
    decide_key, step_key = jax.random.split(key)
    theirs = decide(state, key=decide_key)
    deed = Deed(
        hand=jnp.where(own, acts[:, 0], theirs.hand),
        say=jnp.where(own[:, None], acts[:, 1:], theirs.say),
    )
    after, event = village.step(state, deed, key=step_key)
    return after, village.observe(after), event, relief(event)


def acts_of(village: Village, actions: Mapping[int, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Actions by person as rows, and who acts at all."""
    acts, own = np.zeros((village.people, 1 + len(WORDS) + 1), np.int32), np.zeros(village.people, bool)
    for who, action in actions.items():
        acts[who], own[who] = action, True
    return acts, own
