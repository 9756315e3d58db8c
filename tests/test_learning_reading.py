import math

import jax
import numpy as np
import pytest

from inhabit.learning import reading
from inhabit.speech.packing import Document
from inhabit.speech.scoring import score
from inhabit.speech.transformer import Transformer

RECIPE = reading.Recipe(width=16, depth=1, heads=1, context=64, batch=4, rate=1e-2)


def cycles(count, seed=0):
    """Texts that go round 1, 2, 3, 4 from a random start: after the first token nothing is uncertain."""
    rng = np.random.default_rng(seed)
    return [Document.plain([1 + (s + i) % 4 for i in range(int(n))]) for s, n in rng.integers(4, 20, (count, 2))]


@pytest.mark.slow
def test_what_is_certain_is_learned_and_what_is_not_is_not():
    seen = []
    lesson = reading.fit(
        cycles(40), 8, recipe=RECIPE, epochs=40, validation=cycles(40, 1), key=jax.random.key(0),
        progress=lambda done, steps, nats: seen.append((done, steps)),
    )  # fmt: skip
    assert lesson.curve[-1].valid < 0.05
    assert seen[-1] == (lesson.steps, lesson.steps)
    document = Document.plain([1, 2, 3, 4])
    assert reading.bits(lesson.model, [document])[0] == pytest.approx(
        float(score(lesson.model, [document]).nats[0][:3].sum()), rel=1e-5
    )


def test_a_budget_is_kept_and_the_work_counted_is_linear_in_steps():
    long = reading.fit(cycles(40), 8, recipe=RECIPE, epochs=5, key=jax.random.key(0))
    assert long.steps % reading.CALL == 0
    half = reading.fit(cycles(40), 8, recipe=RECIPE, budget=long.flops, key=jax.random.key(0))
    assert half.flops == long.flops
    np.testing.assert_array_equal(half.model.table, long.model.table)
    assert math.isnan(long.curve[-1].valid) and long.checking == 0


@pytest.mark.slow
def test_only_weighted_targets_teach():
    docs = [Document(d.tokens, np.full_like(d.targets, 7), d.weights * (np.arange(len(d)) == 2)) for d in cycles(40)]
    lesson = reading.fit(docs, 8, recipe=RECIPE, epochs=40, key=jax.random.key(0))
    logits = lesson.model.logits(lesson.model(jax.numpy.asarray(docs[0].tokens)))
    assert int(logits[2].argmax()) == 7
    assert reading.bits(lesson.model, docs[:1])[0] < 0.1


def test_reading_needs_something_to_read_and_an_end():
    with pytest.raises(ValueError, match="epochs= or budget="):
        reading.fit(cycles(4), 8, recipe=RECIPE, key=jax.random.key(0))
    silent = [Document(d.tokens, d.targets, 0 * d.weights) for d in cycles(4)]
    with pytest.raises(ValueError, match="nothing to learn"):
        reading.fit(silent, 8, recipe=RECIPE, epochs=1, key=jax.random.key(0))


def test_trying_recipes_picks_by_validation_and_reports_all_work():
    slow = reading.dataclasses.replace(RECIPE, rate=1e-6)
    best, trials, flops = reading.try_recipes(
        cycles(40), 8, cycles(40, 1), [slow, RECIPE], epochs=5, key=jax.random.key(0)
    )
    assert best == RECIPE
    assert flops == sum(lesson.flops + lesson.checking for lesson in trials)


def test_scoring_in_stretches_agrees_with_a_plain_pass():
    model = Transformer(9, width=16, depth=1, heads=1, context=64, key=jax.random.key(0))
    model = jax.tree.map(lambda leaf: leaf + 0.2, model)
    document = Document.plain([1 + i % 7 for i in range(50)])
    logits = model.logits(model(jax.numpy.asarray(document.tokens)))
    nats = jax.nn.logsumexp(logits, axis=-1)[:-1] - logits[np.arange(49), document.targets[:-1]]
    scores = score(model, [document, Document.plain([1, 2]), document], [3, 5])
    np.testing.assert_allclose(scores.nats[2][:-1], nats, rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(scores.choices[0], logits[:, np.array([3, 5])], rtol=2e-4, atol=1e-4)
