"""The surprise memory in one's own network: cues are learned by gradient through every write, then it lives on alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from inhabit.memory.living import live
from inhabit.memory.surprise import SurpriseMemory

SIGHT, TIME = 8, 24


class Network(eqx.Module):
    """Sees something, expects a value by what it remembers, and learns how to look."""

    look: eqx.nn.Linear
    memory: SurpriseMemory

    def __init__(self, key):
        self.look = eqx.nn.Linear(SIGHT, 4, key=key)
        self.memory = SurpriseMemory(4, 2, noise=0.05)

    def __call__(self, sights, values):
        """How far each value was from what was expected."""
        cues = jax.vmap(self.look)(sights)
        _, lived = live(self.memory, self.memory.init(), cues, values)
        return lived.info.innovation


def lives(number, key):
    """What is seen is half noise; the first four numbers decide the value, by a map that is another in every life."""
    sight, rule = jax.random.split(key)
    sights = jax.random.normal(sight, (number, TIME, SIGHT))
    return sights, jnp.einsum("nts,nsv->ntv", sights[..., :4], jax.random.normal(rule, (number, 4, 2)) / 2)


def main(lessons: int = 40) -> dict[str, float]:
    network, optimiser = Network(jax.random.key(0)), optax.adam(3e-2)
    state = optimiser.init(eqx.filter(network, eqx.is_inexact_array))

    def loss(network, key):
        return jnp.mean(jax.vmap(network)(*lives(16, key))[:, TIME // 2 :] ** 2)

    @eqx.filter_jit
    def lesson(network, state, key):
        error, gradient = eqx.filter_value_and_grad(loss)(network, key)
        moved, state = optimiser.update(gradient, state)
        return eqx.apply_updates(network, moved), state, error

    errors = []
    for key in jax.random.split(jax.random.key(1), lessons):
        network, state, error = lesson(network, state, key)
        errors.append(float(error))
    print(f"mean squared error late in life: {errors[0]:.2f} in the first lesson, {errors[-1]:.2f} in the last")
    return {"first": errors[0], "last": errors[-1]}


if __name__ == "__main__":
    main()
