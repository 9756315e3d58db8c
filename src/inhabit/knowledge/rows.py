"""Facts by name: codes turned into words and back, for people and for the store."""

import dataclasses
import math

import jax.numpy as jnp
import numpy as np

from inhabit.knowledge.facts import Facts, nothing_known


@dataclasses.dataclass(frozen=True)
class NamedFact:
    """One fact as it is shown and stored; an infinite time means not yet. `about` is empty where there is nothing."""

    subject: str
    relation: str
    about: str
    object: str
    valid_at: float
    invalid_at: float
    recorded_at: float
    expired_at: float
    confidence: float
    event: int
    said: int
    said_at: float

    def __str__(self) -> str:
        about = f" {self.about}" if self.about else ""
        until = "" if math.isinf(self.invalid_at) else f" until {self.invalid_at:g}"
        times = "" if self.said == 1 else f", said {self.said} times"
        return f"{self.subject} {self.relation}{about}: {self.object} (from {self.valid_at:g}{until}{times})"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The names behind the codes; each list starts at code 1, for 0 is nothing.

    Attributes:
        subjects: Whose facts there are.
        relations: What kinds of facts.
        abouts: What they can be about, the goods.
        objects: What can be said.
        functional: Relations that have one object at a time.
    """

    subjects: tuple[str, ...]
    relations: tuple[str, ...]
    abouts: tuple[str, ...]
    objects: tuple[str, ...]
    functional: frozenset[str] = frozenset()

    def __post_init__(self):
        unknown = self.functional - set(self.relations)
        if unknown:
            raise ValueError(f"functional relations {sorted(unknown)} are not among the relations {self.relations}")

    def code(self, kind: str, name: str) -> int:
        """Code of a name of a kind (`"subjects"`, ...); 0 for the empty name.

        Raises:
            ValueError: The name is not in the vocabulary.
        """
        names = ("", *getattr(self, kind))
        if name not in names:
            raise ValueError(f"{name!r} is not among the {kind} {names[1:]}")
        return names.index(name)

    def rows(self, facts: Facts) -> list[NamedFact]:
        """Every fact, oldest first."""
        used = np.flatnonzero(np.asarray(facts.subject))
        columns = {field.name: np.asarray(getattr(facts, field.name)) for field in dataclasses.fields(NamedFact)}
        names = {kind[:-1]: ("", *getattr(self, kind)) for kind in _KINDS}
        return [
            NamedFact(
                **{
                    name: names[name][column[i]] if name in names else column[i].item()
                    for name, column in columns.items()
                }
            )
            for i in used[np.argsort(np.asarray(facts.order)[used])]
        ]

    def facts(self, rows: list[NamedFact], capacity: int) -> Facts:
        """Take rows back into a mind, oldest first.

        Raises:
            ValueError: More rows than room, or an unknown name.
        """
        if len(rows) > capacity:
            raise ValueError(f"{len(rows)} facts do not fit into {capacity} rows; give more room or fewer facts")
        empty, columns = nothing_known(capacity), {}
        for field in dataclasses.fields(NamedFact):
            kind, column = f"{field.name}s", np.array(getattr(empty, field.name))
            told = [getattr(row, field.name) for row in rows]
            column[: len(rows)] = [self.code(kind, name) for name in told] if kind in _KINDS else told
            columns[field.name] = jnp.asarray(column)
        order = np.zeros(capacity, int)
        order[: len(rows)] = range(len(rows))
        return Facts(**columns, order=jnp.asarray(order), asserted=jnp.array(len(rows)), lost=jnp.array(0))


_KINDS = ("subjects", "relations", "abouts", "objects")
