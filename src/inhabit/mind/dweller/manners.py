"""Manners: which of one's deeds towards others are told apart, and how others' reactions to them are remembered."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.percept import Conduct, Sensation

DEEDS = ("picked alone", "picked before others", "asked a stranger", "asked a friend", "asked again", "ignored", "gave")
"""What is told apart of what one does to others: the cues of the memory for norms."""

PATIENCE = 3
"""Steps after a deed within which what is heard is a reaction to it."""


class Pending(eqx.Module):
    """The last deed towards others, while reactions are waited for.

    Attributes:
        cue: One-hot over `DEEDS`; zeros when nothing is waited for.
        age: Steps since.
    """

    cue: Float[Array, " deeds"]
    age: Int[Array, ""]


def nothing_pending() -> Pending:
    """Nothing is waited for."""
    return Pending(jnp.zeros(len(DEEDS)), jnp.zeros((), int))


def social(
    innate: Innate,
    sensed: Sensation,
    last: Conduct,
    held: Int[Array, ""],
    greeted: Bool[Array, " people"],
    asked: Bool[Array, " people"],
    implored: Bool[Array, ""],
) -> Float[Array, " deeds"]:
    """What one has just done to others: one-hot over `DEEDS`, or zeros.

    Args:
        innate: Codes.
        sensed: The percept after the deed.
        last: The deed.
        held: What was held before it.
        greeted: Whom one had greeted today before it.
        asked: Whom one had asked today before it.
        implored: Whether someone had just asked one for something that one held.
    """
    picked = (last.hand == innate.hand("PICK")) & (held == 0) & (sensed.holding >= 2)
    watched = jnp.any(sensed.window.person > 0)
    first, last_ask = innate.say("ASK_WHERE"), innate.say("ASK_FOR")
    asks = (last.say[0] >= first) & (last.say[0] <= last_ask) & (last.say[4] > 0)
    whom = jnp.arange(greeted.shape[0]) == last.say[4] - 1
    stranger, again = ~jnp.any(greeted & whom), jnp.any(asked & whom)
    gave = (last.hand == innate.hand("GIVE")) & (held > 0) & (sensed.holding == 0)
    gave |= implored & (last.say[0] == innate.say("OFFER"))
    return jnp.stack(
        [
            picked & ~watched,
            picked & watched,
            asks & stranger,
            asks & ~stranger & ~again,
            asks & ~stranger & again,
            implored & ~gave & ~asks & ~picked,
            gave & ~asks & ~picked,
        ]
    ).astype(float)


def reaction(innate: Innate, sensed: Sensation, who: Int[Array, ""]) -> Float[Array, ""]:
    """What was said to oneself: -1 a complaint or a refusal, 1 something kind or helpful, 0 nothing."""
    to_me = (sensed.heard[:, 4] == 1 + who) & (sensed.heard[:, 0] > 0)
    said = lambda *names: jnp.any(to_me[:, None] & (sensed.heard[:, :1] == jnp.array([innate.say(n) for n in names])))
    bad, good = said("COMPLAIN", "REFUSE"), said("OFFER", "TELL_WHERE", "TEACH", "WARN", "THANK", "GREET")
    return jnp.where(bad, -1.0, jnp.where(good, 1.0, 0.0))


def awaited(
    pending: Pending, deed: Float[Array, " deeds"], reacted: Float[Array, ""]
) -> tuple[Pending, tuple[Float[Array, " deeds"], Float[Array, " 1"]]]:
    """Wait for reactions; once one is there, or none has come for long enough, it is an event of the memory.

    Returns:
        What is waited for now, and the event: NaN where there is none.
    """
    waiting = jnp.any(pending.cue > 0)
    done = waiting & ((reacted != 0) | (pending.age >= PATIENCE) | jnp.any(deed > 0))
    event = jnp.where(done, pending.cue, jnp.nan), jnp.where(done, reacted, jnp.nan)[None]
    new = jnp.any(deed > 0)
    cue = jnp.where(new, deed, jnp.where(done, 0.0, pending.cue))
    return Pending(cue, jnp.where(new, 0, pending.age + 1)), event
