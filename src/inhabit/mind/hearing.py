"""Hearing: the text sense, the context of the talk, and heads for the maker's next act and rating."""

from typing import NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

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
    def create(
        cls,
        weights: tuple[Float[np.ndarray, " buckets"], Float[np.ndarray, " buckets"]],
        *,
        cues: int,
        acts: int,
        partners: int,
        ratings: int,
        dims: int,
        size: int,
        key: Key,
    ) -> Self:
        """Start with fresh weights; linear votes start at nothing.

        Args:
            weights: How much each id counts, of what is heard and of what the maker says itself.
            cues: How many are counted.
            acts: Of the maker; rounded up to a multiple of 8, so that the folds of an experiment share one program.
            partners: Acts of the partner, rounded likewise.
            ratings: Levels.
            dims: Length of a message's latent.
            size: Length of the context's state.
            key: Random key.
        """
        names = ("heard", "own", "context", "act", "rating", "own_act", "partner_act")
        keys = dict(zip(names, jax.random.split(key, len(names))))
        acts, partners = _padded(acts), _padded(partners)
        heard, own = (
            _silent_votes(TextSense.create(weight, dims + acts + ratings, key=keys[name]), dims)
            for weight, name in zip(weights, ("heard", "own"))
        )
        return cls(
            heard=heard,
            own=own,
            context=TurnContext.create(2 * dims + acts + partners + cues, size, key=keys["context"]),
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


def _padded(number: int) -> int:
    return -(-number // 8) * 8


def _silent_votes(sense: TextSense, dims: int) -> TextSense:
    """Start the linear votes, which follow the first `dims` numbers, at 0."""
    return eqx.tree_at(lambda one: one.embedding, sense, sense.embedding.at[:, dims:].set(0.0))
