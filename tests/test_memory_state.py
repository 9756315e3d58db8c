import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths.chunk import lower_inverse
from inhabit.maths.compiling import brief
from inhabit.memory.budget import Budget
from inhabit.memory.delta import DeltaMemory
from inhabit.memory.dispatch import Dispatch
from inhabit.memory.ledger import Ledger
from inhabit.memory.living import live
from inhabit.memory.saving import reopen, save
from inhabit.memory.surprise import SurpriseMemory
from inhabit.memory.twolayer import TwoLayerMemory

WIDTH = 8


def lessons(events, *, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(WIDTH, WIDTH))
    cues = rng.normal(size=(events, WIDTH)) / np.sqrt(WIDTH)
    return (
        jnp.asarray(cues, jnp.float32),
        jnp.asarray(cues @ truth + noise * rng.normal(size=cues.shape), jnp.float32),
    )


def memory(**settings):
    return SurpriseMemory(WIDTH, WIDTH, noise=0.0025, drift=0.0, slots=4, **settings)


@pytest.fixture(scope="module")
def ledger():
    part = memory()
    book = Ledger(part, part.init(), every=8)
    for at, (cue, value) in enumerate(zip(*lessons(20))):
        book.live(cue, value, source="ann" if at % 2 else "bob")
    return book


def test_a_saved_state_reopens_to_the_same_bytes(tmp_path):
    part = SurpriseMemory(128, 128)
    state = part.init()
    save(state, tmp_path / "a.safetensors")
    again = reopen(part.init(), tmp_path / "a.safetensors")
    assert eqx.tree_equal(again, state)
    save(again, tmp_path / "b.safetensors")
    first, second = ((tmp_path / name).read_bytes() for name in ("a.safetensors", "b.safetensors"))
    assert first == second
    assert len(first) <= 1.1 * sum(leaf.nbytes for leaf in jax.tree.leaves(state))


