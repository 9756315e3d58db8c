"""The policy: from what a mind makes of its situation, and from what it values, to what it means to do."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.choice import gumbel_max
from inhabit.mind.person.affordances import FAR, OFFER, Needs, closed, signs
from inhabit.mind.person.own import STYLE, Own
from inhabit.types import MOODS, STANCES, Act, Key

KINDS = len(STANCES)

NEVER = 30.0
"""Nats that leave no chance, and stay a number."""

LEAVE_FOR = np.array([2.0, -0.5, 0.0, -0.5, 0.5], np.float32)
"""What makes a person leave before any log is heard: stress, not valence, nor patience, but what is borne beyond it."""


class Wants(eqx.Module):
    """What drives the policy at one moment.

    Attributes:
        situation: What the mind makes of the conversation so far.
        goods: What it makes of each good.
        worth: What one more of each good would be worth, given what was had and what is held.
        spare: What one less would cost.
        craving: What one more of each good is worth to take in now, given what was had only.
        esteem: Worth of the first unit of each good in the present mood, however much was had.
        seen: What is seen of each good: amounts, as logarithms, then whether there is any.
        holds: Of each good, 1 where the person holds some or nobody can see; 0 where it holds none.
        balance: Of each good, what a partner's standing words would bring: +1 offered, -1 asked for.
        mood: Stress, valence, load.
        heard: The partner's last act; 0 is none.
        last: The person's own last act; -1 is none.
        leaning: What the last words alone make likely to be done.
        own: The person's own part.
    """

    situation: Float[Array, " situation"]
    goods: Float[Array, "goods features"]
    worth: Float[Array, " goods"]
    spare: Float[Array, " goods"]
    craving: Float[Array, " goods"]
    esteem: Float[Array, " goods"]
    seen: Float[Array, "goods twice"]
    holds: Float[Array, " goods"]
    balance: Float[Array, " goods"]
    mood: Float[Array, " moods"]
    heard: Int[Array, ""]
    last: Int[Array, ""]
    leaning: Float[Array, " acts"]
    own: Own


class Intention(eqx.Module):
    """What a mind is about to do, as unnormalised log-probabilities.

    Attributes:
        acts: One for each act (rows) aimed at nothing (column 0) or at a good; minus infinity where it makes no sense.
        rating: Over the rating levels.
    """

    acts: Float[Array, "acts aims"]
    rating: Float[Array, " ratings"]

    @property
    def log_probability(self) -> Float[Array, "acts aims"]:
        """Normalised over acts and aims together."""
        return jax.nn.log_softmax(self.acts.ravel()).reshape(self.acts.shape)


class Policy(eqx.Module):
    """A conditional logit over (act, good) whose utilities are part learned, part worked out from the value store.

    The score of an act is `base(act, situation) + deal[act] * sum(brought)`, to which an act aimed at good `g` adds
    `fit(act, u_g) + pull[act] * worth_g + crave[act] * craving_g + like[act] * esteem_g + trade[act] * brought_g`, where
    `brought` is what the partner's standing words would bring (`_brought`) and `u_g` comes from one network shared by all
    goods: goods are told apart by what is known of them, never by their place in a list. An act that always gives one good
    for another (`affordances.pays`) is a joint choice of both: it adds the inclusive value of all that can be given, each
    scored `pay(act, u_h) + spend[act] * spare_h`, and what is given is chosen among them. What a good is worth reaches the
    acts through `pull`, `crave`, `like`, `trade`, `deal`, `part` and `spend` alone, so that values can be read off choices.

    What was last heard and done, what is seen of a good, what was asked and offered and could be given, and what would have
    to be parted with, also count by tables that can be read (`answer`, `follow`, `sight`, `stand`, `part`). Mood, patience,
    and load borne beyond patience, shift the acts through one small matrix that can be read: a mood that the log never
    showed is answered by the same lines as those it did. Ratings rise with valence and fall with stress. What an act cannot
    be done without (`affordances`) closes it, so that values need not explain why the impossible is never done.

    Source:
        McFadden (1974) for the conditional logit; Zaheer et al. (2017), Deep Sets, for the sharing.
    """

    good: eqx.nn.MLP
    base: eqx.nn.MLP
    fit: eqx.nn.Linear
    pull: Float[Array, " acts"]
    crave: Float[Array, " acts"]
    like: Float[Array, " acts"]
    deal: Float[Array, " acts"]
    trade: Float[Array, " acts"]
    part: Float[Array, "acts 2"]
    spend: Float[Array, " acts"]
    pay: eqx.nn.Linear
    stand: Float[Array, "acts 3"]
    sight: Float[Array, "acts twice"]
    answer: Float[Array, "acts symbols"]
    follow: Float[Array, "acts acts"]
    felt: Float[Array, "acts feelings"]
    style: Float[Array, "acts style"]
    stance: eqx.nn.MLP
    act_embedding: Float[Array, "acts embedding"]
    rating_head: eqx.nn.Linear
    content: Float[Array, "2"]
    end: eqx.nn.Linear
    aimed: tuple[bool, ...] = eqx.field(static=True)
    needs: Needs = eqx.field(static=True)
    pays: tuple[bool, ...] = eqx.field(static=True)

    def __init__(
        self,
        *,
        situation: int,
        features: int,
        sights: int,
        symbols: int,
        aimed: tuple[bool, ...],
        needs: Needs,
        pays: tuple[bool, ...],
        ratings: int,
        leaving: int,
        width: int = 48,
        key: Key,
    ):
        good, base, fit, stance, embed, rate, end = jax.random.split(key, 7)
        acts, embedding = len(aimed), 16
        self.good = eqx.nn.MLP(features + 2 * sights + 1 + 8, width, width, 1, key=good)
        self.base = eqx.nn.MLP(situation + width + STYLE, acts, 2 * width, 1, key=base)
        self.fit = eqx.nn.Linear(width, acts, use_bias=False, key=fit)
        self.pull = jnp.ones(acts)
        self.crave = jnp.ones(acts)
        self.like = jnp.zeros(acts)
        self.deal = jnp.zeros(acts)
        self.trade = jnp.zeros(acts)
        self.part = jnp.zeros((acts, 2))
        self.spend = -jnp.ones(acts)
        self.pay = eqx.nn.Linear(width, acts, use_bias=False, key=jax.random.fold_in(key, 7))
        self.stand = jnp.zeros((acts, 3))
        self.sight = jnp.zeros((acts, 2 * sights))
        self.answer = jnp.zeros((acts, symbols))
        self.follow = jnp.zeros((acts, acts))
        self.felt = jnp.zeros((acts, len(MOODS) + 2)).at[leaving].set(LEAVE_FOR)
        self.style = jnp.zeros((acts, STYLE))
        self.stance = eqx.nn.MLP(width + embedding + 3, KINDS, width, 1, key=stance)
        self.act_embedding = 0.3 * jax.random.normal(embed, (acts, embedding))
        self.rating_head = eqx.nn.Linear(situation + width + STYLE, ratings, key=rate)
        self.content = jnp.zeros(2)
        self.end = eqx.nn.Linear(situation + embedding + len(MOODS) + 2, 1, key=end)
        self.aimed = aimed
        self.needs = needs
        self.pays = pays or (False,) * acts

    def intend(self, wants: Wants) -> Intention:
        """Weigh every act."""
        about, whole = self._regard(wants)
        base = self.base(whole) + self.felt @ _feelings(wants) + self.style @ wants.own.style
        base = base + self.answer[:, wants.heard] + jnp.where(wants.last >= 0, self.follow[:, wants.last], 0.0)
        base = base + wants.leaning
        brought = _brought(wants)
        plain = base + self.deal * brought.sum() + self.stand @ _standing(wants)
        toward = plain[:, None] + jax.vmap(self.fit)(about).T + self.pull[:, None] * wants.worth
        toward = toward + self.crave[:, None] * wants.craving + self.like[:, None] * wants.esteem
        toward = toward + self.trade[:, None] * brought + self.sight @ wants.seen.T
        pays = jnp.array(self.pays)[:, None]
        toward = toward + jnp.where(pays, self._payable(wants, about), self.part @ _spared(wants))
        if self.needs:
            shown, holds = wants.seen[:, wants.seen.shape[1] // 2 :] > 0, wants.holds > 0
            toward = jnp.where(closed(self.needs, signs(shown, holds, wants.balance)), plain[:, None] - FAR, toward)
        aimed = jnp.array(self.aimed)[:, None]
        acts = jnp.concatenate([jnp.where(aimed, -jnp.inf, plain[:, None]), jnp.where(aimed, toward, -jnp.inf)], axis=1)
        ratings = self.rating_head(whole)
        return Intention(acts, ratings + self._contentment(wants, ratings.shape[0]))

    def stances(self, wants: Wants, act: Act) -> Float[Array, "goods kinds"]:
        """What is said of each good, given the act: logits over nothing, ask, offer, refuse."""
        about, _ = self._regard(wants)
        embedding = self.act_embedding[act.act]
        main = jnp.arange(1, about.shape[0] + 1) == act.good
        valued = jnp.stack([main, wants.worth, wants.craving], axis=1)
        kinds = jax.vmap(lambda u, v: self.stance(jnp.concatenate([u, embedding, v])))(about, valued)
        if not any(self.pays):
            return kinds
        paid = jnp.array(self.pays)[act.act] & ~main[:, None]
        return jnp.where(paid, _one_by_one(self._payments(wants, about)[act.act], main, act.stances), kinds)

    def paid(
        self, wants: Wants, act: Act, said: Int[Array, " goods"], noise: Float[Array, " goods"]
    ) -> Int[Array, " goods"]:
        """What is said of each good, with one good given where the act pays, chosen with Gumbel noise."""
        about, _ = self._regard(wants)
        goods = jnp.arange(1, about.shape[0] + 1)
        payments = jnp.where(goods == act.good, -jnp.inf, self._payments(wants, about)[act.act])
        given = jnp.where(goods == 1 + gumbel_max(payments, noise), OFFER, 0)
        return jnp.where(jnp.array(self.pays)[act.act] & (goods != act.good), given, said)

    def _payments(self, wants: Wants, about: Float[Array, "goods width"]) -> Float[Array, "acts goods"]:
        """Score of giving each good; far below for what is not held."""
        score = jax.vmap(self.pay)(about).T + self.spend[:, None] * wants.spare
        return jnp.where(wants.holds > 0, score, -NEVER)

    def _payable(self, wants: Wants, about: Float[Array, "goods width"]) -> Float[Array, "acts goods"]:
        """Inclusive value of all that can be given for each good."""
        others = jnp.where(jnp.eye(about.shape[0], dtype=bool), -NEVER, self._payments(wants, about)[:, None, :])
        return jnp.maximum(jax.nn.logsumexp(others, axis=-1), -FAR)

    def ending(self, wants: Wants, act: Act) -> Float[Array, ""]:
        """Logit that the person's part ends with this act."""
        return self.end(jnp.concatenate([wants.situation, self.act_embedding[act.act], _feelings(wants)]))[0]

    def _contentment(self, wants: Wants, ratings: int) -> Float[Array, " ratings"]:
        """What mood adds to each rating level, worst first: valence to the upper ones, stress to the lower."""
        stress, valence, _ = wants.mood
        less, more = jax.nn.softplus(self.content)
        return jnp.linspace(-1.0, 1.0, ratings) * (more * valence - less * stress)

    def _regard(self, wants: Wants) -> tuple[Float[Array, "goods width"], Float[Array, " whole"]]:
        """Regard each good, then all together."""
        context = jnp.broadcast_to(wants.situation[:8], (wants.goods.shape[0], 8))
        seen = jnp.concatenate([wants.goods, wants.seen, wants.balance[:, None], context], axis=1)
        about = jax.vmap(self.good)(seen)
        pooled = about.sum(0) / max(about.shape[0], 1)
        return about, jnp.concatenate([wants.situation, pooled, wants.own.style])


