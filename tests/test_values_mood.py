import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.values import Mood, MoodDynamics, MoodInput

DYNAMICS = MoodDynamics.of()


def moved(surprise=0.0, reward=0.0, load=0.0):
    return MoodInput(jnp.asarray(surprise), jnp.asarray(reward), jnp.asarray(load))


def test_undisturbed_mood_leaks_to_rest_at_its_rate():
    dynamics = MoodDynamics.of(stress_from_load=0.0)
    mood, _ = dynamics.step(Mood.of(stress=0.5, valence=-0.5, load=0.5), moved())
    np.testing.assert_allclose([mood.stress, mood.valence, mood.load], [0.45, -0.45, 0.4], rtol=1e-6)


def test_surprise_stresses_by_hand():
    mood, gained = DYNAMICS.step(DYNAMICS.init(), moved(surprise=3.0))
    assert mood.stress == pytest.approx(1 - np.exp(-0.3), rel=1e-5) and gained == mood.stress
    assert mood.valence == pytest.approx(-(1 - np.exp(-0.15)), rel=1e-5)


def test_reward_relieves_and_pleases_and_nothing_leaves_its_bounds():
    mood = Mood.of(stress=0.9)
    for _ in range(50):
        mood, _ = DYNAMICS.step(mood, moved(reward=100.0, load=100.0))
    assert 0 <= mood.stress <= 0.01 and 0.99 <= mood.valence <= 1 and 0.99 <= mood.load <= 1


def test_stress_costs_patience_and_adds_noise():
    tense = Mood.of(stress=1.0)
    assert DYNAMICS.patience_in(tense) == pytest.approx(np.exp(-1), rel=1e-5)
    assert DYNAMICS.temperature_in(tense) == pytest.approx(np.exp(0.5), rel=1e-5)
    assert DYNAMICS.temperature_in(Mood.of()) == 1


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="stress is"):
        Mood.of(stress=1.5)
    with pytest.raises(ValueError, match="load_leak is"):
        MoodDynamics.of(load_leak=-0.1)
    with pytest.raises(ValueError, match="patience is 0"):
        MoodDynamics.of(patience=0.0)
