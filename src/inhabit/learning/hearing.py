"""Hearing learned from lives: the text sense, the context of the talk, and heads for the maker's next act and rating.

What the maker will do and how it feels is predicted before it speaks, from the words of the turns before. The maker's
own earlier acts are not given but recognised in its words; the labels of the training lives teach that.
"""

import dataclasses
from typing import NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from inhabit.learning.batches import draw
from inhabit.learning.turns import SCALE, Rows
from inhabit.senses.context import TurnContext
from inhabit.senses.text import TextSense
from inhabit.types import Key


class Said(NamedTuple):
    """What the mind is told before one of the maker's turns.

    Attributes:
        heard: Ids of what was heard since the maker's last turn.
        own: Ids of what the maker said at its last turn.
        cues: See `senses.context.cues`.
    """

    heard: Int[Array, "*batch words"]
    own: Int[Array, "*batch words"]
    cues: Float[Array, "*batch cues"]


class Hearing(eqx.Module):
    """From the words of a talk to beliefs about the maker's next act and rating, turn by turn.

    Wide and deep: a linear model of the words of the last two turns, plus a small nonlinear one of the whole talk.
    Both read the same embeddings: the first `dims` numbers of a message's vector are its latent, the others its
    linear votes.
    """

    heard: TextSense
    own: TextSense
    context: TurnContext
    act: eqx.nn.Linear
    rating: eqx.nn.Linear
    own_act: eqx.nn.Linear
    partner_act: eqx.nn.Linear
    dims: int = eqx.field(static=True)

    @classmethod
    def create(cls, rows: Rows, *, dims: int, size: int, key: Key) -> Self:
        """Start with fresh weights; linear votes start at nothing.

        Args:
            rows: The log; gives ears' sizes, weights of words, vocabularies (padded to a multiple of 8, so that the
                folds of an experiment share one compiled program).
            dims: Length of a message's latent.
            size: Length of the context's state.
            key: Random key.
        """
        names = ("heard", "own", "context", "act", "rating", "own_act", "partner_act")
        keys = dict(zip(names, jax.random.split(key, len(names))))
        acts, partners, ratings = _padded(len(rows.acts)), _padded(len(rows.partners)), len(SCALE)
        heard, own = (
            _silent_votes(TextSense.create(weight, dims + acts + ratings, key=keys[name]), dims)
            for weight, name in ((rows.heard_weight, "heard"), (rows.own_weight, "own"))
        )
        return cls(
            heard=heard,
            own=own,
            context=TurnContext.create(_inputs(rows, dims), size, key=keys["context"]),
            act=eqx.nn.Linear(size, acts, key=keys["act"]),
            rating=eqx.nn.Linear(size, ratings, key=keys["rating"]),
            own_act=eqx.nn.Linear(dims, acts, key=keys["own_act"]),
            partner_act=eqx.nn.Linear(dims, partners, key=keys["partner_act"]),
            dims=dims,
        )

    def init(self) -> Float[Array, " size"]:
        """The state before the maker's first turn."""
        return self.context.init()

    def step(
        self, state: Float[Array, " size"], said: Said
    ) -> tuple[Float[Array, " size"], tuple[Float[Array, " acts"], Float[Array, " ratings"]]]:
        """Hear one exchange; give the new state and the logits of the maker's next act and rating."""
        heard, heard_votes, _ = self.perceive(said.heard, said.cues)
        own, own_votes, _ = self.recognise(said.own)
        state, context = self.context.step(state, jnp.concatenate([own, heard]))
        return state, self.believe(context, own_votes + heard_votes)

    def perceive(
        self, ids: Int[Array, " words"], cues: Float[Array, " cues"]
    ) -> tuple[Float[Array, " heard"], Float[Array, " votes"], Float[Array, " partners"]]:
        """What was heard: its part of the context's input, its votes, and logits of the partner's act."""
        vector = self.heard(ids)
        partner = self.partner_act(vector[: self.dims])
        deep = jnp.concatenate([jnp.tanh(vector[: self.dims]), jax.nn.softmax(partner), cues])
        return deep, vector[self.dims :], partner

    def recognise(
        self, ids: Int[Array, " words"]
    ) -> tuple[Float[Array, " own"], Float[Array, " votes"], Float[Array, " acts"]]:
        """What the maker said itself: its part of the input, its votes, and logits of the act that it was."""
        vector = self.own(ids)
        act = self.own_act(vector[: self.dims])
        deep = jnp.concatenate([jnp.tanh(vector[: self.dims]), jax.nn.softmax(act) * jnp.any(ids > 0)])
        return deep, vector[self.dims :], act

    def believe(
        self, context: Float[Array, " size"], votes: Float[Array, " votes"]
    ) -> tuple[Float[Array, " acts"], Float[Array, " ratings"]]:
        """Logits of act and rating from the context and the linear votes."""
        acts = self.act.out_features
        return self.act(context) + votes[:acts], self.rating(context) + votes[acts:]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How hearing is fitted.

    Attributes:
        dims: Length of a message's latent.
        size: Length of the context's state.
        steps: Of the optimiser, at least; as many passes over the lives as make them.
        batch: Lives in one step of the optimiser.
        learning_rate: Of Adam, at the start; it falls to 0 along a cosine.
        decay: Weight decay.
        dropout: Share of the context's input and output that is left out; of words, half as much.
        own: Weight of recognising the maker's act in its own words, beside 1 for predicting act and rating.
        partner: Weight of recognising the partner's act in its words; 0 learns nothing from its labels.
    """

    dims: int = 48
    size: int = 64
    steps: int = 320
    batch: int = 24
    learning_rate: float = 4e-3
    decay: float = 1e-4
    dropout: float = 0.3
    own: float = 0.3
    partner: float = 0.0


def fit(rows: Rows, train: Int[np.ndarray, " some"], settings: Settings, *, key: Key) -> Hearing:
    """Fit hearing to the lives numbered `train`; same key, same hearing."""
    create_key, draw_key = jax.random.split(key)
    random = np.random.default_rng(np.asarray(jax.random.key_data(draw_key)))
    hearing = Hearing.create(rows, dims=settings.dims, size=settings.size, key=create_key)
    in_epoch = max(1, len(train) // settings.batch)
    epochs = -(-settings.steps // in_epoch)
    total = epochs * in_epoch
    state = _optimiser(settings, total).init(eqx.filter(hearing, eqx.is_inexact_array))
    arrays = _Arrays.of(rows)
    for epoch in range(epochs):
        batches = draw(
            rows,
            train,
            batch=settings.batch,
            inputs=_inputs(rows, settings.dims),
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


def _inputs(rows: Rows, dims: int) -> int:
    """Length of the context's input: two latents, beliefs about both acts, cues."""
    return 2 * dims + _padded(len(rows.acts)) + _padded(len(rows.partners)) + rows.cues.shape[1]


def _surprisals(logits: Float[Array, "*turns acts"], act: Int[Array, "*turns"]) -> Float[Array, "*turns"]:
    """`-log p(act)` in nats, 0 where there is no act (-1)."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), jnp.maximum(act, 0)[..., None], -1)[..., 0]
    return jnp.where(act >= 0, -chosen, 0.0)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def _padded(number: int) -> int:
    return -(-number // 8) * 8


def _silent_votes(sense: TextSense, dims: int) -> TextSense:
    """Start the linear votes, which follow the first `dims` numbers, at 0."""
    return eqx.tree_at(lambda one: one.embedding, sense, sense.embedding.at[:, dims:].set(0.0))
