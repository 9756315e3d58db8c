"""Geometry: what does flattening a scene to tokens cost?"""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from inhabit.lab.experiment import Experiment, Record
from inhabit.lab.geometry_sets import THINGS, WINDOW, Bodies, Parts, Views, mirrored, moved, physics, village
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.senses.scene import SceneSense
from inhabit.senses.voxels import VoxelSight, Window, one_hot
from inhabit.speech.transformer import Block, normalise
from inhabit.types import Key
from inhabit.worlds.village.acts import LOOKS
from inhabit.worlds.village.materials import Material

QUESTION = "What does flattening a scene to tokens cost, at equal counted work and equal samples?"
PREDICTION = (
    "Native senses have at most a third of the plain transformer's error on the physics set and less error in the "
    "village; augmentation recovers most, not all, of the difference on the physics set and little in the village."
)
SEEDS = 3
BATCH = 64
ROWS = 3
"""The window is cut into patches of 3 by 3 columns, each a token."""


class Flattened(eqx.Module):
    """A token transformer: every token attends to every other, and each knows its place in the line."""

    read: eqx.nn.Linear
    place: Float[Array, "tokens width"]
    blocks: tuple[Block, ...]
    out: eqx.nn.Linear

    def __init__(self, tokens: int, each: int, outputs: int, *, width: int, depth: int = 2, heads: int = 2, key: Key):
        read_key, place_key, out_key, *block_keys = jax.random.split(key, 3 + depth)
        self.read = eqx.nn.Linear(each, width, key=read_key)
        self.place = 0.1 * jax.random.normal(place_key, (tokens, width))
        self.blocks = tuple(Block(width, heads, key=block_key) for block_key in block_keys)
        self.out = eqx.nn.Linear(width, outputs, key=out_key)

    def __call__(self, tokens: Float[Array, "tokens each"]) -> Float[Array, "tokens outputs"]:
        """What is told at each token."""
        x = jax.vmap(self.read)(tokens) + self.place
        everywhere, order = jnp.ones((len(x), len(x)), bool), jnp.zeros(len(x), int)
        for block in self.blocks:
            x = block.join(x, *block.project(x, order), everywhere)
        return jax.vmap(self.out)(normalise(x))


class NativePull(eqx.Module):
    """The physics set sensed as a scene."""

    sense: SceneSense

    def __call__(self, scene: Bodies) -> Float[Array, "bodies 3"]:
        """The acceleration of each body."""
        return self.sense(scene.place, scene.like)


class FlatPull(eqx.Module):
    """The physics set as a line of tokens, one a body."""

    tokens: Flattened

    def __call__(self, scene: Bodies) -> Float[Array, "bodies 3"]:
        """The acceleration of each body."""
        return self.tokens(jnp.concatenate([scene.place, scene.like], 1))


OUTPUTS = 2 * len(THINGS) + len(Material)
"""Numbers told of a view: two for each thing looked for, and logits of what will be in front."""


class NativeView(eqx.Module):
    """A view sensed in its three dimensions."""

    sight: VoxelSight
    out: eqx.nn.Linear

    def __call__(self, view: Views) -> Float[Array, " outputs"]:
        """Offsets in cells, then logits."""
        window = Window(material=view.sight[None], ripe=view.ripe[None], person=view.person[None])
        return self.out(self.sight(window)[0])


class FlatView(eqx.Module):
    """A view as a line of nine tokens, each a patch of 3 by 3 columns."""

    tokens: Flattened

    def __call__(self, view: Views) -> Float[Array, " outputs"]:
        """Offsets in cells, then logits."""
        window = Window(material=view.sight, ripe=view.ripe, person=view.person)
        cells = one_hot(window, len(Material), LOOKS)
        side = WINDOW[0] // ROWS
        patches = cells.reshape(side, ROWS, side, ROWS, -1).transpose(0, 2, 1, 3, 4).reshape(side * side, -1)
        return jnp.mean(self.tokens(patches), 0)


def pull_loss(model: Any, scene: Bodies) -> Float[Array, ""]:
    """Squared error of a scene's accelerations."""
    return jnp.mean((model(scene) - scene.pull) ** 2)


