import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.lab import encounters, newcomers, norms, traffic
from inhabit.lab.entropy import MESSAGES, Reader, nats, tables
from inhabit.worlds.village.world import Village


def test_every_norm_is_broken_exactly_where_it_is_meant_to_be():
    shape = jax.eval_shape(lambda key: Village(people=encounters.PEOPLE).reset(key=key), jax.random.key(0))
    start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shape)
    wrong = jax.jit(jax.vmap(encounters.encounter_wrong, (None, 0)))
    every = jnp.arange(encounters.SITUATIONS)
    for norm, where in enumerate(([2], [6, 7], [10], [15])):
        here = eqx.tree_at(lambda s: s.lore.norms, start, jnp.arange(4) == norm)
        assert np.flatnonzero(wrong(here, every)).tolist() == where
    assert np.flatnonzero(norms.CONTESTED).tolist() == [2, 6, 7, 10, 15]


def test_to_behave_is_to_do_what_is_fine_and_to_leave_what_is_wrong():
    wrong = np.zeros((2, 16), bool)
    wrong[0, [2, 10]] = True
    wrong[1, [2, 6, 7, 10, 15]] = True
    timid, knowing = np.ones((2, 16)), np.where(wrong, 1.0, 0.0)
    assert norms.behaves(timid, wrong, 0.5).tolist() == [0.5, 1.0]
    assert norms.behaves(knowing, wrong, 0.5).tolist() == [1.0, 1.0]
    assert norms.behaves(0 * timid, wrong, 0.5).tolist() == [0.5, 0.0]
    assert norms.compliant(np.where(np.arange(16) == 2, 1.0, 0.0) * timid, wrong, 0.5).tolist() == [0.5, 0.2]


def test_a_score_is_read_off_when_so_many_surprises_were_met():
    score, surprises = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[0, 1, 1, 2]])
    assert norms.by_surprises(score, surprises, 3).tolist() == [[0.1, 0.2, 0.4, 0.4]]


@pytest.fixture(scope="module")
def minds():
    return newcomers.contenders(4, 0)


@pytest.mark.parametrize("name", ["memory", "fine-tuned", "in-context", "frozen"])
def test_what_was_not_met_leaves_no_trace_and_what_was_met_is_expected(minds, name):
    mind = minds[name]
    one = newcomers.cue(jnp.array(3), jnp.array(1))
    step = jax.jit(lambda state, event: mind.step(state, event))
    state = mind.init()
    untouched, _ = step(state, (one, jnp.array([jnp.nan])))
    for a, b in zip(jax.tree.leaves(state), jax.tree.leaves(untouched)):
        np.testing.assert_allclose(a, b)
    for _ in range(8):
        state, _ = step(state, (one, jnp.ones(1)))
    told = float(mind.read(state, newcomers.cue(jnp.array(3)))[0][0])
    other = float(mind.read(state, newcomers.cue(jnp.array(9)))[0][0])
    assert told > max(0.35, other + 0.1) if name != "frozen" else told == other == 0


def test_false_rumours_are_a_share_and_the_same_each_time():
    none = np.zeros((50, 40))
    met = encounters.Encounters(
        none.astype(int), none.astype(int), none, np.zeros((50, 16), bool), none.astype(int), none
    )
    assert met.poisoned(0.3, 1).claim.mean() == pytest.approx(0.3, abs=0.03)
    assert (met.poisoned(0.3, 1).claim == met.poisoned(0.3, 1).claim).all() and met.poisoned(0.0, 1).claim.sum() == 0


def rows(count, seed=0):
    rng = np.random.default_rng(seed)
    symbols = np.stack([rng.integers(0, size, (count, MESSAGES)) for size in traffic.SIZES], -1)
    symbols[:, 20:] = -1
    plain = np.zeros((count, MESSAGES), np.float32)
    state = rng.normal(size=(count, MESSAGES, 5)).astype(np.float32)
    return traffic.Traffic(symbols, state, state, plain, plain, np.arange(count))


def test_a_reader_foretells_from_what_came_before_alone():
    reader = Reader(5, key=jax.random.key(0))
    noise = iter(jax.random.split(jax.random.key(1), 99))
    drawn = lambda leaf: 0.1 * jax.random.normal(next(noise), leaf.shape) if eqx.is_inexact_array(leaf) else leaf
    reader = jax.tree.map(drawn, reader)
    one, score = rows(1), eqx.filter_jit(nats)
    tokens, state = jnp.asarray(one.tokens[0]), jnp.asarray(one.state[0])
    before = np.asarray(score(reader, tokens, state))
    changed = np.asarray(score(reader, tokens.at[1 + 10 * 8 + 4].add(1), state))
    np.testing.assert_allclose(changed[:10], before[:10], rtol=1e-5)
    np.testing.assert_allclose(changed[10, :2], before[10, :2], rtol=1e-5)
    assert np.abs(changed[11:20] - before[11:20]).max() > 1e-4
    told = np.asarray(score(reader, tokens, state.at[10].add(1.0)))
    np.testing.assert_allclose(told[:10], before[:10], rtol=1e-5)
    assert np.abs(told[10] - before[10]).max() > 1e-4


def test_tables_know_frequencies():
    data = rows(400)
    nats_of = tables(data, rows(50, 1))
    uniform = np.log(traffic.SIZES[2:]).sum()
    assert nats_of["unigram"][:, :20].mean() == pytest.approx(uniform, rel=0.01)


def test_an_onlooker_counts_and_remembers_when():
    event = np.zeros((1, 6, 1), bool)
    event[0, 2] = True
    assert traffic._since(event)[0, :, 0].tolist() == [2, 2, 2, 1 / 96, 2 / 96, 3 / 96]
    assert traffic._before(event.astype(float))[0, :, 0].tolist() == [0, 0, 0, 1, 1, 1]
