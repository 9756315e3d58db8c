"""The choice rule of the market: a conditional logit over all options, by value, obligation, patience and stress.

The utility of option `o` for who is to act, with present worths `w` (tilted by stress), stock = levels + holdings,
`gain(d) = U(stock + d) - U(stock)` and `sated(e) = U(levels + e) - U(levels)` under the exponential utility:

    greet         2.5 if not yet greeted else -3, less half a unit per turn done
    ask h         -2.6 + 5.0 * gain(+h) - 0.4 * (times the other refused h)
    offer g for h -2.2 + 5.0 * gain(+h - g) - 0.4 * (times the other refused g or h)
    accept        1.5 if something is offered for it, else kindness + 0.2; + 4.0 * gain(of the deal) + 0.8 * valence
    refuse plain  0.3;   need: -0.6 + 1.0 * w[wanted] * exp(-curvature * stock / set point)
    refuse dislike  1.5 * (mean w - w[offered]);   refuse full  1.2 * (levels / set point - 1) of the offered
    complain      -3.2 + 3.5 * pestered / patience + 2 * stress
    thank         2.5 if owing, else -3;   chat  -0.6 + 0.8 * valence;   praise g  -3.8 + 1.0 * w[g]
    eat g         -1.4 + 3.5 * sated(+g)
    leave         -2.6 + 5 * stress + (6 * load + pestered) / patience, less 1 while owing thanks

`patience` is the maker's own times `exp(-stress)`. While the other waits for an answer every option that is none (all
but accept, refuse, complain and offer) is worth 2.5 less, under full stress 1.25 less. Impossible options are closed.
All of it is divided by the temperature `exp(0.3 * stress)`.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths import choice
from inhabit.maths.utility import exponential_marginal
from inhabit.worlds.market.options import ACT_OF, ACTS, FOR, GIVES, IS, WANTS
from inhabit.worlds.market.situation import CURVATURE, Situation, utility_of, worth

ANSWERS = IS["accept"] + IS["refuse"] + IS["complain"] + IS["offer"]
"""Options that answer what was asked or offered."""


def log_probabilities(now: Situation) -> Float[Array, " options"]:
    """Log-probability of each option for who is to act."""
    temperature = jnp.exp(0.3 * now.mood[0, 0])
    return choice.log_probabilities(utilities(now), temperature, possible(now))


def option_probabilities(now: Situation) -> Float[Array, " options"]:
    """The true distribution of the next option."""
    return jnp.exp(log_probabilities(now))


def act_probabilities(now: Situation) -> Float[Array, " acts"]:
    """The true distribution of the next act, in the order of `ACTS`."""
    return option_probabilities(now) @ jax.nn.one_hot(ACT_OF, len(ACTS))


def stance_probabilities(now: Situation) -> Float[Array, "goods 4"]:
    """The true chance that each good is next not spoken of, asked for, offered or refused."""
    codes = jax.vmap(lambda option: stance_codes(option, now.give, now.want))(jnp.arange(len(ACT_OF)))
    return jnp.einsum("o,ogs->gs", option_probabilities(now), jax.nn.one_hot(codes, 4))


def stance_codes(
    option: Int[Array, ""], give: Float[Array, " goods"], want: Float[Array, " goods"]
) -> Int[Array, " goods"]:
    """What an option says of each good: 0 nothing, 1 ask, 2 offer, 3 refuse.

    To accept is to offer what the other wanted and to ask for what they gave; to refuse for want of taste or hunger is
    to refuse what they gave, to refuse for need or without a reason is to refuse what they wanted. Who eats or praises a
    good would have it: that is to ask for it.
    """
    did = {act: jnp.asarray(which)[option] for act, which in IS.items()}
    named = (jnp.asarray(FOR["dislike"]) + jnp.asarray(FOR["full"]))[option]
    asked = (did["ask"] + did["offer"]) * jnp.asarray(WANTS)[option] + did["accept"] * give
    asked += (did["eat"] + did["praise"]) * jnp.asarray(GIVES)[option]
    offered = did["offer"] * jnp.asarray(GIVES)[option] + did["accept"] * want
    refused = did["refuse"] * (named * give + (1 - named) * want)
    return (asked + 2 * offered + 3 * refused).astype(int)


def possible(now: Situation) -> Bool[Array, " options"]:
    """Which options are open: one asks for what the other holds, gives what one holds, and answers what is pending."""
    own, other = now.holdings[0] > 0, now.holdings[1] > 0
    waiting = now.pending > 0
    offered = now.give.sum() > 0
    needs_own = jnp.any((IS["offer"] + IS["eat"])[:, None] * GIVES * ~own > 0, axis=1)
    needs_other = jnp.any(WANTS * ~other > 0, axis=1)
    payable = jnp.all(now.want * ~own <= 0)
    answers = jnp.asarray(IS["refuse"] > 0)
    about_the_offer = jnp.asarray(FOR["dislike"] + FOR["full"] > 0)
    closed = needs_own | needs_other
    closed |= jnp.asarray(IS["accept"] > 0) & ~(waiting & payable)
    closed |= (answers & ~waiting) | (about_the_offer & ~offered)
    return ~closed


def utilities(now: Situation) -> Float[Array, " options"]:
    """Utility of each option, before the temperature; the formula stands at the head of this file."""
    weights = worth(now.makers, now.mood)
    stress, valence, load = now.mood[0]
    patience = now.makers.patience[0] * jnp.exp(-stress)
    waiting, offered = now.pending, now.give.sum()
    up, down, sated = _gains(now, weights)
    deal = jnp.sum(now.give * up - now.want * down)
    parts = [
        IS["greet"] * (2.5 - 5.5 * now.greeted[0] - 0.5 * now.turn),
        IS["ask"] * -2.6 + _of(IS["ask"][:, None] * WANTS, 5.0 * up - 0.4 * now.refused[1]),
        IS["offer"] * -2.2
        + _of(IS["offer"][:, None] * WANTS, 5.0 * up - 0.4 * now.refused[1])
        + _of(IS["offer"][:, None] * GIVES, -5.0 * down - 0.4 * now.refused[1]),
        IS["accept"] * (1.5 * offered + (1 - offered) * (now.makers.kindness[0] + 0.2) + 4.0 * deal + 0.8 * valence),
        _refusals(now, weights),
        IS["complain"] * (-3.2 + 3.5 * now.pestered[0] / patience + 2.0 * stress),
        IS["thank"] * (5.5 * now.owing[0] - 3.0),
        IS["chat"] * (-0.6 + 0.8 * valence),
        IS["praise"] * -3.8 + _of(IS["praise"][:, None] * GIVES, 1.0 * weights[0]),
        IS["eat"] * -1.4 + _of(IS["eat"][:, None] * GIVES, 3.5 * sated),
        IS["leave"] * (-2.6 + 5.0 * stress + (6.0 * load + now.pestered[0]) / patience - now.owing[0]),
        (1 - ANSWERS) * waiting * -2.5 * (1 - 0.5 * stress),
    ]
    return jnp.sum(jnp.stack(parts), axis=0)


def _gains(
    now: Situation, weights: Float[Array, "two goods"]
) -> tuple[Float[Array, " goods"], Float[Array, " goods"], Float[Array, " goods"]]:
    """What one more unit of each good in stock, one less in stock, and one more eaten would change."""
    stock = now.levels + now.holdings

    def utility(levels: Float[Array, "two goods"]) -> Float[Array, " goods"]:
        return utility_of(levels, now.makers, weights)[0]

    here = utility(stock)
    return utility(stock + 1) - here, here - utility(stock - 1), utility(now.levels + 1) - utility(now.levels)


def _refusals(now: Situation, weights: Float[Array, "two goods"]) -> Float[Array, " options"]:
    set_point = now.makers.set_point[0]
    curvature = jnp.full_like(set_point, CURVATURE)
    marginal = weights[0] * exponential_marginal(now.levels[0] + now.holdings[0], set_point, curvature)
    need = -0.6 + jnp.sum(now.want * marginal)
    dislike = 1.5 * (weights[0].mean() - jnp.sum(now.give * weights[0]))
    full = 1.2 * (jnp.sum(now.give * now.levels[0] / set_point) - 1)
    return jnp.asarray(FOR["plain"]) * 0.3 + FOR["need"] * need + FOR["dislike"] * dislike + FOR["full"] * full


def _of(which: np.ndarray, per_good: Float[Array, " goods"]) -> Float[Array, " options"]:
    """Read a number per good off for each option, as a plain sum, so that batches of any size agree to the bit."""
    return jnp.sum(jnp.asarray(which) * per_good, axis=1)