def test_one_array_carries_the_numbers_of_a_state():
    part = memory()
    cues, values = lessons(6)
    alone = Dispatch(part.step, part.init(), (cues[0], values[0]))
    flat, book = alone.flat, Ledger(part, part.init())
    for cue, value in zip(cues, values.at[4].set(9.0)):
        flat, told = alone.step(flat, cue, value)
        info = book.live(cue, value)
    sides = jax.tree.leaves((alone.state(flat), alone.info(told))), jax.tree.leaves((book.state, info))
    for ours, theirs in zip(*sides, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_strange_file_is_refused_with_the_mend(tmp_path):
    path = tmp_path / "a.safetensors"
    save(memory().init(), path)
    with pytest.raises(ValueError, match="of another memory"):
        reopen(SurpriseMemory(3, 3).init(), path)
    path.write_bytes(b"not at all")
    with pytest.raises(ValueError, match="no saved memory"):
        reopen(memory().init(), path)


def test_a_belief_is_the_sum_of_the_writes_that_explain_it(ledger):
    cue = lessons(1, seed=5)[0][0]
    expected, _ = ledger.memory.read(ledger.state, cue)
    told = sum(weight * ledger.events[index][1] for index, weight, _ in ledger.explain(cue))
    np.testing.assert_allclose(told, expected, atol=2e-3)


def test_unlearned_is_as_if_it_had_never_been(ledger):
    cues, values = lessons(20)
    part = ledger.memory
    book = Ledger(part, part.init(), every=8)
    for cue, value in zip(cues, values):
        book.live(cue, value)
    book.unlearn([9, 13])
    without = Ledger(part, part.init(), every=8)
    for at in [at for at in range(20) if at not in (9, 13)]:
        without.live(cues[at], values[at])
    for ours, theirs in zip(jax.tree.leaves(book.state), jax.tree.leaves(without.state), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert not np.allclose(book.state.belief.mean, ledger.state.belief.mean, atol=1e-4)
    book.roll_back(9)
    start = Ledger(part, part.init())
    for at in range(9):
        start.live(cues[at], values[at])
    np.testing.assert_allclose(book.state.belief.mean, start.state.belief.mean, atol=1e-5)
    with pytest.raises(IndexError, match="there are 9"):
        book.unlearn([9])


def test_a_source_changes_no_more_than_its_budget():
    guarded = Budget(memory(gate=1e6), granted=jnp.array([1e6, 5.0]))
    cues, values = lessons(30)
    step = brief(guarded.step)
    state = guarded.init()
    for cue, value in zip(cues, values):
        state, _, refused = step(state, (cue, value), jnp.array(0))
        assert not refused
    trusted, gained = state, 0.0
    for _ in range(10):
        before = state
        state, info, refused = step(state, (cues[0], values[0] + 1.0), jnp.array(1))
        gained += 0.0 if refused else float(info.information)
        assert not refused or eqx.tree_equal(state.memory, before.memory)
    assert refused and gained <= 5.0
    assert state.left[0] == trusted.left[0]


@pytest.mark.parametrize("chunk", [None, pytest.param(128, marks=pytest.mark.slow)])
def test_a_million_events_of_one_cue_and_its_near_twin_stay_sound(chunk):
    part = memory()
    rng = np.random.default_rng(0)
    cues = np.tile(np.eye(WIDTH)[0], (1000, 1))
    cues[1::2, 1] = 1e-4
    values = 1 + 0.05 * rng.normal(size=(1000, WIDTH))
    cues, values = jnp.asarray(cues, jnp.float32), jnp.asarray(values, jnp.float32)

    @eqx.filter_jit
    def long(state):
        return jax.lax.scan(lambda s, _: (live(part, s, cues, values, chunk=chunk)[0], None), state, None, length=1000)[
            0
        ]

    state = long(part.init())
    expected, variance = part.read(state, cues[0])
    np.testing.assert_allclose(expected, values.mean(0), atol=0.02)
    eigenvalues = np.linalg.eigvalsh(np.asarray(state.belief.covariance, float))
    assert eigenvalues.min() > -1e-3 and eigenvalues.max() <= part.pace.variance * 1.001
    assert variance == pytest.approx(0.0025, rel=0.15)


@pytest.mark.parametrize("size", [1, 11])
def test_lower_inverse(size):
    full = np.random.default_rng(size).normal(size=(size, size)) + 3 * np.eye(size)
    inverse = brief(lower_inverse)(jnp.asarray(full, jnp.float32))
    np.testing.assert_allclose(inverse, np.linalg.inv(np.tril(full)), atol=1e-5)


@pytest.mark.parametrize("part", ["delta", "two"])
def test_other_memories_learn_and_refuse_what_cannot_be(part):
    key = jax.random.key(0)
    made = DeltaMemory(WIDTH, WIDTH) if part == "delta" else TwoLayerMemory(WIDTH, WIDTH, 32, key=key)
    cues, values = lessons(400)
    lived = brief(lambda s: jax.lax.scan(lambda s, event: made.step(s, event), s, (cues, values)))
    state, info = lived(made.init())
    assert info.surprise[-50:].mean() < 0.2 * info.surprise[:50].mean()
    after, told = brief(made.step)(state, (cues[0].at[0].set(jnp.nan), values[0]))
    assert told.ignored and eqx.tree_equal(after, state)


def test_two_layers_in_chunks_of_one_are_one_event_at_a_time():
    made = TwoLayerMemory(WIDTH, WIDTH, 32, key=jax.random.key(0))
    cues, values = lessons(12)
    values = values.at[5, 0].set(jnp.nan)
    state, read = brief(made.live)(made.init(), cues, values, cues, chunk=1)

    def one(state, event):
        return made.step(state, event)[0], made.read(state, event[0])[0]

    slow, expected = brief(lambda s: jax.lax.scan(one, s, (cues, values)))(made.init())
    np.testing.assert_allclose(read, expected, atol=1e-5)
    np.testing.assert_allclose(state.second, slow.second, atol=1e-5)


def test_a_chunk_of_one_cue_does_not_overshoot():
    made = TwoLayerMemory(WIDTH, WIDTH, 32, rate=0.9, key=jax.random.key(0))
    cue, value = jnp.tile(jnp.eye(WIDTH)[:1], (70, 1)), jnp.ones((70, WIDTH))
    _, read = brief(made.live)(made.init(), cue, value, cue, chunk=16)
    assert read.max() < 1.05 and jnp.abs(read[-1] - 1).max() < 0.05


def test_delta_momentum_by_hand():
    made = DeltaMemory(1, 1, rate=0.5, momentum=0.5, keep=1 - 1e-7)
    state = made.init()
    step = brief(made.step)
    for _ in range(2):
        state, _ = step(state, (jnp.ones(1), jnp.ones(1)))
    # V1 = .25, M1 = .25; V2 = .125 + .25 * .75 = .3125
    assert state.mean[0, 0] == pytest.approx(0.5625, rel=1e-5)
