"""HiGRU, a rival of hearing: one GRU over the words of an utterance in both directions, one over the utterances.

Sizes, dropout, initial weights and the elevenfold weight of uncommon ratings are those of the published runs. Two things
differ: whole dialogues are learned from (an utterance is read once for all the turns that follow it, the state runs on from the
dialogue's beginning and not from ten utterances back), and the words are whole words of the training dialogues.

Source:
    Sun et al. (2021), Simulating user satisfaction for the evaluation of task-oriented dialogue systems. SIGIR.
"""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from inhabit.senses.text import words
from inhabit.types import Key

UNKNOWN = 1
WIDTH = 64
"""Words in a row of `Batch`, and the most that are read of an utterance."""


@dataclasses.dataclass(frozen=True)
class Talk:
    """A dialogue for HiGRU.

    Attributes:
        utterances: Ids of the words of each.
        asked: For each utterance the index of the rating that was felt before it was said; -1 where nobody asks.
    """

    utterances: tuple[Int[np.ndarray, " words"], ...]
    asked: Int[np.ndarray, " utterances"]


def vocabulary(texts: Sequence[str], *, least: int = 2) -> dict[str, int]:
    """Ids from 2 on of the words that are in `texts` at least so often; 0 is padding and 1 any other word."""
    counts = collections.Counter(word for text in texts for word in words(text))
    known = sorted(word for word, count in counts.items() if count >= least)
    return {word: 2 + index for index, word in enumerate(known)}


def read(text: str, known: dict[str, int]) -> Int[np.ndarray, " words"]:
    """The ids of a text's first words; at least one."""
    return np.array([known.get(word, UNKNOWN) for word in words(text)[:WIDTH]] or [UNKNOWN], np.int32)


class Batch(NamedTuple):
    """Some dialogues, their utterances laid end to end in rows; a slot numbers an utterance of the batch from 1.

    Attributes:
        words: Ids, 0 where a row is not filled.
        slot: The slot of each word's utterance, 0 where there is no word.
        places: Slot of each utterance of each dialogue, 0 after its end.
        asked: See `Talk`; -1 after the end.
    """

    words: Int[Array | np.ndarray, "*batches rows width"]
    slot: Int[Array | np.ndarray, "*batches rows width"]
    places: Int[Array | np.ndarray, "*batches talks turns"]
    asked: Int[Array | np.ndarray, "*batches talks turns"]


def laid(talks: Sequence[Talk], *, batch: int, turns: int) -> list[Batch]:
    """Lay dialogues into batches of one shape but for their number of rows; the last is filled with silent dialogues.

    Args:
        talks: In the order in which they are to be read.
        batch: Dialogues in a batch.
        turns: Utterances of the longest dialogue.
    """
    return [_laid(talks[start : start + batch], batch, turns) for start in range(0, len(talks), batch)]


def _laid(talks: Sequence[Talk], batch: int, turns: int) -> Batch:
    places, asked = np.zeros((batch, turns), np.int32), np.full((batch, turns), -1, np.int32)
    rows: list[list[np.ndarray]] = [[]]
    slots: list[list[np.ndarray]] = [[]]
    slot = room = 0
    for number, talk in enumerate(talks):
        asked[number, : len(talk.asked)] = talk.asked
        for turn, utterance in enumerate(talk.utterances):
            slot += 1
            if room + len(utterance) > WIDTH:
                rows.append([])
                slots.append([])
                room = 0
            rows[-1].append(utterance)
            slots[-1].append(np.full(len(utterance), slot, np.int32))
            room += len(utterance)
            places[number, turn] = slot
    words, slot_of = (np.stack([_filled(row, WIDTH) for row in table]) for table in (rows, slots))
    return Batch(words, slot_of, places, asked)


def _filled(parts: Sequence[np.ndarray], width: int) -> np.ndarray:
    row = np.zeros(width, np.int32)
    if parts:
        found = np.concatenate(parts)
        row[: len(found)] = found
    return row


def stacked(batches: Sequence[Batch], rows: int) -> Batch:
    """Batches one after another in one, each with `rows` rows."""

    def tall(tables: Iterable[np.ndarray]) -> np.ndarray:
        return np.stack([np.pad(table, ((0, rows - len(table)), (0, 0))) for table in tables])

    words, slot, places, asked = zip(*batches)
    return Batch(tall(words), tall(slot), np.stack(places), np.stack(asked))


