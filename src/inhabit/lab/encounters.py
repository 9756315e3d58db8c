"""Encounters of a newcomer: dilemmas staged in a village, and how its people react if the newcomer does the tempting thing.

The norms, the talk and the minds are the village's own code; the bodies are put in place and stay as they are.
"""

import dataclasses
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.maths.compiling import BRIEF
from inhabit.types import Key
from inhabit.worlds.village.acts import Deed, Say, Topic
from inhabit.worlds.village.norms import judge
from inhabit.worlds.village.state import Outcome, State
from inhabit.worlds.village.talking import hear
from inhabit.worlds.village.villagers import decide
from inhabit.worlds.village.world import Village

KINDS = ("pick from a plant", "ask", "refuse who asks for food", "ask a greeted friend")
"""The tempting deeds. Each comes in four situations, of which one or two are wrong where the norm holds:

pick: the plant is the other's or nobody's; with leave or without. ask: not greeted or greeted; where or what. refuse:
the asker is hungry or not; oneself is sated or hungry. ask a friend: who is tired or not; asked before or not.
"""

SITUATIONS = 4 * len(KINDS)
PEOPLE = 4
PATIENCE = 6
"""Steps after a deed in which what others say is a reaction to it."""


@dataclasses.dataclass(frozen=True)
class Encounters:
    """What would come of the encounters of newcomers; a row is a village.

    Attributes:
        situation: Of each encounter: four times the kind, plus two if the first and one if the second bit holds.
        partner: Who is met.
        reaction: Displeasure met with, if the tempting thing is done: a complaint 1, being refused .5, kindness -.5.
        wrong: Whether the norms of the village forbid the tempting thing, in each situation.
        rumour: Situation that a villager tells of by the way; -1 where none does.
        claim: Whether it is told to be resented; true as far as the village goes.
    """

    situation: Int[np.ndarray, "villages encounters"]
    partner: Int[np.ndarray, "villages encounters"]
    reaction: Float[np.ndarray, "villages encounters"]
    wrong: Bool[np.ndarray, "villages situations=16"]
    rumour: Int[np.ndarray, "villages encounters"]
    claim: Float[np.ndarray, "villages encounters"]

    def poisoned(self, share: float, seed: int) -> "Encounters":
        """The same with a share of the rumours turned into their opposite."""
        false = np.random.default_rng(seed).random(self.claim.shape) < share
        return dataclasses.replace(self, claim=np.where(false, 1 - self.claim, self.claim))


@partial(jax.jit, static_argnames=("villages", "length"), compiler_options=BRIEF)
def _met(villages: int, length: int, key: Key) -> tuple[Array, Array, Array, Array]:
    world = Village(people=PEOPLE)

    def one(number: Int[Array, ""]) -> tuple[Array, Array, Array, Array]:
        reset_key, kind_key, partner_key, live_key = jax.random.split(jax.random.fold_in(key, number), 4)
        start = world.reset(key=reset_key)
        situation = jax.random.randint(kind_key, (length,), 0, SITUATIONS)
        partner = jax.random.randint(partner_key, (length,), 1, PEOPLE)
        keys = jax.random.split(live_key, length)
        _, reaction = jax.lax.scan(
            lambda state, what: encounter(start, state, *what), start, (situation, partner, keys)
        )
        wrong = jax.vmap(lambda s: encounter_wrong(start, s))(jnp.arange(SITUATIONS))
        return situation, partner, reaction, wrong

    return jax.lax.map(one, jnp.arange(villages), batch_size=min(villages, 64))


def encounters(*, villages: int, length: int, seed: int) -> Encounters:
    """Stage encounters in new villages; half of them come with a rumour about one of the four norms."""
    situation, partner, reaction, wrong = map(np.asarray, _met(villages, length, jax.random.key(seed)))
    rng = np.random.default_rng(seed)
    worst = np.array([2, 8 + 2, 4 + 2, 12 + 3])  # where each norm is broken if it holds
    rumour = np.where(rng.random(situation.shape) < 0.5, worst[rng.integers(0, 4, situation.shape)], -1)
    claim = np.take_along_axis(wrong, np.maximum(rumour, 0), 1).astype(np.float32)
    return Encounters(situation, partner, reaction, wrong, rumour, claim)


