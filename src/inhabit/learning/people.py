"""People: a fitted population, what is believed of each of them, and the file it is kept in."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.codebook import Codebook
from inhabit.learning.keeping import (
    below,
    codebook_json,
    codebook_of,
    event_of,
    leaves,
    model_json,
    model_of,
    names_json,
    names_of,
    phrase_of,
    with_leaves,
)
from inhabit.learning.names import Names
from inhabit.mind.person.own import Belief, Own
from inhabit.mind.person.person import Person
from inhabit.records import mindfile
from inhabit.records.facts import FactRow
from inhabit.speech.recall import Phrase
from inhabit.speech.twin import Twin
from inhabit.types import Message

KIND = "people"
"""What the manifest of a file with people says it holds."""

FORM = 5
"""Form of the minds in a file; it changes when `Person` gets other parts, and older files must be fitted again."""


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
        names: How words are given acts, where the log names none.
        shape: How `Person.create` was called.
        card: What they were fitted on, and how well; shown by `report`.
        mouth: A small language model that, told a plan, gives the words; `None` where none was fitted.
    """

    person: Person
    codebook: Codebook
    makers: tuple[str, ...]
    beliefs: Belief
    values: np.ndarray
    phrases: tuple[Phrase, ...]
    called: Mapping[str, tuple[str, ...]]
    names: Names
    shape: Mapping[str, Any]
    card: Mapping[str, Any]
    mouth: Twin | None = None

    def understood(self, message: Message) -> Message:
        """A message with its act and its stances, read from its words where the log named none."""
        return self.names.understood(message)

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
        return self.person.pool.own(self.belief(maker).mean).told(jnp.asarray(self.known(maker)))

    def worth(self, maker: str | None, *, draws: int = 400, seed: int = 0) -> dict[str, tuple[float, float, float]]:
        """What one maker values: of each good's weight (their mean is 1) the median and a 90 % interval."""
        belief, known = self.belief(maker), jnp.asarray(self.known(maker))
        noise = jax.random.normal(jax.random.key(seed), (draws, belief.mean.shape[0]))
        weights = jax.vmap(lambda z: self.person.pool.own(z).told(known).weights)(belief.draw(noise))
        low, median, high = np.quantile(np.asarray(weights), [0.05, 0.5, 0.95], axis=0)
        return {g: (float(m), float(a), float(b)) for g, m, a, b in zip(self.codebook.goods, median, low, high)}

    def traits(self, maker: str | None) -> dict[str, tuple[float, ...]]:
        """Patience beside the population's mean (0) and temper beside its median (1): median and a 90 % interval."""
        belief, goods, spread = self.belief(maker), len(self.codebook.goods), jnp.exp(self.person.pool.log_spread)
        middle, wide = spread * belief.mean, 1.645 * spread * belief.deviation
        ends = [Own(end, goods) for end in (middle, middle - wide, middle + wide)]
        return {trait: tuple(float(getattr(own, trait)) for own in ends) for trait in ("patience", "temper")}

    def save(self, path: str | pathlib.Path) -> None:
        """Write a `.mind` file, atomically."""
        named, arrays = names_json(self.names)
        spoken, weights = model_json(self.mouth) if self.mouth is not None else (None, {})
        arrays |= weights | {f"person/{name}": leaf for name, leaf in leaves(self.person)}
        believed = {"beliefs/mean": self.beliefs.mean, "beliefs/precision": self.beliefs.precision}
        told = {"values": self.values.astype(np.float32), "ear/weight": self.person.senses.text.weight}
        manifest = {
            "kind": KIND,
            "form": FORM,
            "goods": list(self.codebook.goods),
            "senses": ["text", "symbols", "body"],
            "makers": list(self.makers),
            "shape": dict(self.shape),
            "codebook": codebook_json(self.codebook),
            "called": {good: list(names) for good, names in self.called.items()},
            "card": dict(self.card),
            **named,
            **({"mouth": spoken} if spoken is not None else {}),
        }
        mindfile.save(
            path,
            arrays={name: np.asarray(array) for name, array in {**arrays, **believed, **told}.items()},
            manifest=manifest,
            facts=self._facts(),
            events=[event_of(index, phrase) for index, phrase in enumerate(self.phrases)],
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
        if (form := manifest.get("form", 1)) != FORM:
            raise mindfile.MindFileError(
                f"{path}: holds minds of form {form!s:.20}, made by another version of inhabit (this one lives form {FORM}); "
                f"fit them again: inhabit fit LOGS -o {pathlib.Path(path).name}"
            )
        try:
            shape = {**manifest["shape"], "aimed": tuple(manifest["shape"]["aimed"])}
            shape["needs"] = tuple(tuple(row) for row in shape.get("needs", ()))
            shape["pays"] = tuple(shape.get("pays", ()))
            weight = arrays["ear/weight"]
            person = eqx.filter_eval_shape(
                lambda key: Person.create(weight=weight, **shape, key=key), jax.random.key(0)
            )
            return cls(
                person=with_leaves(person, below("person", arrays)),
                codebook=codebook_of(manifest["codebook"]),
                makers=tuple(manifest["makers"]),
                beliefs=Belief(jnp.asarray(arrays["beliefs/mean"]), jnp.asarray(arrays["beliefs/precision"])),
                values=arrays["values"],
                phrases=tuple(phrase_of(event) for event in file.events() if event.kind == "said"),
                called={good: tuple(names) for good, names in manifest["called"].items()},
                names=names_of(manifest, arrays),
                shape=manifest["shape"],
                card=manifest["card"],
                mouth=model_of(manifest["mouth"], arrays) if "mouth" in manifest else None,
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


def stack(beliefs: Sequence[Belief]) -> Belief:
    """Many beliefs as one, stacked."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *beliefs)
