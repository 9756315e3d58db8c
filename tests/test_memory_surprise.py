import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.maths.compiling import brief
from inhabit.memory.none import NoMemory
from inhabit.memory.surprise import SurpriseMemory

KEYS, VALUES = 8, 4


SPAN = 64


@brief
def _span(memory, state, cues, values):
    return jax.lax.scan(lambda s, event: memory.step(s, event), state, (cues, values))


def firm(tree):
    """Without JAX's weak types, which would compile the same program again."""
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), tree)


def live(memory, state, cues, values):
    """In spans of one length, padded with what cannot be and so leaves no trace: one program does for all lives."""
    told, memory = [], firm(memory)
    for start in range(0, len(cues), SPAN):
        sides = (np.asarray(side)[start : start + SPAN] for side in (cues, values))
        padded = (np.pad(side, ((0, SPAN - len(side)), (0, 0)), constant_values=jnp.nan) for side in sides)
        state, info = _span(memory, firm(state), *map(jnp.asarray, padded))
        told.append(info)
    return state, jax.tree.map(lambda *parts: np.concatenate(parts)[: len(cues)], *told)


def step(memory, state, event):
    state, info = live(memory, state, *(side[None] for side in event))
    return state, jax.tree.map(lambda leaf: leaf[0], info)


def lessons(events, *, noise=0.05, seed=0, keys=KEYS, values=VALUES):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(keys, values))
    cues = rng.normal(size=(events, keys)) / np.sqrt(keys)
    heard = cues @ truth + noise * rng.normal(size=(events, values))
    return jnp.asarray(cues, jnp.float32), jnp.asarray(heard, jnp.float32), truth


def world(**settings):
    return SurpriseMemory(KEYS, VALUES, noise=0.0025, **settings)


def exact(**settings):
    settings = {"drift": 0.0, "fade": 0.0, "gate": 1e6, "weight": 1e12, "horizon": 1e12} | settings
    return SurpriseMemory(KEYS, VALUES, **settings)


def test_one_kalman_write_by_hand():
    memory = exact(variance=3.0, noise=1.0)
    state, info = step(memory, memory.init(), (2 * jnp.eye(KEYS)[0], jnp.full(VALUES, 13.0)))
    # in each dimension: predicted variance 1 + 2 * 3 * 2 = 13, gain 3 * 2 / 13, mean 6, covariance 3 - 6 * 6 / 13
    assert state.belief.mean[0, 0] == pytest.approx(6.0, rel=1e-4)
    assert state.noise * state.belief.covariance[0, 0] == pytest.approx(3 / 13, rel=1e-4)
    assert info.surprise == pytest.approx(13.0, rel=1e-4)
    assert info.surprisal == pytest.approx(VALUES * 0.5 * (13 + np.log(2 * np.pi * 13)), rel=1e-4)
    # KL(N(6, 3/13) || N(0, 3))
    assert info.information == pytest.approx(VALUES * 0.5 * (1 / 13 - 1 + 36 / 3 + np.log(13)), rel=1e-4)


def test_open_gate_is_bayesian_linear_regression():
    memory = exact(variance=2.0, noise=0.3)
    cues, values, _ = lessons(40, noise=0.5)
    state, _ = live(memory, memory.init(), cues, values)
    c, v = np.asarray(cues, float), np.asarray(values, float)
    covariance = np.linalg.inv(np.eye(KEYS) / 2.0 + c.T @ c / 0.3)
    np.testing.assert_allclose(state.noise * state.belief.covariance, covariance, atol=1e-4)
    np.testing.assert_allclose(state.belief.mean, covariance @ c.T @ v / 0.3, atol=1e-4)
    expected, variance = memory.read(state, cues[0])
    np.testing.assert_allclose(expected, c[0] @ covariance @ c.T @ v / 0.3, atol=1e-4)
    assert variance == pytest.approx(0.3 + c[0] @ covariance @ c[0], abs=1e-4)


def settled(memory, **settings):
    cues, values, truth = lessons(64, **settings)
    state, _ = live(memory, memory.init(), cues, values)
    return state, cues, truth


