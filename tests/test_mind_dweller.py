"""A dweller in made-up moments: what it comes to know, believe, say and want, and that its parts can be taken away."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.knowledge.facts import nothing_known
from inhabit.learning.dwelling import innate_of
from inhabit.memory.none import NoMemory
from inhabit.mind.dweller import answering, knowing, wording
from inhabit.mind.dweller.actor import Trace
from inhabit.mind.dweller.dweller import Dweller
from inhabit.mind.dweller.feeling import store_of, wellbeing
from inhabit.mind.dweller.knowing import Knowing, NoKnowledge
from inhabit.mind.dweller.percept import Conduct, Sensation
from inhabit.senses.voxels import Window
from inhabit.worlds.village.acts import Hand, Quality, Say, Topic
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.world import Village

INNATE = innate_of(Village())
NORTH, EAST = 0, 1


def _sensed(things=(), *, heading=NORTH, at=(12, 12), heard=(), taste=0, holding=0, body=0.7, person=()):
    """A moment in open land: things are (material or look, ahead, right)."""
    material = np.full((9, 9, 5), Material.AIR, np.uint8)
    material[..., 0] = Material.EARTH
    ripe, people = np.zeros_like(material), np.zeros_like(material)
    for what, ahead, right in things:
        spot = (ahead + 2, right + 4, 2)
        material[spot] = what if isinstance(what, Material) else Material.BUSH
        ripe[spot] = 0 if isinstance(what, Material) else 1 + what
    for who, ahead, right in person:
        people[ahead + 2, right + 4, 2] = 1 + who
    words, speaker = np.zeros((4, 5), int), np.zeros(4, int)
    for place, (who, said) in enumerate(heard):
        words[place], speaker[place] = said, 1 + who
    return Sensation(
        window=Window(*map(jnp.asarray, (material, ripe, people))),
        holding=jnp.array(holding),
        taste=jnp.array(taste),
        heard=jnp.asarray(words),
        speaker=jnp.asarray(speaker),
        bearing=jnp.zeros((4, 2)),
        body=jnp.array([body] * 6 + [1.0, 0.0, 0.0]),
        compass=jnp.eye(4)[heading],
        clock=jnp.array([0.0, 1.0, 0.0, 1.0]),
        place=jnp.array(at) / 24,
    )


NONE = jnp.zeros((), int)


@pytest.fixture(scope="module")
def mind():
    return Dweller.create(INNATE, key=jax.random.key(0))


@pytest.fixture(scope="module")
def notice():
    return eqx.filter_jit(lambda mind, state, sensed: mind.notice(state, sensed))


_know = eqx.filter_jit(lambda known, sensed, now: Knowing(INNATE).step(known, sensed, NONE, NONE, now))


def _lived(*moments):
    known = Knowing(INNATE).init()
    for now, sensed in enumerate(moments):
        known = _know(known, sensed, jnp.array(float(now)))
    return known


def _nearest(known, topic, sensed):
    me, turn = knowing.here(INNATE, sensed)
    wanted = (known.places.subject == topic).astype(float)[None]
    return knowing.whereabouts(known.places, knowing.away(INNATE, known.places, me, turn), wanted, jnp.array(9.0))


def test_what_was_seen_is_known_where_it_is_after_walking_and_turning_away():
    known = _lived(_sensed([(Material.WATER, 3, 1)]), _sensed(at=(12, 2), heading=EAST))
    found = _nearest(known, Topic.WATER, _sensed(at=(14, 12), heading=EAST))
    # Water was seen from (12, 12) three steps north and one east of it, at (13, 9): now 1 behind and 3 to the left.
    assert found.known[0] and not found.told[0]
    np.testing.assert_array_equal(found.away[0], [-1, -3])


def test_a_fruit_that_is_gone_is_known_to_be_gone_but_not_one_out_of_sight():
    bush, bare = _sensed([(2, 2, 0)]), _sensed()
    assert not _nearest(_lived(bush, bare), Topic.FRUIT + 2, bare).known[0]
    hidden = eqx.tree_at(lambda s: s.window.material, bare, bare.window.material.at[4, 4].set(int(Material.HIDDEN)))
    assert _nearest(_lived(bush, hidden), Topic.FRUIT + 2, hidden).known[0]


def test_what_is_told_is_hearsay_until_it_is_seen_otherwise():
    said = (1, [Say.TELL_WHERE, Topic.HEARTH, 0, 5, 1])  # near, to the east
    known = _lived(_sensed(heard=[said]))
    found = _nearest(known, Topic.HEARTH, _sensed())
    assert found.known[0] and found.told[0]
    assert found.away[0, 1] > 0 and found.away[0, 0] == 0
    there = _sensed(at=(14, 12))
    assert not _nearest(_lived(_sensed(heard=[said]), there), Topic.HEARTH, there).known[0]


def test_trust_follows_from_what_ones_own_mouth_says_of_what_was_said():
    tales = nothing_known(8)
    assert_ = lambda tales, *codes: knowing.knowledge.assert_(
        tales, knowing.knowledge.known(*codes), jnp.array(0.0), NONE, jnp.array(1.0), functional=jnp.array(True)
    )
    honest, liar = 2, 3  # 1 + who
    for look, truth in ((1, Quality.SWEET), (2, Quality.SICKENING)):
        tales = assert_(tales, knowing.SELF, knowing.TASTED, look, truth)
        tales = assert_(tales, 1 + honest, knowing.SAYS, look, truth)
        tales = assert_(tales, 1 + liar, knowing.SAYS, look, Quality.NOURISHING)
    trusts = [float(knowing.trust(tales, jnp.array(who))) for who in (honest, 4, liar)]
    assert trusts[0] == pytest.approx(3 / 3.5)  # two right
    assert trusts[1] == pytest.approx(1 / 1.5)  # a stranger
    assert trusts[2] == pytest.approx(1 / 9.5)  # two wrong


@pytest.mark.slow
def test_one_bite_teaches_what_a_look_is_and_only_that_look(mind, notice):
    state = mind.init()
    state = eqx.tree_at(lambda s: (s.last.hand, s.held), state, (jnp.array(int(Hand.TASTE)), jnp.array(2 + 3)))
    state, *_ = notice(mind, state, _sensed(taste=int(Quality.SICKENING), holding=5))
    assert answering.beliefs(mind, state) == ["", "", "", "sickening", "", ""]
    forgetful = eqx.tree_at(lambda m: m.lore, mind, NoMemory(INNATE.looks, INNATE.kinds))
    state, *_ = notice(
        forgetful,
        eqx.tree_at(lambda s: (s.last.hand, s.held), forgetful.init(), (jnp.array(int(Hand.TASTE)), jnp.array(5))),
        _sensed(taste=int(Quality.SICKENING), holding=5),
    )
    assert answering.beliefs(forgetful, state) == [""] * 6


@pytest.mark.slow
def test_it_says_only_what_it_knows(mind, notice):
    _, moment, words, _ = notice(mind, mind.init(), _sensed(person=[(2, 1, 0)]))
    allowed = np.asarray(moment.allowed)
    assert allowed[Say.GREET, Topic.NOTHING] and allowed[Say.ASK_WHERE, Topic.WATER]
    assert not allowed[Say.TELL_WHERE].any() and not allowed[Say.TEACH].any() and not allowed[Say.WARN].any()
    said = (1, [Say.WARN, Topic.FRUIT + 1, Quality.SICKENING, 0, 1])
    _, moment, words, _ = notice(mind, mind.init(), _sensed([(Material.WATER, 3, 0)], heard=[said]))
    allowed = np.asarray(moment.allowed)
    assert np.flatnonzero(allowed[Say.WARN]).tolist() == [Topic.FRUIT + 1]
    assert np.flatnonzero(allowed[Say.TELL_WHERE]).tolist() == [Topic.WATER]
    tells = wording.worded(INNATE, words, jnp.array(int(Say.TELL_WHERE)), jnp.array(int(Topic.WATER)))
    assert tells.tolist() == [Say.TELL_WHERE, Topic.WATER, 0, 1, 2]  # near, to the north; said to who spoke to it


def test_a_place_is_said_so_that_who_hears_it_comes_near():
    for code, (east, south) in enumerate(INNATE.wheres[1:], 1):
        assert int(wording.said_where(INNATE, jnp.array([east, south]))) == code


@pytest.mark.slow
def test_what_it_wants_most_follows_its_values_and_its_body(mind, notice):
    weight = jnp.array([1.0, 1, 1, 1, 1, 1, 1]).at[5].set(9.0)
    wants = {}
    for name, weights in (("plain", jnp.ones(7)), ("sweet", weight)):
        sensed = eqx.tree_at(lambda s: s.body, _sensed(), _sensed().body.at[1].set(0.2))
        state = mind.init(weight=weights)
        after, *_ = notice(mind, state, sensed)
        asked = answering.Asked(before=state, after=after, sensed=sensed, act=Conduct(NONE, jnp.zeros(5, int)))
        wants[name] = INNATE.goods[int(jnp.argmax(answering.wants(mind, asked)))]
    assert wants == {"plain": "water", "sweet": "sweet"}


def test_wellbeing_is_nothing_at_empty_levels_and_one_at_full_ones():
    store = store_of(INNATE.goods, jnp.arange(1.0, 8.0), jnp.full(7, 0.8))
    assert wellbeing(store, jnp.zeros(7)) == 0
    assert wellbeing(store, jnp.ones(7)) == pytest.approx(1, abs=1e-6)
    half = wellbeing(store, jnp.full(7, 0.5))
    assert half == pytest.approx((1 - np.exp(-1.25)) / (1 - np.exp(-2.5)), abs=1e-5)


@pytest.mark.slow
def test_reliving_a_stretch_finds_the_probabilities_values_and_surprisals_of_living_it(mind):
    moments = [
        _sensed([(Material.WATER, 3, 0)]),
        _sensed([(1, 1, 0)], person=[(1, 2, 1)]),
        _sensed([(1, 1, 0)], heard=[(1, [Say.GREET, 0, 0, 0, 1])], body=0.6),
    ]
    state = first = mind.init()
    attempt = eqx.filter_jit(lambda state, sensed, key: mind.attempt(state, sensed, key=key))
    traces = []
    for sensed, key in zip(moments, jax.random.split(jax.random.key(5), 3)):
        state, trace = attempt(state, sensed, key)
        traces.append(trace)
    whole: Trace = jax.tree.map(lambda *leaves: jnp.stack(leaves), *traces)
    relived = eqx.filter_jit(mind.relive)(mind.core(first), whole, whole.act)
    np.testing.assert_allclose(relived.log_probability, whole.log_probability, atol=1e-4)
    np.testing.assert_allclose(relived.value, whole.value, atol=1e-4)
    np.testing.assert_allclose(relived.surprisal[1:], whole.surprisal[1:], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(relived.shown, relived.log_probability, atol=1e-4)


@pytest.mark.slow
def test_without_knowledge_nothing_is_known(mind, notice):
    ignorant = dataclasses.replace(mind, knowing=NoKnowledge(INNATE))
    state, *_ = notice(ignorant, ignorant.init(), _sensed([(Material.WATER, 3, 0)]))
    asked = answering.Asked(state, state, _sensed(), Conduct(NONE, jnp.zeros(5, int)))
    assert answering.where(ignorant, asked, Topic.WATER) is None
    assert not jnp.any(state.known.places.open)


def test_codes_come_from_the_world_by_name():
    assert INNATE.say("TELL_WHERE") == Say.TELL_WHERE and INNATE.hand("EAT") == Hand.EAT
    assert INNATE.quality("SICKENING") == Quality.SICKENING and INNATE.fruit == Topic.FRUIT
    assert dataclasses.is_dataclass(INNATE) and INNATE.wheres[0] == (0, 0)
