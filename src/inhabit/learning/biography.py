"""A biography: whole lives of a grown mind, page by page, with all that it perceived, knew and did, and the truth."""

import equinox as eqx
import jax
from jaxtyping import PyTree

from inhabit.learning.channel import AbstractChannel, Open
from inhabit.learning.dwelling import Dwelling, VillageHome
from inhabit.learning.home import Turn
from inhabit.mind.actor import Trace
from inhabit.mind.answering import Asked
from inhabit.mind.dweller import Dweller, DwellerState
from inhabit.types import Key


class Page(eqx.Module):
    """One step of some lives that are lived side by side. Leading axes: (steps,) lives.

    Attributes:
        place: The village before the step, and what was perceived of it.
        before: State of the mind before the step.
        after: State after it.
        trace: What it made of it and did.
        turn: What that came to.
    """

    place: Dwelling
    before: DwellerState
    after: DwellerState
    trace: Trace
    turn: Turn

    def asked(self) -> Asked:
        """The moment as the mind can be asked about it."""
        return Asked(before=self.before, after=self.after, sensed=self.place.sensed, act=self.trace.act)


def page(
    mind: Dweller,
    home: VillageHome,
    place: Dwelling,
    state: DwellerState,
    *,
    key: Key,
    channel: AbstractChannel | None = None,
) -> tuple[Dwelling, DwellerState, Page]:
    """Live one step of some lives, and write it down."""
    channel = Open() if channel is None else channel
    lives = place.age.shape[0]
    mind_key, home_key = jax.random.split(key)
    percept = channel.heard(place.sensed)
    after, trace = jax.vmap(lambda s, p, k: mind.attempt(s, p, key=k))(
        state, percept, jax.random.split(mind_key, lives)
    )
    act = channel.spoken(trace.act)
    later, turn = jax.vmap(lambda s, a, k: home.step(s, a, key=k))(place, act, jax.random.split(home_key, lives))
    here = eqx.tree_at(lambda p: p.sensed, place, percept)
    return later, after, Page(place=here, before=state, after=after, trace=trace, turn=turn)


def begin(mind: Dweller, home: VillageHome, *, lives: int, key: Key) -> tuple[Dwelling, DwellerState]:
    """Be born, some times over."""
    return jax.vmap(lambda key: home.begin(mind, key=key))(jax.random.split(key, lives))


@eqx.filter_jit
def biographies(
    mind: Dweller, home: VillageHome, *, lives: int, steps: int, key: Key, channel: AbstractChannel | None = None
) -> Page:
    """Live some lives for some steps; leading axes are steps, lives."""
    birth, living = jax.random.split(key)
    place, state = begin(mind, home, lives=lives, key=birth)

    def step(carry: PyTree, key: Key) -> tuple[PyTree, Page]:
        place, state, written = page(mind, home, *carry, key=key, channel=channel)
        return (place, state), written

    return jax.lax.scan(step, (place, state), jax.random.split(living, steps))[1]
