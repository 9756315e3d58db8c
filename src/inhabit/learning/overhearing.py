"""Overhearing: a network learns a machine from its traffic alone, and answers words in the machine's place."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.speech.recurrent import Recurrent
from inhabit.speech.transformer import Transformer

Network = Transformer | Recurrent
Words = Int[np.ndarray, "sessions length"]
WARM = 16
"""Steps over which the rate rises."""
RECENT = 6.94
"""Exponent of the running average of the parameters: it spans about the last tenth of what was heard."""
ROWS = 256
"""Words that are answered at once."""
STRETCH = 32
"""Words are filled to a multiple of so many inputs, so that few shapes are compiled."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Course:
    """How a network listens. Nothing is heard twice.

    Attributes:
        batch: Sessions in one step.
        steps: Steps in one compiled stretch; the network can be examined between stretches.
        rate: Adam's rate, after `WARM` steps.
    """

    batch: int = 16
    steps: int = 8
    rate: float = 4e-3

    @property
    def stretch(self) -> int:
        """Sessions heard in one stretch."""
        return self.batch * self.steps


def network(family: str, width: int, *, inputs: int, outputs: int, seed: int) -> Network:
    """A network over the symbols of a machine, inputs first.

    Args:
        family: `transformer` (two layers, two heads) or `recurrent`.
        width: Size of the stream or of the state.
        inputs: How many inputs the machine has.
        outputs: How many outputs.
        seed: Same seed, same network.

    Raises:
        ValueError: There is no such family.
    """
    key = jax.random.key(seed)
    if family == "transformer":
        return Transformer(inputs + outputs, width=width, depth=2, heads=2, context=256, key=key)
    if family == "recurrent":
        return Recurrent(inputs + outputs, width=width, key=key)
    raise ValueError(f"no family {family!r}; there are transformer and recurrent")


def parameters(model: Network) -> int:
    """How many numbers the network learns."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_array)))


def interleave(inputs: Words, outputs: Words, width: int) -> Int[np.ndarray, "sessions tokens"]:
    """Traffic as tokens: input, output, input, ...; outputs are numbered after the `width` inputs."""
    return np.stack([inputs, outputs + width], axis=2).reshape(len(inputs), -1).astype(np.int32)


def loss(model: Network, tokens: Int[Array, "sessions tokens"], width: int) -> Float[Array, ""]:
    """Mean surprisal of the outputs in nats; the inputs are not the machine's to say, and are not foretold."""
    thought = jax.vmap(model)(tokens)[:, 0::2]
    forecast = jax.nn.log_softmax(model.logits(thought)[..., width:])
    return -jnp.mean(jnp.take_along_axis(forecast, (tokens[:, 1::2] - width)[..., None], axis=-1))


class Listener(eqx.Module):
    """A network in the midst of listening.

    Attributes:
        model: The network as it is.
        average: Its running average, which answers.
        moments: What Adam keeps.
        heard: Steps made.
    """

    model: Any
    average: Any
    moments: Any
    heard: Int[Array, ""]


def begin(model: Network, course: Course) -> Listener:
    """Nothing heard yet."""
    arrays = eqx.filter(model, eqx.is_array)
    return Listener(model, model, _adam(course).init(arrays), jnp.array(0))


def hear(listener: Listener, tokens: Int[Array, "sessions tokens"], course: Course, width: int) -> Listener:
    """One step of Adam on one batch, and of the running average (Karras et al. 2024, equation 122)."""
    gradient = eqx.filter_grad(loss)(listener.model, tokens, width)
    with jax.numpy_dtype_promotion("standard"):
        change, moments = _adam(course).update(gradient, listener.moments)
    model = eqx.apply_updates(listener.model, change)
    heard = listener.heard + 1
    keep = (1.0 - 1.0 / heard) ** (RECENT + 1)
    average = jax.tree.map(
        lambda old, new: keep * old + (1 - keep) * new if eqx.is_array(new) else new, listener.average, model
    )
    return Listener(model, average, moments, heard)


def _adam(course: Course) -> optax.GradientTransformation:
    rise = optax.linear_schedule(course.rate / WARM, course.rate, WARM)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rise))