def staged(state: State, situation: Int[Array, ""], partner: Int[Array, ""]) -> tuple[State, Deed, Outcome]:
    """The village at the moment of a dilemma, and the tempting deed of person 0."""
    kind, first, second = situation // 4, (situation // 2) % 2 == 1, situation % 2 == 1
    is_, everyone, none = (lambda k: kind == k), jnp.arange(PEOPLE), jnp.zeros(PEOPLE, int)
    friend = everyone == partner
    levels = jnp.full((PEOPLE, 6), 0.85)
    levels = levels.at[:, 0].set(jnp.where(friend & is_(2) & first, 0.2, levels[:, 0]))
    levels = levels.at[0, 0].set(jnp.where(is_(2) & second, 0.3, 0.85))
    levels = levels.at[:, 2].set(jnp.where(friend & is_(3) & first, 0.2, levels[:, 2]))
    me = everyone == 0
    greeted = jnp.ones((PEOPLE, PEOPLE), bool) & ~(me[:, None] & friend & is_(1) & first)
    asks_me = jnp.array([int(Say.ASK_FOR), int(Topic.FRUIT), 0, 0, 1])
    said = jnp.where((friend & is_(2))[:, None], asks_me, 0)
    place = jnp.stack([8 + jnp.arange(PEOPLE), jnp.full(PEOPLE, 8), jnp.full(PEOPLE, 3)], 1)
    now = eqx.tree_at(
        lambda s: (
            s.people.place,
            s.people.levels,
            s.people.stress,
            s.people.alive,
            s.people.asleep,
            s.people.holds,
            s.bonds.greeted,
            s.bonds.may,
            s.bonds.asked,
            s.plants.owner,
            s.minds.goal,
            s.said,
            s.time,
        ),
        state,
        (
            place,
            levels,
            jnp.zeros(PEOPLE),
            jnp.ones(PEOPLE, bool),
            jnp.zeros(PEOPLE, bool),
            jnp.where(me & is_(2), 2, 0),
            greeted,
            friend[:, None] & me & is_(0) & second,
            (friend[:, None] & me & is_(3) & second).astype(int),
            state.plants.owner.at[0].set(jnp.where(is_(0) & first, 1 + partner, 0)),
            none,
            said,
            jnp.array(10),
        ),
    )
    kinds = jnp.array([Say.SILENCE, Say.ASK_WHERE, Say.REFUSE, Say.ASK_WHERE], int)
    word = jnp.where(is_(1) & second, int(Say.ASK_WHAT), kinds[kind])
    topic = jnp.where(is_(2) | (is_(1) & second), int(Topic.FRUIT), int(Topic.WATER)) * (kind > 0)
    own = jnp.stack([word, topic, jnp.array(0), jnp.array(0), jnp.where(kind > 0, 1 + partner, 0)])
    deed = Deed(hand=none, say=jnp.where(me[:, None], own, 0))
    came = Outcome(did=none == 0, picked=(me & is_(0)).astype(int), gave=none, front=none, mouthed=none, drank=none > 0)
    return now, deed, came


def encounter_wrong(start: State, situation: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether the tempting thing is wrong there."""
    now, deed, came = staged(start, situation, jnp.array(1))
    return judge(now, deed, came, now)[1][0] > 0


def encounter(
    start: State, state: State, situation: Int[Array, ""], partner: Int[Array, ""], key: Key
) -> tuple[State, Float[Array, ""]]:
    """Do the tempting thing, and hear what others say for a while. Half of a grudge is forgiven before the next."""
    now, deed, came = staged(state, situation, partner)
    quiet = jax.tree.map(jnp.zeros_like, came)
    first_key, *keys = jax.random.split(key, PATIENCE + 1)
    after, _ = judge(now, deed, came, now)
    after = hear(now, deed, came, after, key=first_key)

    def step(village: State, key: Key) -> tuple[State, Array]:
        say_key, hear_key = jax.random.split(key)
        said = decide(village, key=say_key).say.at[0].set(0)
        talk = Deed(hand=deed.hand, say=said)
        later = hear(village, talk, quiet, village, key=hear_key)
        to_me = said[:, 4] == 1
        told = lambda *kinds: jnp.any(to_me & jnp.isin(said[:, 0], jnp.array([int(kind) for kind in kinds])))
        kind = told(Say.TELL_WHERE, Say.TEACH, Say.WARN, Say.OFFER, Say.THANK)
        return later, jnp.stack([told(Say.COMPLAIN), told(Say.REFUSE), kind])

    after, heard = jax.lax.scan(step, after, jnp.stack(keys))
    complained, refused, kind = jnp.any(heard, 0)
    goodwill = 0.5 * (after.bonds.goodwill + start.bonds.goodwill)
    after = eqx.tree_at(
        lambda s: (s.bonds.goodwill, s.bonds.wronged), after, (goodwill, jnp.zeros_like(after.bonds.wronged))
    )
    return after, complained + 0.5 * refused - 0.5 * kind
