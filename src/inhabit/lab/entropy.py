"""Entropy: how much of what a language model of the traffic cannot foretell is the state of the maker?"""

import dataclasses
import pathlib
import time
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from inhabit.lab.experiment import Experiment, Record, Watch, unwatched
from inhabit.lab.traffic import FIRST, GIVEN, SIZES, VOCABULARY, Traffic, traffic
from inhabit.maths.compiling import brief
from inhabit.maths.flops import count
from inhabit.maths.intervals import Estimate, bootstrap
from inhabit.records.atomic import replaced
from inhabit.speech.scoring import surprisals
from inhabit.speech.transformer import Transformer, normalise
from inhabit.types import Key

QUESTION = "How much of the irreducible entropy of language is its maker's state?"
PREDICTION = (
    "Of the bits a villager's message costs a language model of the traffic, more than a third are gone when the model is "
    "told the speaker's true state, a tenth when told the state as inferred from what an onlooker sees; and told the true "
    "state it is within a quarter of the speaker's own entropy."
)
TOLD = ("traffic", "inferred", "true")
WIDTH, DEPTH, HEADS = 32, 2, 4
MESSAGES = 32
"""Most messages of a village's day that are read."""

RATE = 6e-3
OPTIMISER = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam())


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is."""

    villages: int
    held: int
    days: int
    steps: int
    batch: int


FULL = Scale(villages=700, held=40, days=2, steps=1200, batch=16)
QUICK = Scale(villages=24, held=12, days=1, steps=12, batch=4)


class Reader(eqx.Module):
    """A transformer that is told something of each speaker, beside the traffic.

    Attributes:
        model: Reads and foretells tokens.
        told: From what is told to what is added to all that is read of a message, from the speaker's name on.
    """

    model: Transformer
    told: eqx.nn.MLP

    def __init__(self, told: int, *, key: Key):
        model_key, told_key = jax.random.split(key)
        self.model = Transformer(
            VOCABULARY, width=WIDTH, depth=DEPTH, heads=HEADS, context=1 + MESSAGES * len(SIZES), key=model_key
        )
        self.told = eqx.nn.MLP(told, WIDTH, 4 * WIDTH, 1, key=told_key)

    def __call__(
        self, tokens: Int[Array, " time"], state: Float[Array, "messages state"]
    ) -> Float[Array, "time vocabulary"]:
        """Logits of what comes after each token."""
        index = jnp.arange(len(tokens))
        message = jnp.maximum(index - GIVEN, 0) // len(
            SIZES
        )  # at the token of the last symbol, the next message's hour
        x = normalise(self.model.table[tokens]) + jax.vmap(self.told)(state)[message]
        mask = index[:, None] >= index
        for block in self.model.blocks:
            x = block.join(x, *block.project(x, index), mask)
        return self.model.logits(normalise(x))


def nats(
    reader: Reader, tokens: Int[Array, " time"], state: Float[Array, "messages state"]
) -> Float[Array, "messages foretold=6"]:
    """Surprisal of each foretold symbol of each message, among the values that the symbol can have."""
    logits = reader(tokens[:-1], state).reshape(-1, len(SIZES), VOCABULARY)
    targets = tokens[1:].reshape(-1, len(SIZES))
    parts = []
    for symbol in range(GIVEN, len(SIZES)):
        first = int(FIRST[symbol])
        here = logits[:, symbol, first : first + SIZES[symbol]]
        parts.append(surprisals(here, jnp.clip(targets[:, symbol] - first, 0, SIZES[symbol] - 1)))
    return jnp.stack(parts, -1)


def _loss(reader: Reader, tokens: Array, state: Array, there: Array) -> Array:
    each = jax.vmap(lambda t, s: nats(reader, t, s))(tokens, state).sum(-1)
    return jnp.sum(each * there) / jnp.sum(there)


@eqx.filter_jit
def _lesson(reader: Reader, state: Any, rate: Array, tokens: Array, told: Array, there: Array) -> tuple[Reader, Any]:
    gradient = eqx.filter_grad(_loss)(reader, tokens, told, there)
    moved, state = OPTIMISER.update(gradient, state)
    return eqx.apply_updates(reader, jax.tree.map(lambda leaf: -rate * leaf, moved)), state


@brief
def _scored(reader: Reader, tokens: Array, state: Array) -> Array:
    return jax.lax.map(lambda row: nats(reader, *row), (tokens, state), batch_size=16)


def train(
    told: np.ndarray, data: Traffic, held: tuple[np.ndarray, Traffic], scale: Scale, seed: int
) -> tuple[Reader, float]:
    """Fit a reader; the weights kept are those of the best look at the held-back rows.

    Args:
        told: What it is told at each message of each row.
        data: The rows.
        held: The same of rows that are held back.
        scale: Steps and batch.
        seed: Same seed, same reader.

    Returns:
        The reader, and the floating-point operations of fitting it.
    """
    reader = Reader(told.shape[-1], key=jax.random.key(seed))
    state = OPTIMISER.init(eqx.filter(reader, eqx.is_inexact_array))
    falling = optax.cosine_decay_schedule(RATE, scale.steps)
    rng = np.random.default_rng(seed)
    tokens, there = data.tokens, data.there.astype(np.float32)
    best, least = reader, np.inf
    for step in range(scale.steps):
        rows = rng.choice(len(tokens), scale.batch, replace=False)
        part = (jnp.asarray(tokens[rows]), jnp.asarray(told[rows]), jnp.asarray(there[rows]))
        reader, state = _lesson(reader, state, jnp.asarray(falling(step)), *part)
        if step % 50 == 49 or step == scale.steps - 1:
            each = np.asarray(_scored(reader, jnp.asarray(held[1].tokens), jnp.asarray(held[0]))).sum(-1)
            if (now := float(each[held[1].there].mean())) < least:
                best, least = reader, now
    work = count(eqx.filter_value_and_grad(_loss), reader, *part).flops * scale.steps
    return best, float(work)


def infer(data: Traffic, others: tuple[Traffic, ...], ridge: float = 10.0) -> tuple[list[np.ndarray], float]:
    """The state of each speaker as ridge regression reads it from what an onlooker noted, learned on `data`.

    Returns:
        The inferred state of `data` and of each of the others, and the share of the state's variance that is explained
        in the last.
    """
    there = data.there
    mean, scale = data.noted[there].mean(0), data.noted[there].std(0) + 1e-3

    def cues(one: Traffic) -> np.ndarray:
        flat = (one.noted - mean) / scale
        return np.concatenate([flat, np.ones((*flat.shape[:2], 1))], -1)

    x, y = cues(data)[there], data.state[there]
    map_ = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)
    read = [(cues(one) @ map_).astype(np.float32) * one.there[..., None] for one in (data, *others)]
    last = others[-1]
    true, said = last.state[last.there], read[-1][last.there]
    return read, float(1 - np.square(true - said).sum() / np.square(true - true.mean(0)).sum())


def tables(data: Traffic, test: Traffic) -> Mapping[str, np.ndarray]:
    """Nats of each message under tables of counts.

    `unigram`: each symbol by its own frequency. `table`: the kind by the message before (its kind, and whether it was
    spoken to this speaker), the rest by the kind and topic of the same message.
    """

    def contexts(one: Traffic, symbol: int, deep: bool) -> np.ndarray:
        s = one.symbols
        if not deep:
            return np.zeros(s.shape[:2], int)
        if symbol == GIVEN:
            last = np.concatenate([np.zeros_like(s[:, :1]), s[:, :-1]], 1)
            return np.where(last[..., 0] >= 0, last[..., 2] * 2 + (last[..., 6] == s[..., 1] + 1), 0)
        return s[..., 2] * 32 + (s[..., 3] if symbol > 3 else 0)

    def nats_of(deep: bool) -> np.ndarray:
        total = np.zeros(test.there.shape)
        for symbol in range(GIVEN, len(SIZES)):
            counts = np.full((2048, SIZES[symbol]), 0.3)
            np.add.at(counts, (contexts(data, symbol, deep)[data.there], data.symbols[..., symbol][data.there]), 1)
            chance = counts / counts.sum(1, keepdims=True)
            total -= np.log(chance[contexts(test, symbol, deep), np.maximum(test.symbols[..., symbol], 0)])
        return total

    return {"unigram": nats_of(False), "table": nats_of(True)}


@dataclasses.dataclass(frozen=True)
class Heard:
    """Rows to fit on, held back and to test on, and what each reader is told at them.

    Attributes:
        parts: The rows.
        told: By reader, for each part.
        explained: Share of the state's variance that is inferred, in the last part.
    """

    parts: tuple[Traffic, Traffic, Traffic]
    told: Mapping[str, list[np.ndarray]]
    explained: float

    @classmethod
    def of(cls, scale: Scale, seed: int) -> "Heard":
        """Listen to villages."""
        data, held, test = parts = _split(scale, seed)
        inferred, explained = infer(data, (held, test))
        true = [part.state for part in parts]
        return cls(parts, {"traffic": [0 * each for each in true], "inferred": inferred, "true": true}, explained)


def reading(name: str, heard: Heard, scale: Scale, seed: int, path: pathlib.Path) -> tuple[np.ndarray, float]:
    """Nats of each symbol of the test's messages under a reader fitted now, and its work; both are kept in a file."""
    data, held, test = heard.parts
    reader, work = train(heard.told[name][0], data, (heard.told[name][1], held), scale, seed)
    scored = np.asarray(_scored(reader, jnp.asarray(test.tokens), jnp.asarray(heard.told[name][2])))
    with replaced(path) as new, new.open("wb") as file:
        np.savez_compressed(file, scored=scored, work=work)
    return scored, work


