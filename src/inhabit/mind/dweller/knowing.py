"""What a dweller knows of its world: where things are, whose they are, who said what; facts in time, and their reading."""

import abc

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inhabit.knowledge import facts as knowledge
from inhabit.knowledge.facts import Fact, Facts
from inhabit.mind.dweller.innate import Innate
from inhabit.mind.dweller.percept import Sensation

SELF = 1
"""Subject of facts about oneself in `Known.tales`; other people are 2 + who."""

SEEN, TOLD = 1, 2
"""Relations in `Known.places`: the subject, a topic, is at the object, a cell; seen, or told by `about` (1 + who)."""

TASTED, SAYS, OWNS = 1, 2, 3
"""Relations in `Known.tales`: tasted look `about - 1` as quality `object`; says so of it; owns what is in cell `object`."""

SOUGHT = ("water", "hearth", "block", "nourishing", "sweet", "unknown", "edible")
"""What the nearest known place of is read: things by what they are believed to be."""

_WAYS = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])


class Known(eqx.Module):
    """What is known, and what each row of it was.

    Attributes:
        places: Where things are.
        tales: What fruits were to one's own mouth, what people said of them, and whose plants are.
    """

    places: Facts
    tales: Facts


class Whereabouts(eqx.Module):
    """The nearest known place of each of some things.

    Attributes:
        known: Whether any is known.
        away: Cells to it ahead and to the right.
        cell: Code of its cell, 1 + x * height + y.
        age: Steps since it was last seen or told.
        told: Whether it is known by hearsay only.
    """

    known: Bool[Array, " things"]
    away: Float[Array, "things 2"]
    cell: Int[Array, " things"]
    age: Float[Array, " things"]
    told: Bool[Array, " things"]

    def features(self) -> Float[Array, "things 6"]:
        """Known or not, bearing, nearness, freshness, hearsay; zeros where nothing is known."""
        distance = jnp.sum(jnp.abs(self.away), -1)
        fresh = 1 / (1 + self.age / 16)
        bearing = self.away / jnp.maximum(jnp.max(jnp.abs(self.away), -1, keepdims=True), 1.0)
        parts = (self.known, bearing[:, 0], bearing[:, 1], 1 / (1 + distance / 4), fresh, self.told)
        return jnp.stack([part * self.known for part in parts], -1)


class AbstractKnowing(eqx.Module):
    """The faculty of knowledge."""

    innate: eqx.AbstractVar[Innate]

    @abc.abstractmethod
    def init(self) -> Known:
        """Nothing known yet."""

    @abc.abstractmethod
    def step(
        self, known: Known, sensed: Sensation, mouthed: Int[Array, ""], picked: Int[Array, ""], now: Float[Array, ""]
    ) -> Known:
        """Take in what is seen and heard.

        Args:
            known: Before.
            sensed: The percept.
            mouthed: 1 + the look that was tasted, else 0.
            picked: Cell code of the plant last picked from, else 0.
            now: Steps lived.
        """


class NoKnowledge(AbstractKnowing):
    """No knowledge: the part that is put in its place to learn what it is worth."""

    innate: Innate = eqx.field(static=True)

    def init(self) -> Known:
        """One empty row each."""
        return Known(knowledge.nothing_known(1), knowledge.nothing_known(1))

    def step(self, known, sensed, mouthed, picked, now) -> Known:
        """Nothing is taken in."""
        return known


class Knowing(AbstractKnowing):
    """Keeps facts: the places of what is in sight, what is said of places and fruits, what was tasted, whose plants are.

    In a step at most `notices` new places are noticed, the nearest first; what is in view and known is attested, and a
    place in plain view without the thing is closed.
    """

    innate: Innate = eqx.field(static=True)
    capacity: int = eqx.field(static=True, default=24)
    notices: int = eqx.field(static=True, default=2)

    def init(self) -> Known:
        """Room, and nothing in it."""
        return Known(knowledge.nothing_known(self.capacity), knowledge.nothing_known(self.capacity))

    def step(self, known, sensed, mouthed, picked, now) -> Known:
        """Attest, notice, listen."""
        innate = self.innate
        me, turn = here(innate, sensed)
        present, open_ = in_columns(innate, sensed)
        places = _looked_again(innate, known.places, me, turn, present, open_, now)
        places = _noticed(innate, places, me, turn, present, now, self.notices)
        places = _told_where(innate, places, me, turn, sensed, now)
        tales = _tasted(known.tales, sensed, mouthed, now)
        tales = _said(innate, tales, sensed, now)
        return Known(places, _claimed(innate, tales, sensed, picked, now))


