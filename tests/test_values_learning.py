import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.values import Mood, StoreBelief, ValueStore, levels_of, taught_by_reward

REST, NONE = Mood.of(), jnp.zeros(2)
GUESS = ValueStore.of({"bread": 1.0, "honey": 1.0})
TRUTH = ValueStore.of({"bread": 0.6, "honey": 2.5})
ONLY_VALUE = {"value": 1.0}


def test_temporal_differences_find_what_goods_are_worth_even_when_sated():
    rng, store, step = (
        np.random.default_rng(0),
        GUESS,
        jax.jit(lambda s, c, r, at: taught_by_reward(s, c, r, at, REST, rate=0.5)),
    )
    for _ in range(150):
        change, levels = (
            jnp.asarray(np.eye(2)[rng.integers(2)], jnp.float32),
            jnp.asarray(rng.uniform(0, 1, 2), jnp.float32),
        )
        store, error = step(store, change, TRUTH.gains(change[None], levels, REST)[0], levels)
    np.testing.assert_allclose(store.value, TRUTH.value, rtol=0.05)
    assert abs(error) < 0.05


def test_one_temporal_difference_by_hand():
    # One unit of a good of value 1 gains 1 - 1/e; a reward of 1 errs by 1/e; the value moves by rate * error * (1 - 1/e).
    store, error = taught_by_reward(GUESS, jnp.array([1.0, 0.0]), 1.0, NONE, REST, rate=0.1)
    assert error == pytest.approx(np.exp(-1), rel=1e-5)
    np.testing.assert_allclose(store.value, [1 + 0.1 * np.exp(-1) * (1 - np.exp(-1)), 1.0], rtol=1e-5)


def test_choices_rewards_and_words_sharpen_one_belief_in_any_order():
    belief, options = StoreBelief.around(GUESS, ONLY_VALUE), jnp.eye(2)
    chose = lambda b: b.chose(options, 1, NONE, REST)
    said = lambda b: b.said("honey", NONE, REST, sharpness=0.5)
    felt = lambda b: b.felt(jnp.array([0.0, 1.0]), 1.5, NONE, REST, noise=0.3)
    one, other = felt(said(chose(belief))), chose(said(felt(belief)))
    np.testing.assert_allclose(one.store.value, other.store.value, rtol=0.06)
    assert one.store.value[1] > belief.store.value[1] > 0.99
    for learn in (chose, said, felt):
        assert learn(belief).gaussian.scale[1] < belief.gaussian.scale[1]


def test_words_are_read_through_the_speaker_by_bayes():
    # Oracle: the posterior on a grid of the one log value that is not sure.
    belief = StoreBelief.around(GUESS, ONLY_VALUE)
    heard = belief
    for _ in range(6):
        heard = heard.said("honey", NONE, REST)
    grid = np.linspace(-4, 4, 401)
    bread, honey = np.meshgrid(grid, grid, indexing="ij")
    log_posterior = -(bread**2 + honey**2) / 2 + 6 * (np.exp(honey) - np.logaddexp(np.exp(bread), np.exp(honey)))
    mode = np.unravel_index(log_posterior.argmax(), bread.shape)
    np.testing.assert_allclose(heard.gaussian.mean[:2], grid[list(mode)], atol=0.25)
    assert heard.values(key=jax.random.key(0))["honey"].value > 1.3


@pytest.mark.slow
def test_many_kinds_of_evidence_find_the_truth_within_their_intervals():
    rng, belief = np.random.default_rng(1), StoreBelief.around(GUESS, ONLY_VALUE)
    for n in range(60):
        options, levels = (
            jnp.asarray(rng.uniform(0, 2, (3, 2)), jnp.float32),
            jnp.asarray(rng.uniform(0, 1, 2), jnp.float32),
        )
        if n % 2:
            belief = belief.chose(
                options, int(TRUTH.choose(options, levels, REST, key=jax.random.key(n))), levels, REST
            )
        else:
            reward = float(TRUTH.gains(options[:1], levels, REST)[0]) + 0.5 * rng.standard_normal()
            belief = belief.felt(options[0], reward, levels, REST, noise=0.5)
    told = belief.values(level=0.99, key=jax.random.key(0))
    for good, true in zip(TRUTH.names, TRUTH.value):
        assert told[good].low < true < told[good].high
    assert told["honey"].high - told["honey"].low < 1.5
    rates = belief.exchange(NONE, REST, "bread", key=jax.random.key(0))
    assert rates["honey"].value == pytest.approx(2.5 / 0.6, rel=0.4) and rates["bread"].value == pytest.approx(1)


def test_bad_words_are_refused():
    with pytest.raises(ValueError, match="no good called 'tea'"):
        StoreBelief.around(GUESS).said("tea", NONE, REST)
    with pytest.raises(ValueError, match="rate is 2"):
        taught_by_reward(GUESS, NONE, 0.0, NONE, REST, rate=2)
    with pytest.raises(ValueError, match="noise is 0"):
        StoreBelief.around(GUESS).felt(NONE, 0.0, NONE, REST, noise=0.0)
    assert levels_of(("tea", "honey"), {"honey": 2}).tolist() == [0, 2]
