import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths.compiling import brief
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


CHANGED = 5e-4  # a change divides by what is left of the variance, and that by rounding


def padded(part):
    return jnp.pad(part, ((0, TIME - len(part)), (0, 0)), constant_values=jnp.nan)


@brief
def _heads(parts, states, cues, values):
    return live_heads(parts, states, cues, values, jnp.nan_to_num(cues, posinf=0), chunk=8)


def together(parts, states, lives):
    """Heads side by side."""
    stack = lambda trees: jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
    return _heads(stack(parts), stack(states), *(jnp.stack([padded(part) for part in side]) for side in zip(*lives)))


def whole(part, state, cues, values):
    """Beside a head to which nothing happens; the life is padded with what cannot be, so that one program does all."""
    silence = (jnp.full((TIME, KEYS), jnp.nan), jnp.full((TIME, VALUES), jnp.nan))
    after, lived = together([part, part], [state, part.init()], [(cues, values), silence])
    return jax.tree.map(lambda leaf: leaf[0], after), jax.tree.map(lambda leaf: leaf[0, : len(cues)], lived)


def steps(memory, state, cues, values):
    def one(state, event):
        after, info = memory.step(state, event)
        return after, (info, memory.read(after, event[0])[0])

    return jax.lax.scan(one, state, (cues, values))


_singly = brief(steps)


def singly(memory, state, cues, values):
    after, told = _singly(memory, state, padded(cues), padded(values))
    return after, jax.tree.map(lambda leaf: leaf[: len(cues)], told)


def assert_same(one, other, atol=2e-5):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        a, b = np.asarray(a, float), np.asarray(b, float)
        np.testing.assert_allclose(a, b, atol=atol * max(1, np.nanmax(np.abs(a), initial=0)))


def test_chunks_give_the_numbers_of_one_event_at_a_time():
    cues, values = events()
    part = memory()
    state, (info, read) = singly(part, part.init(), cues, values)
    after, lived = whole(part, part.init(), cues, values)
    assert info.quarantined.sum() >= 2 and info.confirmed.sum() >= 1 and info.ignored.sum() == 2
    assert_same(after, state, atol=CHANGED)
    assert_same(lived.info, info, atol=1e-2)
    assert_same(lived.read, read, atol=CHANGED)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [25, 128])
def test_chunks_of_any_length_give_the_same_numbers(chunk):
    cues, values = events()
    part = memory()
    state, (info, read) = singly(part, part.init(), cues, values)
    after, lived = eqx.filter_jit(live)(part, part.init(), cues, values, cues, chunk=chunk)
    assert_same(after, state, atol=CHANGED)
    assert_same(lived.info, info, atol=1e-2)
    assert_same(lived.read, read, atol=CHANGED)


@pytest.mark.parametrize("split", [22, 64])
def test_any_split_gives_the_numbers_of_the_whole(split):
    cues, values = events(1)
    part = memory()
    state, lived = whole(part, part.init(), cues, values)
    middle, first = whole(part, part.init(), cues[:split], values[:split])
    after, second = whole(part, middle, cues[split:], values[split:])
    assert_same(after, state, atol=CHANGED)
    joined = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first.info, second.info)
    assert_same(joined, lived.info, atol=1e-2)


def test_a_calm_life_is_exact_to_rounding():
    cues, values = events(2)
    part = memory(gate=1e3)
    state, (info, read) = singly(part, part.init(), cues[:20], values[:20])
    after, lived = whole(part, part.init(), cues[:20], values[:20])
    np.testing.assert_allclose(after.belief.mean, state.belief.mean, atol=1e-5)
    np.testing.assert_allclose(lived.read, read, atol=1e-5)
    np.testing.assert_allclose(lived.info.surprise, info.surprise, rtol=1e-4)


def test_heads_that_share_their_time_do_not_mix():
    parts, lives = [memory(gate=2.5), memory(gate=1e6)], [events(0), events(1)]
    states = [part.init() for part in parts]
    after, _ = together(parts, states, lives)
    for head, (part, state, life) in enumerate(zip(parts, states, lives)):
        alone, _ = whole(part, state, *life)
        assert_same(jax.tree.map(lambda leaf, h=head: leaf[h], after), alone, atol=CHANGED)


@pytest.mark.slow
def test_the_gradient_of_a_calm_life_is_that_of_one_event_at_a_time():
    cues, values = events(3)
    cues, values = cues[:16], values[:16]

    def loss(by):
        return lambda part: by(part)[1].surprisal.mean()

    chunked = lambda part: (None, live(part, part.init(), cues, values, chunk=8)[1].info)
    slow = lambda part: (None, steps(part, part.init(), cues, values)[1][0])
    part = memory(gate=1e3)
    ours, theirs = (eqx.filter_jit(eqx.filter_grad(loss(by)))(part) for by in (chunked, slow))
    assert_same(ours, theirs, atol=1e-3)
    assert float(jnp.abs(ours.log_noise)) > 1e-3
