"""Questions about a life: what one sees, knows, wants, why one did something, and what changed; answers held against the truth."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from inhabit.lab import truths
from inhabit.lab.truths import Lived
from inhabit.learning.dwelling import ME, VillageHome
from inhabit.mind.dweller import answering
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.knowing import columns_away
from inhabit.worlds.village.acts import Hand, Topic

KINDS = ("sees", "where", "wants", "why", "changed")
"""What is asked: what do you see, where is something, what do you want most and how much, why did you, what changed."""

NEAR, AMOUNT = 4, 0.05
"""Within how many cells hearsay must be right, and within which error an amount."""

_DEEDS = (Hand.PICK, Hand.EAT, Hand.TASTE, Hand.REST, Hand.GIVE)
_WAYS = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])


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
        right = all(truths.is_there(page, thing.what, thing.east, thing.south) for thing in things)
        named = {thing.what for thing in things}
        right &= truths.in_front(page) <= named
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
            right = truths.is_there(page, name, place.east, place.south, reach)
            told = answering.direction(place.east, place.south) + (", I was told" if place.told else "")
        accepts = ["I do not know"] if unseen else []
        accepts += truths.directions(page, name)
        if place is not None and right:
            accepts.insert(0, truths.octant(place.east, place.south))
        return Question("where", life, step, f"where is {name}?", told, bool(right), tuple(accepts))

    def wants(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """What do you want most, and how much? By the weights that the village drew, and the body as it is."""
        page = self.lived.page(step, life)
        gains = np.asarray(answering.wants(self.mind, page.asked()))
        truth = truths.true_gains(page)
        most = int(gains.argmax())
        right = truth[most] >= truth.max() - 0.01 and abs(gains[most] - truth.max()) <= AMOUNT
        names = self.mind.innate.goods
        accepts = tuple(names[good] for good in np.argsort(-truth) if truth[good] >= truth.max() - 0.01)
        told = f"{names[most]}, {gains[most]:.2f}"
        return Question("wants", life, step, "what do you want most?", told, bool(right), accepts)

    def why(self, life: int, step: int, rng: np.random.Generator) -> Question:
        """Why did you do that? Were the need that is named met, the deed would in fact be done less often.

        By a tenth at least, and no other need's filling would make it rarer still, within two standard errors.
        """
        page = self.lived.page(step, life)
        drops = np.asarray(answering.why(self.mind, page.asked()))
        nats, error = truths.rarer(self.mind, self.home, page, seed=step)
        names, enough = self.mind.innate.goods, answering.PURPOSE
        caused = (nats + 2 * error >= enough) & (nats + 2 * error >= nats.max())
        accepts = [names[good] for good in np.argsort(-nats) if caused[good]]
        if (nats - 2 * error < enough).all():
            accepts.insert(0 if nats.max() < enough else len(accepts), "no need")
        deed = self.mind.innate.hands[int(page.trace.act.hand)].lower()
        told = "no need" if drops.max() < enough else names[int(drops.argmax())]
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
        moved = truths.goods(new) - truths.goods(old)
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
        return any(truths.is_there(self.lived.page(step, life), name, *map(int, cell - me)) for cell in cells)

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


def score(questions: Sequence[Question]) -> dict[str, float]:
    """Share of right answers, of all and of each kind."""
    by_kind = {kind: [one.right for one in questions if one.kind == kind] for kind in KINDS}
    shares = {kind: float(np.mean(rights)) for kind, rights in by_kind.items() if rights}
    return {"all": float(np.mean([one.right for one in questions])), **shares}