def view_loss(model: Any, view: Views) -> Float[Array, ""]:
    """Squared error of the offsets of what is in sight, in units of 3 cells, and surprisal of what will be in front."""
    told = model(view)
    offset, logits = told[: -len(Material)].reshape(-1, 2), told[-len(Material) :]
    missed = jnp.sum(((offset - view.offset) / 3) ** 2, -1)
    surprisal = -jax.nn.log_softmax(logits)[view.next]
    return jnp.sum(missed * view.there) / jnp.maximum(view.there.sum(), 1) + surprisal


@dataclasses.dataclass(frozen=True)
class Side:
    """One set and how it is learned.

    Attributes:
        draw: Makes its parts.
        loss: Of one scene.
        native: Makes the native model.
        flat: Makes the transformer.
        augmented: Draws another scene with the same truth.
        samples: Scenes learned from.
        steps: Batches learned from.
        rates: Of learning; each contender learns with every one, and keeps the one that errs least on held-out training
            scenes.
    """

    draw: Callable[..., Parts]
    loss: Callable
    native: Callable[[Key], Any]
    flat: Callable[[Key], Any]
    augmented: Callable
    samples: int
    steps: int
    rates: tuple[float, ...]


def _native_view(key: Key) -> NativeView:
    sight_key, out_key = jax.random.split(key)
    sight = VoxelSight(WINDOW, len(Material), LOOKS, 64, key=sight_key)
    return NativeView(sight, eqx.nn.Linear(64, OUTPUTS, key=out_key))


SIDES = {
    "physics": Side(
        physics,
        pull_loss,
        lambda key: NativePull(SceneSense(2, hidden=60, key=key)),
        lambda key: FlatPull(Flattened(6, 5, 3, width=32, key=key)),
        moved,
        1024,
        500,
        (1e-3, 3e-3),
    ),
    "village": Side(
        village,
        view_loss,
        _native_view,
        lambda key: FlatView(Flattened(9, ROWS * ROWS * WINDOW[2] * (len(Material) + LOOKS + 1), OUTPUTS, width=12, key=key)),
        mirrored,
        3072,
        1000,
        (3e-3, 1e-2),
    ),
}  # fmt: skip


@eqx.filter_jit
def learned(
    model: Any, loss: Callable, augmented: Callable | None, scenes: Any, steps: int, rate: Float[Array, ""], key: Key
) -> Any:
    """Learn from batches of scenes drawn at random, each augmented anew where that is asked."""
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(rate, steps)))
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)

    def lesson(now: tuple, key: Key) -> tuple[tuple, None]:
        arrays, state = now
        pick_key, change_key = jax.random.split(key)
        chosen = jax.random.randint(pick_key, (BATCH,), 0, len(jax.tree.leaves(scenes)[0]))
        batch = jax.tree.map(lambda leaf: leaf[chosen], scenes)
        batch = batch if augmented is None else augmented(batch, key=change_key)
        mean = lambda arrays: jnp.mean(jax.vmap(loss, (None, 0))(eqx.combine(arrays, rest), batch))
        moves, state = optimiser.update(jax.grad(mean)(arrays), state)
        return (optax.apply_updates(arrays, moves), state), None

    (arrays, _), _ = jax.lax.scan(lesson, (arrays, optimiser.init(arrays)), jax.random.split(key, steps))
    return eqx.combine(arrays, rest)


@eqx.filter_jit
def told(model: Any, scenes: Any) -> Array:
    """What a model says of each scene."""
    return jax.lax.map(model, scenes, batch_size=256)


def contend(side: Side, parts: Parts, *, seed: int, steps: int) -> dict[str, np.ndarray]:
    """What each contender says of the test scenes, having learned from the others."""
    model_key, learn_key = jax.random.split(jax.random.key(1000 + seed))
    held = len(jax.tree.leaves(parts.train)[0]) // 8
    learn, judge = (
        jax.tree.map(lambda leaf: leaf[held:], parts.train),
        jax.tree.map(lambda leaf: leaf[:held], parts.train),
    )
    score = eqx.filter_jit(lambda model: jnp.mean(jax.lax.map(lambda scene: side.loss(model, scene), judge)))
    said = {}
    for name, make, change in (
        ("native", side.native, None),
        ("transformer", side.flat, None),
        ("transformer, augmented", side.flat, side.augmented),
    ):
        tried = [learned(make(model_key), side.loss, change, learn, steps, jnp.array(r), learn_key) for r in side.rates]
        best = min(tried, key=lambda model: float(score(model)))
        said[name] = np.asarray(told(best, parts.test))
    return said