def test_a_lie_waits_and_two_that_agree_are_learned_at_once():
    memory = world()
    state, cues, _ = settled(memory)
    told, lie = cues[0], jnp.full(VALUES, 3.0)
    before, _ = memory.read(state, told)
    state, first = step(memory, state, (told, lie))
    after_one, _ = memory.read(state, told)
    assert first.quarantined and not first.confirmed and first.written == 0
    np.testing.assert_allclose(after_one, before, atol=1e-4)
    state, second = step(memory, state, (told, lie + 0.03))
    after_two, _ = memory.read(state, told)
    assert second.confirmed and not second.quarantined
    np.testing.assert_allclose(after_two, lie + 0.015, atol=0.03)


def test_two_lies_that_disagree_are_not_learned():
    memory = world()
    state, cues, _ = settled(memory)
    before, _ = memory.read(state, cues[0])
    lies = jnp.array([[3.0, 3, 3, 3], [-3, 3, -3, 3], [3, -3, -3, 0]])
    state, info = live(memory, state, jnp.stack([cues[0]] * 3), lies)
    assert info.quarantined.all()
    np.testing.assert_allclose(memory.read(state, cues[0])[0], before, atol=1e-3)


def test_a_truth_between_two_lies_refutes_the_first():
    memory = world()
    state, cues, truth = settled(memory)
    told, lie = cues[0], jnp.full(VALUES, 3.0)
    true = jnp.asarray(np.asarray(told) @ truth, jnp.float32)
    state, info = live(memory, state, jnp.stack([told] * 3), jnp.stack([lie, true, lie]))
    assert info.quarantined.tolist() == [True, False, True]
    np.testing.assert_allclose(memory.read(state, told)[0], true, atol=0.1)


def test_what_waits_takes_part_by_its_odds():
    memory = world(conviction=1.0)
    state, _, _ = settled(memory)
    told, elsewhere = jnp.eye(KEYS)[:2]
    before, sure = memory.read(state, told)
    other, _ = memory.read(state, elsewhere)
    moved = jnp.full(VALUES, 1.0)
    state, info = step(memory, state, (told, before + moved))
    after, unsure = memory.read(state, told)
    # As likely under the prior as under an outlier: the odds are exp(-1), the probability .269.
    np.testing.assert_allclose(after - before, 0.269 * moved, atol=0.03)
    assert info.quarantined and unsure > sure + 0.15  # .269 * .731 between the two
    # Where the belief is sure of something else, the claim says little.
    assert np.abs(memory.read(state, elsewhere)[0] - other).max() < 0.1


def test_a_change_of_ordinary_size_is_learned_at_once_by_the_trusting_and_an_absurd_one_is_not():
    memory = world(conviction=-2.0)
    state, cues, _ = settled(memory)
    told = jnp.eye(KEYS)[0]
    before, _ = memory.read(state, told)
    _, ordinary = step(memory, state, (told, before + 1.0))
    _, absurd = step(memory, state, (told, before + 30.0))
    assert ordinary.confirmed and absurd.quarantined


def test_the_trusting_grow_cautious_by_the_outliers_they_meet():
    memory = world(conviction=-2.0, experience=0.1)
    state, cues, _ = settled(memory)
    told = jnp.eye(KEYS)[0]
    before, _ = memory.read(state, told)
    loud = jnp.asarray(np.random.default_rng(0).normal(size=(6, VALUES)) * 30, jnp.float32)
    wary, _ = live(memory, state, cues[1:7], loud)
    assert wary.aside.experience[1] >= 5
    _, info = step(memory, wary, (told, before + 1.0))
    assert info.quarantined


def test_what_was_believed_before_a_change_comes_back_at_once():
    memory = world(conviction=-2.0)
    state, _, _ = settled(memory)
    told = jnp.eye(KEYS)[0]
    old, _ = memory.read(state, told)
    new = old - 2.0
    state, info = live(memory, state, jnp.stack([told] * 8), jnp.stack([new] * 8))
    np.testing.assert_allclose(memory.read(state, told)[0], new, atol=0.1)
    state, back = step(memory, state, (told, old + 0.1))
    assert back.confirmed
    np.testing.assert_allclose(memory.read(state, told)[0], old, atol=0.05)  # not the event, but what was known


