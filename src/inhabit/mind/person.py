"""A person: the mind that is fitted from logs, and lives on from where its maker left off."""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inhabit.knowledge import facts as knowledge
from inhabit.knowledge.facts import Fact, Facts
from inhabit.knowledge.reader import table
from inhabit.maths import choice
from inhabit.memory.memory import AbstractMemory, MemoryInfo
from inhabit.memory.surprise import MemoryState, SurpriseMemory
from inhabit.mind.mind import AbstractMind, MindInfo
from inhabit.mind.own import Belief, Own, Pool, own_size
from inhabit.mind.policy import Intention, Policy, Wants
from inhabit.senses.body import BodySense
from inhabit.senses.symbols import SymbolSense
from inhabit.senses.text import TextSense
from inhabit.types import MOODS, Act, Key, Percept
from inhabit.values.mood import Mood, MoodDynamics, MoodInput
from inhabit.values.store import ValueStore

CUE = 16
"""Length of the memory's cues and of what it keeps of a percept."""

FACTS = 32
"""Facts that a person bears in mind at once."""

SELF, PARTNER = 1, 2
"""Subjects of facts."""

SAYS, DID = 1, 2
"""Relations: what someone last said of a good (one thing at a time), and which acts someone did (any number)."""


class Heard(eqx.Module):
    """A percept after the senses: what does not depend on the state of the mind.

    Attributes:
        words: What was said.
        about: What was said with regard to each good.
        gist: What the memory keeps of it.
        percept: The percept itself.
    """

    words: Float[Array, " sense"]
    about: Float[Array, "goods about"]
    gist: Float[Array, " cue"]
    percept: Percept


class PersonState(eqx.Module):
    """What a person has lived.

    Attributes:
        situation: What it makes of the conversation so far.
        goods: What it makes of each good.
        mood: Stress, valence, load.
        memory: The surprise memory.
        facts: Who said what of which good, and who did what: when, how often, and in which turn.
        belief: What is believed of the person's own part.
        known: What each good is worth to the person where that is known; NaN where it must be inferred.
        cue: The present cue for the memory.
        expected: What the learned expectation says will be heard, before memory corrects it.
        levels: Levels of the goods as last felt; 0 where never felt.
        stock: Levels and what is held together.
        balance: What the partner's last stances would bring of each good: +1 offered, -1 asked for.
        echo: Fading trace of what was heard, against which repetition is felt.
        last: The person's own last act.
        age: Turns lived.
    """

    situation: Float[Array, " situation"]
    goods: Float[Array, "goods features"]
    mood: Mood
    memory: MemoryState
    facts: Facts
    belief: Belief
    known: Float[Array, " goods"]
    cue: Float[Array, " cue"]
    expected: Float[Array, " cue"]
    levels: Float[Array, " goods"]
    stock: Float[Array, " goods"]
    balance: Float[Array, " goods"]
    echo: Float[Array, " sense"]
    last: Act
    age: Float[Array, ""]


