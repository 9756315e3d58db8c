"""Wording: what can be said now and with which words; quality, place and person come from what the speaker knows."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.knowing import picked_out
from inhabit.mind.dweller.percept import Sensation

LACKS = ("HUNGRY", "THIRSTY", "TIRED", "COLD", "LONELY", "HUNGRY", "WELL")
"""How the lack of each good is said."""


class Sayable(eqx.Module):
    """What there is to say.

    Attributes:
        allowed: Which topic can be spoken of by which first word: only what one has words for.
        quality: The third word for each topic: what one believes of it; 0 does not know.
        where: The fourth: where one knows it to be; 0 does not know.
        whom: To whom one would speak: 1 + who, or 0.
        feels: What one would say of oneself.
    """

    allowed: Bool[Array, "says topics"]
    quality: Int[Array, " topics"]
    where: Int[Array, " topics"]
    whom: Int[Array, ""]
    feels: Int[Array, ""]


def sayable(
    innate: Innate,
    sensed: Sensation,
    who: Int[Array, ""],
    beliefs: Float[Array, "looks kinds"],
    known: Bool[Array, " topics"],
    away: Int[Array, "topics xy=2"],
    lack: Int[Array, ""],
) -> Sayable:
    """Find out what one could say.

    Args:
        innate: Codes.
        sensed: The percept.
        who: Oneself.
        beliefs: What one believes of each look.
        known: Whether a place is known of each topic (nothing included).
        away: Where that is: cells to the east and to the south.
        lack: Which good is felt most to be lacking.
    """
    fruit, topics = innate.fruit, len(innate.topics)
    none = jnp.zeros(fruit, int)
    believed = jnp.where(jnp.max(beliefs, -1) > 0.5, 1 + jnp.argmax(beliefs, -1), 0)
    quality = jnp.concatenate([none, believed])
    whom = addressee(sensed, who)
    held = jnp.arange(topics) == jnp.where(sensed.holding >= 2, fruit + sensed.holding - 2, -1)
    bad = innate.quality("SICKENING")
    nothing = jnp.arange(topics) == 0
    place = (jnp.arange(topics) == innate.topic("WATER")) | (jnp.arange(topics) == innate.topic("HEARTH"))
    fruits = jnp.arange(topics) >= fruit
    somebody = whom > 0
    rows = {
        "SILENCE": nothing,
        "GREET": nothing & somebody,
        "ASK_WHERE": (place | fruits) & somebody,
        "ASK_WHAT": fruits & somebody,
        "ASK_FOR": fruits & somebody,
        "OFFER": held & somebody,
        "REFUSE": nothing & somebody,
        "TELL_WHERE": known & ~nothing,
        "TEACH": (quality > 0) & (quality != bad),
        "WARN": quality == bad,
        "THANK": nothing & somebody,
        "FEEL": nothing,
    }
    closed = jnp.zeros(topics, bool)
    return Sayable(
        allowed=jnp.stack([rows.get(name, closed) for name in innate.says]),
        quality=quality,
        where=jnp.where(known, said_where(innate, away), 0),
        whom=whom,
        feels=jnp.array([innate.quality(name) for name in LACKS])[lack],
    )


def addressee(sensed: Sensation, who: Int[Array, ""]) -> Int[Array, ""]:
    """To whom one would speak: who spoke to one, else the nearest in sight, else nobody."""
    to_me = (sensed.heard[:, 4] == 1 + who) & (sensed.heard[:, 0] > 0)
    caller = picked_out(to_me & (jnp.cumsum(to_me) == 1), sensed.speaker)
    return jnp.where(caller > 0, caller, nearest_person(sensed)[0])


def nearest_person(sensed: Sensation) -> tuple[Int[Array, ""], Float[Array, " 2"]]:
    """1 + who of the nearest person in sight (0 for nobody), and the cells ahead and to the right."""
    person = jnp.max(sensed.window.person, -1).astype(int)
    ahead, right = np.indices(person.shape)
    spots = np.stack([ahead - 2, right - person.shape[1] // 2], -1).reshape(-1, 2)
    person = person.reshape(-1)
    which = jnp.argmin(jnp.where(person > 0, jnp.asarray(np.abs(spots).sum(-1)), 99))
    return person[which], jnp.where(person[which] > 0, jnp.asarray(spots)[which], 0).astype(float)


def said_where(innate: Innate, away: Int[Array, "*any xy=2"]) -> Int[Array, "*any"]:
    """The code of a place whose meaning comes nearest to a distance."""
    wheres = jnp.asarray(np.array(innate.wheres, np.float32))[1:]
    far = jnp.max(jnp.abs(wheres))
    clipped = away / jnp.maximum(jnp.max(jnp.abs(away), -1, keepdims=True) / far, 1.0)
    return 1 + jnp.argmin(jnp.sum((clipped[..., None, :] - wheres) ** 2, -1), -1)


def worded(innate: Innate, sayable: Sayable, say: Int[Array, ""], topic: Int[Array, ""]) -> Int[Array, " words=5"]:
    """Put the five words together."""
    pick = jnp.arange(sayable.quality.shape[0]) == topic
    quality, where = picked_out(pick, sayable.quality), picked_out(pick, sayable.where)
    is_ = lambda *names: jnp.any(say == jnp.array([innate.say(name) for name in names]))
    quality = jnp.where(is_("TEACH", "WARN"), quality, jnp.where(is_("FEEL"), sayable.feels, 0))
    where = jnp.where(is_("TELL_WHERE"), where, 0)
    whom = jnp.where(say == innate.say("SILENCE"), 0, sayable.whom)
    return jnp.stack([say, topic, quality, where, whom])
