"""Keeping: the parts of fitted people as arrays and plain JSON values, and back."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.codebook import Codebook
from inhabit.learning.names import Names
from inhabit.learning.naming import Acts
from inhabit.records.facts import EventRow
from inhabit.senses.text import Ear, Hashed, Listed
from inhabit.speech.flattening import Flattening
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase
from inhabit.speech.transformer import Transformer
from inhabit.speech.twin import Twin

M = TypeVar("M", bound=eqx.Module)

_PLACED = ("directions", "centres", "weight")


def leaves(module: eqx.Module) -> list[tuple[str, np.ndarray]]:
    """A module's arrays by their path."""
    found = jax.tree_util.tree_flatten_with_path(eqx.filter(module, eqx.is_array))[0]
    return [(jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in found]


def with_leaves(module: M, arrays: Mapping[str, np.ndarray]) -> M:
    """The same module with its arrays, or what stands for their shapes, replaced; all must be of the same path and shape.

    Raises:
        ValueError: An array is of another shape or type.
        KeyError: One is missing.
    """
    dynamic, static = eqx.partition(module, lambda leaf: eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct))

    def put(path, leaf):
        new = arrays[jax.tree_util.keystr(path)]
        if new.shape != leaf.shape or new.dtype != leaf.dtype:
            raise ValueError(f"{jax.tree_util.keystr(path)} is {new.dtype}{new.shape}, not {leaf.dtype}{leaf.shape}")
        return jnp.asarray(new)

    return eqx.combine(jax.tree_util.tree_map_with_path(put, dynamic), static)


def _ear_json(ear: Ear) -> dict[str, Any]:
    index = {"listed": list(ear.index.listed)} if isinstance(ear.index, Listed) else {"buckets": ear.index.buckets}
    return index | {"length": ear.length, "longest": ear.longest, "goods": {g: list(n) for g, n in ear.goods.items()}}


def _ear(read: Mapping[str, Any]) -> Ear:
    index = Listed(tuple(read["listed"])) if "listed" in read else Hashed(read["buckets"])
    goods = {good: tuple(names) for good, names in read["goods"].items()}
    return Ear(index=index, length=read["length"], longest=read["longest"], goods=goods)


def codebook_json(codebook: Codebook) -> dict[str, Any]:
    """A codebook as JSON values."""
    plain = {field.name: getattr(codebook, field.name) for field in dataclasses.fields(codebook)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()} | {
        "ear": _ear_json(codebook.ear)
    }


def codebook_of(read: Mapping[str, Any]) -> Codebook:
    """What `codebook_json` wrote."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
    return Codebook(**{**fields, "ear": _ear(read["ear"])})


def names_json(names: Names) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """How words are given acts, as JSON values and arrays; nothing where the log names them itself."""
    told: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    if (lexicon := names.lexicon) is not None:
        hints = {word: list(odds) for word, odds in lexicon.hints.items()}
        told["lexicon"] = {"goods": list(lexicon.goods), "names": dict(lexicon.names)}
        told["lexicon"] |= {"totals": dict(lexicon.totals), "hints": hints}
    if names.acts is not None:
        told["acts"] = {"names": list(names.acts.names), "ear": _ear_json(names.acts.ear)}
        arrays = {f"acts/{part}": getattr(names.acts, part) for part in _PLACED}
    return told, arrays


def names_of(read: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Names:
    """What `names_json` wrote."""
    acts = lexicon = None
    if (told := read.get("lexicon")) is not None:
        hints = {word: tuple(odds) for word, odds in told["hints"].items()}
        lexicon = Lexicon(goods=tuple(told["goods"]), names=told["names"], totals=told["totals"], hints=hints)
    if (told := read.get("acts")) is not None:
        parts = {part: arrays[f"acts/{part}"] for part in _PLACED}
        acts = Acts(ear=_ear(told["ear"]), names=tuple(told["names"]), **parts)
    return Names(acts, lexicon)


def model_json(model: Twin) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A small language model with its layout, as JSON values and arrays."""
    transformer = model.model
    heads, context = transformer.blocks[0].heads, transformer.context
    vocabulary, width = transformer.table.shape
    shape = {"vocabulary": vocabulary, "width": width, "depth": len(transformer.blocks), "heads": heads}
    arrays = {f"mouth/{name}": leaf for name, leaf in leaves(transformer)}
    return {"shape": {**shape, "context": context}, "layout": model.flattening.to_json()}, arrays


def model_of(read: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Twin:
    """What `model_json` wrote."""
    blank = eqx.filter_eval_shape(lambda key: Transformer(**read["shape"], key=key), jax.random.key(0))
    return Twin(with_leaves(blank, below("mouth", arrays)), Flattening.from_json(read["layout"]))


def below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of one part, without its prefix."""
    return {name.removeprefix(f"{prefix}/"): leaf for name, leaf in arrays.items() if name.startswith(f"{prefix}/")}


def event_of(index: int, phrase: Phrase) -> EventRow:
    """A phrase as an event of a file."""
    plan = dataclasses.asdict(phrase.plan)
    payload: dict[str, Any] = {"plan": {k: dict(v) if isinstance(v, Mapping) else v for k, v in plan.items()}}
    payload |= {"words": phrase.words, "before": phrase.before}
    return EventRow(life="", maker=phrase.maker, at=float(index), kind="said", payload=payload)


def phrase_of(event: EventRow) -> Phrase:
    """What `event_of` wrote."""
    payload = event.payload if isinstance(event.payload, Mapping) else json.loads(event.payload)
    return Phrase(plan=Plan(**payload["plan"]), words=payload["words"], before=payload["before"], maker=event.maker)
