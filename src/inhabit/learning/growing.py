"""Growing up: a newborn becomes a dweller by living in many villages; its school is kept in a file, and goes on from it."""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from inhabit.learning import lessons as school
from inhabit.learning.dwelling import VillageHome, innate_of
from inhabit.learning.keeping import leaves, with_leaves
from inhabit.learning.lessons import Learner, LessonInfo
from inhabit.learning.living import born
from inhabit.learning.schooling import Schooling
from inhabit.maths.flops import count
from inhabit.mind.dweller.dweller import Dweller
from inhabit.records.mindfile import MindFile, MindFileError, open_mind, save
from inhabit.worlds.village.world import Village

KIND = "dweller"
"""What the manifest of a file with a grown mind says it holds."""

ROUND = 5
"""Lessons in one call of the compiled program."""

SCHOOLING = Schooling(watching=0.5, weaned=240)
"""As `inhabit live village` has it."""

CURVES = ("reward", "ended", "total", "age", "entropy", "divergence", "error")
"""What is kept of every round of lessons, as means."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growth:
    """A mind that is growing up, and how it has fared.

    Attributes:
        home: Where.
        schooling: How.
        learner: The mind and all that a lesson replaces.
        curve: One row a round, in the order of `CURVES`, then surprisal per modality.
    """

    home: VillageHome
    schooling: Schooling
    learner: Learner
    curve: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def begin(
        cls,
        *,
        seed: int,
        village: Village | None = None,
        schooling: Schooling = SCHOOLING,
        change: Callable[[Dweller], Dweller] = lambda mind: mind,
    ) -> "Growth":
        """A newborn before its first lesson.

        Args:
            seed: Same seed, same mind and same villages.
            village: Draws villages.
            schooling: How it is to learn.
            change: Puts other parts in the newborn's place.
        """
        village = village or Village()
        home = VillageHome(village)
        mind = change(Dweller.create(innate_of(village), key=jax.random.key(seed)))
        return cls(home=home, schooling=schooling, learner=school.enrol(mind, home, schooling, seed=seed))

    @property
    def mind(self) -> Dweller:
        """As it is now."""
        return self.learner.mind

    @property
    def lessons(self) -> int:
        """Lessons had."""
        return int(self.learner.lessons)

    @property
    def steps(self) -> int:
        """Steps lived, of all lives together."""
        return self.lessons * self.schooling.transitions

    def go_on(self, lessons: int = ROUND) -> "Growth":
        """Have some more lessons."""
        learner, info = school.train(self.learner, self.home, self.schooling, lessons=lessons)
        return dataclasses.replace(self, learner=learner, curve=(*self.curve, _row(int(learner.lessons), info)))

    def flops(self) -> float:
        """Floating-point operations of one lesson: world, mind and learning together."""
        return count(lambda learner: school.lesson(learner, self.home, self.schooling), self.learner).flops

    def save(self, path: str | pathlib.Path) -> None:
        """Write everything, so that it can go on to the same bytes as if it had not been saved."""
        village = self.home.village
        save(
            path,
            arrays=dict(leaves(self.learner)),
            manifest={
                "kind": KIND,
                "village": {"people": village.people, "plants": village.plants, "size": list(village.size)},
                "life": self.home.life,
                "schooling": dataclasses.asdict(self.schooling),
                "lessons": self.lessons,
                "steps": self.steps,
                "curve": list(self.curve),
            },
        )

    @classmethod
    def open(cls, path: str | pathlib.Path, *, change: Callable[[Dweller], Dweller] = lambda mind: mind) -> "Growth":
        """Open what `save` wrote.

        Args:
            path: The file.
            change: The parts that it was begun with, if others than usual.

        Raises:
            MindFileError: It is no such file, or it is of another make of dweller.
        """
        file = open_mind(path)
        if file.manifest.get("kind") != KIND:
            raise MindFileError(
                f"{path}: holds {file.manifest.get('kind')!r}, no dweller; `inhabit live village` grows one"
            )
        try:
            return cls._of(file, change)
        except (KeyError, TypeError, ValueError) as error:
            raise MindFileError(f"{path}: a dweller of another make ({error}); grow a new one") from error

    @classmethod
    def _of(cls, file: MindFile, change: Callable[[Dweller], Dweller]) -> "Growth":
        told = file.manifest["village"]
        village = Village(people=told["people"], plants=told["plants"], size=tuple(told["size"]))
        home = VillageHome(village, life=file.manifest["life"])
        schooling = Schooling(**file.manifest["schooling"])
        mind = change(Dweller.create(innate_of(village), key=jax.random.key(0)))
        like = eqx.filter_eval_shape(_enrolled, mind, home, schooling)
        learner = with_leaves(_zeros(like), file.arrays)
        return cls(home=home, schooling=schooling, learner=learner, curve=tuple(file.manifest["curve"]))


def grow(
    growth: Growth,
    *,
    minutes: float = float("inf"),
    lessons: float = float("inf"),
    shown: Callable[[Growth, float], None] = lambda growth, share: None,
) -> Growth:
    """Let a mind grow for some minutes (which differ from machine to machine) or some lessons (which do not).

    Args:
        growth: So far.
        minutes: Of the clock; no round is begun after.
        lessons: Most lessons from now.
        shown: Told after every round, with the share of the way that lies behind.
    """
    began, first = time.monotonic(), growth.lessons
    while True:
        spent, had = (time.monotonic() - began) / 60, growth.lessons - first
        if spent >= minutes or had >= lessons:
            return growth
        growth = growth.go_on(int(min(ROUND, lessons - had)))
        share = max((time.monotonic() - began) / 60 / minutes, (growth.lessons - first) / lessons)
        shown(growth, min(share, 1.0))


def _enrolled(mind: Dweller, home: VillageHome, schooling: Schooling) -> Learner:
    """A learner of the right shapes."""
    lives = born(mind, home, schooling.lives, key=jax.random.key(0))
    return school.enrolled(mind, lives, schooling, seed=jax.numpy.zeros((), int))


def _zeros(like: Any) -> Any:
    is_shape = lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)
    return jax.tree.map(lambda leaf: jax.numpy.zeros(leaf.shape, leaf.dtype) if is_shape(leaf) else leaf, like)


def _row(lessons: int, info: LessonInfo) -> dict[str, Any]:
    """Means over a round; of ended lives, over those lives."""
    ended = np.asarray(info.ended, float)
    per_life = lambda leaf: float(np.sum(np.asarray(leaf) * ended) / max(ended.sum(), 1))
    row: dict[str, Any] = {"lessons": lessons, "ended": int(ended.sum())}
    row |= {"total": per_life(info.total), "age": per_life(info.age)}
    row |= {name: float(np.mean(getattr(info, name))) for name in ("reward", "entropy", "divergence", "error")}
    return row | {"surprisal": [float(nats) for nats in np.mean(np.asarray(info.surprisal), 0)]}
