"""Standing in: a fitted person takes its maker's place in a conversation."""

import dataclasses
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.people import People
from inhabit.maths.compiling import brief
from inhabit.mind.mind import MindInfo
from inhabit.mind.person.lived import Deed
from inhabit.mind.person.own import Own
from inhabit.mind.person.person import Person, PersonState
from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.plans import Plan
from inhabit.types import LEAVE, MOODS, STANCES, Act, Key, Life, Message, Percept


@dataclasses.dataclass(frozen=True)
class Intervention:
    """What is set from outside, against what was fitted; it stays set.

    Attributes:
        mood: Any of stress (0 to 1), valence (-1 to 1), load (0 to 1).
        values: What a good is worth: in the log's own units, or where a log knows none, in those in which what goods
            are worth averages 1. Goods left out keep what is known or believed of them.

    Raises:
        ValueError: A mood that does not exist or is out of bounds, or a value that is not positive.
    """

    mood: Mapping[str, float] = dataclasses.field(default_factory=dict)
    values: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, level in self.mood.items():
            if name not in MOODS:
                raise ValueError(f"no mood is called {name!r}; there are {', '.join(MOODS)}")
            if not (-1 if name == "valence" else 0) <= level <= 1:
                raise ValueError(
                    f"{name}={level} is out of bounds; stress and load run from 0 to 1, valence from -1 to 1"
                )
        for good, worth in self.values.items():
            if not 0 < worth < np.inf:
                raise ValueError(f"{good}={worth}: a value is a positive number")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Talk:
    """A conversation so far.

    Attributes:
        life: What was said and done.
        state: The mind's state.
        unheard: Messages that came since the mind last acted.
    """

    life: Life
    state: PersonState
    unheard: tuple[Message, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reply:
    """What a person did, and what was watched while it was done.

    Attributes:
        message: The message, with its act.
        plan: What was meant.
        ends: Whether the person leaves with this.
        likely: The likeliest acts and their probabilities.
        info: Surprise, mood and the worth of the goods.
        patience: The person's patience; 0 is the population's mean.
        rating: How content the person is expected to be with this, in the log's units; `None` where it has no ratings.
    """

    message: Message
    plan: Plan
    ends: bool
    likely: tuple[tuple[str, float], ...]
    info: MindInfo
    patience: float
    rating: float | None = None


@dataclasses.dataclass(frozen=True)
class StandIn:
    """One person of a population, with a mouth, ready to talk.

    Attributes:
        people: The population.
        mouth: Turns plans into words.
        maker: Whom it stands in for; `None` for a stranger drawn from the population by the talk's key.
        intervention: What is set from outside.
    """

    people: People
    mouth: AbstractMouth
    maker: str | None = None
    intervention: Intervention = dataclasses.field(default_factory=Intervention)

    def __post_init__(self) -> None:
        goods = self.people.codebook.goods
        for good in self.intervention.values:
            if good not in goods:
                raise ValueError(f"no good is called {good!r}; these people know {', '.join(goods) or 'no goods'}")

    def begin(self, *, key: Key, feels: Mapping[str, float] | None = None) -> Talk:
        """Enter a conversation; a stranger's own part is drawn here, `feels` are the levels and states felt all along."""
        belief = self.people.belief(self.maker)
        if self.maker is None:
            drawn = jax.random.normal(key, belief.mean.shape)
            belief = eqx.tree_at(lambda b: b.mean, belief, drawn)
        state = eqx.tree_at(lambda s: s.belief, self.people.person.init(), belief)
        life = Life(id="talk", maker=self.maker or "", messages=(), feels=feels or {})
        return self.hold(Talk(life=life, state=state))

    def hold(self, talk: Talk) -> Talk:
        """The same talk with what is set from outside put in; a talk may be taken on under another intervention."""
        goods = self.people.codebook.goods
        known = np.array(self.people.known(self.maker), np.float32)
        if self.intervention.values:
            known = self._filled(talk.state, known)
        for good, worth in self.intervention.values.items():
            known[goods.index(good)] = worth
        state = eqx.tree_at(lambda s: s.known, talk.state, jnp.asarray(known))
        return dataclasses.replace(talk, state=self._held(state))

    def _filled(self, state: PersonState, known: np.ndarray) -> np.ndarray:
        """What is known of each good's worth, and where nothing is, what is believed, in the same units."""
        unit = np.nanmean(known) if np.isfinite(known).any() else 1.0
        bare = eqx.tree_at(lambda s: s.known, state, jnp.full(known.shape, jnp.nan))
        believed = unit * np.asarray(self.people.person.own(bare).weights)
        return np.where(np.isfinite(known), known, believed)

    def hear(self, talk: Talk, *messages: Message) -> Talk:
        """Take in what others say."""
        understood = tuple(self.people.understood(message) for message in messages)
        life = dataclasses.replace(talk.life, messages=(*talk.life.messages, *understood))
        return dataclasses.replace(talk, life=life, unheard=(*talk.unheard, *understood))

    def relive(self, talk: Talk, message: Message) -> Talk:
        """Live a turn of the maker's own that really happened, and learn from it who the maker is."""
        named = self.people.understood(message)
        act, good, stances = self.people.codebook.act(named)
        done = Act(act=jnp.asarray(act), good=jnp.asarray(good), stances=jnp.asarray(stances))
        deed = Deed(act=done, rating=jnp.asarray(self.people.codebook.rated(named)), ends=jnp.asarray(False))
        state = _watch(self.people.person, talk.state, self._percept(talk), deed)
        life = dataclasses.replace(talk.life, messages=(*talk.life.messages, named))
        return Talk(life=life, state=self._held(state))

    def reply(self, talk: Talk, *, key: Key) -> tuple[Talk, Reply]:
        """Act."""
        for_act, for_end, for_words = jax.random.split(key, 3)
        mood = jnp.array([self.intervention.mood.get(name, jnp.nan) for name in MOODS])
        state, act, info, (chances, ratings, ending), own = _act(
            self.people.person, talk.state, self._percept(talk), mood, key=for_act
        )
        plan = self._plan(act)
        ends = plan.act == LEAVE or bool(jax.random.uniform(for_end) < ending)
        content = "" if plan.act == LEAVE else self.mouth.say(plan, talk.life, key=for_words)
        message = Message(role="user", content=content, act=plan.act, stances=plan.stances)
        life = dataclasses.replace(talk.life, messages=(*talk.life.messages, message))
        reply = Reply(
            message=message,
            plan=plan,
            ends=ends,
            likely=self._likely(np.asarray(chances)),
            info=info,
            patience=float(own.patience - Own(self.people.person.pool.centre, own.goods).patience),
            rating=float(np.dot(ratings, levels)) if (levels := self.people.codebook.ratings) else None,
        )
        return Talk(life=life, state=self._held(state)), reply

    def _percept(self, talk: Talk) -> Percept:
        first = not any(message.role == "user" for message in talk.life.messages)
        levels = {name: level for name, level in talk.life.feels.items() if first or name not in MOODS}
        said = (m.content for m in reversed(talk.life.messages) if m.role == "user" and m.content)
        arrays = self.people.codebook.percept(talk.unheard, levels, spoken=next(said, ""))
        return Percept(**{name: jnp.asarray(array) for name, array in arrays.items()})

    def _held(self, state: PersonState) -> PersonState:
        """Set the moods that are held from outside."""
        moods = {name: jnp.asarray(level, float) for name, level in self.intervention.mood.items()}
        return eqx.tree_at(lambda s: s.mood, state, dataclasses.replace(state.mood, **moods))

    def _plan(self, act: Act) -> Plan:
        codebook = self.people.codebook
        said = {good: STANCES[int(code)] for good, code in zip(codebook.goods, act.stances) if int(code)}
        return Plan(act=codebook.acts[int(act.act)], stances=said)

    def _likely(self, chances: np.ndarray, most: int = 4) -> tuple[tuple[str, float], ...]:
        """The likeliest acts, with the good they are aimed at."""
        codebook = self.people.codebook
        best = np.argsort(-chances, axis=None)[:most]
        pairs = [np.unravel_index(index, chances.shape) for index in best]
        names = [codebook.acts[a] + (f" {codebook.goods[g - 1]}" if g else "") for a, g in pairs]
        return tuple((name, float(chances[pair])) for name, pair in zip(names, pairs))


@brief
def _watch(person: Person, state: PersonState, percept: Percept, deed: Deed) -> PersonState:
    return person.watch(state, percept, deed)[0]


@brief
def _act(
    person: Person, state: PersonState, percept: Percept, mood: jax.Array, *, key: Key
) -> tuple[PersonState, Act, MindInfo, tuple[jax.Array, jax.Array, jax.Array], Own]:
    """One step of a person whose mood may be held, with the chances of all acts, of all ratings, and of ending."""
    own = person.own(state)
    state, info = person.perceive(state, person.hear(percept), own)
    held = [jnp.where(jnp.isnan(want), have, want) for want, have in zip(mood, jax.tree.leaves(state.mood))]
    state = eqx.tree_at(lambda s: s.mood, state, jax.tree.unflatten(jax.tree.structure(state.mood), held))
    wants = person.wants(state, own)
    act = person.draw(wants, key=key)
    intention = person.policy.intend(wants)
    chances = jnp.exp(intention.log_probability), jax.nn.softmax(intention.rating)
    ending = jax.nn.sigmoid(person.policy.ending(wants, act))
    return person.commit(state, act), act, info, (*chances, ending), own
