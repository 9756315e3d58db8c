"""A biography: lives of a grown mind page by page, with all that it perceived, knew and did, and the truth beside it."""

from collections.abc import Iterator, Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from inhabit.learning.channel import Channel, channels
from inhabit.learning.dwelling import Dwelling, VillageHome, goods_of, own_store
from inhabit.learning.home import Turn
from inhabit.learning.living import strong
from inhabit.maths.compiling import brief
from inhabit.mind.dweller.actor import Trace
from inhabit.mind.dweller.answering import Asked
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import wellbeing
from inhabit.mind.dweller.lived import DwellerState
from inhabit.types import Key, Life, Message
from inhabit.worlds.village.words import NAMES, sentence


class Page(eqx.Module):
    """One step of some lives that are lived side by side. Leading axes: (steps,) lives.

    Attributes:
        place: The village before the step, and what was perceived of it.
        before: State of the mind before the step.
        after: State after it.
        trace: What it made of it and did.
        turn: What that came to.
        well: Wellbeing after the step, 0 to 1; 0 once dead.
    """

    place: Dwelling
    before: DwellerState
    after: DwellerState
    trace: Trace
    turn: Turn
    well: Float[Array, "*lives"]

    def asked(self) -> Asked:
        """The moment as the mind can be asked about it."""
        return Asked(before=self.before, after=self.after, sensed=self.place.sensed, act=self.trace.act)


@brief
def begin(mind: Dweller, home: VillageHome, *, lives: int, key: Key) -> tuple[Dwelling, DwellerState]:
    """Be born, some times over."""
    return strong(jax.vmap(lambda key: home.begin(mind, key=key))(jax.random.split(key, lives)))


def page(
    mind: Dweller, home: VillageHome, place: Dwelling, state: DwellerState, channel: Channel, *, key: Key
) -> tuple[Dwelling, Page]:
    """Live one step of some lives, and write it down; the state of the minds after it is on the page."""
    alone = place.age.shape[0] == 1  # and runs so briefly that compiling is what takes time
    return (_turn_slowly if alone else _turn)(mind, home, place, state, channel, key=key)


def _turned(
    mind: Dweller, home: VillageHome, place: Dwelling, state: DwellerState, channel: Channel, *, key: Key
) -> tuple[Dwelling, Page]:
    lives = place.age.shape[0]
    mind_key, home_key = jax.random.split(key)
    percept = channel.heard(place.sensed)
    keys = jax.random.split(mind_key, lives)
    after, trace = jax.vmap(lambda s, p, k: mind.attempt(s, p, key=k))(state, percept, keys)
    keys = jax.random.split(home_key, lives)
    later, turn = jax.vmap(lambda s, a, k: home.step(s, a, key=k))(place, channel.spoken(trace.act), keys)
    well = jax.vmap(lambda state: wellbeing(own_store(state), goods_of(state)))(later.state)
    here = eqx.tree_at(lambda p: p.sensed, place, percept)
    return strong((later, Page(place=here, before=state, after=after, trace=trace, turn=turn, well=well)))


_turn, _turn_slowly = eqx.filter_jit(_turned), brief(_turned)


def pages(
    mind: Dweller, home: VillageHome, *, lives: int, steps: int, channel: Channel | None = None, key: Key
) -> Iterator[Page]:
    """Live some lives, page by page; the same key gives the same villages to any mind."""
    birth, living = jax.random.split(key)
    channel = channels()["open"] if channel is None else channel
    place, state = begin(mind, home, lives=lives, key=birth)
    for step_key in jax.random.split(living, steps):
        place, written = page(mind, home, place, state, channel, key=step_key)
        state = written.after
        yield written


QUIET = ("STAY", "FORWARD", "LEFT", "RIGHT", "REST")
"""Deeds that a log passes over where nothing is said with them."""


def told(mind: Dweller, written: Sequence[Page], *, id: str = "life", life: int = 0) -> Life:
    """One life as a log has it: what was heard, said and done, what was held and felt; nothing that is hidden.

    Args:
        mind: Who lived it.
        written: Its pages, of one life or of several side by side.
        id: Of the life.
        life: Which of those side by side.
    """
    innate, messages = mind.innate, []
    for page in written:
        sensed, act, time = page.place.sensed, page.trace.act, float(page.place.age[life])
        for say, who in zip(np.asarray(sensed.heard[life]), np.asarray(sensed.speaker[life])):
            if say[0]:
                said = {"role": NAMES[who - 1], "content": sentence(say.tolist()), "act": innate.says[say[0]].lower()}
                messages.append(Message(**said, time=time))
        say, hand = np.asarray(act.say[life]), innate.hands[int(act.hand[life])]
        if say[0] or hand not in QUIET:
            felt = dict(zip((*innate.goods, "stress"), np.asarray(sensed.body[life], float).round(3).tolist()))
            done = innate.says[say[0]] if say[0] else hand
            own = {"own": int(sensed.holding[life]), "hand": hand.lower()}
            content = sentence(say.tolist()) if say[0] else ""
            messages.append(Message(role="user", content=content, time=time, act=done.lower(), sees=own, feels=felt))
    weights = np.asarray(written[0].after.store.weight[life], float).round(4).tolist()
    well = sum(float(page.well[life]) for page in written)
    return Life(
        id=id,
        maker=NAMES[0],
        messages=tuple(messages),
        values=dict(zip(innate.goods, weights)),
        outcome={"steps": len(written), "wellbeing": round(well, 3)},
    )
