"""Growing up: what is kept of it, and how words go through a channel."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.learning.channel import channels
from inhabit.learning.growing import SCHOOLING, Growth, grow
from inhabit.mind.dweller.percept import Conduct, Sensation
from inhabit.records.mindfile import MindFileError, save
from inhabit.senses.voxels import Window


def _crowd(lives=3):
    window = Window(*[jnp.zeros((lives, 1, 1, 1), jnp.uint8)] * 3)
    numbers = jnp.arange(1, lives + 1)
    return Sensation(
        window=window,
        holding=numbers,
        taste=numbers,
        heard=jnp.broadcast_to(numbers[:, None, None], (lives, 4, 5)),
        speaker=jnp.broadcast_to(numbers[:, None], (lives, 4)),
        bearing=jnp.broadcast_to(numbers[:, None, None].astype(float), (lives, 4, 2)),
        body=jnp.ones((lives, 9)),
        compass=jnp.ones((lives, 4)),
        clock=jnp.ones((lives, 4)),
        place=jnp.ones((lives, 2)),
    )


def test_a_channel_changes_words_and_nothing_else():
    crowd = _crowd()
    said = Conduct(jnp.arange(3), jnp.broadcast_to(jnp.arange(1, 4)[:, None], (3, 5)))
    expected = {"open": [1, 2, 3], "shut": [0, 0, 0], "shuffled": [3, 1, 2]}
    for name, channel in channels().items():
        heard, spoken = channel.heard(crowd), channel.spoken(said)
        for words in (heard.heard[:, 0, 0], heard.speaker[:, 0], heard.bearing[:, 0, 0], spoken.say[:, 0]):
            np.testing.assert_array_equal(words, expected[name])
        np.testing.assert_array_equal(heard.taste, crowd.taste)
        np.testing.assert_array_equal(spoken.hand, said.hand)


def test_a_file_of_something_else_is_refused_in_one_line(tmp_path):
    path = tmp_path / "other.mind"
    save(path, arrays={}, manifest={"kind": "people"})
    with pytest.raises(MindFileError, match="holds 'people', no dweller; `inhabit live village` grows one"):
        Growth.open(path)
    save(path, arrays={}, manifest={"kind": "dweller"})
    with pytest.raises(MindFileError, match="a dweller of another make"):
        Growth.open(path)


@pytest.mark.slow
def test_growing_goes_on_from_its_file_to_the_same_bytes(tmp_path):
    schooling = dataclasses.replace(SCHOOLING, lives=8, births=4, minibatches=2, steps=4)
    whole = grow(Growth.begin(seed=3, schooling=schooling), lessons=4)
    half = grow(Growth.begin(seed=3, schooling=schooling), lessons=2)
    half.save(tmp_path / "half.mind")
    again = grow(Growth.open(tmp_path / "half.mind"), lessons=2)
    assert again.lessons == whole.lessons == 4 and again.steps == 4 * 32
    one, other = (jax.tree.leaves(eqx.filter(g.learner, eqx.is_array)) for g in (whole, again))
    for ours, theirs in zip(one, other):
        np.testing.assert_array_equal(ours, theirs)
    rows = [dataclasses.replace(g, curve=()) for g in (whole, again)]
    rows[0].save(tmp_path / "a.mind"), rows[1].save(tmp_path / "b.mind")
    assert (tmp_path / "a.mind").read_bytes() == (tmp_path / "b.mind").read_bytes()
