import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.senses.context import CUES, TurnContext, cues


def column(table, name):
    return table[:, CUES.index(name)]


def test_cues_by_hand():
    table = cues(["", "Which city?", "", "which city?"], ["a room", "in Rome", "in Rome please"])
    assert column(table, "first").tolist() == [1, 0, 0, 0]
    assert column(table, "turn") == pytest.approx([0, 0.1, 0.2, 0.3])
    assert column(table, "silence").tolist() == [0, 0, 1, 0]
    assert column(table, "asked").tolist() == [0, 1, 0, 1]
    assert column(table, "same_words").tolist() == [0, 0, 0, 1]
    # words {which, city, ?} thrice; then {in, rome, please} against {in, rome}
    assert column(table, "long_heard") == pytest.approx(np.log1p([0, 3, 0, 3]) / 3)
    assert column(table, "said_again") == pytest.approx([0, 0, 0, 2 / 3])


def test_cues_do_not_look_ahead():
    heard, own = ["hello", "which city?", "when?"], ["a room", "Rome", "now"]
    for turn in range(1, 4):
        assert (cues(heard[:turn], own[: turn - 1]) == cues(heard, own)[:turn]).all()


def test_context_is_the_recurrence_it_says():
    context = TurnContext.create(4, 3, key=jax.random.key(0))
    turn, state = jnp.arange(4.0), jnp.array([0.1, -0.2, 0.3])
    new, output = context.step(state, turn)
    present = jax.nn.gelu(context.perceive.weight @ turn + context.perceive.bias)
    recurrent = context.cell(present, state)
    mixed = context.mix.weight @ np.concatenate([recurrent, present]) + context.mix.bias
    assert np.allclose(new, recurrent, atol=1e-6)
    assert np.allclose(output, jax.nn.gelu(mixed), atol=1e-6)
    assert (context.init() == 0).all()
