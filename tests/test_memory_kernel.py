import pathlib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.maths.compiling import brief
from inhabit.memory import building, kernel, living
from inhabit.memory.living import _expected, live_heads
from inhabit.memory.stretch import Events
from inhabit.memory.surprise import SurpriseMemory

KEYS, VALUES, TIME, HEADS = 7, 6, 70, 2
KINDS = ("known", "known", "known", "silent", "lie", "again", "loud", "changed", "returned", "nan", "huge")


def memory(**settings):
    prior = 0.1 * jnp.ones((KEYS, VALUES))
    return SurpriseMemory(KEYS, VALUES, noise=0.01, drift=0.01, prior=prior, slots=3, **settings)


PARTS = (memory(), memory(conviction=-2.0, experience=0.5, fade=0.1, repeated=2.0))
MEMORIES = jax.tree.map(lambda *leaves: jnp.stack(leaves), *PARTS)
pytestmark = pytest.mark.skipif(not kernel.ready(MEMORIES), reason="there is no C compiler")


def life(kinds, seed):
    """What is foretold by a map, and what breaks in on it."""
    rng = np.random.default_rng(seed)
    truth, other = rng.normal(size=(2, KEYS, VALUES))
    cues = rng.normal(size=(TIME, KEYS)) / np.sqrt(KEYS)
    values = cues @ truth + 0.1 * rng.normal(size=(TIME, VALUES))
    lie = rng.normal(size=VALUES) * 3
    for at, kind in enumerate(kinds, TIME - len(kinds)):
        if kind in ("lie", "again", "changed", "returned"):
            cues[at] = cues[0] + 0.01 * rng.normal(size=KEYS)
        if kind == "lie":
            lie = rng.normal(size=VALUES) * 3
        by_kind = {"lie": lie, "again": lie, "loud": 30 * rng.normal(size=VALUES), "changed": cues[at] @ other}
        by_kind |= {"returned": cues[at] @ truth, "nan": np.nan, "huge": 1e30, "silent": 0.0}
        values[at] = by_kind.get(kind, values[at])
        if kind == "silent":
            cues[at] = 0.0
    return jnp.asarray(cues, jnp.float32), jnp.asarray(values, jnp.float32)


@brief
def _singly(part, state, cues, values, queries):
    def one(state, event):
        after, info = part.step(state, event[:2])
        return after, (info, _expected(after, jnp.where(part.sane(event[2]), event[2], 0.0)))

    return jax.lax.scan(one, state, (cues, values, queries))


def singly(cues, values):
    """The oracle: each head by itself, one event after another, nothing in one call but these."""
    each = [_singly(part, part.init(), *one) for part, one in zip(PARTS, zip(cues, values, cues[:, ::-1]))]
    after, (info, read) = jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)
    return after, info, read


@eqx.filter_jit
def compiled(states, cues, values, queries):
    return live_heads(MEMORIES, states, cues, values, queries)


def init():
    return jax.vmap(lambda part: part.init())(MEMORIES)


def assert_same(ours, theirs, atol):
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        one, other = np.asarray(one, float), np.asarray(other, float)
        np.testing.assert_allclose(one, other, atol=atol * max(1, np.abs(other).max(initial=0)))


def waiting(state):
    """Without the numbers in empty slots, which mean nothing."""
    full = state.aside.quarantine.weight > 0
    blank = lambda leaf: jnp.where(full.reshape(full.shape + (1,) * (leaf.ndim - 2)), leaf, 0)
    return eqx.tree_at(lambda s: s.aside.quarantine, state, jax.tree.map(blank, state.aside.quarantine))


LIVES = st.tuples(st.lists(st.sampled_from(KINDS), min_size=24, max_size=24), st.integers(0, 99))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(lives=st.tuples(*[LIVES] * HEADS))
def test_the_kernel_gives_the_numbers_of_one_event_at_a_time(lives):
    cues, values = (jnp.stack(side) for side in zip(*(life(*one) for one in lives)))
    state, info, read = singly(cues, values)
    after, lived = compiled(init(), cues, values, cues[:, ::-1])
    decided = lambda info: (info.quarantined, info.confirmed, info.ignored)
    assert_same(decided(lived.info), decided(info), 0)
    assert_same(waiting(after), waiting(state), 1e-5)
    assert_same(lived.read, read, 1e-5)
    assert_same(lived.info, info, 1e-5)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(one=LIVES, split=st.sampled_from([1, 41]))
def test_any_split_gives_the_numbers_of_the_whole(one, split):
    cues, values = (jnp.stack([side] * HEADS) for side in life(*one))
    whole, lived = compiled(init(), cues, values, cues)
    middle, first = compiled(init(), cues[:, :split], values[:, :split], cues[:, :split])
    after, second = compiled(middle, cues[:, split:], values[:, split:], cues[:, split:])
    assert_same(waiting(after), waiting(whole), 1e-5)
    assert_same(jnp.concatenate([first.read, second.read], axis=1), lived.read, 1e-5)


def test_lives_side_by_side_do_not_mix():
    lives = [life(KINDS * 3, seed) for seed in range(2)]
    cues, values = (jnp.stack([jnp.stack([side] * HEADS) for side in sides]) for sides in zip(*lives))
    together = jax.jit(jax.vmap(lambda *of: live_heads(MEMORIES, init(), *of)))(cues, values, cues)
    for at in range(2):
        alone = compiled(init(), cues[at], values[at], cues[at])
        assert_same(jax.tree.map(lambda leaf, at=at: leaf[at], together), alone, 0)


