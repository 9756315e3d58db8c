"""The market: makers meet in pairs, talk, trade and eat; whole lives run in one compiled program."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.choice import gumbel_max
from inhabit.maths.compiling import BRIEF
from inhabit.types import Key
from inhabit.worlds.market.makers import Maker, draw_maker, draw_makers
from inhabit.worlds.market.options import GOODS, OPTIONS
from inhabit.worlds.market.rule import log_probabilities
from inhabit.worlds.market.situation import Situation, advance
from inhabit.worlds.market.words import PHRASES, choose_phrases
from inhabit.worlds.world import AbstractWorld

TURNS = 24
"""Longest talk, in turns of both; one that reaches it is cut off."""

STRESS_MEAN, STRESS_SCALE = -1.0, 1.5
"""The logit of each one's stress when a meeting begins is normal with this mean and standard deviation."""


class Event(eqx.Module):
    """One turn as it was done, with the meeting as it stood just before. Arrays of two are as in `Situation`.

    Attributes:
        option: Index into `OPTIONS`.
        phrases: Which phrase filled each slot of the sentence.
        done: False where the meeting was already over.
        levels: Before the act.
        holdings: Before the act.
        mood: Before the act; hidden.
        give: Pending before the act.
        want: Pending before the act.
    """

    option: Int[Array, "*batch"]
    phrases: Int[Array, "*batch slots"]
    done: Bool[Array, "*batch"]
    levels: Float[Array, "*batch two goods"]
    holdings: Float[Array, "*batch two goods"]
    mood: Float[Array, "*batch two moods"]
    give: Float[Array, "*batch goods"]
    want: Float[Array, "*batch goods"]


class Market(AbstractWorld[Situation, Event]):
    """A world of meetings. Its options and their order are `OPTIONS`."""

    def reset(self, *, key: Key) -> Situation:
        """Two strangers drawn from the prior meet."""
        one_key, other_key, start_key = jax.random.split(key, 3)
        pair = jax.tree.map(lambda a, b: jnp.stack([a, b]), draw_maker(key=one_key), draw_maker(key=other_key))
        return self.meet(pair, key=start_key)

    def meet(self, makers: Maker, *, key: Key) -> Situation:
        """Two given makers meet, hungry or full, rich or poor, calm or stressed, as it happens.

        Levels are uniform on 0 to 3 units, holdings on 0 to 3 whole units, stress logit-normal.
        """
        goods = len(GOODS)
        chance = jax.random.uniform(key, (2, 2 * goods + 1), minval=1e-6)
        levels, holdings = 3 * chance[:, :goods], jnp.floor(4 * chance[:, goods:-1])
        stress = jax.nn.sigmoid(STRESS_MEAN + STRESS_SCALE * jax.scipy.special.ndtri(chance[:, -1]))
        return Situation.start(makers, levels, holdings, stress)

    def step(self, state: Situation, act: Int[Array, ""], *, key: Key) -> tuple[Situation, Event]:
        """Do option `act`, in words drawn by the speaker's style and stress."""
        return advance(state, act), _event(state, act, jax.random.gumbel(key, (PHRASES,)))

    def live(self, state: Situation, *, key: Key, turns: int = TURNS) -> tuple[Situation, Event]:
        """Let the two live on by the choice rule for a number of turns; events have a leading axis of turns."""
        noise = jax.random.gumbel(key, (turns, len(OPTIONS) + PHRASES))

        def turn(now: Situation, noise: Float[Array, " noise"]) -> tuple[Situation, Event]:
            option = gumbel_max(log_probabilities(now), noise[: len(OPTIONS)])
            return advance(now, option), _event(now, option, noise[len(OPTIONS) :])

        return jax.lax.scan(turn, state, noise)


def _event(now: Situation, option: Int[Array, ""], noise: Float[Array, " phrases"]) -> Event:
    return Event(
        option=option,
        phrases=choose_phrases(tuple(s[0] for s in now.makers.style), now.mood[0, 0], noise),
        done=~now.over,
        levels=now.levels,
        holdings=now.holdings,
        mood=now.mood,
        give=now.give,
        want=now.want,
    )


class Record(eqx.Module):
    """What a market lived: the truth about its makers, and every meeting turn by turn.

    Attributes:
        makers: All makers, stacked.
        pairs: Who met in each meeting; the first of a pair acts first.
        starts: Each meeting as it began.
        ends: Each meeting as it ended.
        events: Every turn.
    """

    makers: Maker
    pairs: Int[Array, "meetings 2"]
    starts: Situation
    ends: Situation
    events: Event


def pairings(makers: int, meetings: int) -> Int[Array, "rounds*pairs 2"]:
    """Who meets whom, everyone once a round and never the same partner twice: the circle method of round robins.

    Args:
        makers: Even, at least 2.
        meetings: Meetings of each maker; at most `makers - 1`.
    """
    if makers < 2 or makers % 2:
        raise ValueError(f"{makers} makers cannot all be paired; give an even number of at least 2")
    if not 1 <= meetings < makers:
        raise ValueError(f"{meetings} meetings each with {makers} makers; give 1 to {makers - 1}")

    def one_round(number: Int[Array, ""]) -> Int[Array, "pairs 2"]:
        circle = jnp.concatenate([jnp.zeros(1, int), 1 + (jnp.arange(makers - 1) + number) % (makers - 1)])
        pairs = jnp.stack([circle[: makers // 2], circle[::-1][: makers // 2]], axis=1)
        return jnp.where(number % 2 == 0, pairs, pairs[:, ::-1])

    return jax.vmap(one_round)(jnp.arange(meetings)).reshape(-1, 2)


@partial(jax.jit, static_argnames=("makers", "meetings", "batch"), compiler_options=BRIEF)
def run(*, makers: int, meetings: int = 8, batch: int = 4096, key: Key) -> Record:
    """Live a whole market: every maker meets `meetings` different partners.

    Args:
        makers: How many people; even.
        meetings: How many meetings each has.
        batch: Meetings computed at once; changes the memory needed, not the result.
        key: Same key, same market.
    """
    makers_key, meetings_key = jax.random.split(key)
    people = draw_makers(makers, key=makers_key)
    pairs = pairings(makers, meetings)
    market = Market()

    def meeting(number_and_pair: tuple[Int[Array, ""], Int[Array, " 2"]]) -> tuple[Situation, Situation, Event]:
        number, pair = number_and_pair
        start_key, live_key = jax.random.split(jax.random.fold_in(meetings_key, number))
        start = market.meet(jax.tree.map(lambda leaf: leaf[pair], people), key=start_key)
        end, events = market.live(start, key=live_key)
        return start, end, events

    starts, ends, events = jax.lax.map(meeting, (jnp.arange(len(pairs)), pairs), batch_size=min(batch, len(pairs)))
    return Record(makers=people, pairs=pairs, starts=starts, ends=ends, events=events)
