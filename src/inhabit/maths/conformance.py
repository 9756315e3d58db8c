"""Conformance suites of Mealy machines given as tables: words whose answers tell a machine from every other of its size.

Source:
    Chow (1978), Vasilevskii (1973): state cover, then every middle part up to a depth, then a characterising set.
"""

import numpy as np
from jaxtyping import Int

Word = tuple[int, ...]
Table = Int[np.ndarray, "states inputs"]
PAD = -1
"""Fills words that are shorter than the longest of a suite."""


def state_cover(following: Table, initial: int = 0) -> list[Word]:
    """For each state a shortest word that leads there from the initial state; states that none leads to are left out."""
    access: dict[int, Word] = {initial: ()}
    queue = [initial]
    for state in queue:
        for symbol, target in enumerate(following[state].tolist()):
            if target not in access:
                access[target] = (*access[state], symbol)
                queue.append(target)
    return [access[state] for state in sorted(access)]


def partings(following: Table, out: Table) -> Int[np.ndarray, "states states"]:
    """For each two states the first input of a shortest word that parts them; `PAD` if no word does.

    `partings[q, r] = a` means: say `a`; if the answers agree, go on from the two states that follow.
    """
    count, width = following.shape
    first = np.full((count, count), PAD, np.int32)
    for symbol in range(width):
        differs = out[:, None, symbol] != out[None, :, symbol]
        first[(first == PAD) & differs] = symbol
    while True:
        before = first.copy()
        for symbol in range(width):
            after = before[following[:, symbol][:, None], following[None, :, symbol]]
            first[(first == PAD) & (after != PAD)] = symbol
        if (first == before).all():
            return first


def parting_word(following: Table, out: Table, first: Int[np.ndarray, "states states"], one: int, other: int) -> Word:
    """The word that `partings` spells for two states.

    Raises:
        ValueError: No word parts them.
    """
    word = []
    while (symbol := int(first[one, other])) != PAD:
        word.append(symbol)
        if out[one, symbol] != out[other, symbol]:
            return tuple(word)
        one, other = int(following[one, symbol]), int(following[other, symbol])
    raise ValueError(f"states {one} and {other} answer alike; make the machine minimal first")


def characterising_set(following: Table, out: Table) -> list[Word]:
    """Words that together part every two states (of a minimal machine), none the beginning of another."""
    first = partings(following, out)
    classes = np.zeros(len(following), np.int64)
    words: list[Word] = []
    while True:
        order = np.argsort(classes, kind="stable")
        same = np.flatnonzero(classes[order][1:] == classes[order][:-1])
        if not len(same):
            break
        one, other = int(order[same[0]]), int(order[same[0] + 1])
        word = parting_word(following, out, first, one, other)
        words.append(word)
        answers = _answers(following, out, word)
        classes = np.unique(np.column_stack([classes, answers]), axis=0, return_inverse=True)[1].ravel()
    return [word for word in words if not any(word != other and other[: len(word)] == word for other in words)] or [
        (0,)
    ]


def _answers(following: Table, out: Table, word: Word) -> Int[np.ndarray, "states length"]:
    """What each state answers to a word."""
    state = np.arange(len(following))
    said = []
    for symbol in word:
        said.append(out[state, symbol])
        state = following[state, symbol]
    return np.stack(said, axis=1)


def w_suite(
    following: Table, out: Table, initial: int = 0, *, depth: int = 0
) -> tuple[Int[np.ndarray, "words longest"], Int[np.ndarray, " words"]]:
    """The W-method's suite: state cover, any middle of up to `depth + 1` inputs, characterising set.

    Args:
        following: `following[state, input]`, of a minimal machine.
        out: `out[state, input]`.
        initial: Where a connection begins.
        depth: How many states more than the machine's a wrong machine may have, and still be found.

    Returns:
        The words, filled with `PAD`, and how long each is; no word is the beginning of another.
    """
    middles: list[Word] = [()]
    layer: list[Word] = [()]
    for _ in range(depth + 1):
        layer = [(*word, symbol) for word in layer for symbol in range(following.shape[1])]
        middles += layer
    ends = characterising_set(following, out)
    return padded(
        {(*access, *middle, *end) for access in state_cover(following, initial) for middle in middles for end in ends}
    )


def padded(words: set[Word]) -> tuple[Int[np.ndarray, "words longest"], Int[np.ndarray, " words"]]:
    """Words as one array filled with `PAD`, and how long each is; a word that begins another is left out."""
    order = sorted(words)
    kept = [word for word, after in zip(order, [*order[1:], ()]) if after[: len(word)] != word]
    lengths = np.array([len(word) for word in kept], np.int32)
    filled = np.full((len(kept), int(lengths.max())), PAD, np.int32)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = np.concatenate([np.array(word, np.int32) for word in kept])
    return filled, lengths


def exact_share(
    truth: Int[np.ndarray, "words longest"], said: Int[np.ndarray, "words longest"], lengths: Int[np.ndarray, " words"]
) -> float:
    """Share of the words whose every answer is right."""
    beyond = np.arange(truth.shape[1]) >= lengths[:, None]
    return float(((truth == said) | beyond).all(axis=1).mean())
