"""What an event teaches: the expected is written, the surprising waits or turns the belief."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inhabit.maths.associative import straight_through
from inhabit.memory import quarantine as waiting_room
from inhabit.memory.caution import Caution
from inhabit.memory.quarantine import Claim, Meeting, Quarantine


class Aside(eqx.Module):
    """What is held beside the belief.

    Attributes:
        quarantine: What might be otherwise.
        experience: How many surprises turned out to be changes, and how many outliers; fading.
    """

    quarantine: Quarantine
    experience: Float[Array, "2"]


class Lesson(eqx.Module):
    """What the belief is to take in: a change of variance at the cue, then an error with its noise over the noise."""

    error: Float[Array, " values"]
    noise: Float[Array, ""]
    change: Float[Array, ""]
    confirmed: Float[Array, ""]


class Taught(eqx.Module):
    """What came of an event.

    Attributes:
        lesson: For the belief.
        aside: What is held beside it afterwards.
        hedge: How far what waited had moved what was expected.
    """

    lesson: Lesson
    aside: Aside
    hedge: Float[Array, " values"]


def plain(met: Meeting, covered: Float[Array, " keys"], aside: Aside, caution: Caution) -> Taught:
    """What is expected is written as it is; nothing waits."""
    lesson = Lesson(error=met.error, noise=jnp.ones(()), change=jnp.zeros(()), confirmed=jnp.zeros(()))
    return Taught(lesson=lesson, aside=aside, hedge=jnp.zeros_like(met.error))


def calm(met: Meeting, covered: Float[Array, " keys"], aside: Aside, caution: Caution) -> Taught:
    """What is expected is written as it is, and speaks against what waits at its cue."""
    told = jax.lax.stop_gradient(waiting_room.evidence(aside.quarantine, met))
    quarantine, refuted = waiting_room.disbelieve(aside.quarantine, told, caution.returning)
    after = Aside(quarantine=quarantine, experience=aside.experience + refuted * OUTLIER)
    hedge = waiting_room.hedge(aside.quarantine, met.cue)
    return Taught(lesson=plain(met, covered, aside, caution).lesson, aside=after, hedge=hedge)


def shaken(met: Meeting, covered: Float[Array, " keys"], aside: Aside, caution: Caution) -> Taught:
    """Set a surprise against every account of it, and do as the likeliest says.

    Either a claim that waits foresaw it, or it is a change that nobody foresaw, or it is an outlier. In the first two
    cases the belief turns, with what waited and what was met pooled, and what was believed waits in its stead. In the
    last it waits itself.
    """
    waiting, direction = aside.quarantine, covered / jnp.maximum(met.spread - 1, _LEAST)
    told, loud = jax.lax.stop_gradient((waiting_room.evidence(waiting, met), waiting_room.loudness(met)))
    foreseen = waiting.odds + jnp.where(waiting.former, told, jnp.minimum(told, caution.repeated))
    foreseen = jnp.where(waiting.weight > 0, foreseen, -1e6)
    slot, alone = jnp.argmax(foreseen), caution.odds(aside.experience) - loud
    recalled, towards = foreseen[slot] > alone, jnp.maximum(foreseen[slot], alone)
    agreed = straight_through(towards > 0, jax.nn.sigmoid(towards))

    lesson, pooled, share = _pooled(met, waiting, slot, recalled, agreed)
    wide = met.spread - 1 + lesson.change
    same = waiting_room.same_cue(waiting, met.cue)
    former = Claim(
        cues=met.cue,
        directions=direction,
        errors=-wide / (wide + lesson.noise) * lesson.error,
        spread=jnp.maximum(met.spread - 1, _SLIGHT),
        weight=jnp.ones(()),
        odds=jnp.maximum(-towards, caution.returning),
        former=jnp.array(True),
    )
    in_its_place = jnp.argmin(jnp.where(same & (waiting.weight > 0), -1.0, waiting.weight))
    cleared = eqx.tree_at(lambda q: q.weight, waiting, jnp.where(same, 0.0, waiting.weight))
    turned = waiting_room.put(cleared, former, jnp.where(recalled, slot, in_its_place))

    gone = waiting_room.refuted(waiting, told)
    left = eqx.tree_at(lambda q: q.weight, waiting, jnp.where(gone, 0.0, waiting.weight))
    claim = Claim(
        cues=met.cue,
        directions=direction,
        errors=met.error,
        spread=jnp.exp(caution.log_inflation),
        weight=jnp.ones(()),
        odds=alone,
        former=jnp.array(False),
    )
    again = Claim(
        cues=met.cue,
        directions=direction,
        errors=pooled,
        spread=share,
        weight=jnp.ones(()),
        odds=foreseen[slot],
        former=waiting.former[slot],
    )
    heard = recalled & waiting_room.supported(told[slot])
    claim = jax.tree.map(lambda a, b: jnp.where(heard, a, b), again, claim)
    kept = waiting_room.put(left, claim, jnp.where(heard, slot, jnp.argmin(left.weight)))

    lasting = recalled * jnp.where(waiting.former[slot], OUTLIER, CHANGE)
    for_nothing = (jnp.sum(gone) + waiting_room.is_loud(loud)) * OUTLIER
    turns = agreed > 0.5
    quarantine = jax.tree.map(lambda a, b: jnp.where(turns, a, b), turned, kept)
    after = Aside(quarantine, aside.experience + jnp.where(turns, lasting, for_nothing))
    return Taught(lesson=lesson, aside=after, hedge=waiting_room.hedge(waiting, met.cue))


def _pooled(
    met: Meeting, waiting: Quarantine, slot: Array, recalled: Array, agreed: Array
) -> tuple[Lesson, Float[Array, " values"], Float[Array, ""]]:
    """The claim that foresaw the event and the event itself as one estimate, by their precisions.

    Returns:
        The lesson if that is agreed; the estimate of the error, and its variance over the noise.
    """
    claimed = jnp.where(recalled, waiting.directions[slot] @ met.cue, 0.0) * waiting.errors[slot]
    doubt = waiting.spread[slot] / jnp.where(recalled, jnp.maximum(waiting.weight[slot], _LEAST), 1.0)
    share = jnp.where(recalled, doubt / (doubt + 1), 1.0)
    pooled = claimed + share * (met.error - claimed)
    lesson = Lesson(
        error=met.error + agreed * (pooled - met.error),
        noise=1 + agreed * (jnp.maximum(share, _SLIGHT) - 1),
        change=agreed * jnp.maximum(met.blank - (met.spread - 1), 0.0),
        confirmed=agreed,
    )
    return lesson, pooled, share


CHANGE, OUTLIER = jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])
_LEAST = 1e-12
_SLIGHT = 1e-3  # of the noise: no estimate is held to be surer than that