class Gates(eqx.Module):
    """The weights of a GRU.

    Source:
        Cho et al. (2014), in the form of cuDNN: the reset gate acts on the state after its weights.
    """

    of_input: Float[Array, "inputs gates"]
    of_state: Float[Array, "size gates"]
    bias: Float[Array, " gates"]
    bias_new: Float[Array, " size"]

    @classmethod
    def create(cls, inputs: int, size: int, *, key: Key) -> Self:
        """Start with Xavier's uniform weights and biases of 0."""
        input_key, state_key = jax.random.split(key)
        weights = jax.nn.initializers.glorot_uniform()
        return cls(
            weights(input_key, (inputs, 3 * size)),
            weights(state_key, (size, 3 * size)),
            jnp.zeros(3 * size),
            jnp.zeros(size),
        )

    def __call__(
        self, state: Float[Array, "*batch size"], projected: Float[Array, "*batch gates"]
    ) -> Float[Array, "*batch size"]:
        """The next state from a state and `input @ of_input + bias`."""
        reset, update, new = jnp.split(projected, 3, -1)
        reset_state, update_state, new_state = jnp.split(state @ self.of_state, 3, -1)
        kept = jax.nn.sigmoid(update + update_state)
        fresh = jnp.tanh(new + jax.nn.sigmoid(reset + reset_state) * (new_state + self.bias_new))
        return fresh + kept * (state - fresh)


class HiGRU(eqx.Module):
    """Words to utterances to a belief about the rating before each utterance."""

    embedding: Float[Array, "vocabulary size"]
    forward: Gates
    backward: Gates
    talk: Gates
    rating: eqx.nn.Linear

    @classmethod
    def create(cls, vocabulary: int, *, size: int, ratings: int, key: Key) -> Self:
        """Start with fresh weights; an utterance's vector and the talk's state are twice `size` long."""
        names = ("embedding", "forward", "backward", "talk", "rating")
        keys = dict(zip(names, jax.random.split(key, len(names))))
        xavier = jax.nn.initializers.glorot_uniform()
        linear = eqx.nn.Linear(2 * size, ratings, key=keys["rating"])
        return cls(
            embedding=xavier(keys["embedding"], (vocabulary, size)).at[0].set(0.0),
            forward=Gates.create(size, size, key=keys["forward"]),
            backward=Gates.create(size, size, key=keys["backward"]),
            talk=Gates.create(2 * size, 2 * size, key=keys["talk"]),
            rating=eqx.tree_at(lambda one: one.weight, linear, xavier(keys["rating"], linear.weight.shape)),
        )

    def __call__(
        self, batch: Batch, *, keep: float = 1.0, key: Key | None = None
    ) -> Float[Array, "talks turns ratings"]:
        """Logits of the rating before each utterance of a batch.

        Args:
            batch: One batch.
            keep: Share of the embeddings and of the talk's states that is not left out.
            key: Random key, where something is.
        """
        word_key, talk_key = (None, None) if key is None else jax.random.split(key)
        vectors = self._utterances(batch, keep, word_key)[batch.places]
        inputs = (vectors @ self.talk.of_input + self.talk.bias).swapaxes(0, 1)
        before = jnp.zeros(vectors.shape[:1] + vectors.shape[2:])

        def step(state, turn):
            return self.talk(state, turn), state

        states = jax.lax.scan(step, before, inputs)[1].swapaxes(0, 1)
        return jax.vmap(jax.vmap(self.rating))(_dropped(states, keep, talk_key))

    def _utterances(self, batch: Batch, keep: float, key: Key | None) -> Float[Array, "slots size"]:
        """The sum of both directions' states over an utterance's words, over the root of their number."""
        embedded = _dropped(self.embedding[batch.words], keep, key)
        slot = batch.slot
        begins = slot != jnp.pad(slot[:, :-1], ((0, 0), (1, 0)))
        ends = slot != jnp.pad(slot[:, 1:], ((0, 0), (0, 1)))
        both = (_swept(self.forward, embedded, begins, False), _swept(self.backward, embedded, ends, True))
        slots = 1 + batch.places.size
        states = jnp.concatenate(both, -1) * (slot > 0)[..., None]
        total = jax.ops.segment_sum(states.reshape(-1, states.shape[-1]), slot.ravel(), slots)
        number = jax.ops.segment_sum((slot > 0).ravel().astype(total.dtype), slot.ravel(), slots)
        return total / jnp.sqrt(jnp.maximum(number, 1))[:, None]


def _swept(
    gates: Gates, inputs: Float[Array, "rows width size"], fresh: Bool[Array, "rows width"], reverse: bool
) -> Float[Array, "rows width size"]:
    """States of a GRU along rows, from nothing wherever `fresh` says so."""

    def step(state, one):
        projected, anew = one
        state = gates(jnp.where(anew[:, None], 0.0, state), projected)
        return state, state

    projected = inputs @ gates.of_input + gates.bias
    start = jnp.zeros(inputs.shape[:1] + inputs.shape[2:])
    swept = jax.lax.scan(step, start, (projected.swapaxes(0, 1), fresh.T), reverse=reverse, unroll=4)[1]
    return swept.swapaxes(0, 1)


