import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab.geometry import SIDES, work
from inhabit.lab.geometry_sets import EYE, SOFT, STRENGTH, WINDOW, Views, bodies, mirrored, moved, nearest, pulls
from inhabit.lab.registry import find
from inhabit.senses.scene import SceneSense


@pytest.fixture(scope="module")
def scenes():
    return bodies(5, key=jax.random.key(0))


def test_two_bodies_by_hand():
    place = jnp.array([[0.0, 0, 0], [2.0, 0, 0]])
    like = jnp.array([[1.0, 1.0], [0.5, 0.5]])  # both positive; the second is twice as heavy as a unit
    push = STRENGTH * 0.5 * 2 / (4 + SOFT) ** 1.5
    assert np.asarray(pulls(place, like)) == pytest.approx(np.array([[-push, 0, 0], [push / 2, 0, 0]]), rel=1e-5)


def test_a_moved_scene_obeys_the_same_law(scenes):
    again = moved(scenes, key=jax.random.key(1))
    law = np.asarray(jax.vmap(pulls)(again.place, again.like))
    assert law == pytest.approx(np.asarray(again.pull), abs=1e-3)
    assert not np.allclose(again.place, scenes.place, atol=0.1)


def test_the_native_sense_turns_with_the_scene_and_the_answer_is_no_constant(scenes):
    sense = SceneSense(2, hidden=8, key=jax.random.key(0))
    told = np.asarray(jax.vmap(sense)(scenes.place, scenes.like))
    with_truth = moved(type(scenes)(place=scenes.place, like=scenes.like, pull=told), key=jax.random.key(2))
    assert np.asarray(jax.vmap(sense)(with_truth.place, with_truth.like)) == pytest.approx(
        np.asarray(with_truth.pull), abs=1e-4
    )
    assert told.std() > 1e-3


def test_both_sides_do_the_same_counted_work(scenes):
    blank = jnp.zeros(WINDOW, jnp.uint8)
    view = Views(sight=blank, ripe=blank, person=blank, offset=jnp.zeros((3, 2)), there=jnp.zeros(3), next=jnp.array(0))
    for name, scene in (("physics", jax.tree.map(lambda leaf: leaf[0], scenes)), ("village", view)):
        native, flat = (work(make, scene) for make in (SIDES[name].native, SIDES[name].flat))
        assert 0.95 < native / flat < 1.05


def test_the_nearest_of_a_window_and_its_mirror_image():
    cells = np.zeros(WINDOW, bool)
    cells[EYE[0] + 5, EYE[1] - 1, 2] = cells[EYE[0] - 1, EYE[1] + 3, 0] = True
    offset, there = nearest(jnp.array(cells))
    assert np.asarray(offset).tolist() == [-1, 3] and there == 1
    assert float(nearest(jnp.zeros(WINDOW, bool))[1]) == 0
    ripe = jnp.asarray(np.repeat(cells[None].astype(np.uint8), 8, 0))
    views = Views(sight=ripe, ripe=ripe, person=ripe, offset=jnp.tile(offset, (8, 3, 1)), there=jnp.ones((8, 3)),
                  next=jnp.zeros(8, int))  # fmt: skip
    changed = mirrored(views, key=jax.random.key(0))
    flipped = np.asarray(changed.offset)[:, 0, 1] == -3
    assert 0 < flipped.sum() < 8
    for row in range(8):
        found, _ = nearest(changed.ripe[row] > 0)
        assert np.asarray(found).tolist() == np.asarray(changed.offset[row, 0]).tolist()


@pytest.mark.slow
def test_it_runs_and_beats_no_look_at_all(tmp_path):
    record = find("geometry").run("village", seed=0, quick=True, out=tmp_path)
    wrong = "wrong about what will be in front"
    assert record.measured[f"native: {wrong}"].value < record.baselines[f"without looking: {wrong}"].value
    rows = [row for row in record.predictions if row["model"] == "native"]
    again = np.mean([np.argmax(row["told"][6:]) != row["next"][0] for row in rows])  # scored from what is written down
    assert again == pytest.approx(record.measured[f"native: {wrong}"].value, abs=1e-6)
    assert len({row["group"] for row in rows}) > 1