def here(innate: Innate, sensed: Sensation) -> tuple[Int[Array, " xy=2"], Int[Array, "2 xy=2"]]:
    """Own cell, and what a step ahead and a step to the right add to it."""
    me = jnp.round(sensed.place * jnp.array(innate.size)).astype(int)
    heading = jnp.argmax(sensed.compass)
    ways = jnp.asarray(_WAYS)
    return me, jnp.stack([ways[heading], ways[(heading + 1) % 4]])


def in_columns(innate: Innate, sensed: Sensation) -> tuple[Bool[Array, "topics columns"], Bool[Array, " columns"]]:
    """Which topic (1 and up) is visible in which column of the window, and into which columns one sees."""
    material, ripe = sensed.window.material, sensed.window.ripe
    things = [jnp.any(material == innate.material(name), -1) for name in ("WATER", "HEARTH", "BLOCK")]
    fruits = [jnp.any(ripe == 1 + look, -1) for look in range(innate.looks)]
    seen = jnp.any(material != innate.material("HIDDEN"), -1)
    return jnp.stack(things + fruits).reshape(len(things) + len(fruits), -1), seen.reshape(-1)


def columns_away(innate: Innate) -> np.ndarray:
    """Cells ahead and to the right of each column of the window, `[columns, 2]`."""
    ahead, right, _ = innate.window
    grid = np.stack(np.meshgrid(np.arange(ahead), np.arange(right), indexing="ij"), -1).reshape(-1, 2)
    return grid - np.array(innate.behind)


def cell_code(innate: Innate, cell: Int[Array, "*any xy=2"]) -> Int[Array, "*any"]:
    """Code of a cell, 1 and up; cells outside the land are moved to its edge."""
    inside = jnp.clip(cell, 0, jnp.array(innate.size) - 1)
    return 1 + inside[..., 0] * innate.size[1] + inside[..., 1]