def _standing(wants: Wants) -> Float[Array, "3"]:
    """Whether anything was asked for, anything offered, and anything asked for that is not there to give."""
    asked, offered = wants.balance < 0, wants.balance > 0
    lacking = asked & (wants.holds == 0)
    return jnp.stack([jnp.any(asked), jnp.any(offered), jnp.any(lacking)]).astype(float)


def _brought(wants: Wants) -> Float[Array, " goods"]:
    """What the partner's standing words would bring of each good: worth gained where offered, cost where asked."""
    return jnp.where(wants.balance < 0, wants.spare, wants.worth) * wants.balance


def _one_by_one(
    payments: Float[Array, " goods"], main: Bool[Array, " goods"], stances: Int[Array, " goods"]
) -> Float[Array, "goods kinds"]:
    """That one good and no other is given, told good by good: the chance of each, if none before it was."""
    payments = jnp.where(main, -NEVER, payments)
    given = (stances == OFFER) & ~main
    later = jnp.triu(jnp.ones((payments.shape[0],) * 2, bool))
    left = jax.nn.logsumexp(jnp.where(later, payments, -NEVER), axis=1)
    before = jnp.any(given[:, None] & ~later.T, axis=0)
    chance = jnp.where(before, -FAR, jnp.minimum(payments - left, -jnp.exp(-FAR)))
    kinds = jnp.full((payments.shape[0], KINDS), -NEVER)
    return kinds.at[:, OFFER].set(chance).at[:, 0].set(jnp.log(-jnp.expm1(chance)))


def _spared(wants: Wants) -> Float[Array, "2 goods"]:
    """For each good, the worth of the other good that is most easily parted with, and 1 where there is none to part with."""
    goods = wants.worth.shape[0]
    closed = (wants.holds == 0)[None, :] | jnp.eye(goods, dtype=bool)
    least = jnp.min(jnp.where(closed, jnp.inf, wants.spare), axis=1, initial=jnp.inf)
    none = ~jnp.isfinite(least)
    return jnp.stack([jnp.where(none, 0.0, least), none.astype(float)])


def _feelings(wants: Wants) -> Float[Array, " feelings"]:
    """Moods, patience, and what is borne against it: load over patience, which stress wears down."""
    stress, _, load = wants.mood
    borne = load * jnp.exp(jnp.clip(stress - wants.own.patience, -3.0, 3.0))
    return jnp.concatenate([wants.mood, jnp.stack([wants.own.patience, borne])])
