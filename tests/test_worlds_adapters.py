import warnings

import equinox as eqx
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from pettingzoo.test import parallel_api_test  # noqa: E402

from inhabit.memory.surprise import SurpriseMemory  # noqa: E402
from inhabit.worlds.adapters.gymnasium import VillageEnv  # noqa: E402
from inhabit.worlds.adapters.pettingzoo import VillageParallelEnv  # noqa: E402
from inhabit.worlds.adapters.reader import LEVELS, Stay, features  # noqa: E402
from inhabit.worlds.adapters.spaces import relief  # noqa: E402
from inhabit.worlds.village import Event, Hand  # noqa: E402
from inhabit.worlds.village.state import DAY  # noqa: E402
from tests.villages import SMALL  # noqa: E402


@pytest.mark.slow
def test_gymnasium_finds_nothing_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(VillageEnv(SMALL), skip_render_check=True)


@pytest.mark.slow
def test_pettingzoo_finds_nothing_wrong_and_a_life_ends_as_it_says(capsys):
    env = VillageParallelEnv(SMALL, days=1)
    parallel_api_test(env, num_cycles=20)
    first, _ = env.reset(seed=3)
    again, _ = env.reset(seed=3)
    assert all((first["person_1"][name] == again["person_1"][name]).all() for name in ("sight", "body", "place"))
    everyone = list(env.agents)
    for step in range(DAY):
        assert env.agents == everyone  # nobody dies of one quiet day
        still = {name: np.zeros(6, int) for name in env.agents}
        _, _, terminated, truncated, infos = env.step(still)
        assert set(truncated.values()) == {step == DAY - 1} and not any(terminated.values())
        assert all(info["did"] for info in infos.values())
    assert env.agents == []


def test_relief_is_the_fall_of_drive_and_death_costs_one():
    levels = np.full((2, 6), 0.8, np.float32)
    hungry, fed = levels.copy(), levels.copy()
    hungry[:, 0], fed[:, 0] = 0.4, 0.7
    none = np.zeros(2, int)
    event = Event(hand=none, did=none > 0, say=np.zeros((2, 5), int), before=hungry, after=fed, health=fed[:, 0],
                  broke=none, terminated=np.array([False, True]))  # fmt: skip
    assert np.asarray(relief(event)) == pytest.approx([0.16 - 0.01, 0.16 - 0.01 - 1], abs=1e-6)


class Lamps(gymnasium.Env):
    """A lamp shows which of three switches pays; now and then the box tells how bright it is."""

    observation_space = gymnasium.spaces.Dict(
        {"lamp": gymnasium.spaces.Discrete(3, start=1), "bright": gymnasium.spaces.Box(0, 4, (2,), np.float32)}
    )
    action_space = gymnasium.spaces.Dict(
        {"switch": gymnasium.spaces.Discrete(3), "force": gymnasium.spaces.Box(-1, 1, (1,), np.float32)}
    )

    def _seen(self):
        self._lamp = int(self.np_random.integers(3))
        return {"lamp": np.int64(self._lamp + 1), "bright": np.array([1, 4], np.float32)}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._steps = 0
        return self._seen(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self._steps += 1
        paid = float(action["switch"] == (self._lamp + 1) % 3)
        return self._seen(), paid, False, self._steps == 300, {}


def test_spaces_become_numbers_and_indices_become_actions():
    stay = Stay(Lamps())
    assert stay.features == 5 and stay.choices == (LEVELS, 3)  # by the order of the keys
    seen = stay.begin(seed=0)
    assert sorted(seen.features[2:].tolist()) == [0, 0, 1] and seen.features[:2].tolist() == [-0.5, 1.0]
    unbounded = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    assert features(unbounded, np.array([1.0, -3.0])).tolist() == [0.5, -0.75]
    many = gymnasium.spaces.MultiDiscrete([2, 3])
    assert features(many, np.array([1, 2])).tolist() == [0, 1, 0, 0, 1]
    with pytest.raises(ValueError, match="one index below each"):
        stay.step([0, 3])
    with pytest.raises(ValueError, match="cannot be read"):
        features(gymnasium.spaces.Text(3), "abc")


def test_a_memory_learns_to_live_in_a_world_of_others():
    stay, rng = Stay(Lamps()), np.random.default_rng(0)
    memory = SurpriseMemory(3 * stay.features, 1, noise=0.05)
    state, read, write = memory.init(), eqx.filter_jit(memory.read), eqx.filter_jit(memory.step)
    cue = lambda seen, switch: np.kron(np.eye(3, dtype=np.float32)[switch], seen.features) / 2
    seen, paid = stay.begin(seed=1), []
    while not seen.truncated:
        worth = [float(read(state, cue(seen, switch))[0][0]) for switch in range(3)]
        switch = int(rng.integers(3)) if len(paid) < 60 else int(np.argmax(worth))
        now, seen = seen, stay.step([2, switch])
        state, _ = write(state, (cue(now, switch), np.array([seen.reward], np.float32)))
        paid.append(seen.reward)
    assert np.mean(paid[:60]) < 0.5 and np.mean(paid[150:]) > 0.9


def test_cartpole_can_be_lived_in():
    stay = Stay(gymnasium.make("CartPole-v1"))
    assert stay.features == 4 and stay.choices == (2,)
    seen, steps = stay.begin(seed=0), 0
    while not (seen.terminated or seen.truncated):
        seen, steps = stay.step([int(seen.features[2] + seen.features[3] > 0)]), steps + 1
    assert steps > 100  # leaning with the pole holds it for a while


@pytest.mark.slow
def test_dying_terminates_and_time_truncates():
    env = VillageEnv(SMALL, days=4)
    _, _ = env.reset(seed=0)
    ended = [False, False]
    steps = 0
    while not any(ended):
        _, reward, *ended, info = env.step([Hand.STAY, 0, 0, 0, 0, 0])
        steps += 1
    assert ended == [True, False] and reward < -0.9 and 60 < steps < 4 * DAY
    with pytest.raises(ValueError, match="at least 1"):
        VillageEnv(days=0)
