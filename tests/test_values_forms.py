import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.values import Condition, Delayed, LossAverse, Mood, Together, ValueStore

STORE = ValueStore.of({"tea": 1.0, "honey": 2.0}, covariates={"cold": [1.0, 0.0]})
REST, NONE = Mood.of(), jnp.zeros(2)
ONE = float(1 - np.exp(-1))  # utility of one unit of a good that is worth 1, set point and curvature 1


def test_a_covariate_tilts_the_weights_and_a_bare_mood_leaves_them():
    cold = Condition(REST, jnp.array([1.0]))
    np.testing.assert_allclose(STORE.worth(REST), [1, 2], rtol=1e-6)
    np.testing.assert_allclose(STORE.worth(cold), 3 * np.array([np.e, 2]) / (np.e + 2), rtol=1e-5)
    with pytest.raises(ValueError, match="coupled to 1"):
        STORE.worth(Condition(REST, jnp.zeros(2)))


def test_a_store_with_covariates_comes_back_from_its_vector():
    back = ValueStore.from_unconstrained(STORE.to_unconstrained(), STORE.names, STORE.covariates)
    np.testing.assert_allclose(back.coupling, STORE.coupling)
    np.testing.assert_allclose(back.value, STORE.value, rtol=1e-5)


def test_complements_gain_and_substitutes_lose_by_hand():
    for strength in (0.5, 0.0, -0.5):
        complement_by_hand(strength)


def complement_by_hand(strength):
    both = jnp.ones(2)
    form = Together.of(STORE, {("tea", "honey"): strength})
    assert form.utility(both, REST) == pytest.approx(3 * ONE + strength * np.sqrt(2) * ONE, rel=1e-5)
    # Honey is worth more to someone who has tea exactly when the two go together.
    honey = jnp.array([[0.0, 1.0]])
    alone, with_tea = form.gains(honey, NONE, REST)[0], form.gains(honey, jnp.array([1.0, 0.0]), REST)[0]
    assert np.sign(np.round(float(with_tea - alone), 5)) == np.sign(strength)
    np.testing.assert_allclose(form.marginal(both, REST), jax.grad(lambda x: form.utility(x, REST))(both), rtol=1e-5)


def test_a_swap_that_is_fair_is_refused_by_the_loss_averse():
    have, swap = jnp.array([1.0, 0.0]), jnp.array([[-1.0, 0.5], [0.0, 0.0]])
    plain, averse = STORE.gains(swap, have, REST), LossAverse.of(STORE, 2.0).gains(swap, have, REST)
    half = 2 * float(1 - np.exp(-0.5))
    assert plain[0] == pytest.approx(half - ONE, rel=1e-5) and plain[0] > 0
    assert averse[0] == pytest.approx(half - 2 * ONE, rel=1e-4) and averse[0] < 0


def test_what_comes_late_is_worth_less_and_forms_compose():
    honey = jnp.array([[0.0, 1.0], [0.0, 1.0]])
    late = Delayed.of(LossAverse.of(Together.of(STORE, {("tea", "honey"): 0.5}), 2.0), 0.5, [0.0, 2.0])
    now, then = late.gains(honey, jnp.array([1.0, 0.0]), REST)
    assert then == pytest.approx(float(now) / 2, rel=1e-6)
    assert jnp.exp(late.log_probabilities(honey, NONE, REST)).sum() == pytest.approx(1, rel=1e-5)
    assert late.names == STORE.names


def test_rates_of_exchange_are_ratios_of_marginal_worth():
    np.testing.assert_allclose(STORE.exchange(NONE, REST, "tea"), [1, 2], rtol=1e-6)
    sated = STORE.exchange(jnp.array([0.0, 1.0]), REST, "tea")
    assert sated[1] == pytest.approx(2 * np.exp(-1), rel=1e-5)


def best(worth, steps=120):
    """Policy of a life on levels 0 to 6 that loses one each step and eats 0 to 2: value iteration by a plain loop."""
    value = np.zeros(7)
    for _ in range(steps):
        q = np.array([[worth[s, n := min(max(s - 1, 0) + e, 6)] + 0.9 * value[n] for e in range(3)] for s in range(7)])
        value = q.max(axis=1)
    return q.argmax(axis=1)


def test_seeking_reward_is_keeping_near_the_set_point():
    # Keramati & Gutkin (2014): with discounting, the policy of most reward is that of least discounted deviation.
    store = ValueStore.of({"water": 1.0}, set_point=4.0)
    level = jnp.arange(7.0)[:, None]
    reward = np.array([[store.reward(a, b, REST) for b in level] for a in level])
    drive = np.array([store.drive(b) for b in level])
    seeking, keeping = best(reward), best(-np.broadcast_to(drive, (7, 7)))
    np.testing.assert_array_equal(seeking, keeping)
    state, lived = 0, []
    for _ in range(12):
        state = min(max(state - 1, 0) + seeking[state], 6)
        lived.append(state)
    assert lived[-4:] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: Together.of(STORE, {("tea", "milk"): 1.0}), "no good called 'milk'"),
        (lambda: Together.of(STORE, {("tea", "tea"): 1.0}), "of two goods"),
        (lambda: LossAverse.of(STORE, -1.0), "aversion is -1"),
        (lambda: Delayed.of(STORE, -0.1, [0.0]), "rate is -0.1"),
    ],
)
def test_bad_numbers_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