def test_one_who_repeats_himself_is_believed_no_faster_than_repetition_allows():
    lie, times = 3.0, {}
    for repeated in (1.0, 100.0):
        memory = world(repeated=repeated)
        state, cues, _ = settled(memory)
        _, info = live(memory, state, jnp.stack([cues[0]] * 24), jnp.full((24, VALUES), lie))
        times[repeated] = int(np.argmax(info.confirmed))
    # A conviction of 3 nats and 8 of loudness, less one nat for each repetition
    assert times[100.0] == 1 and times[1.0] == 12


def test_what_waits_fades():
    memory = world(fade=0.2)
    state, cues, _ = settled(memory)
    lie = jnp.full(VALUES, 3.0)
    state, _ = step(memory, state, (cues[0], lie))
    silent = (jnp.zeros((60, KEYS)), jnp.zeros((60, VALUES)))
    state, _ = live(memory, state, *silent)
    _, info = step(memory, state, (cues[0], lie))
    assert info.quarantined and not info.confirmed


def test_poison_of_ten_times_the_size_moves_the_belief_little():
    memory = world()
    state, cues, truth = settled(memory)
    rng = np.random.default_rng(1)
    poison = jnp.asarray(10 * rng.normal(size=(16, VALUES)), jnp.float32)
    where = jnp.asarray(rng.normal(size=(16, KEYS)) / np.sqrt(KEYS), jnp.float32)
    poisoned, info = live(memory, state, where, poison)
    assert info.quarantined.all()
    error = np.asarray(cues) @ (np.asarray(poisoned.belief.mean) - truth)
    assert np.mean(error**2) < 1.5 * np.mean((np.asarray(cues) @ (np.asarray(state.belief.mean) - truth)) ** 2) + 1e-3


def test_one_pass_over_32_associations_then_poison_then_a_change():
    rng, width, noise = np.random.default_rng(0), 64, 0.05
    keys = rng.normal(size=(32, width))
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    truth = rng.normal(size=(32, width))
    memory = SurpriseMemory(width, width, noise=noise**2, drift=1e-4)

    def met(index, values):
        return jnp.asarray(keys[index], jnp.float32), jnp.asarray(values, jnp.float32)

    def error(state, index, values):
        return np.mean((keys[index] @ np.asarray(state.belief.mean) - values) ** 2)

    everything = np.arange(32)
    state, _ = live(memory, memory.init(), *met(everything, truth + noise * rng.normal(size=truth.shape)))
    recall = error(state, everything, truth)
    assert recall < 0.0027  # of a variance of 1; noise alone leaves .0025
    state, info = live(memory, state, *met(rng.integers(0, 32, 16), 10 * rng.normal(size=(16, width))))
    assert info.quarantined.all()
    assert abs(error(state, everything, truth) - recall) < 1e-6
    new = rng.normal(size=(8, width))
    for _ in range(2):
        state, _ = live(memory, state, *met(np.arange(8), new + noise * rng.normal(size=new.shape)))
    assert error(state, np.arange(8), new) < 0.005
    assert error(state, np.arange(8, 32), truth[8:]) < 0.005


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_a_bad_event_leaves_no_trace(bad):
    memory = world()
    state, cues, _ = settled(memory)
    value = jnp.ones(VALUES)
    for event in ((cues[0].at[1].set(bad), value), (cues[0], value.at[2].set(bad))):
        after, info = step(memory, state, event)
        assert info.ignored and eqx.tree_equal(after, state)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(info))


def test_silence_is_no_surprise_and_no_division_by_nothing():
    memory = world()
    state, info = step(memory, memory.init(), (jnp.zeros(KEYS), jnp.zeros(VALUES)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, info)))


