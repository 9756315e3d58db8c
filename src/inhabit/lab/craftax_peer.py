"""A peer at school in Craftax-Classic: PPO with a flat network and the hyper-parameters published for it, written anew.

What is published: Craftax_Baselines (MIT), `ppo.py` and its sweeps of a million steps (256 worlds for 16 steps between updates);
nothing of it is copied.
"""

import dataclasses
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree

from inhabit.learning.living import strong
from inhabit.maths import returns
from inhabit.maths.compiling import brief
from inhabit.mind.dweller import options
from inhabit.types import Key


class World(Protocol):
    """A world that can be observed in one line; `worlds.adapters.craftax.CraftaxClassic` is one."""

    def reset(self, *, key: Key) -> Any:
        """A new land."""

    def line(self, state: Any) -> Float[Array, " observed"]:
        """All that is perceived there."""

    def step(self, state: Any, act: Int[Array, ""], *, key: Key) -> tuple[Any, Any]:
        """Do something; what it came to has `reward`, `terminated` and `truncated`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Terms:
    """As published.

    Attributes:
        worlds: Lived in side by side.
        steps: Of each between updates.
        births: New worlds drawn in every step, for those that ended; shared if more did.
        epochs: How often the steps of an update are gone through.
        minibatches: Into how many parts they are dealt, step by step.
        rate: Of Adam at first; it falls to 0 in a straight line.
        discount: Of the next step's reward.
        lambda_: Of the advantages.
        clip: Of the ratio, and of how far a value may move.
        entropy: Worth of a nat of the policy's entropy.
        value: Weight of the value's error.
        longest: Norm at which a gradient is cut.
        width: Of each of three hidden layers, of the actor and of the critic.
    """

    worlds: int = 256
    steps: int = 16
    births: int = 16
    epochs: int = 4
    minibatches: int = 8
    rate: float = 2e-4
    discount: float = 0.99
    lambda_: float = 0.8
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 0.5
    longest: float = 1.0
    width: int = 512

    @property
    def transitions(self) -> int:
        """Steps lived for one update."""
        return self.worlds * self.steps

    def optimiser(self, updates: int) -> optax.GradientTransformation:
        """Adam, over so many updates."""
        rate = optax.linear_schedule(self.rate, 0.0, updates * self.epochs * self.minibatches)
        return optax.chain(optax.clip_by_global_norm(self.longest), optax.adam(rate, eps=1e-5))


class FlatNetwork(eqx.Module):
    """All that is observed in one line, through three hidden layers; actor and critic share nothing."""

    actor: tuple[eqx.nn.Linear, ...]
    critic: tuple[eqx.nn.Linear, ...]

    @classmethod
    def create(cls, observed: int, acts: int, width: int, *, key: Key) -> "FlatNetwork":
        """Orthogonal weights, no bias, hardly any preference between acts."""
        actor_key, critic_key = jax.random.split(key)
        hidden = (observed, width, width, width)
        return cls(_layers((*hidden, acts), 0.01, key=actor_key), _layers((*hidden, 1), 1.0, key=critic_key))

    def __call__(self, seen: Float[Array, "many observed"]) -> tuple[Float[Array, "many acts"], Float[Array, " many"]]:
        """Log-probabilities of the acts, and values."""
        return jax.nn.log_softmax(_through(self.actor, seen)), _through(self.critic, seen)[:, 0]


class Pupil(eqx.Module):
    """Everything that an update replaces.

    Attributes:
        network: Who learns.
        momentum: State of the optimiser.
        place: The state of each world.
        seen: What is observed there.
        paid: Reward of each life so far.
        key: Of all that is random from here on.
    """

    network: FlatNetwork
    momentum: PyTree
    place: PyTree
    seen: Float[Array, "worlds observed"]
    paid: Float[Array, " worlds"]
    key: Key


class Lived(eqx.Module):
    """What was lived between updates; leading axes: steps, worlds.

    Attributes:
        seen: What was observed.
        act: What was done.
        log_probability: Of that.
        value: Expected before it.
        reward: For it.
        over: Whether the life ended in it.
        total: Reward of the life that ended, else 0.
    """

    seen: Float[Array, "steps worlds observed"]
    act: Int[Array, "steps worlds"]
    log_probability: Float[Array, "steps worlds"]
    value: Float[Array, "steps worlds"]
    reward: Float[Array, "steps worlds"]
    over: Bool[Array, "steps worlds"]
    total: Float[Array, "steps worlds"]


def enrol(world: World, acts: int, terms: Terms, updates: int, *, seed: int) -> Pupil:
    """A pupil before its first update.

    Args:
        world: Where it lives.
        acts: It can choose from.
        terms: How it learns.
        updates: After which its rate will be 0.
        seed: Of all that is random.
    """
    network_key, birth_key, key = jax.random.split(jax.random.key(seed), 3)
    place, seen = brief(_born)(world, jax.random.split(birth_key, terms.worlds))
    network = FlatNetwork.create(seen.shape[1], acts, terms.width, key=network_key)
    momentum = terms.optimiser(updates).init(eqx.filter(network, eqx.is_inexact_array))
    return strong(Pupil(network, momentum, place, seen, jnp.zeros(terms.worlds), key))


def live(pupil: Pupil, world: World, terms: Terms, *, key: Key) -> tuple[Pupil, Lived]:
    """Let all lives go on; a life that ends is followed by a new one in the next step."""

    def step(carry: tuple[PyTree, Array, Array], key: Key) -> tuple[Any, Lived]:
        place, seen, paid = carry
        act_key, step_key, birth_key = jax.random.split(key, 3)
        logits, value = pupil.network(seen)
        act = jax.random.categorical(act_key, logits)
        place, after, came = _stepped(world, place, act, jax.random.split(step_key, terms.worlds))
        over, paid = came.terminated | came.truncated, paid + came.reward
        lived = Lived(seen, act, options.at(logits, act), value, came.reward, over, paid * over)
        fresh = _born(world, jax.random.split(birth_key, terms.births))
        place, after = _reborn((place, after), fresh, over)
        return (place, after, paid * ~over), lived

    keys = jax.random.split(key, terms.steps)
    now, lived = jax.lax.scan(step, (pupil.place, pupil.seen, pupil.paid), keys)
    return eqx.tree_at(lambda one: (one.place, one.seen, one.paid), pupil, now), lived


def improve(pupil: Pupil, lived: Lived, terms: Terms, updates: int, *, key: Key) -> Pupil:
    """Learn from what was lived: epochs of minibatches of single steps."""
    last = pupil.network(pupil.seen)[1]
    value = jnp.concatenate([lived.value, last[None]])
    better = jax.vmap(returns.advantages, (1, 1, 1, None), 1)
    advantage = better(lived.reward, terms.discount * ~lived.over, value, terms.lambda_)
    whole = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (lived, advantage, advantage + lived.value))

    def learn(carry: tuple[FlatNetwork, PyTree], which: Int[Array, " part"]) -> tuple[Any, None]:
        network, momentum = carry
        gradient = jax.grad(loss)(network, *jax.tree.map(lambda leaf: leaf[which], whole), terms)
        with jax.numpy_dtype_promotion("standard"):
            change, momentum = terms.optimiser(updates).update(gradient, momentum)
        return (eqx.apply_updates(network, change), momentum), None

    orders = jax.vmap(lambda key: jax.random.permutation(key, terms.transitions))(jax.random.split(key, terms.epochs))
    orders = orders.reshape(terms.epochs * terms.minibatches, -1)
    learned, _ = jax.lax.scan(learn, (pupil.network, pupil.momentum), orders)
    return eqx.tree_at(lambda one: (one.network, one.momentum), pupil, learned)


def loss(
    network: FlatNetwork, lived: Lived, advantage: Float[Array, " part"], target: Float[Array, " part"], terms: Terms
) -> Float[Array, ""]:
    """What an update lowers."""
    logits, value = network(lived.seen)
    ones = jnp.ones_like(advantage)
    gain = returns.clipped_surrogate(
        options.at(logits, lived.act) - lived.log_probability, returns.standardised(advantage, ones), terms.clip
    )
    near = lived.value + jnp.clip(value - lived.value, -terms.clip, terms.clip)
    error = 0.5 * jnp.mean(jnp.maximum((value - target) ** 2, (near - target) ** 2))
    entropy = jnp.mean(options.entropy(logits))
    return terms.value * error - jnp.mean(gain) - terms.entropy * entropy


@eqx.filter_jit
def update(
    pupil: Pupil, world: World, terms: Terms, updates: int
) -> tuple[Pupil, tuple[Float[Array, ""], Int[Array, ""]]]:
    """Live, then learn; also the reward of the lives that ended, all together, and their number."""
    live_key, learn_key, key = jax.random.split(pupil.key, 3)
    pupil, lived = live(pupil, world, terms, key=live_key)
    pupil = improve(pupil, lived, terms, updates, key=learn_key)
    pupil = eqx.tree_at(lambda one: one.key, pupil, key)
    return strong(pupil), (jnp.sum(lived.total), jnp.sum(lived.over))


def spent(
    network: FlatNetwork, world: World, *, lives: int, longest: int, key: Key
) -> tuple[Float[np.ndarray, " lives"], Int[np.ndarray, " lives"]]:
    """Rewards and lengths of new lives in new lands, cut off after `longest` steps; nothing is learned."""
    place, seen = brief(_born)(world, jax.random.split(jax.random.fold_in(key, longest), lives))
    now = place, seen, jnp.zeros(lives, bool), jnp.zeros(lives), jnp.zeros(lives, int)
    for number in range(longest):
        if number % 50 == 0 and bool(jnp.all(now[2])):
            break
        now = _on(network, world, now, key=jax.random.fold_in(key, number))
    return np.asarray(now[3]), np.asarray(now[4])


@eqx.filter_jit
def _on(network: FlatNetwork, world: World, now: tuple[PyTree, ...], *, key: Key) -> Any:
    place, seen, over, paid, age = now
    act_key, step_key = jax.random.split(key)
    act = jax.random.categorical(act_key, network(seen)[0])
    place, seen, came = _stepped(world, place, act, jax.random.split(step_key, over.shape[0]))
    now = place, seen, over | came.terminated | came.truncated, paid + came.reward * ~over, age + ~over
    return strong(now)


def _born(world: World, keys: Key) -> tuple[PyTree, Float[Array, "many observed"]]:
    place = jax.vmap(lambda key: world.reset(key=key))(keys)
    return place, jax.vmap(world.line)(place)


def _stepped(world: World, place: PyTree, act: Array, keys: Key) -> tuple[PyTree, Array, Any]:
    place, came = jax.vmap(lambda place, act, key: world.step(place, act, key=key))(place, act, keys)
    return place, jax.vmap(world.line)(place), came


def _reborn(lives: PyTree, fresh: PyTree, over: Bool[Array, " worlds"]) -> PyTree:
    """Replace the lives that are over, in their order; too few new ones go round again."""
    which = (jnp.cumsum(over) - 1) % jax.tree.leaves(fresh)[0].shape[0]
    replace = lambda old, new: jnp.where(over.reshape(-1, *[1] * (old.ndim - 1)), new[which], old)
    return jax.tree.map(replace, lives, fresh)


def _layers(sizes: tuple[int, ...], last: float, *, key: Key) -> tuple[eqx.nn.Linear, ...]:
    gains = [2**0.5] * (len(sizes) - 2) + [last]
    keys = jax.random.split(key, len(gains))
    each = zip(sizes, sizes[1:], gains, keys)
    return tuple(_layer(before, after, gain, key=one) for before, after, gain, one in each)


def _layer(before: int, after: int, gain: float, *, key: Key) -> eqx.nn.Linear:
    weight = jax.nn.initializers.orthogonal(gain)(key, (after, before))
    return eqx.tree_at(
        lambda one: (one.weight, one.bias), eqx.nn.Linear(before, after, key=key), (weight, jnp.zeros(after))
    )


def _through(layers: tuple[eqx.nn.Linear, ...], seen: Float[Array, "many before"]) -> Float[Array, "many after"]:
    *hidden, last = layers
    for layer in hidden:
        seen = jnp.tanh(seen @ layer.weight.T + layer.bias)  # type: ignore[operator]
    return seen @ last.weight.T + last.bias  # type: ignore[operator]
