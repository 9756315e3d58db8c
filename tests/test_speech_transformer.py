import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.speech.transformer import Transformer, attend, normalise, rotate

MODEL = Transformer(37, width=16, depth=2, heads=2, context=24, key=jax.random.key(0))


def shaken(model, seed=1):
    """The same model with every array random: fresh ones add nothing to the stream."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf + 0.3 * rng.normal(size=leaf.shape), jnp.float32), model)


SHAKEN = shaken(MODEL)
THINK = eqx.filter_jit(SHAKEN.__call__)
TOKENS = jax.random.randint(jax.random.key(2), (20,), 0, 37)


def test_attention_agrees_with_a_plain_loop():
    q, k, v = (jax.random.normal(key, (5, 2, 4)) for key in jax.random.split(jax.random.key(0), 3))
    mask = np.tril(np.ones((5, 5), bool))
    plain = np.zeros((5, 2, 4))
    for t in range(5):
        for head in range(2):
            weight = np.exp([float(q[t, head] @ k[s, head]) / 2 for s in range(t + 1)])
            plain[t, head] = (weight / weight.sum()) @ np.asarray(v[: t + 1, head])
    np.testing.assert_allclose(attend(q, k, v, jnp.asarray(mask)), plain, rtol=2e-5, atol=1e-5)


def test_rotary_products_depend_on_distance_only():
    q, k = jax.random.normal(jax.random.key(0), (2, 1, 1, 8))
    score = lambda a, b: jnp.sum(rotate(q, jnp.array([a])) * rotate(k, jnp.array([b])))
    assert score(3, 1) == pytest.approx(float(score(13, 11)), rel=1e-4)


def test_normalised_has_unit_mean_square():
    assert jnp.mean(normalise(jnp.arange(1.0, 9.0)) ** 2) == pytest.approx(1, rel=1e-5)


def test_no_token_sees_a_later_one():
    before = THINK(TOKENS)[:10]
    after = THINK(TOKENS.at[10:].set(0))[:10]
    np.testing.assert_allclose(before, after, atol=1e-5)


def test_packed_documents_do_not_see_each_other():
    first, second = TOKENS[:8], TOKENS[8:]
    segments = jnp.array([1] * 8 + [2] * 12)
    positions = jnp.concatenate([jnp.arange(8), jnp.arange(12)])
    packed = THINK(TOKENS, segments, positions)
    np.testing.assert_allclose(packed[8:], THINK(second), atol=2e-5)
    np.testing.assert_allclose(packed[:8], THINK(first), atol=2e-5)


def test_step_by_step_agrees_with_reading_at_once():
    whole = SHAKEN.logits(THINK(TOKENS))
    _, logits = jax.lax.scan(lambda state, token: SHAKEN.step(state, token), SHAKEN.init(), TOKENS)
    np.testing.assert_allclose(logits, whole, rtol=1e-4, atol=1e-4)


def test_reading_a_beginning_then_stepping_agrees_with_reading_at_once():
    whole = SHAKEN.logits(THINK(TOKENS))
    state, logits = eqx.filter_jit(SHAKEN.read)(jnp.zeros(24, int).at[:15].set(TOKENS[:15]), jnp.array(15))
    np.testing.assert_allclose(logits, whole[14], rtol=1e-4, atol=1e-4)
    step = eqx.filter_jit(SHAKEN.step)
    for place in range(15, 20):
        state, logits = step(state, TOKENS[place])
        np.testing.assert_allclose(logits, whole[place], rtol=1e-4, atol=1e-4)


def test_reading_on_beyond_the_context_forgets_the_oldest():
    one = shaken(Transformer(37, width=16, depth=1, heads=2, context=8, key=jax.random.key(0)))
    last = jax.jit(lambda tokens: jax.lax.scan(lambda s, t: one.step(s, t), one.init(), tokens)[1][-1])
    a, b = last(TOKENS), last(TOKENS.at[:12].set(0))
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_a_fresh_model_knows_no_more_than_chance():
    nats = jax.nn.logsumexp(MODEL.logits(MODEL(TOKENS)), axis=-1) - jnp.log(37)
    assert abs(float(jnp.mean(nats))) < 0.1


def test_heads_must_fit():
    with pytest.raises(ValueError, match="heads"):
        Transformer(10, width=18, depth=1, heads=4, context=8, key=jax.random.key(0))
    assert eqx.is_array(MODEL.table)
