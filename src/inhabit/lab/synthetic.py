"""Synthetic choosers whose values are known."""

import numpy as np

from inhabit.learning.choices.table import ChoiceTable

MEAN, SPREAD = np.array([2.0, -0.6, -1.0]), np.array([1.0, 0.3, 0.5])
"""Population: worth of fruit A over B, its change with each A eaten, weight of price."""
SPEAKER = 0.5
"""How sharply people speak of the fruit they would rather have, against how sharply they choose it."""
NAMES = ("A", "A:eaten", "price")


def shift_tables(people: int, seed: int) -> tuple[dict[str, ChoiceTable], np.ndarray]:
    """Meals of fruit: each person eats 16 pieces over two meals and says 16 times which fruit they would rather have.

    Talk is read through a speaker model, `P(name fruit) ~ exp(SPEAKER * utility)`: the same store, other evidence.

    Returns:
        Tables `choices`, `talk` and `both`, and the true weights `people x 3`.
    """
    rng = np.random.default_rng(seed)
    truth = MEAN + SPREAD * rng.standard_normal((people, 3))
    chosen = _meals(truth, 1.0, rng)
    said = _meals(truth, SPEAKER, rng)
    both = np.concatenate([chosen[0], said[0]], axis=1), np.concatenate([chosen[1], said[1]], axis=1)
    tables = {"choices": chosen, "talk": said, "both": both}
    return {name: _table(attributes, picks, NAMES) for name, (attributes, picks) in tables.items()}, truth


def _meals(truth: np.ndarray, sharpness: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    people, meal, meals = len(truth), 8, 2
    attributes = np.zeros((people, meal * meals, 2, 3))
    picks = np.zeros((people, meal * meals), int)
    for moment in range(meal * meals):
        eaten = (picks[:, moment - moment % meal : moment] == 0).sum(axis=1)
        attributes[:, moment, 0, 0] = sharpness
        attributes[:, moment, 0, 1] = sharpness * eaten
        attributes[:, moment, :, 2] = sharpness * rng.uniform(0, 2, (people, 2))
        utility = np.einsum("pak,pk->pa", attributes[:, moment], truth)
        picks[:, moment] = (utility + rng.gumbel(size=utility.shape)).argmax(axis=1)
    return attributes, picks


def crowd_table(people: int, occasions: int, seed: int) -> tuple[ChoiceTable, np.ndarray]:
    """Many people choosing among three alternatives of four attributes, one of them a product with a state."""
    rng = np.random.default_rng(seed)
    truth = np.array([1.0, -1.0, 0.5, -0.5]) + np.array([0.8, 0.6, 0.8, 0.4]) * rng.standard_normal((people, 4))
    attributes = rng.standard_normal((people, occasions, 3, 4)).astype(np.float32)
    attributes[..., 3] = attributes[..., 0] * rng.uniform(0, 1, (people, occasions, 1))
    utility = np.einsum("poak,pk->poa", attributes, truth.astype(np.float32), optimize=True)
    picks = (utility + rng.gumbel(size=utility.shape)).argmax(axis=2)
    return _table(attributes, picks, ("sweet", "price", "near", "sweet:stress")), truth


def _table(attributes: np.ndarray, picks: np.ndarray, names: tuple[str, ...]) -> ChoiceTable:
    people, occasions, alternatives, size = attributes.shape
    return ChoiceTable(
        attributes=attributes.reshape(-1, alternatives, size),
        open=np.ones((people * occasions, alternatives), bool),
        chosen=picks.reshape(-1),
        person=np.repeat(np.arange(people), occasions),
        names=names,
        people=tuple(map(str, range(people))),
        alternatives=tuple("ABC"[:alternatives]),
    )
