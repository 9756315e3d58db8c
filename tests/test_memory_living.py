import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.memory.living import live, live_heads
from inhabit.memory.surprise import SurpriseMemory

KEYS, VALUES, TIME = 8, 6, 75


def memory(**settings):
    return SurpriseMemory(KEYS, VALUES, noise=0.0025, drift=0.01, prior=0.1 * jnp.ones((KEYS, VALUES)), **settings)


def events(seed=0):
    """A life with outliers, a change of the world, things that cannot be, and stretches of nothing new."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(KEYS, VALUES))
    cues = rng.normal(size=(TIME, KEYS)) / np.sqrt(KEYS)
    values = cues @ truth + 0.05 * rng.normal(size=(TIME, VALUES))
    cues[20], values[20] = cues[5], 4.0
    cues[21:24], values[21:24] = cues[6], -3.0 + 0.02 * rng.normal(size=(3, VALUES))
    values[40] = np.nan
    cues[41, 2] = 1e30
    return jnp.asarray(cues, jnp.float32), jnp.asarray(values, jnp.float32)


whole = eqx.filter_jit(live)
CHANGED = 5e-4  # a change divides by what is left of the variance, and that by rounding


@eqx.filter_jit
def singly(memory, state, cues, values):
    def one(state, event):
        after, info = memory.step(state, event)
        return after, (info, memory.read(after, event[0])[0])

    return jax.lax.scan(one, state, (cues, values))


def assert_same(one, other, atol=2e-5):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        a, b = np.asarray(a, float), np.asarray(b, float)
        np.testing.assert_allclose(a, b, atol=atol * max(1, np.nanmax(np.abs(a), initial=0)))


@pytest.mark.parametrize("chunk", [25, 128])
def test_chunks_give_the_numbers_of_one_event_at_a_time(chunk):
    cues, values = events()
    part = memory()
    state, (info, read) = singly(part, part.init(), cues, values)
    after, lived = whole(part, part.init(), cues, values, cues, chunk=chunk)
    assert info.quarantined.sum() >= 2 and info.confirmed.sum() >= 1 and info.ignored.sum() == 2
    assert_same(after, state, atol=CHANGED)
    assert_same(lived.info, info, atol=1e-2)
    assert_same(lived.read, read, atol=CHANGED)


@pytest.mark.parametrize("split", [22, 64])
def test_any_split_gives_the_numbers_of_the_whole(split):
    cues, values = events(1)
    part = memory()
    state, lived = whole(part, part.init(), cues, values, chunk=16)
    middle, first = whole(part, part.init(), cues[:split], values[:split], chunk=16)
    after, second = whole(part, middle, cues[split:], values[split:], chunk=16)
    assert_same(after, state, atol=CHANGED)
    joined = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first.info, second.info)
    assert_same(joined, lived.info, atol=1e-2)


def test_a_calm_life_is_exact_to_rounding():
    cues, values = events(2)
    part = memory(gate=1e3)
    state, (info, read) = singly(part, part.init(), cues[:20], values[:20])
    after, lived = whole(part, part.init(), cues[:20], values[:20], cues[:20], chunk=16)
    np.testing.assert_allclose(after.belief.mean, state.belief.mean, atol=1e-5)
    np.testing.assert_allclose(lived.read, read, atol=1e-5)
    np.testing.assert_allclose(lived.info.surprise, info.surprise, rtol=1e-4)


def test_heads_that_share_their_time_do_not_mix():
    lives = [events(seed) for seed in (0, 1, 2)]
    parts = [memory(gate=gate) for gate in (2.5, 3.5, 1e6)]
    stack = lambda trees: jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
    states = stack([part.init() for part in parts])
    cues, values = (jnp.stack(side) for side in zip(*lives))
    together, _ = eqx.filter_jit(live_heads)(stack(parts), states, cues, values, chunk=16)
    for head, (part, (cue, value)) in enumerate(zip(parts, lives)):
        alone, _ = whole(part, part.init(), cue, value, chunk=16)
        assert_same(jax.tree.map(lambda leaf, h=head: leaf[h], together), alone, atol=CHANGED)


@pytest.mark.slow
def test_the_gradient_of_a_calm_life_is_that_of_one_event_at_a_time():
    cues, values = events(3)
    cues, values = cues[:16], values[:16]

    def loss(by):
        return lambda part: by(part)[1].surprisal.mean()

    chunked = lambda part: (None, live(part, part.init(), cues, values, chunk=8)[1].info)
    slow = lambda part: (None, singly(part, part.init(), cues, values)[1][0])
    part = memory(gate=1e3)
    ours, theirs = (eqx.filter_jit(eqx.filter_grad(loss(by)))(part) for by in (chunked, slow))
    assert_same(ours, theirs, atol=1e-3)
    assert float(jnp.abs(ours.log_noise)) > 1e-3
