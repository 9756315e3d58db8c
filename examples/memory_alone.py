"""The surprise memory alone: it learns what is so, is not taken in by one loud lie, and follows a real change."""

import equinox as eqx
import jax.numpy as jnp

from inhabit.memory.surprise import SurpriseMemory


def main() -> dict[str, float]:
    memory = SurpriseMemory(keys=4, values=4)
    step = eqx.filter_jit(memory.step)
    state, cue = memory.init(), jnp.eye(4)[0]
    true, lie, new = jnp.ones(4), 9 * jnp.ones(4), -2 * jnp.ones(4)
    for _ in range(8):
        state, _ = step(state, (cue, true))
    believed = {"after eight tellings": float(memory.read(state, cue)[0][0])}
    state, info = step(state, (cue, lie))
    believed |= {"surprise of a lie": float(info.surprise), "after one lie": float(memory.read(state, cue)[0][0])}
    for _ in range(3):
        state, _ = step(state, (cue, new))
    believed["after the world changed"] = float(memory.read(state, cue)[0][0])
    for what, number in believed.items():
        print(f"{what:28s}{number:8.2f}")
    return believed


if __name__ == "__main__":
    main()