@functools.cache
def _stretch(course: Course, width: int) -> Any:
    @eqx.filter_jit
    def run(listener: Listener, tokens: Int[Array, "steps batch tokens"]) -> Listener:
        arrays, still = eqx.partition(listener, eqx.is_array)

        def step(carry, batch):
            after = hear(eqx.combine(carry, still), batch, course, width)
            return eqx.filter(after, eqx.is_array), None

        return eqx.combine(jax.lax.scan(step, arrays, tokens)[0], still)

    return run


def listen(
    model: Network, tokens: Int[np.ndarray, "sessions tokens"], stops: tuple[int, ...], course: Course, width: int
) -> Iterator[tuple[int, Network]]:
    """Hear the sessions once, in order; at each stop give how many were heard, and the network as it would answer.

    The rate stays constant and the answering network is a running average over the last tenth of what it heard, so
    that each stop stands for a run that ended there (Hägele et al. 2024).

    Args:
        model: Before anything was heard.
        tokens: From `interleave`.
        stops: Stretches (of `course.stretch` sessions) after which to stop, rising.
        course: How to listen.
        width: Inputs of the machine.

    Raises:
        ValueError: There is less traffic than the last stop wants.
    """
    if len(tokens) < stops[-1] * course.stretch:
        raise ValueError(f"{len(tokens)} sessions, the last stop wants {stops[-1] * course.stretch}; record more")
    parts = tokens[: stops[-1] * course.stretch].reshape(stops[-1], course.steps, course.batch, -1)
    listener = begin(model, course)
    for number, part in enumerate(parts, 1):
        listener = _stretch(course, width)(listener, jnp.asarray(part))
        if number in stops:
            yield number * course.stretch, listener.average


def flops_of_step(model: Network, length: int, course: Course, width: int) -> float:
    """Floating-point operations of one step on a batch of sessions of `length` pairs."""
    tokens = jax.ShapeDtypeStruct((course.batch, 2 * length), jnp.int32)
    return count(lambda listener, batch: hear(listener, batch, course, width), begin(model, course), tokens).flops


@brief
def _said(model: Network, tokens: Int[Array, "rows tokens"], width: int) -> Int[Array, "rows length"]:
    thought = jax.vmap(model)(tokens)[:, 0::2]
    return jnp.argmax(model.logits(thought)[..., width:], axis=-1)


def answers(model: Network, inputs: Words, outputs: Words, width: int, *, own: int | None = None) -> Words:
    """What the network would answer at each place, had it been right before: the likeliest output.

    A word is answered exactly when every place agrees with `outputs`: until its first error what it said is what
    the machine said, so that one pass over the machine's own answers judges a free run.

    Args:
        model: The network.
        inputs: What is said to it; what lies beyond a word's end may be negative.
        outputs: What the machine answers.
        width: Inputs of the machine.
        own: From this place on the network hears its own answers instead, and is wrong at its own cost.
    """
    length = inputs.shape[1]
    padding = ((0, 0), (0, -length % STRETCH))
    said, heard = np.pad(np.maximum(inputs, 0), padding), np.pad(np.maximum(outputs, 0), padding)
    if own is None or own >= length:
        return _answered(model, said, heard, width)[:, :length]
    for place in range(own, length):
        told = _answered(model, said, heard, width)
        heard[:, place] = told[:, place]
    return np.concatenate([told[:, :own], heard[:, own:length]], axis=1)


def _answered(model: Network, inputs: Words, outputs: Words, width: int) -> Words:
    tokens = interleave(inputs, outputs, width)
    told = []
    for start in range(0, len(tokens), ROWS):
        part = tokens[start : start + ROWS]
        filled = np.pad(part, ((0, ROWS - len(part)), (0, 0)))
        told.append(np.asarray(_said(model, jnp.asarray(filled), width))[: len(part)])
    return np.concatenate(told).astype(np.int32)


def exact(said: Words, outputs: Words, lengths: Int[np.ndarray, " sessions"] | None = None) -> Bool[np.ndarray, " n"]:
    """Which words are answered exactly; what lies beyond a word's length does not count."""
    beyond = np.zeros(said.shape, bool) if lengths is None else np.arange(said.shape[1]) >= lengths[:, None]
    return ((said == outputs) | beyond).all(axis=1)
