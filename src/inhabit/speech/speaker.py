"""The speaker: one energy between what is said of a good and what the good is worth, read forwards and backwards."""

import itertools
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.speech.lexicon import Lexicon
from inhabit.speech.relative import BUCKETS, Ear, buckets, heard
from inhabit.types import Message


def orders(goods: int) -> np.ndarray:
    """Every order of value, `[orders, goods]`: row by row the goods from best to worst."""
    return np.array(list(itertools.permutations(range(goods))))


def ranks(values: Mapping[str, float], goods: Sequence[str]) -> tuple[int, ...]:
    """Rank of each good, 0 the best; ties are broken by the order of `goods`."""
    best = sorted(range(len(goods)), key=lambda good: -values[goods[good]])
    return tuple(best.index(good) for good in range(len(goods)))


def order_energy(energy: Float[Array, "goods levels"]) -> Float[Array, " orders"]:
    """Sum over goods of the energy of the rank that each order gives it."""
    rank = np.argsort(orders(energy.shape[0]), axis=1)
    return jnp.sum(energy[np.arange(energy.shape[0]), rank], axis=-1)


class Speaker(eqx.Module):
    """A maker's way from values to words, which listeners run backwards.

    `s(conversation, good, rank)` is the sum of the weights of all that was said in relation to the good, at the rank
    that the good has for the speaker. The weights are shared by all goods; each good's own words have a smaller part
    of their own (`L` features). Said twice is heard once. The listener's belief is `softmax over orders of (log prior
    + sum over goods of s)`; the speaker's choice among things that could be said is Bayes' inverse of that belief,
    `p(utterance | order, context) ~ base rate x p(order | context, utterance) / p(order | context)`.

    Attributes:
        weights: One row a bucket of features, one column a rank, best first; row 0 is silence.
        lexicon: Names and hints of the goods.

    Source:
        Frank & Goodman (2012) for the two directions; Zaheer et al. (2017) for the shared sum over goods.
    """

    weights: Float[Array, "buckets levels"]
    lexicon: Lexicon = eqx.field(static=True)

    def energy(self, ids: Int[Array, "goods features"]) -> Float[Array, "goods levels"]:
        """Energy of each good at each rank from padded buckets; 0 is silence."""
        return jnp.sum(jnp.where(ids[..., None] > 0, self.weights[ids], 0.0), axis=1)

    def evidence(self, messages: Sequence[Message]) -> Float[Array, "goods levels"]:
        """Energy of each good at each rank after a conversation; role `user` is the one whose values are asked."""
        return self.energy(pad([buckets(features) for features in heard(messages, self.lexicon)]))

    def listen(
        self, messages: Sequence[Message], *, log_prior: Float[Array, " orders"] | None = None
    ) -> Float[Array, " orders"]:
        """Belief over the orders of value of the one who speaks as `user`, in the order of `orders`.

        Args:
            messages: The conversation so far.
            log_prior: Belief before it, in nats up to a constant; uniform if `None`.
        """
        energy = order_energy(self.evidence(messages))
        return jax.nn.softmax(energy if log_prior is None else energy + log_prior)

    def worth(
        self, messages: Sequence[Message], points: Sequence[float], *, log_prior: Float[Array, " orders"] | None = None
    ) -> Float[Array, " goods"]:
        """Expected value of each good to the speaker, when rank `r` is worth `points[r]`."""
        rank = np.argsort(orders(len(self.lexicon.goods)), axis=1)
        return self.listen(messages, log_prior=log_prior) @ jnp.asarray(points, float)[rank]

    def speak(
        self,
        candidates: Sequence[str],
        values: Mapping[str, float],
        *,
        context: Sequence[Message] = (),
        base: Sequence[float] | None = None,
        sharpness: float = 1.0,
    ) -> Float[Array, " candidates"]:
        """How likely a maker with these values is to say each candidate next.

        Args:
            candidates: Things that could be said.
            values: What each good is worth to the maker.
            context: The conversation so far.
            base: Base rate of each candidate; equal if `None`.
            sharpness: How much more is said for its meaning than by base rate; 1 is Bayes' inverse of `listen`.
        """
        order = orders(len(self.lexicon.goods)).tolist().index(np.argsort(ranks(values, self.lexicon.goods)).tolist())
        before = jnp.log(self.listen(context)[order])
        ear = Ear(self.lexicon)
        for message in context:
            if message.content:
                ear.hear(message)
        told = [ear.told(Message(role="user", content=candidate)) for candidate in candidates]
        ids = pad([buckets(features) for heard in told for features in heard])
        energy = jax.vmap(self.energy)(ids.reshape(len(told), len(self.lexicon.goods), -1))
        gain = jax.nn.log_softmax(jax.vmap(order_energy)(energy))[:, order] - before
        rate = jnp.ones(len(candidates)) if base is None else jnp.asarray(base, float)
        return jax.nn.softmax(jnp.log(rate) + sharpness * gain)


def pad(ids: Sequence[np.ndarray]) -> Int[Array, "rows features"]:
    """Rows of buckets, padded with silence to a multiple of 64 so that few programs are compiled."""
    width = 64 * max(1, -(-max(map(len, ids)) // 64))
    return jnp.asarray(np.stack([np.pad(row, (0, width - len(row))) for row in ids]).astype(np.int32))


def silent_speaker(lexicon: Lexicon) -> Speaker:
    """A speaker whose words tell nothing yet."""
    return Speaker(weights=jnp.zeros((BUCKETS, len(lexicon.goods))), lexicon=lexicon)