class Person(AbstractMind[PersonState]):
    """The mind of a maker of messages: what all makers share; what is one's own is in the state, as a belief.

    One step: the senses hear; the learned expectation, corrected by the surprise memory, meets what was heard; mood
    moves; the situation is brought up to date; the policy chooses; what is done is taken down.

    Attributes:
        text: Hears words.
        text_about: Hears the same words with regard to one good; shared by all goods.
        symbols: What each of the partner's acts means.
        body: Interoception: felt levels and states.
        gist: What of a percept the memory keeps.
        expect: Predicts the gist of the next percept.
        ask: Makes the memory's cue from the situation and the own act.
        memory: The surprise memory; `NoMemory` is another part.
        appraise: How good or bad what is heard is.
        mood: Unconstrained leaks of stress, valence and load, then gains: stress from surprise, from load, relief and
            valence from what is heard, load from repetition and from every
            turn, reward from what was earned.
        shared: Per good: log set point, curvature before softplus, what stress adds to its weight.
        good_cell: Brings what is made of a good up to date; shared by all goods.
        cell: Brings the situation up to date.
        policy: Chooses.
        pool: The population that persons are drawn from.
        held: Which column of `Percept.seen` is what the person holds; `None` where that is not seen.
    """

    text: TextSense
    text_about: TextSense
    symbols: SymbolSense
    body: BodySense
    gist: eqx.nn.Linear
    expect: eqx.nn.Linear
    ask: eqx.nn.Linear
    memory: AbstractMemory
    appraise: eqx.nn.Linear
    mood: Float[Array, " gains"]
    shared: Float[Array, "3 goods"]
    good_cell: eqx.nn.GRUCell
    cell: eqx.nn.GRUCell
    policy: Policy
    pool: Pool
    held: int | None = eqx.field(static=True)

    @classmethod
    def create(
        cls,
        *,
        weight: Float[np.ndarray, " buckets"],
        symbols: int,
        goods: int,
        body: int,
        aimed: tuple[bool, ...],
        leaving: int,
        ratings: int,
        sights: int = 0,
        held: int | None = None,
        sense: int = 64,
        situation: int = 64,
        about: int = 24,
        key: Key,
    ) -> Self:
        """A fresh person for a log's vocabulary.

        Args:
            weight: How much each id of the ear counts (`senses.text.inverse_frequency`).
            symbols: Number of the partner's acts, 0 (unknown) included.
            goods: Number of goods; 0 where a log has none.
            body: Length of the percept's body: goods, then `MOODS`, then what else is felt.
            aimed: For each act, whether it is about a good.
            leaving: Which act is to leave.
            ratings: Number of rating levels.
            sights: Number of things seen of each good.
            held: Which of them is what the person holds.
            sense: Length of what the text sense makes.
            situation: Length of what is made of the situation.
            about: Length of what is made of each good.
            key: Random key.
        """
        keys = iter(jax.random.split(key, 12))
        act = 16
        into_good = 2 * about + 2 * 3 * 3 + sights
        return cls(
            text=TextSense.create(weight, sense, key=next(keys)),
            text_about=TextSense.create(weight, about, key=next(keys)),
            symbols=SymbolSense(max(symbols, 2), sense, key=next(keys)),
            body=BodySense(body, sense, key=next(keys)),
            gist=eqx.nn.Linear(sense, CUE, use_bias=False, key=next(keys)),
            expect=eqx.nn.Linear(situation + act, CUE, key=next(keys)),
            ask=eqx.nn.Linear(situation + act, CUE - 1, key=next(keys)),
            memory=SurpriseMemory(CUE, CUE, noise=0.3),
            appraise=eqx.nn.Linear(sense, 1, key=next(keys)),
            mood=jnp.array([-2.5, -2.0, -3.0, -2.0, -1.0, -1.0, -1.0, 0.0, -3.0, -1.0]),
            shared=jnp.zeros((3, goods)),
            good_cell=eqx.nn.GRUCell(into_good, about, key=next(keys)),
            cell=eqx.nn.GRUCell(sense + CUE + act + about + 2, situation, key=next(keys)),
            policy=Policy(
                situation=situation,
                features=about,
                aimed=aimed,
                ratings=max(ratings, 1),
                leaving=leaving,
                key=next(keys),
            ),
            pool=Pool(goods),
            held=held,
        )

    @property
    def goods(self) -> int:
        """Number of goods."""
        return self.shared.shape[1]

    def init(self, *, key: Key | None = None, known: Float[Array, " goods"] | None = None) -> PersonState:
        """The state of a stranger before the first word.

        Args:
            key: Not used; this birth is not random.
            known: What each good is worth to the person, where that is known; NaN where it is not.
        """
        del key
        return PersonState(
            situation=jnp.zeros(self.cell.hidden_size),
            goods=jnp.zeros((self.goods, self.good_cell.hidden_size)),
            mood=Mood.of(),
            memory=self.memory.init(),
            facts=knowledge.nothing_known(FACTS),
            belief=Belief.stranger(own_size(self.goods)),
            known=jnp.full(self.goods, jnp.nan) if known is None else known,
            cue=jnp.zeros(CUE).at[0].set(1.0),
            expected=jnp.zeros(CUE),
            levels=jnp.zeros(self.goods),
            stock=jnp.zeros(self.goods),
            balance=jnp.zeros(self.goods),
            echo=jnp.zeros(self.text.embedding.shape[1]),
            last=Act(act=jnp.asarray(0), good=jnp.asarray(0), stances=jnp.zeros(self.goods, int)),
            age=jnp.asarray(0.0),
        )

    def step(self, state: PersonState, percept: Percept, *, key: Key) -> tuple[PersonState, Act, MindInfo]:
        """Perceive and act, as the person is believed to be."""
        own = self.own(state)
        state, info = self.perceive(state, self.hear(percept), own)
        act = self.draw(self.wants(state, own), key=key)
        return self.commit(state, act), act, info

    def watch(self, state: PersonState, percept: Percept, act: Act) -> tuple[PersonState, tuple[Intention, MindInfo]]:
        """Live a turn that the person really lived, and learn from the act who the person is.

        The intention is what was expected of the person before the act was seen.
        """
        own = self.own(state)
        state, info = self.perceive(state, self.hear(percept), own)

        learnt = state.belief.learn(*self.evidence(state, act))
        expected = self.policy.intend(self.wants(state, own))
        return self.commit(eqx.tree_at(lambda s: s.belief, state, learnt), act), (expected, info)

    def evidence(self, state: PersonState, act: Act) -> tuple[Float[Array, " own"], Float[Array, "own own"]]:
        """What an act, and what it says of each good, tells of the person's own part at the mean of the belief.

        Args:
            state: After perceiving, before acting.
            act: What the person did.

        Returns:
            The gradient of the log-probability of what was done, and its expected Fisher information.
        """

        def log_odds(standard):
            wants = self.wants(state, self._own(standard, state.known))
            kinds = jax.nn.log_softmax(self.policy.stances(wants, act))
            return jnp.maximum(self.policy.intend(wants).log_probability, -1e3), kinds

        odds, kinds = log_odds(state.belief.mean)
        slopes, said = jax.jacfwd(log_odds)(state.belief.mean)
        fisher = jnp.einsum("ago,ag,agp->op", slopes, jnp.exp(odds), slopes)
        fisher = fisher + jnp.einsum("gko,gk,gkp->op", said, jnp.exp(kinds), said)
        told = jnp.take_along_axis(said, act.stances[:, None, None], axis=1).sum((0, 1))
        return slopes[act.act, act.good] + told, fisher

    def hear(self, percept: Percept) -> Heard:
        """Let the senses work on a percept."""
        said = self.text(percept.words)
        whole = jnp.tanh(said + self.symbols(percept.heard) + self.body(percept.body))
        about = jax.vmap(self.text_about)(percept.about)
        return Heard(whole, about, jax.lax.stop_gradient(jnp.tanh(self.gist(said))), percept)

    def perceive(self, state: PersonState, heard: Heard, own: Own) -> tuple[PersonState, MindInfo]:
        """Be surprised, remember, feel, and bring the situation up to date."""
        percept = heard.percept
        memory, lesson, recalled = self._remember(state, heard)
        facts = note(state.facts, PARTNER, percept.heard, percept.stances, state.age)
        again = jnp.log1p(knowledge.count(facts, *_codes(PARTNER, DID, 0), percept.heard).astype(float))
        levels = _levels(percept.body, state.levels, self.goods)
        stock = levels if self.held is None else levels + percept.seen[:, self.held]
        repetition = _repetition(heard.words, state.echo)
        earned = (state.age > 0) * self._earned(own, state, levels, stock)
        mood = self._feel(
            _reported(percept.body[self.goods :], state.mood),
            own,
            lesson.surprise,
            self.appraise(heard.words)[0],
            repetition,
            earned,
        )
        balance = jnp.where(percept.stances == 2, 1.0, jnp.where(percept.stances == 1, -1.0, 0.0))
        worth = self.store(own).marginal(stock, mood)
        goods = self._regard(state, facts, heard)
        last = self.policy.act_embedding[state.last.act] * (state.age > 0)
        pooled = goods.sum(0) / max(self.goods, 1)
        scalars = jnp.array([jnp.log1p(state.age), again * (percept.heard > 0)])
        situation = self.cell(jnp.concatenate([heard.words, recalled, last, pooled, scalars]), state.situation)
        after = eqx.tree_at(
            lambda s: (s.situation, s.goods, s.mood, s.memory, s.facts, s.levels, s.stock, s.balance, s.echo),
            state,
            (situation, goods, mood, memory, facts, levels, stock, balance, 0.6 * state.echo + heard.words),
        )
        surprisal = jnp.array([lesson.surprisal])
        return after, MindInfo(lesson.surprise, surprisal, mood.stress, mood.valence, mood.load, worth)

    def wants(self, state: PersonState, own: Own) -> Wants:
        """What drives the policy now."""
        store = self.store(own)
        worth, craving = store.marginal(state.stock, state.mood), store.marginal(state.levels, state.mood)
        mood = jnp.stack([state.mood.stress, state.mood.valence, state.mood.load])
        return Wants(state.situation, state.goods, worth, craving, store.worth(state.mood), state.balance, mood, own)

    def draw(self, wants: Wants, *, key: Key) -> Act:
        """Choose an act and what it says of each good; the same key under other values answers what if."""
        for_act, for_stances = jax.random.split(key)
        logits = self.policy.intend(wants).acts
        option = choice.gumbel_max(logits.ravel(), jax.random.gumbel(for_act, (logits.size,)))
        act, good = jnp.unravel_index(option, logits.shape)
        draft = Act(act=act, good=good, stances=jnp.zeros(self.goods, int))
        kinds = self.policy.stances(wants, draft)
        noise = jax.random.gumbel(for_stances, kinds.shape)
        return eqx.tree_at(lambda a: a.stances, draft, jax.vmap(choice.gumbel_max)(kinds, noise))

    def commit(self, state: PersonState, act: Act) -> PersonState:
        """Take down an own act, and expect what comes of it."""
        done = jnp.concatenate([state.situation, self.policy.act_embedding[act.act]])
        cue = jnp.concatenate([jnp.ones(1), jnp.tanh(self.ask(done))]) / 2
        return eqx.tree_at(
            lambda s: (s.facts, s.last, s.cue, s.expected, s.age),
            state,
            (
                note(state.facts, SELF, act.act + 1, act.stances, state.age),
                act,
                cue,
                jnp.tanh(self.expect(done)),
                state.age + 1,
            ),
        )

    def own(self, state: PersonState) -> Own:
        """The person's own part as it is believed to be, with what is known of the values put in."""
        return self._own(state.belief.mean, state.known)

    def store(self, own: Own) -> ValueStore:
        """The value store of a person with this own part."""
        set_point, curvature, stress = self.shared
        return ValueStore(
            names=tuple(str(good) for good in range(self.goods)),
            weight=own.weights / max(self.goods, 1),
            scale=own.values.sum(),
            set_point=jnp.exp(set_point + own.set_points),
            curvature=jax.nn.softplus(curvature),
            decay=jnp.full(self.goods, 0.1),
            stress=stress + own.tilt,
            valence=jnp.zeros(self.goods),
        )

    def _own(self, standard: Float[Array, " own"], known: Float[Array, " goods"]) -> Own:
        own = self.pool.own(standard)
        if not self.goods:
            return own
        sure = jnp.isfinite(known)
        told = jnp.maximum(jnp.where(sure, known, 0.0), 1e-2)
        log_worth = jnp.log(told * sure.sum() / jnp.maximum(jnp.sum(told * sure), 1e-2))
        vector = own.vector.at[: self.goods].set(jnp.where(sure, log_worth, own.vector[: self.goods]))
        return Own(vector, own.goods)

    def _remember(self, state: PersonState, heard: Heard) -> tuple[MemoryState, MemoryInfo, Float[Array, " cue"]]:
        """Write what was heard beyond what was expected, and read what the memory now holds of the situation.

        No gradient passes: the memory learns by living, and the compiled lesson stays small.
        """
        memory, cue, told = jax.lax.stop_gradient((self.memory, state.cue, heard.gist - state.expected))
        written, lesson = memory.step(state.memory, (cue, told))
        recalled, _ = memory.read(written, cue)
        return jax.lax.stop_gradient((written, lesson, recalled))

    def _feel(self, mood: Mood, own: Own, surprise: Array, good: Array, repetition: Array, earned: Array) -> Mood:
        """Move the mood by what was heard and by what it brought."""
        leaks = jax.nn.sigmoid(self.mood[:3])
        gains = jax.nn.softplus(self.mood[3:])
        dynamics = MoodDynamics.of()
        dynamics = eqx.tree_at(
            lambda d: (
                d.stress_leak, d.valence_leak, d.load_leak,
                d.stress_from_surprise, d.stress_from_load, d.stress_from_reward, d.valence_from_reward,
            ),
            dynamics,
            (*leaks, own.temper * gains[0], own.temper * gains[1], gains[2], gains[3]),
        )  # fmt: skip
        excess = jnp.clip(surprise - 1, 0.0, 5.0)
        return dynamics.step(
            mood,
            MoodInput(
                surprise=excess, reward=jnp.tanh(good) + gains[6] * earned, load=gains[4] * repetition + gains[5]
            ),
        )[0]

    def _earned(
        self, own: Own, state: PersonState, levels: Float[Array, " goods"], stock: Float[Array, " goods"]
    ) -> Float[Array, ""]:
        """What the last exchange brought in utility, of what is had and of what is held."""
        store = self.store(own)
        gained = store.utility(stock, state.mood) - store.utility(state.stock, state.mood)
        gained = gained + store.utility(levels, state.mood) - store.utility(state.levels, state.mood)
        return jnp.clip(gained, -2.0, 2.0)

    def _regard(
        self,
        state: PersonState,
        facts: Facts,
        heard: Heard,
    ) -> Float[Array, "goods features"]:
        """Bring what is made of each good up to date; one cell for all goods."""
        if not self.goods:
            return state.goods
        says = table(facts, state.age, subjects=2, relations=1, goods=self.goods, objects=3).reshape(self.goods, -1)
        crowd = jnp.broadcast_to(state.goods.mean(0), state.goods.shape)
        into = jnp.concatenate([heard.about, crowd, says, heard.percept.seen], axis=1)
        return jax.vmap(self.good_cell)(into, state.goods)