def errors(on: str, said: np.ndarray, test: Any) -> dict[str, np.ndarray]:
    """Figures of each test scene, NaN where one does not apply: what is averaged in the record."""
    if on == "physics":
        return {"squared error": np.mean((said - np.asarray(test.pull)) ** 2, (1, 2))}
    offset = said[:, : -len(Material)].reshape(len(said), -1, 2)
    missed = np.linalg.norm(offset - np.asarray(test.offset), axis=-1)
    each = {
        f"cells from the nearest {thing}": np.where(np.asarray(test.there)[:, at] > 0, missed[:, at], np.nan)
        for at, thing in enumerate(THINGS)
    }
    wrong = np.argmax(said[:, -len(Material) :], 1) != np.asarray(test.next)
    return each | {"wrong about what will be in front": wrong.astype(float)}


def trivial(on: str, parts: Parts) -> np.ndarray:
    """What one would say without looking: the mean (of accelerations and offsets), the commonest material."""
    train, rows = parts.train, len(parts.groups)
    if on == "physics":
        return np.broadcast_to(np.asarray(train.pull).mean((0, 1)), (rows, *train.pull.shape[1:]))
    weight = np.asarray(train.there)[..., None]
    mean = (np.asarray(train.offset) * weight).sum(0) / np.maximum(weight.sum(0), 1)
    commonest = np.bincount(np.asarray(train.next), minlength=len(Material))
    return np.broadcast_to(np.concatenate([mean.ravel(), commonest]), (rows, OUTPUTS))


def geometry(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment on the physics set or in the village."""
    began, side = time.monotonic(), SIDES[on]
    seeds = tuple(range(seed, seed + (1 if quick else SEEDS)))
    samples, tests, steps = (256, 128, 40) if quick else (side.samples, 1024, side.steps)
    found: dict[str, list[tuple[dict[str, np.ndarray], np.ndarray]]] = {}
    predictions: list[dict[str, Any]] = []
    for one in seeds:
        parts = side.draw(samples, tests, seed=one)
        said = contend(side, parts, seed=one, steps=steps) | {"without looking": trivial(on, parts)}
        for name, words in said.items():
            found.setdefault(name, []).append((errors(on, words, parts.test), 10_000 * one + parts.groups))
            predictions += _rows(name, one, words, parts)
    scores = {
        f"{name}: {what}": _mean([one[what] for one, _ in each], [groups for _, groups in each])
        for name, each in found.items()
        for what in each[0][0]
    }
    scene = jax.tree.map(lambda leaf: leaf[0], parts.test)
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured={name: score for name, score in scores.items() if name.startswith("native")},
        baselines={name: score for name, score in scores.items() if not name.startswith("native")},
        flops={name: work(make, scene) for name, make in (("native", side.native), ("transformer", side.flat))},
        seeds=seeds,
        seconds=time.monotonic() - began,
        predictions=predictions,
    )


def _rows(name: str, seed: int, words: np.ndarray, parts: Parts) -> Iterator[dict[str, Any]]:
    """What was told of each test scene beside the truth, each field of the truth in a line."""
    seen = ("sight", "ripe", "person", "place", "like")
    truth = {field: np.asarray(leaf) for field, leaf in vars(parts.test).items() if field not in seen}
    for row, group in enumerate(parts.groups):
        told = np.round(words[row].ravel().astype(float), 4).tolist()
        true = {field: np.round(np.ravel(leaf[row]).astype(float), 4).tolist() for field, leaf in truth.items()}
        yield {"model": name, "seed": seed, "scene": row, "group": int(group), "told": told} | true


def work(make: Callable[[Key], Any], scene: Any) -> float:
    """Counted floating-point operations of one scene, forward."""
    model = eqx.filter_eval_shape(make, jax.random.key(0))
    return count(lambda model, scene: model(scene), model, scene).flops


def _mean(figures: list[np.ndarray], groups: list[np.ndarray]) -> Estimate:
    every, of = np.concatenate(figures), np.concatenate(groups)
    kept = ~np.isnan(every)
    return bootstrap(lambda index: float(every[kept][index].mean()), of[kept])


GEOMETRY = Experiment(name="geometry", question=QUESTION, sets=("physics", "village"), run=geometry)
