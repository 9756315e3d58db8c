"""A survivor: a mind for worlds of others, that sees a small land around its body, feels its body and chooses one deed."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.maths.choice import gumbel_max
from inhabit.mind.dweller import options
from inhabit.mind.dweller.actor import AbstractActor, Relived, Trace
from inhabit.mind.dweller.recurrence import GatedRecurrence
from inhabit.senses.voxels import AbstractSight, Window
from inhabit.types import Key

FELT, CORE, THOUGHT = 64, 128, 192
"""Widths: of what is felt, of what is borne in mind, of a thought."""


class Surroundings(eqx.Module):
    """What a survivor perceives.

    Attributes:
        window: What is seen.
        body: Numbers of order 1.
    """

    window: Window
    body: Float[Array, "*many body"]


class Survivor(AbstractActor[Array]):
    """Sight and body, a recurrence, a policy and one value; no faculty of the dweller's has anything to hold on to here.

    Attributes:
        sight: What is seen, encoded.
        felt: What the body tells, encoded.
        core_: What is borne in mind.
        thinks: From all of it to a thought.
        heads: From a thought to the logits of the deeds and the value.
    """

    sight: AbstractSight
    felt: eqx.nn.Linear
    core_: GatedRecurrence
    thinks: eqx.nn.Linear
    heads: eqx.nn.Linear

    @classmethod
    def create(cls, sight: AbstractSight, width: int, *, body: int, deeds: int, key: Key) -> "Survivor":
        """A newborn, which does anything as likely as anything else.

        Args:
            sight: Encodes windows.
            width: Of its code.
            body: Numbers that the body tells.
            deeds: To choose from.
            key: Random key.
        """
        felt_key, core_key, thinks_key, heads_key = jax.random.split(key, 4)
        joined = width + FELT
        heads = eqx.nn.Linear(THOUGHT, deeds + 1, key=heads_key)
        return cls(
            sight=sight,
            felt=eqx.nn.Linear(body, FELT, key=felt_key),
            core_=GatedRecurrence(joined, CORE, key=core_key),
            thinks=eqx.nn.Linear(joined + CORE, THOUGHT, key=thinks_key),
            heads=eqx.tree_at(lambda one: (one.weight, one.bias), heads, (0.1 * heads.weight, jnp.zeros(deeds + 1))),
        )

    def init(self, *, key: Key | None = None) -> Float[Array, " core"]:
        """Nothing in mind."""
        return self.core_.init()

    def core(self, state: Float[Array, " core"]) -> Float[Array, " core"]:
        """All of it."""
        return state

    def step(  # type: ignore[override]  # its percepts and acts are those of a body in a world
        self, state: Float[Array, " core"], percept: Surroundings, *, key: Key
    ) -> tuple[Float[Array, " core"], Int[Array, ""], Trace]:
        """Perceive, think, choose."""
        state, trace = self.attempt(state, percept, key=key)
        return state, trace.act, trace

    def attempt(
        self, state: Float[Array, " core"], percept: Surroundings, *, key: Key
    ) -> tuple[Float[Array, " core"], Trace]:
        """A step, with all that the lesson needs of it."""
        state, logits, value = self.think(state, jax.tree.map(lambda leaf: leaf[None], percept))
        act = gumbel_max(logits[0], jax.random.gumbel(key, logits[0].shape))
        return state, Trace(
            moment=percept,
            act=act,
            log_probability=options.at(logits[0], act),
            value=value[0],
            worth=jnp.ones(1),
            mood=jnp.zeros(0),
            surprisal=jnp.zeros(1),
        )

    def think(
        self, core: Float[Array, " core"], seen: Surroundings
    ) -> tuple[Float[Array, " core"], Float[Array, "time deeds"], Float[Array, "time goods=1"]]:
        """Think through some moments, one after another: what is then in mind, logits of the deeds, values."""
        felt = jax.nn.relu(seen.body @ self.felt.weight.T + self.felt.bias)  # type: ignore[operator]
        joined = jnp.concatenate([self.sight(seen.window), felt], -1)
        core, cores = self.core_(core, joined)
        thought = jax.nn.relu(jnp.concatenate([joined, cores], -1) @ self.thinks.weight.T + self.thinks.bias)  # type: ignore[operator]
        out = thought @ self.heads.weight.T + self.heads.bias  # type: ignore[operator]
        return core, out[:, :-1], out[:, -1:]

    def relive(self, core: Float[Array, " core"], trace: Trace, shown: Int[Array, " time"] | None = None) -> Relived:
        """Go through some steps again with the mind as it is now."""
        _, logits, value = self.think(core, trace.moment)
        nothing = jnp.zeros_like(trace.log_probability)
        return Relived(
            log_probability=options.at(logits, trace.act),
            entropy=options.entropy(logits),
            value=value,
            surprisal=jnp.zeros_like(trace.surprisal),
            shown=nothing if shown is None else options.at(logits, shown),
        )
