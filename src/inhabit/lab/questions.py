"""Questions about a life: a grown mind is asked what it sees, knows, wants, why it did what it did, and what changed."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from inhabit.learning.biography import Page, pages
from inhabit.learning.dwelling import ME, VillageHome, sensations
from inhabit.learning.standards import BATCH
from inhabit.mind.dweller import answering
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import CURVATURE
from inhabit.mind.dweller.knowing import columns_away
from inhabit.worlds.village.acts import Hand, Topic
from inhabit.worlds.village.materials import Material

KINDS = ("sees", "where", "wants", "why", "changed")
"""What is asked: what do you see, where is something, what do you want most and how much, why did you, what changed."""

SAMPLES = 64
"""How often a moment is lived again to see how a deed depends on a need."""

NEAR, AMOUNT = 4, 0.05
"""Within how many cells hearsay must be right, and within which error an amount."""

_DEEDS = (Hand.PICK, Hand.EAT, Hand.TASTE, Hand.REST, Hand.GIVE)
_WAYS = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])
_MATERIALS = {"water": Material.WATER, "hearth": Material.HEARTH, "block": Material.BLOCK}


@dataclasses.dataclass(frozen=True)
class Question:
    """A question and what became of it.

    Attributes:
        kind: One of `KINDS`.
        life: Which life it is about.
        step: When it is asked.
        words: The question in words.
        answer: The mind's answer in words.
        right: Whether that is so.
        accepts: Short forms of the answers that are right by the truth, the likeliest first, for whoever chooses among
            answers; empty where the truth has none.
    """

    kind: str
    life: int
    step: int
    words: str
    answer: str
    right: bool
    accepts: tuple[str, ...]


class Lived:
    """Biographies, opened at any step of any life."""

    def __init__(self, written: Page):
        self.pages = written
        self.steps, self.lives = self.pages.place.age.shape
        alive = self.pages.place.state.people.alive[:, :, ME]
        self.last = alive.sum(0) - 1

    @classmethod
    def of(cls, mind: Dweller, home: VillageHome, *, lives: int, steps: int, seed: int) -> "Lived":
        """Let a mind live some lives."""
        written = pages(mind, home, lives=BATCH, steps=steps, key=jax.random.key(seed))
        kept = [jax.tree.map(lambda leaf: np.array(np.asarray(leaf)[:lives]), page) for page in written]
        return cls(jax.tree.map(lambda *leaves: np.stack(leaves), *kept))

    def page(self, step: int, life: int) -> Page:
        """One page of one life."""
        return jax.tree.map(lambda leaf: leaf[step, life], self.pages)


def ask(mind: Dweller, home: VillageHome, lived: Lived, *, number: int, seed: int) -> list[Question]:
    """Ask so many questions, the five kinds in turn, each of a life and a moment drawn at random."""
    rng = np.random.default_rng(seed)
    asker = _Asker(mind, home, lived)
    found: list[Question] = []
    while len(found) < number:
        life = int(rng.integers(lived.lives))
        kind = KINDS[len(found) % len(KINDS)]
        step = asker.moment(kind, life, rng)
        if step is not None:
            found.append(getattr(asker, kind)(life, step, rng))
    return found


class _Asker:
    def __init__(self, mind: Dweller, home: VillageHome, lived: Lived):
        self.mind, self.home, self.lived = mind, home, lived
        self.again = eqx.filter_jit(_again)

    def moment(self, kind: str, life: int, rng: np.random.Generator) -> int | None:
        """When to ask: any moment, but reasons are asked of deeds of the hand that are not mere walking."""
        last = int(self.lived.last[life])
        if last < 8:
            return None
        if kind != "why":
            return int(rng.integers(8, last + 1))
        hands = self.lived.pages.trace.act.hand[: last + 1, life]
        steps = np.flatnonzero(np.isin(hands, _DEEDS))
        return int(rng.choice(steps)) if len(steps) else None

    def sees(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """What do you see? All that is named is there, and what stands right in front is named."""
        page = self.lived.page(step, life)
        things = answering.sees(self.mind, page.asked())
        right = all(_is_there(page, thing.what, thing.east, thing.south) for thing in things)
        named = {thing.what for thing in things}
        right &= _in_front(page) <= named
        told = ", ".join(f"{one.what} {answering.direction(one.east, one.south)}" for one in things) or "nothing much"
        accepts = (", ".join(sorted(named)) or "nothing",) if right else ()
        return Question("sees", life, step, "what do you see?", told, bool(right), accepts)

    def where(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """Where is something? It is there; of hearsay about there; and who does not know has never seen it."""
        page, innate = self.lived.page(step, life), self.mind.innate
        topic = int(rng.choice([Topic.WATER, Topic.HEARTH, *range(Topic.FRUIT, len(innate.topics))]))
        name = innate.topics[topic].lower()
        place = answering.where(self.mind, page.asked(), topic)
        unseen = not self._was_seen(name, life, step)
        if place is None:
            right, told = unseen, "I do not know"
        else:
            reach = NEAR if place.told else 0
            right = _is_there(page, name, place.east, place.south, reach)
            told = answering.direction(place.east, place.south) + (", I was told" if place.told else "")
        accepts = ["I do not know"] if unseen else []
        accepts += _directions(page, name)
        if place is not None and right:
            accepts.insert(0, _octant(place.east, place.south))
        return Question("where", life, step, f"where is {name}?", told, bool(right), tuple(accepts))

    def wants(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """What do you want most, and how much? By the weights that the village drew, and the body as it is."""
        page = self.lived.page(step, life)
        gains = np.asarray(answering.wants(self.mind, page.asked()))
        truth = _true_gains(page)
        most = int(gains.argmax())
        right = truth[most] >= truth.max() - 0.01 and abs(gains[most] - truth.max()) <= AMOUNT
        names = self.mind.innate.goods
        accepts = tuple(names[good] for good in np.argsort(-truth) if truth[good] >= truth.max() - 0.01)
        told = f"{names[most]}, {gains[most]:.2f}"
        return Question("wants", life, step, "what do you want most?", told, bool(right), accepts)

    def why(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """Why did you do that? Were the need that is named met, the deed would in fact be done less often."""
        page = self.lived.page(step, life)
        drops = np.asarray(answering.why(self.mind, page.asked()))
        most = int(drops.argmax())
        deed = self.mind.innate.hands[int(page.trace.act.hand)].lower()
        rates = np.asarray(self.again(self.mind, self.home, page, jax.random.key(step)))
        falls = rates[0] - rates[1:]
        error = 2 * np.sqrt(0.5 / SAMPLES)
        names = self.mind.innate.goods
        caused = [good for good in np.argsort(-falls) if falls[good] >= max(falls.max() - error, error / 2)]
        accepts = [names[good] for good in caused] or ["no need"]
        if falls.max() <= error and caused:
            accepts.append("no need")
        told = "no need" if drops[most] < answering.PURPOSE else names[most]
        return Question("why", life, step, f"why did you {deed}?", told, told in accepts, tuple(accepts))

    def changed(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """What has changed since? What is newly believed of fruits is so, and the body has moved as told."""
        then = int(rng.integers(0, step))
        old, new = self.lived.page(then, life), self.lived.page(step, life)
        changes = answering.changed(self.mind, old.asked(), new.asked())
        lore = np.asarray(new.place.state.lore.quality)
        names = self.mind.innate.qualities
        right = all(
            names[lore[int(one.what.split()[-1])]].lower() == one.now for one in changes if one.what.startswith("fruit")
        )
        moved = _goods(new) - _goods(old)
        most = int(np.abs(moved).argmax())
        right &= self.mind.innate.goods[most] == changes[-1].what
        right &= ("rose" if moved[most] > 0 else "fell") in changes[-1].now
        told = "; ".join(f"{one.what}: {one.was or 'unknown'} -> {one.now}" for one in changes)
        accepts = (f"{self.mind.innate.goods[most]} {'rose' if moved[most] > 0 else 'fell'}",)
        return Question("changed", life, step, f"what has changed in {step - then} steps?", told, bool(right), accepts)

    def _was_seen(self, name: str, life: int, step: int) -> bool:
        """Whether it was ever in sight in this life, and still is where it was seen."""
        topic = [one.lower() for one in self.mind.innate.topics].index(name)
        steps, cells = self.seen(life, topic)
        state = self.lived.page(step, life).place.state
        me = np.asarray(state.people.place[ME, :2])
        cells = np.unique(cells[steps <= step], axis=0) if len(steps) else cells
        return any(_is_there(self.lived.page(step, life), name, *map(int, cell - me)) for cell in cells)

    def seen(self, life: int, topic: int) -> tuple[np.ndarray, np.ndarray]:
        """When and in which cells something was in sight."""
        innate, sensed = self.mind.innate, self.lived.pages.place.sensed
        window, names = sensed.window, ("WATER", "HEARTH", "BLOCK")
        if topic < innate.fruit:
            there = (window.material[:, life] == innate.material(names[topic - 1])).any(-1)
        else:
            there = (window.ripe[:, life] == 1 + topic - innate.fruit).any(-1)
        steps, columns = np.nonzero(there.reshape(len(there), -1))
        heading = sensed.compass[:, life].argmax(-1)[steps]
        ahead = _WAYS[heading] * columns_away(innate)[columns, :1]
        right = _WAYS[(heading + 1) % 4] * columns_away(innate)[columns, 1:]
        return steps, self.lived.pages.place.state.people.place[steps, life, ME, :2] + ahead + right


def _is_there(page: Page, what: str, east: int, south: int, reach: int = 0) -> bool:
    """Whether a thing is in a column of the world, or within reach of it."""
    state = page.place.state
    at = np.asarray(state.people.place[ME, :2]) + np.array([east, south])
    low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, state.voxels.shape[:2])
    if what in _MATERIALS:
        return bool((state.voxels[low[0] : high[0], low[1] : high[1]] == _MATERIALS[what]).any())
    number = int(what.split()[-1])
    if what.startswith("fruit"):
        mine = (state.plants.look == number) & (state.plants.fruit > 0)
        places = state.plants.place[mine, :2]
    else:
        places = state.people.place[number : number + 1, :2][state.people.alive[number : number + 1]]
    return bool(((places >= low) & (places < high)).all(-1).any())


def _in_front(page: Page) -> set[str]:
    """What the truth has in the column right in front, at a height that one can see."""
    state = page.place.state
    step = ((0, -1), (1, 0), (0, 1), (-1, 0))[int(state.people.heading[ME])]
    names = [
        *_MATERIALS,
        *(f"fruit {look}" for look in range(6)),
        *(f"person {who}" for who in range(1, len(state.people.alive))),
    ]
    height = int(state.people.place[ME, 2])
    column = np.asarray(state.people.place[ME, :2]) + step
    if not ((column >= 0) & (column < state.voxels.shape[:2])).all():
        return set()
    window = state.voxels[column[0], column[1], max(height - 1, 0) : height + 2]
    seen = {name for name, code in _MATERIALS.items() if (window == code).any()}
    return seen | {name for name in names if name not in _MATERIALS and _is_there(page, name, *step)}


def _goods(page: Page) -> np.ndarray:
    people = page.place.state.people
    return np.append(people.levels[ME], people.health[ME])


def _true_gains(page: Page) -> np.ndarray:
    """What filling up each good would add to wellbeing, from the village's own numbers by a formula of one's own."""
    minds, level = page.place.state.minds, _goods(page)
    weight = np.append(0.85 * minds.weight[ME] / minds.weight[ME].sum(), 0.15)
    set_point = np.append(minds.set_point[ME], 1.0)
    worth = lambda x: weight * set_point / CURVATURE * (1 - np.exp(-CURVATURE * x / set_point))
    return (worth(np.ones(7)) - worth(level)) / worth(np.ones(7)).sum()


def _again(mind: Dweller, home: VillageHome, page: Page, key: Any) -> jax.Array:
    """How often the deed is done when the moment is lived again: as it was, then with each good filled up in the world."""
    state = page.place.state
    goods = len(mind.innate.goods)

    def rate(good: jax.Array, key: Any) -> jax.Array:
        levels = jnp.where(jnp.arange(goods - 1) == good, 1.0, state.people.levels[ME])
        health = jnp.where(good == goods - 1, 1.0, state.people.health[ME])
        imagined = eqx.tree_at(
            lambda s: (s.people.levels, s.people.health),
            state,
            (jnp.asarray(state.people.levels).at[ME].set(levels), jnp.asarray(state.people.health).at[ME].set(health)),
        )
        sensed = jax.tree.map(lambda leaf: leaf[ME], sensations(home.village.observe(imagined)))
        acts = jax.vmap(lambda key: mind.attempt(page.before, sensed, key=key)[1].act.hand)(
            jax.random.split(key, SAMPLES)
        )
        return jnp.mean(acts == page.trace.act.hand)

    return jax.vmap(rate)(jnp.arange(-1, goods), jax.random.split(key, goods + 1))


def _directions(page: Page, what: str) -> list[str]:
    """In which directions such a thing lies at all."""
    state = page.place.state
    me = np.asarray(state.people.place[ME, :2])
    if what in _MATERIALS:
        there = np.argwhere((state.voxels == _MATERIALS[what]).any(-1))
    else:
        there = np.asarray(
            state.plants.place[(state.plants.look == int(what.split()[-1])) & (state.plants.fruit > 0), :2]
        )
    return sorted({_octant(*map(int, away)) for away in there - me})


def _octant(east: int, south: int) -> str:
    told = answering.direction(east, south)
    return told.split()[-1]


def score(questions: Sequence[Question]) -> dict[str, float]:
    """Share of right answers, of all and of each kind."""
    by_kind = {kind: [one.right for one in questions if one.kind == kind] for kind in KINDS}
    shares = {kind: float(np.mean(rights)) for kind, rights in by_kind.items() if rights}
    return {"all": float(np.mean([one.right for one in questions])), **shares}