def kept(path: pathlib.Path) -> tuple[np.ndarray, float]:
    """What `reading` kept."""
    with np.load(path) as file:
        return file["scored"], float(file["work"])


def entropy(on: str, *, seed: int, quick: bool, out: pathlib.Path) -> Record:
    """Run the experiment on villages never heard in fitting."""
    return sweep(on, seed=seed, quick=quick, out=out, resume=False)


def sweep(on: str, *, seed: int, quick: bool, out: pathlib.Path, resume: bool, watch: Watch = unwatched) -> Record:
    """The same, going on where it was cut off: a reader fitted before (here, by this version of JAX) is not fitted again."""
    began, scale = time.monotonic(), QUICK if quick else FULL
    out.mkdir(parents=True, exist_ok=True)
    heard = Heard.of(scale, seed)
    data, _, test = heard.parts
    said, work = dict[str, np.ndarray](tables(data, test)), dict[str, float]()
    for number, name in enumerate(TOLD):
        watch(number, len(TOLD))
        path = out / f"{name}-{scale.villages}-{seed}.npz"
        scored, work[name] = kept(path) if resume and path.exists() else reading(name, heard, scale, seed, path)
        said[name], said[f"{name}: kind alone"] = scored.sum(-1), scored[..., 0]
    watch(len(TOLD), len(TOLD))
    said["speaker"], said["speaker's entropy"] = test.speaker_nats, test.speaker_entropy
    bits = {name: each[test.there] / np.log(2) for name, each in said.items()}
    at = np.argwhere(test.there)
    groups = [f"{seed}-{test.village[row]}" for row, _ in at]
    predictions = [
        {"seed": seed, "village": int(test.village[row]), "row": int(row), "message": int(place)}
        | {name: round(float(each[row, place] / np.log(2)), 4) for name, each in said.items()}
        for row, place in at
    ]
    explained = heard.explained
    return Record(
        question=QUESTION,
        prediction=PREDICTION,
        measured=_figures(bits, groups)
        | {"state explained by what is noted, R2": Estimate(explained, explained, explained)},
        baselines={f"bits a message: {name}": _mean(bits[name], groups) for name in ("unigram", "table")},
        flops=work,
        seeds=(seed,),
        seconds=time.monotonic() - began,
        predictions=predictions,
    )


