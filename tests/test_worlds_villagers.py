import collections

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.worlds.village import norms, players, seeking, talking, words
from inhabit.worlds.village.acts import NORMS, Deed, Hand, Quality, Say, Topic
from inhabit.worlds.village.bearings import DIRECTIONS, where_code, where_delta
from inhabit.worlds.village.materials import Material
from inhabit.worlds.village.paths import Ground, onward
from inhabit.worlds.village.state import Outcome
from inhabit.worlds.village.world import Village
from tests.villages import flat

PEOPLE = 4


@pytest.fixture(scope="module")
def village():
    """Everybody in a row, awake, sated, friendly, greeted; all norms hold."""
    shape = jax.eval_shape(lambda key: Village(people=PEOPLE).reset(key=key), jax.random.key(0))
    state = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shape)
    state = eqx.tree_at(
        lambda s: (s.people.alive, s.people.health, s.minds.honest),
        state,
        (np.ones(PEOPLE, bool), np.ones(PEOPLE, np.float32), np.ones(PEOPLE, bool)),
    )
    state = jax.tree.map(jnp.asarray, state)
    place = jnp.array([[5, 5, 3], [6, 5, 3], [7, 5, 3], [8, 5, 3]])
    return eqx.tree_at(
        lambda s: (
            s.people.place,
            s.people.levels,
            s.lore.norms,
            s.bonds.goodwill,
            s.minds.believes,
            s.minds.knows,
            s.plants.owner,
            s.time,
        ),
        state,
        (
            place,
            jnp.full((PEOPLE, 6), 0.8),
            jnp.ones(4, bool),
            jnp.full((PEOPLE, PEOPLE), 0.4),
            jnp.zeros((PEOPLE, 6), int),
            jnp.full((PEOPLE, 2, 2), -1),
            jnp.ones_like(state.plants.owner),
            jnp.array(3),
        ),
    )


def said(*rows):
    return jnp.array([*rows, *([[0] * 5] * (PEOPLE - len(rows)))])


def deed(*rows):
    return Deed(hand=jnp.zeros(PEOPLE, int), say=said(*rows))


def nothing(**changes):
    none = jnp.zeros(PEOPLE, int)
    came = Outcome(did=none > 0, picked=none, gave=none, front=none, mouthed=none, drank=none > 0)
    return eqx.tree_at(lambda o: [getattr(o, name) for name in changes], came, list(changes.values()))


judge = jax.jit(lambda state, what, outcome: norms.judge(state, what, outcome, state))


def broken(village, what, outcome=None):
    return np.asarray(judge(village, what, outcome or nothing())[1])


def test_places_are_said_and_understood_in_the_same_direction():
    deltas = jnp.array([[x, y] for x in (-9, -3, 0, 3, 9) for y in (-9, -3, 0, 3, 9) if (x, y) != (0, 0)])
    code, again = jax.jit(lambda delta: (where_code(delta), where_code(where_delta(where_code(delta)))))(deltas)
    assert (code == again).all()
    assert code[deltas.tolist().index([0, -3])] == 1 and code[deltas.tolist().index([9, 0])] == 1 + 2 * 2 + 1


def plain_distances(ground, target):
    """Steps to beside the target from everywhere, by a plain breadth-first search."""
    height, firm = np.asarray(ground.height), np.asarray(ground.firm)
    inside = lambda c: 0 <= c[0] < height.shape[0] and 0 <= c[1] < height.shape[1]
    around = lambda c: [n for n in ((c[0] + dx, c[1] + dy) for dx, dy in DIRECTIONS) if inside(n)]
    found = {c: 0 for c in [target, *around(target)] if inside(c) and firm[c]}
    queue = collections.deque(found)
    while queue:
        here = queue.popleft()
        for there in around(here):
            if there not in found and firm[there] and firm[here] and abs(int(height[there]) - int(height[here])) <= 1:
                found[there] = found[here] + 1
                queue.append(there)
    return found


def test_paths_are_shortest_paths():
    rng = np.random.default_rng(1)
    height = rng.integers(1, 4, (40, 24))
    voxels = np.where(np.arange(8) < height[..., None], int(Material.EARTH), 0).astype(np.uint8)
    voxels[rng.random((40, 24)) < 0.15, 0:1] = Material.STONE
    wall = rng.random((40, 24)) < 0.25
    voxels[wall, height[wall]] = Material.BUSH
    ground = jax.jit(Ground.of)(jnp.asarray(voxels))
    firm = np.argwhere(np.asarray(ground.firm))
    places, targets = (firm[rng.integers(0, len(firm), 60)] for _ in range(2))
    steps, there = jax.jit(onward)(ground, jnp.asarray(places), jnp.asarray(targets))
    checked = 0
    for place, target, step, found in zip(places, targets, np.asarray(steps), np.asarray(there)):
        distance = plain_distances(ground, tuple(target))
        own = distance.get(tuple(place), 999)
        if 0 < own < 45:
            nearer = [distance.get((place[0] + dx, place[1] + dy), 999) < own for dx, dy in DIRECTIONS]
            assert step.tolist() == nearer and found
            checked += 1
        elif own == 999:
            assert not found
    assert checked > 20


