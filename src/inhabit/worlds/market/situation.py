"""A meeting of two makers: its state, and how an act changes it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.utility import exponential_utility, pushed, shifted_weights
from inhabit.worlds.market.makers import Maker
from inhabit.worlds.market.options import FOR, GIVES, IS, WANTS

CURVATURE = 1.5
"""Curvature of every maker's utility."""

DECAY = 0.03
"""Share of every level lost in a turn."""


class Situation(eqx.Module):
    """A meeting as it stands. Arrays of two tell first of who is to act now, then of who listens.

    Attributes:
        makers: The two.
        levels: What each has lately eaten of each good, in units; felt by its owner only.
        holdings: Whole units each has of each good; seen by both.
        mood: Stress (0 to 1), valence (-1 to 1), load (0 to 1) of each; hidden.
        give: What the listener has just offered: one-hot, or zeros.
        want: What the listener has just asked for (or wants in return for what is offered): one-hot, or zeros.
        refused: How often each has refused to part with, or to take, each good.
        pestered: How much each has been asked again for what they had refused; fades.
        greeted: Whether each has greeted.
        owing: Whether each owes thanks.
        turn: Turns done.
        over: Whether someone has left.
    """

    makers: Maker
    levels: Float[Array, "two goods"]
    holdings: Float[Array, "two goods"]
    mood: Float[Array, "two moods"]
    give: Float[Array, " goods"]
    want: Float[Array, " goods"]
    refused: Float[Array, "two goods"]
    pestered: Float[Array, " two"]
    greeted: Float[Array, " two"]
    owing: Float[Array, " two"]
    turn: Int[Array, ""]
    over: Bool[Array, ""]

    @property
    def pending(self) -> Float[Array, ""]:
        """1 if the listener has just asked or offered, else 0."""
        return self.want.sum()

    @classmethod
    def start(
        cls,
        makers: Maker,
        levels: Float[Array, "two goods"],
        holdings: Float[Array, "two goods"],
        stress: Float[Array, " two"],
    ) -> "Situation":
        """A meeting that begins."""
        goods, none, calm = jnp.zeros(levels.shape[-1]), jnp.zeros(2), jnp.zeros(2)
        return cls(
            makers=makers,
            levels=levels,
            holdings=holdings,
            mood=jnp.stack([stress, calm, calm], axis=-1),
            give=goods,
            want=goods,
            refused=jnp.zeros_like(levels),
            pestered=none,
            greeted=none,
            owing=none,
            turn=jnp.array(0),
            over=jnp.array(False),
        )


def worth(makers: Maker, mood: Float[Array, "two moods"]) -> Float[Array, "two goods"]:
    """Worth of the first unit of each good in the present mood: the scale stays, stress tilts the weights."""

    def one(value: Float[Array, " goods"], tilt: Float[Array, " goods"], stress: Float[Array, ""]):
        return value.sum() * shifted_weights(value / value.sum(), tilt[:, None], stress[None])

    return jax.vmap(one)(makers.value, makers.tilt, mood[:, 0])


def utility_of(
    stock: Float[Array, "two goods"], makers: Maker, weights: Float[Array, "two goods"]
) -> Float[Array, "two goods"]:
    """Utility of a stock of each good to each of the two."""
    curvature = jnp.full(stock.shape[1:], CURVATURE)
    return weights * jax.vmap(exponential_utility, (0, 0, None))(stock, makers.set_point, curvature)


def advance(now: Situation, option: Int[Array, ""]) -> Situation:
    """What an act does: goods move, levels and moods change, the other is to act. Nothing moves once it is over."""
    after = jax.tree.map(_other_side, _acted(now, option))
    return jax.tree.map(lambda old, new: jnp.where(now.over, old, new), now, after)


def _other_side(leaf: Array) -> Array:
    """Leaves of two swap places; `give`, `want`, `turn` and `over` belong to the meeting."""
    return leaf[::-1] if leaf.ndim and leaf.shape[0] == 2 else leaf


def _acted(now: Situation, option: Int[Array, ""]) -> Situation:
    did = {act: jnp.asarray(which)[option] for act, which in IS.items()}
    swap = did["accept"] * (now.give - now.want)
    eaten = did["eat"] * jnp.asarray(GIVES)[option]
    new_give = did["offer"] * jnp.asarray(GIVES)[option]
    new_want = jnp.asarray(WANTS)[option]
    named = (jnp.asarray(FOR["dislike"]) + jnp.asarray(FOR["full"]))[option]
    declined = did["refuse"] * (named * now.give + (1 - named) * now.want)
    again = jnp.minimum(jnp.sum(now.refused[1] * (new_give + new_want)), 1.0)
    nothing = jnp.array(0.0)
    pestered = 0.9 * now.pestered * jnp.stack([1 - 0.6 * did["complain"], 1 + nothing])
    holdings = now.holdings + jnp.stack([swap - eaten, -swap])
    levels = (1 - DECAY) * now.levels + jnp.stack([eaten, jnp.zeros_like(eaten)])
    return Situation(
        makers=now.makers,
        levels=levels,
        holdings=holdings,
        mood=_moved(now, did, again, holdings, levels, eaten),
        give=new_give,
        want=new_want,
        refused=now.refused + jnp.stack([declined, jnp.zeros_like(declined)]),
        pestered=pestered + jnp.stack([nothing, again]),
        greeted=jnp.maximum(now.greeted, jnp.stack([did["greet"], nothing])),
        owing=jnp.stack([now.owing[0] * (1 - did["thank"]), jnp.maximum(now.owing[1], did["accept"])]),
        turn=now.turn + 1,
        over=did["leave"] > 0,
    )


def _moved(
    now: Situation,
    did: dict[str, Float[Array, ""]],
    again: Float[Array, ""],
    holdings: Float[Array, "two goods"],
    levels: Float[Array, "two goods"],
    eaten: Float[Array, " goods"],
) -> Float[Array, "two moods"]:
    """Moods after an act: leaked, then pushed by what was gained, suffered and borne.

    Gain is each one's change of utility by trading, plus for the eater that of the level risen. Stress is pushed by
    `temper * hurt - comfort - 0.3 * gain`, valence by `comfort - hurt + 0.5 * gain`, load by 0.06 a turn with words.
    """
    weights = worth(now.makers, now.mood)
    eating = jnp.stack([eaten, jnp.zeros_like(eaten)])
    traded = holdings - now.holdings + eating
    stock = now.levels + now.holdings
    gain = utility_of(stock + traded, now.makers, weights) - utility_of(stock, now.makers, weights)
    gain += utility_of(now.levels + eating, now.makers, weights) - utility_of(now.levels, now.makers, weights)
    gain = jnp.clip(gain.sum(axis=-1), -2.0, 2.0)
    hurt = jnp.stack([jnp.array(0.0), 0.3 * did["refuse"] + 0.4 * did["complain"] + 0.5 * again])
    comfort = jnp.stack(
        [0.2 * did["complain"], 0.2 * did["thank"] + 0.1 * did["greet"] + 0.05 * (did["chat"] + did["praise"])]
    )
    stress, valence, load = 0.97 * now.mood[:, 0], 0.93 * now.mood[:, 1], 0.98 * now.mood[:, 2]
    return jnp.stack(
        [
            pushed(stress, now.makers.temper * hurt - comfort - 0.3 * gain, 0.0, 1.0),
            pushed(valence, comfort - hurt + 0.5 * gain, -1.0, 1.0),
            pushed(load, jnp.full(2, 0.06) * (1 - did["eat"]), 0.0, 1.0),
        ],
        axis=-1,
    )