def cell_of(innate: Innate, code: Int[Array, "*any"]) -> Int[Array, "*any xy=2"]:
    """The cell of a code."""
    return jnp.stack([(code - 1) // innate.size[1], (code - 1) % innate.size[1]], -1)


def away(innate: Innate, facts: Facts, me: Array, turn: Array) -> Int[Array, "capacity 2"]:
    """Cells ahead and to the right of what the rows of `places` are about."""
    return (cell_of(innate, facts.object) - me) @ turn.T


def whereabouts(
    facts: Facts, distance: Int[Array, "capacity 2"], wanted: Float[Array, "things capacity"], now: Float[Array, ""]
) -> Whereabouts:
    """The nearest open row for each thing; hearsay counts as four cells farther.

    Args:
        facts: Places.
        distance: Of each row, cells ahead and to the right.
        wanted: Above a half where a row would do for a thing.
        now: Steps lived.
    """
    told = facts.relation == TOLD
    far = jnp.sum(jnp.abs(distance), -1) + 4 * told
    cost = jnp.where((wanted > 0.5) & facts.open, far.astype(float), jnp.inf)
    row = jnp.argmin(cost, -1)
    pick = row[:, None] == jnp.arange(facts.object.shape[0])
    chosen = lambda leaf: jnp.sum(jnp.where(pick, leaf, 0), -1)
    known = jnp.isfinite(jnp.min(cost, -1))
    return Whereabouts(
        known=known,
        away=jnp.stack([chosen(distance[:, 0]), chosen(distance[:, 1])], -1).astype(float),
        cell=chosen(facts.object),
        age=now - chosen(facts.said_at),
        told=chosen(told) > 0,
    )


def trust(tales: Facts, speaker: Int[Array, ""]) -> Float[Array, ""]:
    """How far a speaker (1 + who) is believed, 0 to 1: by how often what it said of fruits agreed with one's own mouth."""
    own = tales.open & (tales.subject == SELF) & (tales.relation == TASTED)
    theirs = tales.open & (tales.subject == 1 + speaker) & (tales.relation == SAYS)
    same = theirs[:, None] & own[None] & (tales.about[:, None] == tales.about[None])
    agrees = tales.object[:, None] == tales.object[None]
    right, wrong = jnp.sum(same & agrees), jnp.sum(same & ~agrees)
    return (1.0 + right) / (1.5 + right + 4.0 * wrong)


def first(which: Bool[Array, " any"]) -> Bool[Array, " any"]:
    """Only the first of those that hold."""
    return which & (jnp.cumsum(which) == 1)


def picked_out(which: Bool[Array, " any"], leaf: Array) -> Array:
    """The one entry of `leaf` that `which` holds for; 0 if none."""
    return jnp.sum(jnp.where(which.reshape(-1, *[1] * (leaf.ndim - 1)), leaf, 0), 0)


def _looked_again(innate, places, me, turn, present, open_, now) -> Facts:
    ahead, right, _ = innate.window
    spot = away(innate, places, me, turn) + jnp.array(innate.behind)
    inside = jnp.all((spot >= 0) & (spot < jnp.array([ahead, right])), -1)
    column = jnp.where(inside, spot[:, 0] * right + spot[:, 1], 0)
    here = jnp.sum((jnp.arange(present.shape[0]) == places.subject[:, None] - 1) & present.T[column], -1, dtype=bool)
    near = jnp.max(jnp.abs(spot - jnp.array(innate.behind)), -1) <= 2
    seen = places.relation == SEEN
    gone = jnp.where(seen, inside & open_[column] & ~here, near & ~here)
    return knowledge.attest(places, inside & here & seen, gone, now)


def _noticed(innate, places, me, turn, present, now, notices) -> Facts:
    """Assert the nearest things in sight that are not known yet."""
    spots = jnp.asarray(columns_away(innate))
    distance = jnp.where(present, jnp.sum(jnp.abs(spots), -1), 99)
    nearest = jnp.argmin(distance, -1)
    far = jnp.min(distance, -1)
    topics = jnp.arange(1, present.shape[0] + 1)
    cells = me + spots[nearest] @ turn
    apart = jnp.max(jnp.abs(cells[:, None] - cell_of(innate, places.object)), -1)
    reach = jnp.where(topics == innate.topic("WATER"), 3, 0)[:, None]
    alike = places.open & (places.relation == SEEN) & (places.subject == topics[:, None]) & (apart <= reach)
    far = jnp.where(jnp.any(alike, -1), 99, far)
    for _ in range(notices):
        which = jnp.argmin(far)
        new = far[which] < 99
        fact = Fact(jnp.where(new, topics[which], 0), jnp.array(SEEN), jnp.array(0), cell_code(innate, cells[which]))
        places = knowledge.assert_(places, fact, now, now.astype(int), jnp.array(1.0), functional=jnp.array(False))
        far = jnp.where(jnp.arange(far.shape[0]) == which, 99, far)
    return places


def _told_where(innate, places, me, turn, sensed, now) -> Facts:
    tells = first(
        (sensed.heard[:, 0] == innate.say("TELL_WHERE")) & (sensed.heard[:, 3] > 0) & (sensed.heard[:, 1] > 0)
    )
    words, speaker = picked_out(tells, sensed.heard), picked_out(tells, sensed.speaker)
    from_ = jnp.round(picked_out(tells, sensed.bearing) * 8).astype(int) @ turn
    cell = me + from_ + jnp.asarray(np.array(innate.wheres))[words[3]]
    fact = Fact(words[1], jnp.array(TOLD), speaker, cell_code(innate, cell))
    return knowledge.assert_(places, fact, now, now.astype(int), jnp.array(0.6), functional=jnp.array(True))


def _tasted(tales, sensed, mouthed, now) -> Facts:
    subject = jnp.where((mouthed > 0) & (sensed.taste > 0), SELF, 0)
    fact = Fact(subject, jnp.array(TASTED), mouthed, sensed.taste)
    return knowledge.assert_(tales, fact, now, now.astype(int), jnp.array(1.0), functional=jnp.array(True))


def taught(innate: Innate, sensed: Sensation) -> tuple[Int[Array, ""], Int[Array, ""], Int[Array, ""]]:
    """The first thing said of a fruit: 1 + look, quality, and 1 + who said it; zeros for none."""
    say, topic, quality = sensed.heard[:, 0], sensed.heard[:, 1], sensed.heard[:, 2]
    teaches = (say == innate.say("TEACH")) | (say == innate.say("WARN")) | (say == innate.say("GOSSIP"))
    which = first(teaches & (topic >= innate.fruit) & (quality >= 1) & (quality <= innate.kinds))
    return picked_out(which, topic - innate.fruit + 1), picked_out(which, quality), picked_out(which, sensed.speaker)


def _said(innate, tales, sensed, now) -> Facts:
    look, quality, speaker = taught(innate, sensed)
    fact = Fact(jnp.where(look > 0, 1 + speaker, 0), jnp.array(SAYS), look, quality)
    return knowledge.assert_(tales, fact, now, now.astype(int), jnp.array(0.6), functional=jnp.array(True))


def _claimed(innate, tales, sensed, picked, now) -> Facts:
    claims = first((sensed.heard[:, 0] == innate.say("COMPLAIN")) & (sensed.heard[:, 2] == innate.quality("TOOK")))
    speaker = picked_out(claims, sensed.speaker)
    subject = jnp.where((speaker > 0) & (picked > 0), 1 + speaker, 0)
    fact = Fact(subject, jnp.array(OWNS), jnp.array(0), picked)
    return knowledge.assert_(tales, fact, now, now.astype(int), jnp.array(0.8), functional=jnp.array(False))