def test_taking_what_is_anothers_without_leave_is_wrong(village):
    picks = nothing(picked=jnp.array([1, 1, 0, 0]))
    assert broken(village, deed(), picks).tolist() == [0, 1, 0, 0]
    allowed = eqx.tree_at(lambda s: s.bonds.may, village, village.bonds.may.at[0, 1].set(True))
    assert broken(allowed, deed(), picks).tolist() == [0, 0, 0, 0]
    elsewhere = eqx.tree_at(lambda s: s.lore.norms, village, jnp.array([False, True, True, True]))
    assert broken(elsewhere, deed(), picks).tolist() == [0, 0, 0, 0]


def test_asking_before_greeting_is_rude_and_costs_goodwill(village):
    ask = deed([Say.ASK_WHERE, Topic.WATER, 0, 0, 2])
    after, broke = judge(village, ask, nothing())
    assert broke.tolist() == [2, 0, 0, 0]
    lost = np.asarray(village.bonds.goodwill - after.bonds.goodwill)
    assert lost[1, 0] == pytest.approx(norms.COST) and lost[2, 0] == pytest.approx(norms.WITNESSED)
    assert lost[0, 1] == 0 and NORMS[after.bonds.wronged[1, 0] - 1] == Quality.RUDE
    greeted = eqx.tree_at(lambda s: s.bonds.greeted, village, village.bonds.greeted.at[0, 1].set(True))
    assert broken(greeted, ask).tolist() == [0, 0, 0, 0]


def test_keeping_food_from_a_hungry_asker_is_stingy(village):
    asked = eqx.tree_at(
        lambda s: (s.said, s.people.holds, s.people.levels),
        village,
        (
            said([Say.ASK_FOR, Topic.FRUIT, 0, 0, 2]),
            village.people.holds.at[1].set(2),
            village.people.levels.at[0, 0].set(0.1),
        ),
    )
    refuse, offer = (deed([0] * 5, [kind, Topic.FRUIT, 0, 0, 1]) for kind in (Say.REFUSE, Say.OFFER))
    assert broken(asked, refuse).tolist() == [0, 3, 0, 0] and broken(asked, offer).tolist() == [0, 0, 0, 0]
    assert broken(asked, deed(), nothing(gave=jnp.array([0, 1, 0, 0]))).tolist() == [0, 0, 0, 0]
    hungry = eqx.tree_at(lambda s: s.people.levels, asked, asked.people.levels.at[1, 0].set(0.3))
    assert broken(hungry, refuse).tolist() == [0, 0, 0, 0]


def test_asking_a_tired_person_again_pesters(village):
    tired = eqx.tree_at(
        lambda s: (s.people.levels, s.bonds.greeted),
        village,
        (village.people.levels.at[1, 2].set(0.1), jnp.ones((PEOPLE, PEOPLE), bool)),
    )
    ask = deed([Say.ASK_WHERE, Topic.WATER, 0, 0, 2])
    assert broken(tired, ask).tolist() == [0, 0, 0, 0]
    again = eqx.tree_at(lambda s: s.bonds.asked, tired, tired.bonds.asked.at[1, 0].set(1))
    assert broken(again, ask).tolist() == [4, 0, 0, 0]


@pytest.fixture(scope="module")
def hear():
    return jax.jit(lambda state, what, outcome, key: talking.hear(state, what, outcome, state, key=key))


def test_the_trusted_are_believed_and_the_distrusted_hardly(village, hear):
    teach = deed([Say.TEACH, Topic.FRUIT + 2, Quality.SWEET, 0, 2])
    keys = jax.random.split(jax.random.key(1), 60)

    def share(goodwill):
        state = eqx.tree_at(lambda s: s.bonds.goodwill, village, jnp.full((PEOPLE, PEOPLE), goodwill))
        after = np.stack([np.asarray(hear(state, teach, nothing(), key).minds.believes) for key in keys])
        assert (after[:, 0] == 0).all()  # the speaker learns nothing from itself
        return float((after[:, 1:, 2] == Quality.SWEET).mean())

    assert share(0.5) > 0.8 and share(-0.9) < 0.15


def test_ones_own_mouth_is_believed(village, hear):
    holds = eqx.tree_at(lambda s: s.people.holds, village, village.people.holds.at[3].set(2 + 4))
    after = hear(holds, deed(), nothing(mouthed=jnp.array([0, 0, 0, int(Quality.SICKENING)])), jax.random.key(0))
    assert after.minds.believes[3].tolist() == [0, 0, 0, 0, Quality.SICKENING, 0]


