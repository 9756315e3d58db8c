"""The value store alone, in a simulator of your own: someone eats, fills up, feels the cold, swaps, and is got to know."""

import jax
import jax.numpy as jnp

from inhabit.values import Condition, LossAverse, Mood, StoreBelief, Together, ValueStore, levels_of


def main() -> dict[str, float]:
    ann = ValueStore.of({"tea": 1.0, "bread": 2.0}, set_point=2.0, decay=0.3, covariates={"cold": [1.5, 0.0]})
    choose = jax.jit(lambda levels, condition, key: ann.choose(jnp.eye(2), levels, condition, 0.2, key=key))

    # A day: what was eaten wears off, each hour she takes one of the two, the evening is cold.
    levels, eaten = jnp.zeros(2), {"tea": [0, 0], "bread": [0, 0]}
    for hour, key in enumerate(jax.random.split(jax.random.key(0), 16)):
        evening = hour >= 8
        good = int(choose(levels, Condition(Mood.of(), jnp.array([float(evening)])), key))
        levels = ann.decayed(levels).at[good].add(1.0)
        eaten[ann.names[good]][evening] += 1
    found = {f"{good} {part}": float(n) for good, both in eaten.items() for part, n in zip(("by day", "cold"), both)}

    # Forms go around a store: tea is better with bread, and giving up what one has hurts more than getting it pleases.
    rest, swap = Mood.of(), levels_of(ann.names, {"tea": 1.0, "bread": -0.3})[None]
    form = LossAverse.of(Together.of(ann, {("tea", "bread"): 0.5}), 2.0)
    found["gain of a swap"] = float(ann.gains(swap, jnp.ones(2), rest)[0])
    found["the same, loss averse"] = float(form.gains(swap, jnp.ones(2), rest)[0])

    # Someone who knows nothing of her learns her values from what she takes, what she asks for, and what pleases her.
    belief = StoreBelief.around(ValueStore.of({"tea": 1.0, "bread": 1.0}, set_point=2.0), {"value": 1.0})
    for _ in range(3):
        belief = belief.chose(jnp.eye(2), 1, jnp.zeros(2), rest).said("bread", jnp.zeros(2), rest)
    belief = belief.felt(
        jnp.array([1.0, 0.0]), float(ann.gains(jnp.eye(2)[:1], jnp.zeros(2), rest)[0]), jnp.zeros(2), rest
    )
    for good, worth in belief.values(key=jax.random.key(1)).items():
        print(f"{good} is worth {worth} (90 % interval)")
        found[f"learned worth of {good}"] = worth.value
    for what, number in found.items():
        print(f"{what:28s}{number:8.2f}")
    return found


if __name__ == "__main__":
    main()
