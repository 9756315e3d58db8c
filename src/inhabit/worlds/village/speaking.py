"""What villagers say: for each, one utterance of every kind that it could say now, and how much it would.

A conditional logit over kinds of utterance: the utilities stand in `utterances`, the noise is `noise(stress)`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.maths import choice
from inhabit.worlds.village import utterances
from inhabit.worlds.village.acts import Hand, Say
from inhabit.worlds.village.around import Around
from inhabit.worlds.village.paths import Ground
from inhabit.worlds.village.seeking import Errand
from inhabit.worlds.village.state import State


class Talk(eqx.Module):
    """What each could say.

    Attributes:
        says: For each kind, in the order of `Say`, the utterance of that kind.
        utility: Of each; closed ones are `choice.FORBIDDEN`.
    """

    says: Int[Array, "people kinds words=5"]
    utility: Float[Array, "people kinds"]


def noise(stress: Float[Array, " people"]) -> Float[Array, " people"]:
    """Temperature of the choice of what to say."""
    return 0.5 * jnp.exp(0.7 * stress)


def log_probabilities(state: State, talk: Talk) -> Float[Array, "people kinds"]:
    """Log-probability with which each would say each of what it could say."""
    scaled = talk.utility / noise(state.people.stress)[:, None]
    return (
        scaled
        - jnp.log(jnp.sum(jnp.exp(scaled - scaled.max(-1, keepdims=True)), -1, keepdims=True))
        - scaled.max(-1, keepdims=True)
    )


def talk(state: State, ground: Ground, errand: Errand, hand: Int[Array, " people"]) -> Talk:
    """What each could say now, and how much it would; who rests says nothing."""
    offers = _offers(state, ground, errand, Around.of(state))
    says = jnp.stack([offers[kind][0] for kind in Say], 1)
    utility = jnp.stack([offers[kind][1] for kind in Say], 1)
    again = jnp.all(says == state.said[:, None], -1) & (says[:, :, 0] != Say.SILENCE)
    dumb = ((hand == Hand.REST) | ~state.people.alive)[:, None] & (jnp.arange(len(Say)) != Say.SILENCE)
    return Talk(says=says, utility=jnp.where(dumb, choice.FORBIDDEN, utility - 2.5 * again))


def _offers(state: State, ground: Ground, errand: Errand, around: Around) -> dict[Say, tuple[Array, Array]]:
    """Every kind of utterance: its words and its utility."""
    return {
        Say.SILENCE: utterances.silence(state, around),
        Say.GREET: utterances.greet(state, around),
        Say.ASK_WHERE: utterances.ask_where(state, errand, around),
        Say.ASK_WHAT: utterances.ask_what(state, errand, around),
        Say.ASK_FOR: utterances.ask_for(state, errand, around),
        Say.OFFER: utterances.offer(state, around),
        Say.REFUSE: utterances.refuse(state, around),
        Say.TELL_WHERE: utterances.tell_where(state, ground, around),
        Say.TEACH: utterances.teach(state, around),
        Say.WARN: utterances.warn(state, around),
        Say.THANK: utterances.thank(state, around),
        Say.COMPLAIN: utterances.complain(state, around),
        Say.GOSSIP: utterances.gossip(state, around),
        Say.FEEL: utterances.feel(state, errand, around),
    }