def _dropped(values: Array, keep: float, key: Key | None) -> Array:
    return values if key is None else values * jax.random.bernoulli(key, keep, values.shape) / keep


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How HiGRU is fitted.

    Attributes:
        size: Of a word's vector and of one direction's state.
        passes: Over the dialogues.
        batch: Dialogues in one step of the optimiser.
        learning_rate: Of Adam.
        dropout: Of the embeddings and of the talk's states.
        uncommon: Weight of a turn whose rating is not the commonest, beside 1.
    """

    size: int = 256
    passes: int = 6
    batch: int = 16
    learning_rate: float = 1e-3
    dropout: float = 0.4
    uncommon: float = 11.0


def passes(
    train: Sequence[Talk], asked: Sequence[Sequence[Talk]], settings: Settings, *, ratings: int, key: Key
) -> Iterator[tuple[Float[np.ndarray, "turns ratings"], ...]]:
    """Fit a HiGRU and say after each pass what it believes of others.

    Args:
        train: To learn from.
        asked: Groups of dialogues to answer for.
        settings: How.
        ratings: Levels.
        key: Random key.

    Yields:
        Of each group, logits for all its turns that are asked for, in order.
    """
    create_key, draw_key, drop_key = jax.random.split(key, 3)
    random = np.random.default_rng(np.asarray(jax.random.key_data(draw_key)))
    every = [*train, *(talk for group in asked for talk in group)]
    turns = max(len(talk.asked) for talk in every)
    drawn = [_drawn(train, settings.batch, random) for _ in range(settings.passes)]
    lessons = [laid([train[i] for i in order], batch=settings.batch, turns=turns) for order in drawn]
    tests = [laid(group, batch=settings.batch, turns=turns) for group in asked]
    rows, test_rows = (max(len(batch.words) for many in some for batch in many) for some in (lessons, tests))
    model = HiGRU.create(
        1 + max(int(word.max()) for talk in every for word in talk.utterances),
        size=settings.size,
        ratings=ratings,
        key=create_key,
    )
    state = _optimiser(settings).init(eqx.filter(model, eqx.is_inexact_array))
    common = np.bincount(np.concatenate([talk.asked[talk.asked >= 0] for talk in train])).argmax()
    for batches, pass_key in zip(lessons, jax.random.split(drop_key, settings.passes)):
        model, state = _pass(model, state, stacked(batches, rows), jnp.asarray(common), settings, pass_key)
        yield tuple(_asked(model, stacked(group, test_rows)) for group in tests)


def _drawn(talks: Sequence[Talk], batch: int, random: np.random.Generator) -> Int[np.ndarray, " some"]:
    """An order whose batches hold a short dialogue, a longer one and so on, so that they need as many rows."""
    batch = min(batch, len(talks))
    batches = len(talks) // batch
    kept = np.sort(random.permutation(len(talks))[: batches * batch])
    length = np.array([sum(map(len, talks[i].utterances)) for i in kept])
    ranked = kept[np.argsort(length, kind="stable")].reshape(batch, batches)
    return random.permuted(ranked, axis=1).T.ravel()


@eqx.filter_jit
def _pass(model, state, batches, common, settings, key):
    optimiser = _optimiser(settings)
    learned, fixed = eqx.partition(model, eqx.is_inexact_array)

    def loss(learned, batch, key):
        logits = eqx.combine(learned, fixed)(batch, keep=1 - settings.dropout, key=key)
        weight = jnp.where(batch.asked == common, 1.0, settings.uncommon) * (batch.asked >= 0)
        nats = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.maximum(batch.asked, 0))
        return jnp.sum(weight * nats) / jnp.maximum(jnp.sum(weight), 1.0)

    def step(carry, one):
        learned, state = carry
        updates, state = optimiser.update(jax.grad(loss)(learned, *one), state, learned)
        return (optax.apply_updates(learned, updates), state), None

    keys = jax.random.split(key, len(batches.words))
    (learned, state), _ = jax.lax.scan(step, (learned, state), (batches, keys))
    return eqx.combine(learned, fixed), state


def _asked(model: HiGRU, batches: Batch) -> Float[np.ndarray, "turns ratings"]:
    return np.asarray(_logits(model, batches))[batches.asked >= 0]


@eqx.filter_jit
def _logits(model, batches):
    return jax.lax.map(model, batches)


def _optimiser(settings: Settings) -> optax.GradientTransformation:
    return optax.flatten(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(settings.learning_rate)))
