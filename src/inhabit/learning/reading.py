"""Reading: fitting a transformer to documents, for a budget of counted work or of epochs."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.speech.packing import Document, Rows, pack
from inhabit.speech.scoring import score, surprisals
from inhabit.speech.transformer import Transformer
from inhabit.types import Key

CALL = 20
"""Steps in one compiled call."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """How large a transformer is and how it learns; the defaults suit a log of some 250,000 tokens.

    Attributes:
        width: Size of a thought.
        depth: Layers.
        heads: Attention heads; few are fast on a CPU.
        context: Longest row read at once; shorter where all documents are.
        batch: Rows in one step.
        rate: Peak learning rate of AdamW.
        warmup: Share of the steps in which the rate rises; it then falls as a cosine to nothing.
        decay: Weight decay of the layers' matrices.
        dropout: Share of read tokens that are blanked while learning; against learning by heart.
    """

    width: int = 64
    depth: int = 2
    heads: int = 2
    context: int = 256
    batch: int = 4
    rate: float = 5e-3
    warmup: float = 0.1
    decay: float = 0.1
    dropout: float = 0.0


TINY = Recipe(width=48, depth=2, heads=2, context=128, batch=8)
"""For a tiny language, such as the market's."""


@dataclasses.dataclass(frozen=True)
class Point:
    """One point of a learning curve: work so far, mean nats of weighted targets in training and in validation."""

    flops: float
    train: float
    valid: float


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What came of reading.

    Attributes:
        model: The transformer, as it was when validation was best (the last, without validation).
        curve: How it went.
        flops: Work of all steps taken.
        checking: Work spent on validation.
        seconds: Wall clock.
        steps: Steps taken.
    """

    model: Transformer
    curve: tuple[Point, ...]
    flops: float
    checking: float
    seconds: float
    steps: int


def row_length(documents: Sequence[Document], most: int) -> int:
    """Length of a row: the longest document's, a multiple of 32, at least 64 and at most `most`."""
    longest = max((len(document) for document in documents), default=1)
    return min(most, max(64, 32 * math.ceil(longest / 32)))