def weighed(live, weights):
    """Of all that a life leaves and tells, a sum by which every number counts."""

    def total(memories, states, *events):
        after, lived = live(memories, states, *events)
        leaves = [leaf for leaf in jax.tree.leaves((waiting(after), lived)) if eqx.is_inexact_array(leaf)]
        return sum(jnp.sum(weight * leaf) for weight, leaf in zip(weights, leaves, strict=True))

    return total


def gradient(total, *of):
    """Of a sum by all that it is of; only the symmetric part of a covariance's tells anything."""
    moving, rest = eqx.partition(of, eqx.is_inexact_array)
    found = jax.grad(lambda moving: total(*eqx.combine(moving, rest)))(moving)
    return eqx.tree_at(lambda g: g[1].belief.covariance, found, replace_fn=lambda one: (one + one.swapaxes(-1, -2)) / 2)


def weights(seed=0):
    rng = np.random.default_rng(seed)
    like = jax.eval_shape(compiled, init(), *(jnp.zeros((HEADS, TIME, size)) for size in (KEYS, VALUES, KEYS)))
    drawn = [rng.normal(size=leaf.shape) for leaf in jax.tree.leaves(like) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    drawn[1] += drawn[1].swapaxes(1, 2)  # of the covariance
    return [jnp.asarray(one, jnp.float32) for one in drawn]


def one_by_one(memories, states, cues, values, queries):
    """The oracle's form: by XLA, one event after another."""
    asked = jnp.where(memories.sane(queries)[..., None], queries, 0.0)
    events = Events(cues=cues, values=values, queries=asked, present=jnp.ones(cues.shape[:2], bool))
    return living._one_by_one(memories, states, events)


@brief
def gradients(weights, *of):
    return [gradient(weighed(live, weights), *of) for live in (live_heads, one_by_one)]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(lives=st.tuples(*[LIVES] * HEADS), seed=st.integers(0, 99))
def test_the_gradient_is_that_of_one_event_at_a_time(lives, seed):
    cues, values = (jnp.stack(side) for side in zip(*(life(*one) for one in lives)))
    # As loud an outlier as can be, taken for a change, has just the odds of a former belief otherwise: either may count.
    part = eqx.tree_at(lambda m: m.caution.returning, MEMORIES, jnp.full(HEADS, -5.5))
    ours, theirs = gradients(weights(seed), part, init(), cues, values, cues[:, ::-1])
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-3 * max(1e-4, np.abs(other).max(initial=0)))


def test_a_small_move_changes_a_calm_life_as_its_gradient_says():
    """The gate is out of reach, where it does not count what might have been decided otherwise."""
    calm = eqx.tree_at(lambda m: m.caution.gate, MEMORIES, jnp.full(HEADS, 1e3))
    cues, values = (jnp.stack([side] * HEADS) for side in life((), 0))
    told = lambda part, cues: live_heads(part, init(), cues, values)[1].info
    total = lambda part, cues: sum(
        jnp.mean(leaf) for leaf in (told(part, cues).surprisal, told(part, cues).information)
    )
    slope = jax.jit(jax.grad(total, argnums=(0, 1)))(calm, cues)
    length = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(slope)))
    moved = lambda by: jax.jit(total)(*jax.tree.map(lambda leaf, up: leaf + by * up / length, (calm, cues), slope))
    assert float(length) == pytest.approx(float(moved(1e-3) - moved(-1e-3)) / 2e-3, rel=0.01)


def test_gradients_of_lives_side_by_side_do_not_mix():
    lives = [life(KINDS * 3, seed) for seed in range(2)]
    cues, values = (jnp.stack([jnp.stack([side] * HEADS) for side in sides]) for sides in zip(*lives))
    one = jax.grad(lambda cues, values: jnp.sum(compiled(init(), cues, values, cues)[1].read ** 2), argnums=(0, 1))
    together = jax.jit(jax.vmap(one))(cues, values)
    for at in range(2):
        assert_same(jax.tree.map(lambda leaf, at=at: leaf[at], together), jax.jit(one)(cues[at], values[at]), 0)


def test_forward_mode_wants_a_chunk():
    cues, values = (jnp.stack([side] * HEADS)[:, :4] for side in life((), 0))
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(lambda values: live_heads(MEMORIES, init(), cues, values), (values,), (values,))


def test_nothing_is_compiled_where_it_is_not_wanted(monkeypatch):
    monkeypatch.setenv("INHABIT_KERNEL", "0")
    building._compiler.cache_clear()
    try:
        assert building.library(pathlib.Path("any.c"), []) is None
    finally:
        building._compiler.cache_clear()


def test_a_failing_compiler_and_an_open_folder_are_told_of(monkeypatch, tmp_path):
    monkeypatch.setenv("INHABIT_CACHE", str(tmp_path / "inhabit"))
    (tmp_path / "wrong.c").write_text("this is no C", "utf-8")
    with pytest.warns(RuntimeWarning, match=r"wrong\.c was not compiled"):
        assert building.library(tmp_path / "wrong.c", []) is None
    assert not list((tmp_path / "inhabit").iterdir())
    (tmp_path / "inhabit").chmod(0o777)
    with pytest.warns(RuntimeWarning, match="chmod 700"):
        assert building.library(tmp_path / "wrong.c", []) is None


def test_what_was_compiled_is_kept_and_loaded_again(monkeypatch, tmp_path):
    monkeypatch.setenv("INHABIT_CACHE", str(tmp_path / "inhabit"))
    (tmp_path / "right.c").write_text("int answer(void) { return ANSWER; }", "utf-8")
    for answer in (42, 43):
        assert building.library(tmp_path / "right.c", [f"ANSWER={answer}"]).answer() == answer
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "inhabit").iterdir()}
    assert len(kept) == 2
    building.library(tmp_path / "right.c", ["ANSWER=42"])
    assert kept == {path: path.stat().st_mtime_ns for path in (tmp_path / "inhabit").iterdir()}
