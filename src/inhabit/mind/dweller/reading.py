"""Reading: a moment, and what memory, knowledge and the body say to it, as numbers that the learned parts take in."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.mind.dweller import knowing
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.lived import PEOPLE, DwellerState
from inhabit.mind.dweller.manners import DEEDS
from inhabit.mind.dweller.percept import Sensation
from inhabit.mind.dweller.recalling import Recalled
from inhabit.mind.dweller.wording import nearest_person


def read(innate: Innate, state: DwellerState, sensed: Sensation, recalled: Recalled) -> Float[Array, " features"]:
    """All that is felt, remembered and known, as numbers of order 1."""
    held = one_hot(sensed.holding - 1, innate.looks + 1)
    person, bearing = nearest_person(sensed)
    acquainted = jnp.stack(
        [jnp.any(flags & (jnp.arange(PEOPLE) == person - 1)) for flags in (state.greeted, state.asked)]
    )
    beyond = jnp.stack([person > 0, jnp.sum(jnp.abs(bearing)) == 1]).astype(float)
    parts = [
        sensed.body,
        sensed.compass,
        sensed.clock,
        held[:1],
        jnp.sum(held[1:], keepdims=True),
        held[1:] @ recalled.beliefs,
        one_hot(sensed.taste, innate.kinds),
        one_hot(state.last.hand + 1, len(innate.hands)),
        one_hot(state.last.say[0] + 1, len(innate.says)),
        recalled.felt,
        recalled.beliefs.reshape(-1),
        recalled.unsure,
        recalled.norms,
        recalled.sought.features().reshape(-1),
        bearing / 4,
        beyond,
        acquainted.astype(float),
        state.implored[None].astype(float),
        front(innate, state, sensed, recalled.beliefs),
    ]
    return jnp.concatenate(parts)


def features(innate: Innate) -> int:
    """How many numbers `read` gives."""
    goods, kinds, looks = len(innate.goods), innate.kinds, innate.looks
    body = (goods + 2) + 4 + 4
    hand = 1 + 1 + kinds + kinds + len(innate.hands) + len(innate.says)
    inside = (3 * goods + 3) + looks * kinds + looks + len(DEEDS) + 6 * len(knowing.SOUGHT)
    ahead = innate.window[2] * len(innate.materials) + kinds + 3
    return body + hand + inside + 2 + 2 + 2 + 1 + ahead


def front(
    innate: Innate, state: DwellerState, sensed: Sensation, beliefs: Float[Array, "looks kinds"]
) -> Float[Array, " front"]:
    """What stands right in front: materials, fruit and what is believed of it, somebody, whether it is another's."""
    behind, left = innate.behind
    column = lambda leaf: leaf[behind + 1, left]
    ripe = jnp.max(column(sensed.window.ripe)).astype(int)
    fruit = one_hot(ripe, innate.looks)
    me, turn = knowing.here(innate, sensed)
    tales = state.known.tales
    owned = tales.open & (tales.relation == knowing.OWNS) & (tales.object == knowing.cell_code(innate, me + turn[0]))
    materials = column(sensed.window.material)[:, None] == jnp.arange(len(innate.materials))
    flags = jnp.stack([ripe > 0, jnp.any(column(sensed.window.person) > 0), jnp.any(owned)])
    return jnp.concatenate([materials.reshape(-1).astype(float), fruit @ beliefs, flags.astype(float)])


def mouthed(innate: Innate, state: DwellerState, sensed: Sensation) -> Int[Array, ""]:
    """1 + the look that was just tasted or eaten, else 0."""
    mouth = (state.last.hand == innate.hand("EAT")) | (state.last.hand == innate.hand("TASTE"))
    return jnp.where(mouth & (state.held >= 2) & (sensed.taste > 0), state.held - 1, 0)


def lore_lesson(
    innate: Innate, state: DwellerState, sensed: Sensation, mouthed: Int[Array, ""]
) -> tuple[Float[Array, " looks"], Float[Array, " kinds"]]:
    """The event of the memory for lore: own taste, else what one was taught, weighed by trust; NaN if neither."""
    look, quality, speaker = knowing.taught(innate, sensed)
    own = mouthed > 0
    look, quality = jnp.where(own, mouthed, look), jnp.where(own, sensed.taste, quality)
    weight = jnp.where(own, 1.0, jnp.sqrt(knowing.trust(state.known.tales, speaker)))
    weight = jnp.where(look > 0, weight, jnp.nan)
    return weight * one_hot(look, innate.looks), weight * one_hot(quality, innate.kinds)


def picked(innate: Innate, state: DwellerState, sensed: Sensation) -> Int[Array, ""]:
    """Cell of the plant last picked from."""
    me, turn = knowing.here(innate, sensed)
    now = (state.last.hand == innate.hand("PICK")) & (state.held == 0) & (sensed.holding >= 2)
    return jnp.where(now, knowing.cell_code(innate, me + turn[0]), state.picked)


def today(innate: Innate, state: DwellerState, sensed: Sensation) -> DwellerState:
    """Keep account of the day: whom one has greeted and asked; all anew at dawn."""
    say = state.last.say
    angle = jnp.arctan2(sensed.clock[0], sensed.clock[1]) % (2 * jnp.pi)
    dawn = angle < state.angle - 0.1
    whom = jnp.arange(PEOPLE) == say[4] - 1
    asks = (say[0] >= innate.say("ASK_WHERE")) & (say[0] <= innate.say("ASK_FOR"))
    greets = say[0] == innate.say("GREET")
    to_me: Bool[Array, " utterances"] = (sensed.heard[:, 4] == 1 + state.who) & (
        sensed.heard[:, 0] == innate.say("ASK_FOR")
    )
    return eqx.tree_at(
        lambda s: (s.greeted, s.asked, s.implored, s.held, s.angle),
        state,
        (
            (state.greeted | (whom & greets)) & ~dawn,
            (state.asked | (whom & asks)) & ~dawn,
            jnp.any(to_me) & (sensed.holding >= 2),
            sensed.holding,
            angle,
        ),
    )


def one_hot(code: Int[Array, "*many"], size: int) -> Float[Array, "*many size"]:
    """One-hot of codes 1 to `size`; zeros for 0."""
    return (code[..., None] == jnp.arange(1, size + 1)).astype(float)
