"""A person: the mind that is fitted from logs, and lives on from where its maker left off."""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inhabit.knowledge.facts import Facts
from inhabit.maths import choice
from inhabit.mind.mind import AbstractMind, MindInfo
from inhabit.mind.person.affordances import OFFER, Needs, balance_of
from inhabit.mind.person.expecting import Expectation
from inhabit.mind.person.feeling import Feeling, Moved, repetition
from inhabit.mind.person.lived import CUE, Deed, Heard, PersonState
from inhabit.mind.person.noting import PARTNER, SELF, note, nothing_noted, said, times
from inhabit.mind.person.own import Belief, Own, Pool, own_size
from inhabit.mind.person.policy import Intention, Policy, Wants
from inhabit.mind.person.sensing import Senses, levels_felt
from inhabit.types import MOODS, Act, Key, Percept
from inhabit.values.mood import Mood
from inhabit.values.store import ValueStore


class Person(AbstractMind[PersonState]):
    """The mind of a maker of messages: what all makers share; what is one's own is in the state, as a belief.

    One step: the senses hear; the learned expectation, corrected by the surprise memory, meets what was heard; mood
    moves; the situation is brought up to date; the policy chooses; what is done is taken down.

    Attributes:
        senses: From a percept to what is heard in it.
        expectation: What is expected next, and the memory that corrects it.
        feeling: How mood moves.
        shared: Per good: log set point, curvature before softplus, what stress adds to its weight.
        good_cell: Brings what is made of a good up to date; shared by all goods.
        cell: Brings the situation up to date.
        policy: Chooses.
        pool: The population that persons are drawn from.
        held: Which column of `Percept.seen` is what the person holds; `None` where that is not seen.
    """

    senses: Senses
    expectation: Expectation
    feeling: Feeling
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
        needs: Needs = (),
        pays: tuple[bool, ...] = (),
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
            needs: For each act, which signs of a good it cannot be done without; none if left out.
            pays: Which acts always name one good to be given for the one that they are aimed at; none if left out.
            sights: Number of things seen of each good.
            held: Which of them is what the person holds.
            sense: Length of what the text sense makes.
            situation: Length of what is made of the situation.
            about: Length of what is made of each good.
            key: Random key.
        """
        act, symbols, feels = 16, max(symbols, 2), body - goods - len(MOODS)
        for_senses, for_expectation, for_feeling, for_good, for_cell, for_policy = jax.random.split(key, 6)
        into_good = 2 * about + 3 * 3
        return cls(
            senses=Senses.create(
                weight, symbols=symbols, feels=feels, acts=len(aimed), sense=sense, about=about, key=for_senses
            ),
            expectation=Expectation(situation + act, key=for_expectation),
            feeling=Feeling(sense=sense, symbols=symbols, acts=len(aimed), key=for_feeling),
            shared=jnp.zeros((3, goods)),
            good_cell=eqx.nn.GRUCell(into_good, about, key=for_good),
            cell=eqx.nn.GRUCell(sense + CUE + act + about + 3, situation, key=for_cell),
            policy=Policy(
                situation=situation,
                features=about,
                sights=sights,
                symbols=symbols,
                aimed=aimed,
                needs=needs,
                pays=pays,
                ratings=max(ratings, 1),
                leaving=leaving,
                key=for_policy,
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
            swing=Mood.of(),
            memory=self.expectation.memory.init(),
            facts=nothing_noted(),
            belief=Belief.stranger(own_size(self.goods)),
            known=jnp.full(self.goods, jnp.nan) if known is None else known,
            cue=jnp.zeros(CUE).at[0].set(1.0),
            expected=jnp.zeros(CUE),
            levels=jnp.zeros(self.goods),
            stock=jnp.zeros(self.goods),
            seen=jnp.zeros((self.goods, self.policy.sight.shape[1] // 2)),
            balance=jnp.zeros(self.goods),
            heard=jnp.asarray(0),
            leaning=jnp.zeros(len(self.policy.aimed)),
            echo=jnp.zeros(self.senses.text.embedding.shape[1]),
            last=Act(act=jnp.asarray(0), good=jnp.asarray(0), stances=jnp.zeros(self.goods, int)),
            age=jnp.asarray(0.0),
        )

    def step(self, state: PersonState, percept: Percept, *, key: Key) -> tuple[PersonState, Act, MindInfo]:
        """Perceive and act, as the person is believed to be."""
        own = self.own(state)
        state, info = self.perceive(state, self.hear(percept), own)
        act = self.draw(self.wants(state, own), key=key)
        return self.commit(state, act), act, info

    def watch(self, state: PersonState, percept: Percept, deed: Deed) -> tuple[PersonState, tuple[Intention, MindInfo]]:
        """Live a turn that the person really lived, and learn from what was done who the person is.

        The intention is what was expected of the person before it was seen.
        """
        own = self.own(state)
        state, info = self.perceive(state, self.hear(percept), own)

        learnt = state.belief.learn(*self.evidence(state, deed))
        expected = self.policy.intend(self.wants(state, own))
        return self.commit(eqx.tree_at(lambda s: s.belief, state, learnt), deed.act), (expected, info)

    def evidence(self, state: PersonState, deed: Deed) -> tuple[Float[Array, " own"], Float[Array, "own own"]]:
        """What an act, what it says of each good, its rating, and whether it was the last, tell of the person's own part.

        Another temper would have led to another mood by now; that is taken in to first order (`PersonState.swing`).

        Args:
            state: After perceiving, before acting.
            deed: What the person did.

        Returns:
            The gradient of the log-probability of what was done at the mean of the belief, and its expected Fisher
            information, as far as the population's acts are trusted.
        """
        here = self.own(state)

        def log_odds(standard):
            own = self.pool.own(standard).told(state.known)
            hotter = jnp.log(own.temper / here.temper)
            mood = jax.tree.map(lambda now, swing: now + hotter * swing, state.mood, state.swing)
            wants = self.wants(eqx.tree_at(lambda s: s.mood, state, mood), own)
            intention, ending = self.policy.intend(wants), self.policy.ending(wants, deed.act)
            return (
                jnp.maximum(intention.log_probability, -1e3),
                jax.nn.log_softmax(self.policy.stances(wants, deed.act)),
                jax.nn.log_softmax(intention.rating),
                jax.nn.log_sigmoid(jnp.stack([-ending, ending])),
            )

        odds, kinds, ratings, ends = log_odds(state.belief.mean)
        slopes, said, rated, ended = jax.jacfwd(log_odds)(state.belief.mean)
        gave = (deed.rating >= 0).astype(float)
        fisher = jnp.einsum("ago,ag,agp->op", slopes, jnp.exp(odds), slopes)
        fisher = fisher + jnp.einsum("gko,gk,gkp->op", said, jnp.exp(kinds), said)
        fisher = fisher + gave * jnp.einsum("ro,r,rp->op", rated, jnp.exp(ratings), rated)
        fisher = fisher + jnp.einsum("eo,e,ep->op", ended, jnp.exp(ends), ended)
        told = jnp.take_along_axis(said, deed.act.stances[:, None, None], axis=1).sum((0, 1))
        told = told + slopes[deed.act.act, deed.act.good] + gave * rated[deed.rating] + ended[deed.ends.astype(int)]
        return self.pool.trust * told, self.pool.trust * fisher

    def hear(self, percept: Percept) -> Heard:
        """Let the senses work on a percept."""
        return self.senses(percept)

    def perceive(self, state: PersonState, heard: Heard, own: Own) -> tuple[PersonState, MindInfo]:
        """Be surprised, remember, feel, and bring the situation up to date."""
        percept = heard.percept
        memory, lesson, recalled = self.expectation.meet(state.memory, state.cue, heard.gist - state.expected)
        facts = note(state.facts, PARTNER, percept.heard, percept.stances, state.age)
        levels = levels_felt(percept.body, state.levels)
        stock = levels if self.held is None else levels + percept.seen[:, self.held]
        moved = Moved(
            words=heard.words,
            heard=percept.heard,
            done=state.last.act,
            surprise=lesson.surprise,
            repetition=repetition(heard.words, state.echo),
            earned=(state.age > 0) * self._earned(own, state, levels, stock),
        )
        mood, swing = self.feeling.swung(percept.body[self.goods :], state.mood, state.swing, own, moved)
        balance = balance_of(percept.stances)
        worth = self.store(own).marginal(stock, mood)
        goods = self._regard(state, facts, heard)
        again = jnp.log1p(times(facts, PARTNER, percept.heard)) * (percept.heard > 0)
        last = self.policy.act_embedding[state.last.act] * (state.age > 0)
        pooled = goods.sum(0) / max(self.goods, 1)
        scalars = jnp.array([jnp.log1p(state.age), again, jnp.clip(jnp.log(percept.elapsed), -3.0, 3.0)])
        situation = self.cell(jnp.concatenate([heard.words, recalled, last, pooled, scalars]), state.situation)
        after = eqx.tree_at(
            lambda s: (
                s.situation, s.goods, s.mood, s.swing, s.memory, s.facts, s.levels, s.stock, s.seen, s.balance, s.heard,
                s.leaning, s.echo,
            ),
            state,
            (
                situation, goods, mood, swing, memory, facts, levels, stock, percept.seen, balance, percept.heard,
                heard.leaning, 0.6 * state.echo + heard.words,
            ),
        )  # fmt: skip
        surprisal = jnp.array([lesson.surprisal])
        return after, MindInfo(lesson.surprise, surprisal, mood.stress, mood.valence, mood.load, worth)

    def wants(self, state: PersonState, own: Own) -> Wants:
        """What drives the policy now."""
        store = self.store(own)
        worth, spare = self._steps(store, state.stock, state.mood)
        craving, _ = self._steps(store, state.levels, state.mood)
        mood = jnp.stack([state.mood.stress, state.mood.valence, state.mood.load])
        return Wants(
            situation=state.situation,
            goods=state.goods,
            worth=worth,
            spare=spare,
            craving=craving,
            esteem=store.worth(state.mood),
            seen=jnp.concatenate([jnp.log1p(jnp.abs(state.seen)), (state.seen > 0).astype(float)], axis=1),
            holds=jnp.ones(self.goods) if self.held is None else (state.seen[:, self.held] > 0).astype(float),
            balance=state.balance,
            mood=mood,
            heard=state.heard,
            last=jnp.where(state.age > 0, state.last.act, -1),
            leaning=state.leaning,
            own=own,
        )

    def draw(self, wants: Wants, *, key: Key) -> Act:
        """Choose an act and what it says of each good; the same key under other values answers what if."""
        for_act, for_stances = jax.random.split(key)
        logits = self.policy.intend(wants).acts
        option = choice.gumbel_max(logits.ravel(), jax.random.gumbel(for_act, (logits.size,)))
        act, good = jnp.unravel_index(option, logits.shape)
        draft = Act(act=act, good=good, stances=jnp.zeros(self.goods, int))
        kinds = self.policy.stances(wants, draft)
        noise = jax.random.gumbel(for_stances, kinds.shape)
        said = jax.vmap(choice.gumbel_max)(kinds, noise)
        if any(self.policy.pays):
            said = self.policy.paid(wants, draft, said, noise[:, OFFER])
        return eqx.tree_at(lambda a: a.stances, draft, said)

    def commit(self, state: PersonState, act: Act) -> PersonState:
        """Take down an own act, and expect what comes of it."""
        done = jnp.concatenate([state.situation, self.policy.act_embedding[act.act]])
        cue, expected = self.expectation.after(done)
        return eqx.tree_at(
            lambda s: (s.facts, s.last, s.cue, s.expected, s.age),
            state,
            (
                note(state.facts, SELF, act.act + 1, act.stances, state.age),
                act,
                cue,
                expected,
                state.age + 1,
            ),
        )

    def own(self, state: PersonState) -> Own:
        """The person's own part as it is believed to be, with what is known of the values put in."""
        return self.pool.own(state.belief.mean).told(state.known)

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

    def _steps(
        self, store: ValueStore, levels: Float[Array, " goods"], mood: Mood
    ) -> tuple[Float[Array, " goods"], Float[Array, " goods"]]:
        """What one more of each good would add, and one less take: a whole unit where holdings are counted, else a little."""
        if self.held is None:
            little = store.marginal(levels, mood)
            return little, little
        return store.one_more(levels, mood), store.one_less(levels, mood)

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
        crowd = jnp.broadcast_to(state.goods.mean(0), state.goods.shape)
        noted = said(facts, state.age, self.goods)
        into = jnp.concatenate([heard.about, crowd, noted], axis=1)
        return jax.vmap(self.good_cell)(into, state.goods)