def _split(scale: Scale, seed: int) -> tuple[Traffic, Traffic, Traffic]:
    """Rows to fit on, rows held back, rows to test on, of different villages."""
    whole = traffic(
        villages=scale.villages + 2 * scale.held, days=scale.days, most=MESSAGES, key=jax.random.key(7_000 + seed)
    )
    first, second = scale.villages, scale.villages + scale.held
    where = (whole.village < first, (whole.village >= first) & (whole.village < second), whole.village >= second)
    return tuple(whole.take(np.flatnonzero(rows)) for rows in where)  # type: ignore[return-value]


def _figures(bits: Mapping[str, np.ndarray], groups: list[str]) -> dict:
    """Bits of a message, and shares of the traffic model's bits."""
    named = {f"bits a message: {name}": _mean(bits[name], groups) for name in bits if name not in ("unigram", "table")}

    def share(name: str, of: str = "traffic"):
        return bootstrap(lambda i: float(1 - bits[name][i].mean() / bits[of][i].mean()), groups, resamples=400)

    return named | {
        "share of the traffic model's bits gone: inferred": share("inferred"),
        "share of the traffic model's bits gone: true": share("true"),
        "share of the traffic model's bits that are the maker's state": share("speaker"),
        "share of the kind's bits that are the maker's state": share("speaker", "traffic: kind alone"),
    }


def _mean(values: np.ndarray, groups: list[str]):
    return bootstrap(lambda index: float(values[index].mean()), groups, resamples=400)


ENTROPY = Experiment(name="entropy", question=QUESTION, sets=("village",), run=entropy, sweep=sweep)