def note(facts: Facts, who: int, act: Int[Array, ""], stances: Int[Array, " goods"], at: Float[Array, ""]) -> Facts:
    """Take down what someone did (code 0: nothing known) and said of each good, in the turn `at`."""
    spoken = jnp.concatenate([(stances > 0) * who, (act > 0)[None] * who])
    goods = stances.shape[0]
    relation = jnp.array([SAYS] * goods + [DID])
    about = jnp.array([*range(1, goods + 1), 0])
    each = Fact(spoken, relation, about, jnp.concatenate([stances, act[None]]))

    def assert_one(facts, fact):
        sure = jnp.asarray(1.0)
        functional = fact.relation == SAYS
        return knowledge.assert_(facts, fact, at, at.astype(int), sure, functional=functional), None

    return jax.lax.stop_gradient(jax.lax.scan(assert_one, jax.lax.stop_gradient(facts), each)[0])


def _codes(who: int, relation: int, about: int) -> tuple[Int[Array, ""], Int[Array, ""], Int[Array, ""]]:
    return jnp.asarray(who), jnp.asarray(relation), jnp.asarray(about)


def _reported(felt: Float[Array, " feels"], mood: Mood) -> Mood:
    """The mood as the body reports it, where it does; `MOODS` come first in what is felt."""
    now = jnp.stack([mood.stress, mood.valence, mood.load])
    told = felt[: len(MOODS)]
    return Mood(*jnp.where(jnp.isfinite(told), told, now))


def _levels(body: Float[Array, " body"], before: Float[Array, " goods"], goods: int) -> Float[Array, " goods"]:
    """Levels of the goods as felt now, or as last felt."""
    felt = body[:goods]
    return jnp.where(jnp.isfinite(felt), felt, before)


def _repetition(words: Float[Array, " sense"], echo: Float[Array, " sense"]) -> Float[Array, ""]:
    """How much what is heard has been heard before: cosine with the echo, at least 0."""
    lengths = jnp.sqrt(jnp.sum(words**2) + 1e-6) * jnp.sqrt(jnp.sum(echo**2) + 1e-6)
    return jnp.maximum(jnp.sum(words * echo) / lengths, 0.0)
