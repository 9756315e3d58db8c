"""A dweller: the mind that lives in a world, and learns how to by living."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inhabit.maths.choice import gumbel_max, masked
from inhabit.memory.memory import AbstractMemory
from inhabit.memory.surprise import SurpriseMemory
from inhabit.mind.dweller import knowing, manners, options, reading, recalling
from inhabit.mind.dweller.actor import AbstractActor, Relived, Trace
from inhabit.mind.dweller.expecting import Expecting
from inhabit.mind.dweller.feeling import AbstractFeeling, Feeling, goods_felt, store_of
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.knowing import AbstractKnowing, Knowing
from inhabit.mind.dweller.lived import PEOPLE, DwellerState, Moment, Thought
from inhabit.mind.dweller.manners import DEEDS
from inhabit.mind.dweller.percept import Conduct, Sensation
from inhabit.mind.dweller.recalling import Recalled
from inhabit.mind.dweller.recurrence import GatedRecurrence
from inhabit.mind.dweller.wording import Sayable, sayable, worded
from inhabit.senses.hearing import Hearing
from inhabit.senses.voxels import AbstractSight, VoxelSight
from inhabit.types import Key
from inhabit.values.mood import Mood, MoodDynamics

SIGHT, HEARD, FELT, CORE, THOUGHT = 64, 24, 96, 64, 96
"""Widths: of what is seen, heard, felt and known, borne in mind, and thought."""


class Dweller(AbstractActor[DwellerState]):
    """A mind that lives in a world.

    One step: what was expected meets what is perceived; mood moves; what happened is written into the surprise memories
    and taken down as facts; all that reaches the recurrent core; the policy chooses a deed of the hand and something to
    say, and what is said is worded from what is known. Weights change only in lessons; memories and facts in every step.

    Attributes:
        innate: Codes.
        sight: Native-geometry sight; `Blind` and `FlatSight` are other parts.
        hearing: Hears utterances.
        feeling: Values and mood; `Unfeeling` is another part.
        lore: Memory from looks to qualities; `NoMemory` is another part.
        norms: Memory from deeds towards others to reactions.
        knowing: Facts; `NoKnowledge` is another part.
        felt: From features to the core.
        core: Bears in mind.
        thinks: From core and senses to thought.
        heads: From thought to logits and values.
        spoken: What each first word adds to the logits of topics.
        expecting: Foretells the next percept.
    """

    innate: Innate = eqx.field(static=True)
    sight: AbstractSight
    hearing: Hearing
    feeling: AbstractFeeling
    lore: AbstractMemory
    norms: AbstractMemory
    knowing: AbstractKnowing
    felt: eqx.nn.Linear
    core_: GatedRecurrence
    thinks: eqx.nn.Linear
    heads: eqx.nn.Linear
    spoken: Float[Array, "says topics"]
    expecting: Expecting

    @classmethod
    def create(cls, innate: Innate, *, key: Key) -> "Dweller":
        """A newborn."""
        keys = iter(jax.random.split(key, 8))
        goods, says = len(innate.goods), len(innate.says)
        outputs = len(innate.hands) + says + len(innate.topics) + goods
        joined = SIGHT + HEARD + FELT
        heads = eqx.nn.Linear(THOUGHT, outputs, key=next(keys))
        quiet = jnp.zeros(outputs).at[len(innate.hands) + innate.say("SILENCE")].set(2.0)
        heads = eqx.tree_at(lambda linear: (linear.weight, linear.bias), heads, (0.1 * heads.weight, quiet))
        return cls(
            innate=innate,
            sight=VoxelSight(innate.window, len(innate.materials), innate.looks, SIGHT, key=next(keys)),
            hearing=Hearing(innate.words, HEARD, key=next(keys)),
            feeling=Feeling(MoodDynamics.of()),
            lore=SurpriseMemory(innate.looks, innate.kinds, noise=0.02, drift=0.0, slots=2),
            norms=SurpriseMemory(len(DEEDS), 1, noise=0.1, drift=1e-3, slots=2),
            knowing=Knowing(innate),
            felt=eqx.nn.Linear(reading.features(innate), FELT, key=next(keys)),
            core_=GatedRecurrence(joined, CORE, key=next(keys)),
            thinks=eqx.nn.Linear(joined + CORE, THOUGHT, key=next(keys)),
            heads=heads,
            spoken=jnp.zeros((says, len(innate.topics))),
            expecting=Expecting(CORE, len(innate.hands), says, len(innate.materials), goods + 2, key=next(keys)),
        )

    def init(
        self,
        *,
        who: Int[Array, ""] | int = 0,
        weight: Float[Array, " goods"] | None = None,
        set_point: Float[Array, " goods"] | None = None,
        key: Key | None = None,
    ) -> DwellerState:
        """The state at birth.

        Args:
            who: Which of the people it is.
            weight: What it values each good; all alike when left out.
            set_point: At which level of each it has enough; 0.7 when left out.
            key: Not used; this birth is not random.
        """
        del key
        ones = jnp.ones(len(self.innate.goods))
        none = jnp.zeros((), int)
        return DwellerState(
            who=jnp.asarray(who),
            store=store_of(
                self.innate.goods, ones if weight is None else weight, 0.7 * ones if set_point is None else set_point
            ),
            mood=Mood.of(),
            core=self.core_.init(),
            lore=self.lore.init(),
            norms=self.norms.init(),
            known=self.knowing.init(),
            foretold=self.expecting.init(),
            usual=jnp.array(5.0),
            fared=jnp.array(0.5),
            last=Conduct(none, jnp.zeros(5, int)),
            held=none,
            picked=none,
            pending=manners.nothing_pending(),
            greeted=jnp.zeros(PEOPLE, bool),
            asked=jnp.zeros(PEOPLE, bool),
            implored=jnp.zeros((), bool),
            angle=jnp.zeros(()),
            age=none,
        )

    def core(self, state: DwellerState) -> Float[Array, " core"]:
        """What it bears in mind."""
        return state.core

    def step(  # type: ignore[override]  # its percepts and acts are those of a body in a world
        self, state: DwellerState, percept: Sensation, *, key: Key
    ) -> tuple[DwellerState, Conduct, Trace]:
        """Perceive, be surprised, remember, know, feel, decide, speak."""
        state, trace = self.attempt(state, percept, key=key)
        return state, trace.act, trace

    def attempt(self, state: DwellerState, percept: Sensation, *, key: Key) -> tuple[DwellerState, Trace]:
        """A step, with all that the lesson needs of it."""
        state, moment, words, surprisal = self.notice(state, percept)
        _, thought = self.think(state.core, jax.tree.map(lambda leaf: leaf[None], moment))
        thought = jax.tree.map(lambda leaf: leaf[0], thought)
        act = self.choose(thought, moment, words, key=key)
        trace = Trace(
            moment=moment,
            act=act,
            log_probability=self.log_probability(thought, moment, act),
            value=thought.value,
            worth=state.store.worth(state.mood),
            mood=jnp.append(state.mood.tilt, state.mood.load),
            surprisal=surprisal,
        )
        return self.did(state, thought, percept.body, act), trace

    def notice(
        self, state: DwellerState, sensed: Sensation
    ) -> tuple[DwellerState, Moment, Sayable, Float[Array, " modalities"]]:
        """All of a step that needs nothing learned but the expectation: be surprised, feel, remember, know."""
        innate, met = self.innate, self.expecting.meets(self.innate, sensed)
        surprisal = self.expecting.surprisal(state.foretold, met)
        now = state.age.astype(float)
        goods = sensed.body[: len(innate.goods)]
        fares = state.store.worth(Mood.of()) @ goods_felt(state.store, goods)
        whole = jnp.sum(surprisal)
        mood = self.feeling.moved(state.mood, whole - state.usual, fares - state.fared)
        mouthed = reading.mouthed(innate, state, sensed)
        lore = self.lore.step(state.lore, reading.lore_lesson(innate, state, sensed, mouthed))[0]
        picked = reading.picked(innate, state, sensed)
        known = self.knowing.step(state.known, sensed, mouthed, picked, now)
        deed = manners.social(innate, sensed, state.last, state.held, state.greeted, state.asked, state.implored)
        pending, event = manners.awaited(state.pending, deed, manners.reaction(innate, sensed, state.who))
        norms = self.norms.step(state.norms, event)[0]
        state = eqx.tree_at(
            lambda s: (s.mood, s.lore, s.norms, s.known, s.usual, s.fared, s.picked, s.pending),
            state,
            (mood, lore, norms, known, state.usual + 0.05 * (whole - state.usual), fares, picked, pending),
        )
        state = reading.today(innate, state, sensed)
        read, words = self._read(state, sensed)
        moment = Moment(sensed.window, sensed.heard, sensed.bearing, state.who, read, words.allowed, met)
        return state, moment, words, surprisal

    def think(self, core: Float[Array, " core"], moments: Moment) -> tuple[Float[Array, " core"], Thought]:
        """Think through some moments, one after another; all that is learned but the expectation is here."""
        seen = self.sight(moments.window)
        heard = self.hearing(moments.heard, moments.bearing, moments.who)
        felt = jax.nn.relu(moments.features @ self.felt.weight.T + self.felt.bias)  # type: ignore[operator]
        joined = jnp.concatenate([seen, heard, felt], -1)
        core, cores = self.core_(core, joined)
        thought = jax.nn.relu(jnp.concatenate([joined, cores], -1) @ self.thinks.weight.T + self.thinks.bias)  # type: ignore[operator]
        out = thought @ self.heads.weight.T + self.heads.bias  # type: ignore[operator]
        hands, says, topics = len(self.innate.hands), len(self.innate.says), len(self.innate.topics)
        hand, say, topic, value = jnp.split(out, [hands, hands + says, hands + says + topics], -1)
        return core, Thought(hand, masked(say, jnp.any(moments.allowed, -1)), topic, value, cores)

    def choose(self, thought: Thought, moment: Moment, words: Sayable, *, key: Key) -> Conduct:
        """Draw a deed and an utterance."""
        sizes = (thought.hand.shape[0], thought.say.shape[0])
        noise = jax.random.gumbel(key, (sum(sizes) + thought.topic.shape[0],))
        hand = gumbel_max(thought.hand, noise[: sizes[0]])
        say = gumbel_max(thought.say, noise[sizes[0] : sum(sizes)])
        topic = gumbel_max(self._topics(thought.topic, moment.allowed, say), noise[sum(sizes) :])
        return Conduct(hand, worded(self.innate, words, say, topic))

    def log_probability(self, thought: Thought, moment: Moment, act: Conduct) -> Float[Array, "*many"]:
        """Log-probability of a deed, a first word and a topic; the other words follow."""
        say, topic = act.say[..., 0], act.say[..., 1]
        topics = self._topics(thought.topic, moment.allowed, say)
        return options.at(thought.hand, act.hand) + options.at(thought.say, say) + options.at(topics, topic)

    def did(self, state: DwellerState, thought: Thought, body: Float[Array, " body"], act: Conduct) -> DwellerState:
        """Note what one does, and what is to be expected of it."""
        foretold = self.expecting(thought.core, body, act.hand, act.say[0])
        return eqx.tree_at(
            lambda s: (s.core, s.foretold, s.last, s.age), state, (thought.core, foretold, act, state.age + 1)
        )

    def imitation(self, thought: Thought, moment: Moment, shown: Conduct) -> Float[Array, "*many"]:
        """Log-probability of what another would do; its words count as far as one has words for them oneself."""
        say, topic = shown.say[..., 0], shown.say[..., 1]
        topics = self._topics(thought.topic, moment.allowed, say)
        sayable = options.pick(options.pick(moment.allowed.astype(float), topic), say) > 0
        words = jnp.where(sayable, options.at(thought.say, say) + options.at(topics, topic), 0.0)
        return options.at(thought.hand, shown.hand) + words

    def relive(self, core: Float[Array, " core"], trace: Trace, shown: Conduct | None = None) -> Relived:
        """Go through some steps again with the mind as it is now."""
        moments, act = trace.moment, trace.act
        _, thought = self.think(core, moments)
        foretold = jax.vmap(self.expecting)(thought.core, moments.met.body, act.hand, act.say[..., 0])
        later = jax.tree.map(lambda leaf: leaf[1:], moments.met)
        surprisal = jax.vmap(self.expecting.surprisal)(foretold[:-1], later)
        expected = self._topics(thought.topic, moments.allowed, act.say[..., 0])
        return Relived(
            log_probability=self.log_probability(thought, moments, act),
            entropy=options.entropy(thought.hand) + options.entropy(thought.say) + options.entropy(expected),
            value=thought.value,
            surprisal=jnp.concatenate([jnp.zeros_like(surprisal[:1]), surprisal]),
            shown=jnp.zeros_like(trace.log_probability) if shown is None else self.imitation(thought, moments, shown),
        )

    def _read(self, state: DwellerState, sensed: Sensation) -> tuple[Float[Array, " features"], Sayable]:
        """All that is felt, remembered and known, as numbers; and what could be said of it."""
        innate, kinds = self.innate, len(knowing.SOUGHT)
        goods = sensed.body[: len(innate.goods)]
        beliefs, unsure = recalling.beliefs(innate, self.lore, state)
        places = recalling.sought(innate, self.lore, state, sensed)
        recalled = Recalled(
            beliefs=beliefs,
            unsure=unsure,
            norms=jax.vmap(lambda cue: self.norms.read(state.norms, cue)[0])(jnp.eye(len(DEEDS)))[:, 0],
            sought=jax.tree.map(lambda leaf: leaf[:kinds], places),
            felt=self.feeling.felt(state.store, goods, state.mood),
        )
        topic = jax.tree.map(lambda leaf: leaf[kinds:], places)
        me, _ = knowing.here(innate, sensed)
        marginal = state.store.marginal(goods, state.mood) * (state.store.set_point > goods)
        east = knowing.cell_of(innate, topic.cell) - me
        words = sayable(innate, sensed, state.who, beliefs, topic.known, east, jnp.argmax(marginal))
        return reading.read(innate, state, sensed, recalled), words

    def _topics(self, topic: Array, allowed: Array, say: Array) -> Array:
        """Logits of the topics once the first word is known."""
        chosen = reading.one_hot(say + 1, self.spoken.shape[0])
        open_ = jnp.any(allowed & (chosen[..., None] > 0), -2)
        return masked(topic + chosen @ self.spoken, open_)