def test_what_is_said_leaves_its_mark_between_people(village, hear):
    wronged = eqx.tree_at(lambda s: s.bonds.wronged, village, village.bonds.wronged.at[2, 3].set(2))
    talk = deed(
        [Say.GREET, 0, 0, 0, 2],
        [Say.OFFER, Topic.FRUIT, 0, 0, 1],
        [Say.COMPLAIN, 0, Quality.RUDE, 0, 4],
        [Say.ASK_WHAT, Topic.FRUIT, 0, 0, 1],
    )
    after = hear(wronged, talk, nothing(), jax.random.key(0)).bonds
    assert after.greeted[0, 1] and not after.greeted[1, 0] and after.may[1, 0] and not after.may[0, 1]
    assert after.wronged[2, 3] == 0 and after.asked[0, 3] == 1 and after.asked.sum() == 1
    assert after.goodwill[1, 0] > 0.4 > after.goodwill[3, 2]


def test_a_way_that_is_told_is_taken_for_true_until_one_has_come_there(village, hear):
    tells = deed([Say.TELL_WHERE, Topic.WATER, 0, int(where_code(jnp.array([9, 0]))), 2])
    knows = np.stack([np.asarray(hear(village, tells, nothing(), jax.random.key(i)).minds.knows) for i in range(20)])
    told = knows[:, 1, 0]
    assert {tuple(place) for place in told.tolist()} == {(-1, -1), (15, 5)}
    there = eqx.tree_at(lambda s: s.minds.knows, village, village.minds.knows.at[1, 0].set(jnp.array([7, 5])))
    assert hear(there, deed(), nothing(), jax.random.key(0)).minds.knows[1, 0].tolist() == [-1, -1]


def test_who_holds_what_it_does_not_know_asks_before_tasting_while_somebody_is_left_to_ask():
    state = flat(places=[(2, 2), (4, 2), (13, 13), (13, 2)], headings=[0] * 4, holds=[3, 0, 0, 0])
    state = eqx.tree_at(lambda s: s.minds.goal, state, jnp.array([1, 0, 0, 0]))  # food

    @jax.jit
    def does(state):
        ground = Ground.of(state.voxels)
        return seeking.hands(state, ground, seeking.errands(state, ground), jnp.full((PEOPLE, 6), 0.5))[0]

    assert does(state) == Hand.STAY
    all_asked = eqx.tree_at(lambda s: s.bonds.asked, state, state.bonds.asked.at[:, 0].set(9))
    assert does(all_asked) == Hand.TASTE
    assert does(eqx.tree_at(lambda s: s.said, all_asked, said([Say.ASK_WHAT, Topic.FRUIT + 1, 0, 0, 2]))) == Hand.STAY
    assert does(eqx.tree_at(lambda s: s.people.levels, state, state.people.levels.at[0, 0].set(0.1))) == Hand.TASTE


def test_every_utterance_is_read_back_from_its_words():
    rng = np.random.default_rng(3)
    for utterance in words.utterances(rng, 3000, len(words.NAMES)):
        text = words.sentence(utterance, manner=int(rng.integers(3)), chance=float(rng.random()))
        assert words.parse(text) == words.canonical(utterance)
    assert 200 <= len(words.vocabulary()) <= 400
    with pytest.raises(ValueError, match="not said in this village"):
        words.parse("the moon is made of cheese")


def test_an_utterance_reads_well():
    ask, tell = (Say.ASK_WHERE, Topic.WATER, 0, 0, 2), (Say.TELL_WHERE, Topic.WATER, 0, 4, 1)
    assert words.sentence(ask) == "Ben, where is water"
    assert words.sentence(tell) == "Ada, there is water far away to the north east"
    assert words.sentence((Say.GOSSIP, 0, Quality.STINGY, 0, 3)) == (
        "people tell that Cora would not share food with the hungry"
    )


@pytest.mark.slow
class Either(players.AbstractPlayer):
    """One who knows, or chance: one program for both."""

    knows: jax.Array

    def init(self, village):
        return ()

    def takes(self, memory, village):
        return memory, players.Knower().takes(memory, village)[1]

    def does(self, deed, *, key):
        by_chance = players.Chance().does(deed, key=key)
        return jax.tree.map(lambda one, other: jnp.where(self.knows, one, other), deed, by_chance)


def test_villagers_live_and_chance_dies():
    @jax.jit
    def lived(knows, keys):
        play = lambda key: players.play(Village(), Either(knows), steps=4 * 96, key=key)[1].health[-1] > 0
        return jax.vmap(play)(keys)

    keys = jax.random.split(jax.random.key(0), 32)
    by_chance, knowing = (np.asarray(lived(jnp.array(knows), keys)) for knows in (False, True))
    assert by_chance[:, 0].mean() <= 0.2 and by_chance[:, 1:].mean() >= 0.9
    assert knowing.mean() >= 0.9
