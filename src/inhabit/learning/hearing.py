"""Hearing learned from lives.

What the maker will do and how it feels is predicted before it speaks, from the words of the turns before. The maker's
own earlier acts are not given but recognised in its words; the labels of the training lives teach that.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from inhabit.learning.batches import draw
from inhabit.learning.turns import SCALE, Rows
from inhabit.mind.hearing import Hearing, Said
from inhabit.types import Key


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How hearing is fitted.

    Attributes:
        dims: Length of a message's latent.
        size: Length of the context's state.
        passes: Over the lives.
        batch: Lives in one step of the optimiser.
        learning_rate: Of Adam, at the start; it falls to 0 along a cosine.
        decay: Weight decay.
        dropout: Share of the context's input and output that is left out; of words, half as much.
        own: Weight of recognising the maker's act in its own words, beside 1 for predicting act and rating.
        partner: Weight of recognising the partner's act in its words; 0 learns nothing from its labels.
    """

    dims: int = 48
    size: int = 64
    passes: int = 12
    batch: int = 24
    learning_rate: float = 4e-3
    decay: float = 1e-4
    dropout: float = 0.4
    own: float = 1.0
    partner: float = 0.0


def created(rows: Rows, settings: Settings, *, key: Key) -> Hearing:
    """Hearing with fresh weights, of the sizes that a log needs."""
    return Hearing.create(
        (rows.heard_weight, rows.own_weight),
        cues=rows.cues.shape[1],
        acts=len(rows.acts),
        partners=len(rows.partners),
        ratings=len(SCALE),
        dims=settings.dims,
        size=settings.size,
        key=key,
    )


def fit(rows: Rows, train: Int[np.ndarray, " some"], settings: Settings, *, key: Key) -> Hearing:
    """Fit hearing to the lives numbered `train`; same key, same hearing."""
    create_key, draw_key = jax.random.split(key)
    random = np.random.default_rng(np.asarray(jax.random.key_data(draw_key)))
    hearing = created(rows, settings, key=create_key)
    total = settings.passes * max(1, len(train) // settings.batch)
    state = _optimiser(settings, total).init(eqx.filter(hearing, eqx.is_inexact_array))
    arrays = _Arrays.of(rows)
    for epoch in range(settings.passes):
        batches = draw(
            rows,
            train,
            batch=settings.batch,
            inputs=int(hearing.context.perceive.in_features),
            size=settings.size,
            dropout=settings.dropout,
            random=random,
        )
        hearing, state, loss = _epoch(hearing, state, arrays, batches, settings, total)
        if not np.isfinite(loss):
            raise FloatingPointError(f"epoch {epoch}: the loss is {loss}; lower the learning rate")
    return hearing


def believe(
    hearing: Hearing, rows: Rows, lives: Int[np.ndarray, " some"]
) -> tuple[Float[np.ndarray, "turns acts"], Float[np.ndarray, "turns ratings"]]:
    """Log probabilities of act and rating before each turn of some lives, in the order of `rows.of(lives)`."""
    places = rows.places[lives]
    acts, ratings = _live(hearing, _Arrays.of(rows), jnp.asarray(places))
    there = places > 0
    return _log_softmax(np.asarray(acts)[there][:, : len(rows.acts)]), _log_softmax(np.asarray(ratings)[there])


class _Arrays(NamedTuple):
    """The arrays of `Rows` that a compiled step reads."""

    heard: Int[Array, "rows words"]
    own: Int[Array, "rows words"]
    cues: Float[Array, "rows cues"]
    act: Int[Array, " rows"]
    partner: Int[Array, " rows"]
    ratings: Float[Array, "rows ratings"]

    @classmethod
    def of(cls, rows: Rows) -> "_Arrays":
        return cls(*(jnp.asarray(getattr(rows, name)) for name in cls._fields))


@eqx.filter_jit
def _live(hearing, arrays, places):
    """Step through lives one turn at a time, as a mind does."""

    def life(places):
        before = jnp.concatenate([jnp.zeros_like(places[:1]), places[:-1]])
        said = Said(arrays.heard[places], arrays.own[before], arrays.cues[places])
        return jax.lax.scan(lambda state, one: hearing.step(state, one), hearing.init(), said)[1]

    return jax.lax.map(life, places, batch_size=16)


def _unroll(hearing, arrays, batch, dropout):
    """The same as `_live` for a batch, each message heard once; also logits of own and partner's acts by row."""
    rows, places = batch.rows, batch.places
    heard, heard_votes, partner = jax.vmap(hearing.perceive)(
        jnp.where(batch.heard, arrays.heard[rows], 0), arrays.cues[rows]
    )
    own, own_votes, own_act = jax.vmap(hearing.recognise)(jnp.where(batch.own, arrays.own[rows], 0))
    before = jnp.pad(places[:, :-1], ((0, 0), (1, 0)))
    inputs = batch.inputs * jnp.concatenate([own[before], heard[places]], -1) / (1 - dropout)

    def step(state, turn):
        return jax.vmap(hearing.context.step)(state, turn)

    start = jnp.zeros((len(places), hearing.context.cell.hidden_size))
    _, context = jax.lax.scan(step, start, inputs.swapaxes(0, 1))
    context = batch.outputs * context.swapaxes(0, 1) / (1 - dropout)
    act, rating = jax.vmap(jax.vmap(hearing.believe))(context, own_votes[before] + heard_votes[places])
    return act, rating, own_act, partner


def _loss(learned, fixed, arrays, batch, settings):
    """Mean nats a turn: act, rating (against the spread of annotators), and the two recognitions."""
    hearing = eqx.combine(learned, fixed)
    act, rating, own_act, partner = _unroll(hearing, arrays, batch, settings.dropout)
    rows = batch.rows
    turns = rows[batch.places]
    felt = -jnp.sum(arrays.ratings[turns] * jax.nn.log_softmax(rating), -1)
    nats = (
        _surprisals(act, arrays.act[turns]).sum()
        + felt.sum()
        + settings.own * _surprisals(own_act, arrays.act[rows]).sum()
        + settings.partner * _surprisals(partner, arrays.partner[rows]).sum()
    )
    return nats / jnp.sum(batch.places > 0)


@eqx.filter_jit
def _epoch(hearing, state, arrays, batches, settings, total):
    """One pass over the batches; the loss is the mean of their losses."""
    learned, fixed = eqx.partition(hearing, eqx.is_inexact_array)
    optimiser = _optimiser(settings, total)

    def step(carry, batch):
        learned, state = carry
        loss, gradient = jax.value_and_grad(_loss)(learned, fixed, arrays, batch, settings)
        updates, state = optimiser.update(gradient, state, learned)
        return (optax.apply_updates(learned, updates), state), loss

    (learned, state), losses = jax.lax.scan(step, (learned, state), batches)
    return eqx.combine(learned, fixed), state, losses.mean()


def _optimiser(settings: Settings, total: int) -> optax.GradientTransformation:
    schedule = optax.cosine_decay_schedule(settings.learning_rate, total)
    adam = optax.adamw(schedule, weight_decay=settings.decay)
    return optax.flatten(optax.chain(optax.clip_by_global_norm(1.0), adam))


def _surprisals(logits: Float[Array, "*turns acts"], act: Int[Array, "*turns"]) -> Float[Array, "*turns"]:
    """`-log p(act)` in nats, 0 where there is no act (-1)."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), jnp.maximum(act, 0)[..., None], -1)[..., 0]
    return jnp.where(act >= 0, -chosen, 0.0)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
