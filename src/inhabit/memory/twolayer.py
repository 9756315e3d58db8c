"""Two-layer memory: a small network that takes one step of gradient descent at every event.

Source:
    Sun et al., learning to learn at test time (arXiv 2407.04620); Titans (arXiv 2501.00663).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.memory.memory import AbstractMemory, MemoryInfo, judged
from inhabit.types import Key


class TwoLayerState(eqx.Module):
    """The network's weights as they were lived to be."""

    first: Float[Array, "keys hidden"]
    second: Float[Array, "hidden values"]


class TwoLayerMemory(AbstractMemory[TwoLayerState]):
    """`v = W2' gelu(W1' k)`, one step of normalised gradient descent an event.

    Attributes:
        first: First layer before anything is lived.
        second: Second layer before anything is lived.
        rate: Logit of the share of an error that is written at its cue.
        keep: Logit of the share of what was lived that an event leaves.
        log_noise: Logarithm of the variance with which values are foretold.
    """

    keys: int = eqx.field(static=True)
    values: int = eqx.field(static=True)
    first: Float[Array, "keys hidden"]
    second: Float[Array, "hidden values"]
    rate: Float[Array, ""]
    keep: Float[Array, ""]
    log_noise: Float[Array, ""]

    def __init__(
        self,
        keys: int,
        values: int,
        hidden: int,
        *,
        rate: float = 0.5,
        keep: float = 0.999,
        noise: float = 0.1,
        key: Key,
    ):
        self.keys, self.values = keys, values
        self.first = jax.random.normal(key, (keys, hidden)) * jnp.sqrt(2 / keys)
        self.second = jnp.zeros((hidden, values))
        self.rate, self.keep = jax.scipy.special.logit(jnp.array([rate, keep]))
        self.log_noise = jnp.log(jnp.array(noise))

    def init(self, *, key: Key | None = None) -> TwoLayerState:
        """The weights that were learned."""
        return TwoLayerState(first=self.first, second=self.second)

    def read(
        self, state: TwoLayerState, cue: Float[Array, " {self.keys}"]
    ) -> tuple[Float[Array, " {self.values}"], Float[Array, ""]]:
        """Value expected at a cue, with one variance everywhere."""
        return jax.nn.gelu(cue @ state.first) @ state.second, jnp.exp(self.log_noise)

    def step(
        self,
        state: TwoLayerState,
        event: tuple[Float[Array, " {self.keys}"], Float[Array, " {self.values}"]],
        *,
        key: Key | None = None,
    ) -> tuple[TwoLayerState, MemoryInfo]:
        """Descend once; what is not finite leaves no trace."""
        cue, value = event
        sane = jnp.all(jnp.isfinite(cue)) & jnp.all(jnp.isfinite(value))
        cue, value = jnp.where(sane, cue, 0.0), jnp.where(sane, value, 0.0)
        active, slope = jax.jvp(jax.nn.gelu, (before := cue @ state.first,), (jnp.ones_like(before),))
        error = value - active @ state.second
        back = slope * (state.second @ error)
        # Divided by the squared length of the gradient's features, a full step (rate 1) of the last layer would be exact.
        rate = jax.nn.sigmoid(self.rate) / (1e-6 + active @ active + jnp.sum(cue**2))
        keep = jax.nn.sigmoid(self.keep)
        after = TwoLayerState(
            first=self.first + keep * (state.first - self.first) + rate * jnp.outer(cue, back),
            second=self.second + keep * (state.second - self.second) + rate * jnp.outer(active, error),
        )
        after = jax.tree.map(lambda new, old: jnp.where(sane, new, old), after, state)
        return after, judged(error, jnp.exp(self.log_noise), sane)

    def live(
        self,
        state: TwoLayerState,
        cues: Float[Array, "time {self.keys}"],
        values: Float[Array, "time {self.values}"],
        queries: Float[Array, "time {self.keys}"],
        *,
        chunk: int = 64,
    ) -> tuple[TwoLayerState, Float[Array, "time {self.values}"]]:
        """Live through many events, a chunk at a time: every event of a chunk descends from where the chunk began.

        Unlike with the surprise memory the chunk changes the numbers. With chunks of 1 they are those of `step`, each
        query read before its own event. An event's rate is divided by the sum of its likenesses to the whole chunk, so
        that a chunk of one cue again and again does not overshoot.

        Args:
            state: Before the first event.
            cues: Of each event; an event that is not finite leaves no trace.
            values: Of each event.
            queries: Where to read; each knows all chunks before its own.
            chunk: Events that descend together.
        """
        time, padding = cues.shape[0], -cues.shape[0] % chunk
        sane = jnp.all(jnp.isfinite(cues), -1) & jnp.all(jnp.isfinite(values), -1)

        def cut(part: Array) -> Array:
            part = jnp.pad(part, [(0, padding), *[(0, 0)] * (part.ndim - 1)])
            return part.reshape(-1, chunk, *part.shape[1:])

        keep, rate = jax.nn.sigmoid(self.keep), jax.nn.sigmoid(self.rate)

        def taken(state: TwoLayerState, events: tuple[Array, ...]) -> tuple[TwoLayerState, Array]:
            cue, value, query, here = events
            before = cue @ state.first
            active, slope = jax.jvp(jax.nn.gelu, (before,), (jnp.ones_like(before),))
            alike = jnp.abs(active @ active.T + cue @ cue.T) * here
            error = (here * rate / (1e-6 + jnp.sum(alike, -1)))[:, None] * (value - active @ state.second)
            left = keep ** jnp.sum(here)
            after = TwoLayerState(
                first=self.first + left * (state.first - self.first) + cue.T @ (slope * (error @ state.second.T)),
                second=self.second + left * (state.second - self.second) + active.T @ error,
            )
            return after, jax.nn.gelu(query @ state.first) @ state.second

        clean = (jnp.where(sane[:, None], part, 0.0) for part in (cues, values))
        after, read = jax.lax.scan(taken, state, (*map(cut, clean), cut(queries), cut(sane.astype(cues.dtype))))
        return after, read.reshape(-1, self.values)[:time]