def fit(
    documents: Sequence[Document],
    vocabulary: int,
    *,
    recipe: Recipe = Recipe(),
    epochs: float | None = None,
    budget: float | None = None,
    validation: Sequence[Document] = (),
    checks: int = 6,
    progress: Callable[[int, int, float], None] | None = None,
    key: Key,
) -> Lesson:
    """Fit a transformer to documents.

    Args:
        documents: What is read; their weights say what counts.
        vocabulary: Number of tokens.
        recipe: Size and learning rate.
        epochs: Passes over the documents; or
        budget: Floating-point operations to spend, as `maths.flops` counts them. One of the two is given.
        validation: Documents by which the best moment is chosen; never those of a test.
        checks: How often validation is looked at.
        progress: Called with steps done, steps in all, and mean nats of the last ones.
        key: Random key; the same key gives the same model.

    Raises:
        ValueError: Nothing to learn from, or not exactly one of `epochs` and `budget`.
    """
    if (epochs is None) == (budget is None):
        raise ValueError("say how long to read: either epochs= or budget= (in floating-point operations)")
    if not any(document.weights.any() for document in documents):
        raise ValueError("no document has a token with weight: nothing to learn")
    started, (init_key, order_key) = time.monotonic(), jax.random.split(key)
    length = row_length([*documents, *validation], recipe.context)
    rows, _ = pack(documents, length, length // 8)  # little overlap: while learning, each token is paid for
    shape = {"width": recipe.width, "depth": recipe.depth, "heads": recipe.heads, "context": length}
    model, state = brief(lambda key: _begun(Transformer(vocabulary, **shape, key=key)))(init_key)
    plan = _Plan.of(rows, recipe, order_key)
    each = _work_of_step(model, rows, plan)
    wanted = budget / each if budget is not None else (epochs or 0) * len(rows.tokens) / plan.batch
    calls = max(1, math.floor(wanted / CALL) if budget is not None else math.ceil(wanted / CALL))
    schedule = rates(recipe, calls * CALL).reshape(calls, CALL)
    table = jax.tree.map(jnp.asarray, rows)
    best, curve, checking, steps = (math.inf, model), [], 0.0, calls * CALL
    for call in range(calls):
        batches, places = plan.draw(call)
        blank_key = jax.random.fold_in(order_key, call)
        given = batches, places, jnp.asarray(schedule[call]), jax.random.split(blank_key, CALL)
        model, state, nats = _steps(model, state, table, given, recipe.decay, recipe.dropout)
        if progress is not None:
            progress((call + 1) * CALL, steps, float(nats))
        if (call + 1) * checks // calls > call * checks // calls:
            valid, work = _mean(model, validation)
            checking += work
            curve.append(Point((call + 1) * CALL * each, float(nats), valid))
            if not valid > best[0]:
                best = valid, model
    return Lesson(best[1], tuple(curve), steps * each, checking, time.monotonic() - started, steps)


def try_recipes(
    documents: Sequence[Document],
    vocabulary: int,
    validation: Sequence[Document],
    recipes: Sequence[Recipe],
    *,
    epochs: float | None = None,
    budget: float | None = None,
    key: Key,
) -> tuple[Recipe, list[Lesson], float]:
    """Read a little with each recipe and keep the one that foretells validation best.

    Returns:
        The recipe, what came of each, and all the work that was spent on choosing.
    """
    if not validation:
        raise ValueError("recipes are chosen by validation documents: give some that are in no test")
    lessons = [
        fit(
            documents,
            vocabulary,
            recipe=recipe,
            epochs=epochs,
            budget=budget,
            validation=validation,
            checks=1,
            key=key,
        )
        for recipe in recipes
    ]
    best = min(range(len(lessons)), key=lambda i: min(point.valid for point in lessons[i].curve))
    return recipes[best], lessons, sum(lesson.flops + lesson.checking for lesson in lessons)


def bits(model: Transformer, documents: Sequence[Document]) -> list[float]:
    """Nats of the weighted targets of each document; divide by ln 2 for bits."""
    nats = score(model, documents).nats
    return [float(nat @ document.weights) for nat, document in zip(nats, documents)]


def _mean(model: Transformer, documents: Sequence[Document]) -> tuple[float, float]:
    """Mean nats of weighted targets over documents (NaN without any), and its work."""
    if not documents:
        return math.nan, 0.0
    scores = score(model, documents)
    total = sum(float(nat @ document.weights) for nat, document in zip(scores.nats, documents))
    return total / sum(float(document.weights.sum()) for document in documents), scores.work.flops


@dataclasses.dataclass(frozen=True)
class _Plan:
    """Which rows are read in each step, and the places of them that count: few, so that forecasts cost less."""

    counted: list[np.ndarray]
    batch: int
    most: int
    seed: int
    length: int

    @classmethod
    def of(cls, rows: Rows, recipe: Recipe, key: Key) -> "_Plan":
        counted = [np.flatnonzero(weights) for weights in rows.weights]
        sizes = np.array([len(places) for places in counted])
        batch = min(recipe.batch, len(sizes))
        mean, spread = sizes.mean() * batch, sizes.std() * math.sqrt(batch)
        most = int(min(np.sort(sizes)[-batch:].sum(), 32 * math.ceil((mean + 3 * spread) / 32)))
        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        return cls(counted, batch, max(most, 1), seed, rows.tokens.shape[1])

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.counted))

    def draw(self, call: int) -> tuple[Int[Array, "steps batch"], Int[Array, "steps places"]]:
        """Rows and counted places of the steps of one call; a place of -1 is none."""
        index = np.arange(call * CALL * self.batch, (call + 1) * CALL * self.batch)
        epochs = {epoch: self._order(epoch) for epoch in np.unique(index // len(self.counted))}
        chosen = np.array([epochs[i // len(self.counted)][i % len(self.counted)] for i in index])
        batches, places = chosen.reshape(CALL, self.batch), np.full((CALL, self.most), -1)
        rng = np.random.default_rng((self.seed, call, 1))
        for step, batch in enumerate(batches):
            here = np.concatenate([self.counted[row] + column * self.length for column, row in enumerate(batch)])
            here = here if len(here) <= self.most else rng.permutation(here)[: self.most]
            places[step, : len(here)] = here
        return jnp.asarray(batches), jnp.asarray(places)


_ADAM = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(b1=0.9, b2=0.98))
"""AdamW less its rate and decay, which are applied in `_steps`: one compiled program serves every schedule."""


def _begun(model: Transformer) -> tuple[Transformer, optax.OptState]:
    """A fresh model, and the optimiser before its first step."""
    return model, _ADAM.init(eqx.filter(model, eqx.is_inexact_array))


def rates(recipe: Recipe, steps: int) -> Float[np.ndarray, " steps"]:
    """Learning rate of each step: a linear rise, then a cosine down to a hundredth."""
    warm, index = max(1, round(recipe.warmup * steps)), np.arange(steps)
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((index - warm) / max(1, steps - warm), 0, 1))
    return (recipe.rate * np.where(index < warm, (index + 1) / warm, 0.01 + 0.99 * fall)).astype(np.float32)


def _decayed(model: Transformer) -> Transformer:
    """Which arrays decay: the layers' matrices, not the table of tokens."""
    marks = jax.tree.map(lambda leaf: float(leaf.ndim == 2), model)
    return eqx.tree_at(lambda m: m.table, marks, 0.0)


def _loss(
    model: Transformer, rows: Rows, batch: Int[Array, " batch"], places: Int[Array, " places"], blank: float, key: Key
) -> Float[Array, ""]:
    """Mean nats at the counted places of a batch."""
    tokens = rows.tokens[batch]
    if blank > 0:
        tokens = jnp.where(jax.random.bernoulli(key, blank, tokens.shape), 0, tokens)
    thought = jax.vmap(model)(tokens, rows.segments[batch], rows.positions[batch])
    logits = model.logits(thought.reshape(-1, thought.shape[-1])[places])
    weights = jnp.where(places >= 0, rows.weights[batch].reshape(-1)[places], 0.0)
    nats = surprisals(logits, rows.targets[batch].reshape(-1)[places])
    return jnp.sum(weights * nats) / jnp.maximum(jnp.sum(weights), 1e-6)


def _work_of_step(model: Transformer, rows: Rows, plan: _Plan) -> float:
    """Work of one step: the loss, its gradient, and some 20 operations of AdamW for each parameter."""
    batches, places = plan.draw(0)
    gradient = eqx.filter_value_and_grad(_loss)
    table = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), rows)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))

    def step(model: Transformer, table: Rows, batch: Array, places: Array, key: Key):
        return gradient(model, table, batch, places, 0.0, key)

    return count(step, model, table, batches[0], places[0], jax.random.key(0)).flops + 20 * parameters


@eqx.filter_jit
def _steps(
    model: Transformer, state: optax.OptState, rows: Rows, given: tuple, decay: float, blank: float
) -> tuple[Transformer, optax.OptState, Float[Array, ""]]:
    """Take several steps in one compiled call; `given` are the batches, places, rates and keys of each."""
    moving, still = eqx.partition(model, eqx.is_inexact_array)
    marks = _decayed(moving)

    def step(carry: tuple, given: tuple) -> tuple[tuple, Array]:
        moving, state = carry
        batch, where, rate, key = given
        nats, slope = eqx.filter_value_and_grad(_loss)(eqx.combine(moving, still), rows, batch, where, blank, key)
        change, state = _ADAM.update(slope, state)
        moving = jax.tree.map(lambda p, c, mark: p - rate * (c + decay * mark * p), moving, change, marks)
        return (moving, state), nats

    (moving, state), nats = jax.lax.scan(step, (moving, state), given)
    return eqx.combine(moving, still), state, jnp.mean(nats)
