"""A biography: lives of a grown mind page by page, with all that it perceived, knew and did, and the truth beside it."""

from collections.abc import Iterator

import equinox as eqx
import jax
from jaxtyping import Array, Float

from inhabit.learning.channel import Channel, channels
from inhabit.learning.dwelling import Dwelling, VillageHome, goods_of, own_store
from inhabit.learning.home import Turn
from inhabit.learning.living import strong
from inhabit.mind.actor import Trace
from inhabit.mind.answering import Asked
from inhabit.mind.dweller import Dweller, DwellerState
from inhabit.mind.feeling import wellbeing
from inhabit.types import Key


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


@eqx.filter_jit
def begin(mind: Dweller, home: VillageHome, *, lives: int, key: Key) -> tuple[Dwelling, DwellerState]:
    """Be born, some times over."""
    return strong(jax.vmap(lambda key: home.begin(mind, key=key))(jax.random.split(key, lives)))


@eqx.filter_jit
def page(
    mind: Dweller, home: VillageHome, place: Dwelling, state: DwellerState, channel: Channel, *, key: Key
) -> tuple[Dwelling, Page]:
    """Live one step of some lives, and write it down; the state of the minds after it is on the page."""
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
