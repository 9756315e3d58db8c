"""Scoring: what a transformer foretold at every place of many documents, read in few passes of one shape."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.maths.flops import Work, count
from inhabit.speech.packing import Document, Rows, pack, unpack
from inhabit.speech.transformer import Transformer

BATCH = 16


@dataclasses.dataclass(frozen=True)
class Scores:
    """Forecasts for each document.

    Attributes:
        nats: Surprisal of every target, whatever its weight.
        choices: Logits of the tokens asked about, at every place.
        work: What it cost.
    """

    nats: list[Float[np.ndarray, " length"]]
    choices: list[Float[np.ndarray, "length choices"]]
    work: Work


def surprisals(logits: Float[Array, "*batch vocabulary"], targets: Int[Array, "*batch"]) -> Float[Array, "*batch"]:
    """`-log p(target)` in nats at each place."""
    return jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]


def _forecast(model: Transformer, rows: Rows, choices: Int[Array, " choices"]) -> tuple[Array, Array]:
    thought = jax.vmap(model)(*map(jnp.asarray, (rows.tokens, rows.segments, rows.positions)))
    logits = model.logits(thought)
    return surprisals(logits, jnp.asarray(rows.targets)), logits[..., choices]


_forecast_compiled = eqx.filter_jit(_forecast)


def score(model: Transformer, documents: Sequence[Document], choices: Sequence[int] = ()) -> Scores:
    """Read documents once and say what was foretold.

    A document longer than the model's context is read in stretches that overlap by half.

    Args:
        model: Who foretells.
        documents: What is read.
        choices: Ids of tokens whose logits are wanted at every place.
    """
    rows, placed = pack(documents, model.context)
    size, asked = len(rows.tokens), jnp.asarray(np.asarray(choices, np.int32))
    nats, chosen = [], []
    for first in range(0, size, BATCH):
        index = np.minimum(np.arange(first, first + BATCH), size - 1)
        nat, choice = _forecast_compiled(model, rows.take(index), asked)
        nats.append(np.asarray(nat))
        chosen.append(np.asarray(choice))
    if not nats:
        return Scores([], [], Work(0.0))
    work = count(_forecast, model, rows.take(np.zeros(BATCH, int)), asked) * len(nats)
    return Scores(unpack(np.concatenate(nats)[:size], placed), unpack(np.concatenate(chosen)[:size], placed), work)
