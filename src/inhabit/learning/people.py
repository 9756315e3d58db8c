"""People: a fitted population, what is believed of each of them, and the file it is kept in."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.annotating import annotated
from inhabit.learning.codebook import Codebook
from inhabit.learning.naming import Acts
from inhabit.mind.own import Belief, Own
from inhabit.mind.person import Person
from inhabit.records import mindfile
from inhabit.records.facts import EventRow, FactRow
from inhabit.senses.text import Ear, Hashed, Listed
from inhabit.speech.lexicon import Lexicon
from inhabit.speech.plans import Plan
from inhabit.speech.recall import Phrase
from inhabit.types import Message

KIND = "people"
"""What the manifest of a file with people says it holds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class People:
    """A fitted population.

    Attributes:
        person: What all of them share.
        codebook: The names of the log they were fitted on.
        makers: Their names.
        beliefs: What is believed of each one's own part; stacked, in the order of `makers`.
        values: What each good is worth to each of them as the log said; NaN where it did not.
        phrases: What they once said, for the mouth that recalls.
        called: What each good may be called in words.
        acts: How to name acts in a log that does not; `None` where the log names them, or where plans are read.
        lexicon: How plans are read in words, where the log has goods but names no acts; else `None`.
        shape: How `Person.create` was called.
        card: What they were fitted on, and how well; shown by `report`.
    """

    person: Person
    codebook: Codebook
    makers: tuple[str, ...]
    beliefs: Belief
    values: np.ndarray
    phrases: tuple[Phrase, ...]
    called: Mapping[str, tuple[str, ...]]
    acts: Acts | None
    lexicon: Lexicon | None
    shape: Mapping[str, Any]
    card: Mapping[str, Any]

    def understood(self, message: Message) -> Message:
        """A message with its act and its stances, read from its words where the log named none."""
        if self.lexicon is not None:
            return annotated(message, self.lexicon)
        if self.acts is not None and message.role == "user" and message.act is None:
            return dataclasses.replace(message, act=self.acts.name(message.content))
        return message

    def belief(self, maker: str | None) -> Belief:
        """What is believed of one maker; of a stranger, the population.

        Raises:
            KeyError: Nobody of that name was in the log.
        """
        if maker is None:
            return Belief.stranger(self.beliefs.mean.shape[1])
        index = self._index(maker)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf[index]), self.beliefs)

    def known(self, maker: str | None) -> np.ndarray:
        """What each good is worth to one maker as the log said; NaN where it did not, and for a stranger."""
        return np.full(len(self.codebook.goods), np.nan) if maker is None else self.values[self._index(maker)]

    def own(self, maker: str | None) -> Own:
        """A maker's own part as it is believed to be."""
        return self.person._own(self.belief(maker).mean, jnp.asarray(self.known(maker)))

    def worth(self, maker: str | None, *, draws: int = 400, seed: int = 0) -> dict[str, tuple[float, float, float]]:
        """What one maker values: of each good's weight (their mean is 1) the median and a 90 % interval."""
        belief, known = self.belief(maker), jnp.asarray(self.known(maker))
        root = jnp.linalg.cholesky(jnp.linalg.inv(belief.precision))
        noise = jax.random.normal(jax.random.key(seed), (draws, belief.mean.shape[0]))
        weights = jax.vmap(lambda z: self.person._own(z, known).weights)(belief.mean + noise @ root.T)
        low, median, high = np.quantile(np.asarray(weights), [0.05, 0.5, 0.95], axis=0)
        return {g: (float(m), float(a), float(b)) for g, m, a, b in zip(self.codebook.goods, median, low, high)}

    def save(self, path: str | pathlib.Path) -> None:
        """Write a `.mind` file, atomically."""
        arrays: dict[str, Any] = {f"person/{name}": leaf for name, leaf in _leaves(self.person)}
        arrays |= {"beliefs/mean": self.beliefs.mean, "beliefs/precision": self.beliefs.precision}
        arrays |= {"values": self.values.astype(np.float32), "ear/weight": self.person.text.weight}
        manifest = {
            "kind": KIND,
            "goods": list(self.codebook.goods),
            "senses": ["text", "symbols", "body"],
            "makers": list(self.makers),
            "shape": dict(self.shape),
            "codebook": _codebook_json(self.codebook),
            "called": {good: list(names) for good, names in self.called.items()},
            "card": dict(self.card),
        }
        if self.lexicon is not None:
            manifest["lexicon"] = _lexicon_json(self.lexicon)
        if self.acts is not None:
            manifest["acts"] = {"names": list(self.acts.names), "ear": _ear_json(self.acts.ear)}
            arrays |= {f"acts/{name}": getattr(self.acts, name) for name in ("directions", "centres", "weight")}
        mindfile.save(
            path,
            arrays={name: np.asarray(array) for name, array in arrays.items()},
            manifest=manifest,
            facts=self._facts(),
            events=[_event(index, phrase) for index, phrase in enumerate(self.phrases)],
        )

    @classmethod
    def open(cls, path: str | pathlib.Path) -> Self:
        """Open a `.mind` file of people.

        Raises:
            MindFileError: It is no such file, is broken, or holds something else.
        """
        file = mindfile.open_mind(path)
        manifest, arrays = file.manifest, file.arrays
        if manifest.get("kind") != KIND:
            raise mindfile.MindFileError(
                f"{path}: holds {manifest.get('kind')!r}, not people; `inhabit fit` makes people"
            )
        try:
            shape = {**manifest["shape"], "aimed": tuple(manifest["shape"]["aimed"])}
            person = Person.create(weight=arrays["ear/weight"], **shape, key=jax.random.key(0))
            return cls(
                person=_with_leaves(person, {k.removeprefix("person/"): v for k, v in arrays.items()}),
                codebook=_codebook(manifest["codebook"]),
                makers=tuple(manifest["makers"]),
                beliefs=Belief(jnp.asarray(arrays["beliefs/mean"]), jnp.asarray(arrays["beliefs/precision"])),
                values=arrays["values"],
                phrases=tuple(_phrase(event) for event in file.events() if event.kind == "said"),
                called={good: tuple(names) for good, names in manifest["called"].items()},
                acts=_acts(manifest["acts"], arrays) if "acts" in manifest else None,
                lexicon=_lexicon(manifest["lexicon"]) if "lexicon" in manifest else None,
                shape=manifest["shape"],
                card=manifest["card"],
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise mindfile.MindFileError(f"{path}: its parts do not fit together ({reason}); fit it again") from error

    def _index(self, maker: str) -> int:
        if maker not in self.makers:
            some = ", ".join(self.makers[:5])
            raise KeyError(
                f"nobody called {maker!r} was in the log; it has {some}{', ...' if len(self.makers) > 5 else ''}"
            )
        return self.makers.index(maker)

    def _facts(self) -> list[FactRow]:
        """What the log said that its makers value."""
        return [
            FactRow(subject=maker, relation=f"values:{good}", object=f"{worth:g}", valid_at=0.0, recorded_at=0.0)
            for maker, row in zip(self.makers, self.values)
            for good, worth in zip(self.codebook.goods, row)
            if np.isfinite(worth)
        ]


def _leaves(module: eqx.Module) -> list[tuple[str, np.ndarray]]:
    """A module's arrays by their path."""
    found = jax.tree_util.tree_flatten_with_path(eqx.filter(module, eqx.is_array))[0]
    return [(jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in found]


def _with_leaves(module: Person, arrays: Mapping[str, np.ndarray]) -> Person:
    """The same module with its arrays replaced; their paths, shapes and types must be the same."""
    dynamic, static = eqx.partition(module, eqx.is_array)

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


def _codebook_json(codebook: Codebook) -> dict[str, Any]:
    plain = {field.name: getattr(codebook, field.name) for field in dataclasses.fields(codebook)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()} | {
        "ear": _ear_json(codebook.ear)
    }


def _codebook(read: Mapping[str, Any]) -> Codebook:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
    return Codebook(**{**fields, "ear": _ear(read["ear"])})


def _acts(read: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Acts:
    parts = {name: arrays[f"acts/{name}"] for name in ("directions", "centres", "weight")}
    return Acts(ear=_ear(read["ear"]), names=tuple(read["names"]), **parts)


def _lexicon_json(lexicon: Lexicon) -> dict[str, Any]:
    hints = {word: list(odds) for word, odds in lexicon.hints.items()}
    return {"goods": list(lexicon.goods), "names": dict(lexicon.names), "totals": dict(lexicon.totals), "hints": hints}


def _lexicon(read: Mapping[str, Any]) -> Lexicon:
    hints = {word: tuple(odds) for word, odds in read["hints"].items()}
    return Lexicon(goods=tuple(read["goods"]), names=read["names"], totals=read["totals"], hints=hints)


def _event(index: int, phrase: Phrase) -> EventRow:
    plan = dataclasses.asdict(phrase.plan)
    payload: dict[str, Any] = {"plan": {k: dict(v) if isinstance(v, Mapping) else v for k, v in plan.items()}}
    payload |= {"words": phrase.words, "before": phrase.before}
    return EventRow(life="", maker=phrase.maker, at=float(index), kind="said", payload=payload)


def _phrase(event: EventRow) -> Phrase:
    payload = event.payload if isinstance(event.payload, Mapping) else json.loads(event.payload)
    return Phrase(plan=Plan(**payload["plan"]), words=payload["words"], before=payload["before"], maker=event.maker)


def stack(beliefs: Sequence[Belief]) -> Belief:
    """Many beliefs as one, stacked."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *beliefs)