@pytest.mark.parametrize("split", [1, 7, 50])
def test_any_split_of_a_life_gives_the_same_numbers(split):
    memory = world()
    cues, values, _ = lessons(60)
    values = values.at[30].set(5.0).at[40].set(-5.0)
    whole, info = live(memory, memory.init(), cues, values)
    state, first = live(memory, memory.init(), cues[:split], values[:split])
    state, second = live(memory, state, cues[split:], values[split:])
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(state)):
        np.testing.assert_allclose(a, b, atol=1e-5)
    np.testing.assert_allclose(info.surprise, jnp.concatenate([first.surprise, second.surprise]), rtol=1e-3, atol=1e-4)


def test_expected_repetition_surprises_less_and_less():
    memory = SurpriseMemory(KEYS, VALUES)
    cue, value = jnp.ones(KEYS) / np.sqrt(KEYS), jnp.full(VALUES, 0.7)
    _, info = live(memory, memory.init(), jnp.stack([cue] * 12), jnp.stack([value] * 12))
    assert (np.diff(info.surprise) < 1e-7).all() and info.surprise[-1] < 0.1 * info.surprise[0]
    assert (np.diff(info.information) < 0).all()


def test_surprise_is_one_when_all_is_as_expected_whatever_was_thought_of_the_noise():
    cues, values, _ = lessons(3000, noise=0.3)
    for noise in (0.003, 0.09, 1.0):
        memory = SurpriseMemory(KEYS, VALUES, noise=noise, variance=2.0)
        _, info = live(memory, memory.init(), cues, values)
        assert info.surprise[-1000:].mean() == pytest.approx(1, abs=0.1)
        assert info.quarantined[-1000:].mean() < 0.01


def test_covariance_stays_symmetric_positive_and_below_the_prior_through_2e4_writes():
    memory = world()
    cues, values, _ = lessons(20 * SPAN)
    values = values.at[::50].multiply(-4.0)
    cues = cues.at[::3].set(cues[0])  # one cue again and again
    values = values.at[::3].set(values[0])
    state = memory.init()
    for _ in range(16):
        state, _ = live(memory, state, cues, values)
    covariance = np.asarray(state.belief.covariance, float)
    np.testing.assert_array_equal(covariance, covariance.T)
    eigenvalues = np.linalg.eigvalsh(covariance)
    assert eigenvalues.min() > 0 and eigenvalues.max() <= memory.pace.variance * (1 + 1e-3)
    assert np.isfinite(state.belief.mean).all()


def test_every_learned_number_has_a_finite_gradient():
    cues, values, _ = lessons(30)
    values = values.at[20].set(3.0).at[10].set(jnp.nan)
    memory = world(prior=jnp.zeros((KEYS, VALUES)))

    @brief
    @eqx.filter_grad
    def gradient(memory):
        return jax.lax.scan(lambda s, event: memory.step(s, event), memory.init(), (cues, values))[1].surprisal.mean()

    leaves = jax.tree.leaves(gradient(memory))
    assert len(leaves) == 13 and all(np.isfinite(leaf).all() for leaf in leaves)
    assert sum(bool(np.any(leaf != 0)) for leaf in leaves) >= 6


def test_heads_are_a_vmap():
    cues, values, _ = lessons(5)
    memory = world()
    one_head = lambda cue: memory.step(memory.init(), (cue, values[0]))[1].surprisal
    heads = jax.jit(jax.vmap(one_head))(cues)
    assert heads[3] == pytest.approx(float(jax.jit(one_head)(cues[3])), rel=1e-5)


def test_refuses_impossible_settings():
    with pytest.raises(ValueError, match="positive"):
        SurpriseMemory(2, 2, noise=0.0)
    with pytest.raises(ValueError, match="shares"):
        SurpriseMemory(2, 2, fade=1.0)


def test_no_memory_keeps_the_shape_and_learns_nothing():
    with_, without = world(), NoMemory(KEYS, VALUES)
    event = (jnp.ones(KEYS), jnp.full(VALUES, 2.0))
    state, info = without.step(without.init(), event)
    _, other = step(with_, with_.init(), event)
    assert jax.tree.structure(info) == jax.tree.structure(other)
    assert info.surprise == 4 and state == without.init()
    assert without.read(state, event[0])[0].tolist() == [0.0] * VALUES
