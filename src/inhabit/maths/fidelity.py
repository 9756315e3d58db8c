"""How far a model of a machine's traffic is from being the machine.

A model here is a function that answers words: integer inputs of sessions by time, to integer outputs of the same shape.
A network and a machine are measured alike.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from inhabit.maths.conformance import exact_share

Words = Int[np.ndarray, "sessions length"]
Answer = Callable[[Words], Words]


def suite_fidelity(
    truth: Answer,
    model: Answer,
    suite: Words,
    lengths: Int[np.ndarray, " sessions"],
    *,
    width: int,
    prefix: int,
    seed: int,
) -> float:
    """Share of a suite's words answered exactly after random prefixes, whose own answers are not judged.

    Args:
        truth: The machine.
        model: The model.
        suite: The words, filled with negative numbers.
        lengths: How long each is.
        width: How many inputs there are.
        prefix: Length of the random words before them.
        seed: Of the prefixes.
    """
    before = np.random.default_rng(seed).integers(width, size=(len(suite), prefix), dtype=np.int32)
    words = np.concatenate([before, np.maximum(suite, 0).astype(np.int32)], axis=1)
    return exact_share(truth(words)[:, prefix:], model(words)[:, prefix:], lengths)


def exact_sessions(truth: Answer, model: Answer, *, width: int, sessions: int, length: int, seed: int) -> float:
    """Share of random sessions whose every answer is right."""
    words = np.random.default_rng(seed).integers(width, size=(sessions, length), dtype=np.int32)
    return float((truth(words) == model(words)).all(axis=1).mean())


def distinction_and_compression(
    truth_states: Callable[[Words], Int[np.ndarray, " sessions"]],
    model: Answer,
    tails: Words,
    lengths: Int[np.ndarray, " tails"],
    *,
    width: int,
    pairs: int,
    prefix: int,
    seed: int,
    truth: Answer,
) -> tuple[float, float]:
    """Does a model tell apart what the machine tells apart, and take for one what is one?

    Pairs of random prefixes are continued with the tails. Distinction: of the pairs in different states, the share of
    tails that part them for which the model's answers to the two differ just as the truth's do (recall of the
    boundary). Compression: of the pairs in one state, the share that the model answers alike on every tail.
    A model that answers the same to everything has perfect compression and no distinction: neither says anything alone.

    Args:
        truth_states: The state in which a word leaves the machine.
        model: The model.
        tails: Words that together part every two states, filled with negative numbers.
        lengths: How long each is.
        width: How many inputs there are.
        pairs: How many pairs are drawn; those of different and of one state are about as many as chance gives.
        prefix: Length of the prefixes.
        seed: Of the prefixes.
        truth: The machine.

    Source:
        Vafa et al. (2024), arXiv 2406.03689, with a characterising set for the boundary and answers for acceptance.
    """
    generator = np.random.default_rng(seed)
    words = generator.integers(width, size=(2 * pairs, prefix), dtype=np.int32)
    states = truth_states(words)
    order = np.argsort(states, kind="stable")
    near = np.stack([order[:-1], order[1:]], axis=1)
    same = near[states[near[:, 0]] == states[near[:, 1]]]
    far = generator.permutation(2 * pairs).reshape(pairs, 2)
    far = far[states[far[:, 0]] != states[far[:, 1]]]
    said, meant = (_continued(answer, words, tails, lengths) for answer in (model, truth))
    differs = (meant[far[:, 0]] != meant[far[:, 1]]).any(axis=2)
    told = (said[far[:, 0]] != said[far[:, 1]]).any(axis=2)
    distinction = float((told & differs).sum() / differs.sum()) if differs.any() else float("nan")
    alike = (said[same[:, 0]] == said[same[:, 1]]).all(axis=(1, 2))
    return distinction, float(alike.mean()) if len(same) else float("nan")


def _continued(
    answer: Answer, words: Words, tails: Words, lengths: Int[np.ndarray, " tails"]
) -> Int[np.ndarray, "sessions tails longest"]:
    """Answers to every tail after every word; zero beyond a tail's end."""
    count, number = len(words), len(tails)
    joined = np.concatenate([np.repeat(words, number, axis=0), np.tile(np.maximum(tails, 0), (count, 1))], axis=1)
    said = answer(joined.astype(np.int32))[:, words.shape[1] :].reshape(count, number, -1)
    return np.where(np.arange(tails.shape[1]) < lengths[:, None], said, 0)


def steps_to_first_error(
    truth: Answer, model: Answer, *, width: int, sessions: int, length: int, looks: int, seed: int
) -> Int[np.ndarray, " sessions"]:
    """Steps until a model is first wrong, against a talker who looks for its mistakes; `length + 1` if it never is.

    The talker tries `looks` random continuations of a few steps at each turn and says the one in which the model
    errs soonest; with no error in sight it says the first.
    """
    ahead = 4
    generator = np.random.default_rng(seed)
    said = np.zeros((sessions, 0), np.int32)
    error = np.full(sessions, length + 1)
    for time in range(0, length, ahead):
        tries = generator.integers(width, size=(sessions, looks, ahead), dtype=np.int32)
        words = np.concatenate([np.repeat(said[:, None], looks, axis=1), tries], axis=2).reshape(sessions * looks, -1)
        wrong = (truth(words) != model(words))[:, time:].reshape(sessions, looks, ahead)
        first = np.where(wrong.any(axis=2), wrong.argmax(axis=2), ahead)
        best = first.argmin(axis=1)
        found = first[np.arange(sessions), best]
        error = np.where((error > length) & (found < ahead), time + found + 1, error)
        said = np.concatenate([said, tries[np.arange(sessions), best]], axis=1)
    return error


def memoryless(inputs: Words, outputs: Words, width: int) -> Int[np.ndarray, " inputs"]:
    """The table without memory: for each input the output that followed it most often."""
    counts = np.zeros((width, int(outputs.max()) + 1), np.int64)
    np.add.at(counts, (inputs.ravel(), outputs.ravel()), 1)
    return counts.argmax(axis=1).astype(np.int32)
