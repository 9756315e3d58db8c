"""How far acts are trusted: recovered where the model counts evidence twice, and left alone where it does not."""

import numpy as np
import pytest

from inhabit.learning.calibrating import trust


def halves(makers, own, twice, seed, strength=4.0):
    """Scores and information of two halves under a model that believes `twice` as much as there is."""
    rng = np.random.default_rng(seed)
    who = rng.normal(size=(makers, own))
    root = rng.normal(size=(2, makers, own, own)) * np.sqrt(strength / own)
    real = root @ root.transpose(0, 1, 3, 2)
    noise = np.stack(
        [[np.linalg.cholesky(r + 1e-9 * np.eye(own)) @ rng.normal(size=own) for r in half] for half in real]
    )
    score = (real @ who[None, ..., None])[..., 0] + noise
    return np.zeros((makers, own)), twice * score, twice * real


@pytest.mark.parametrize("twice, expected", [(1.0, 1.0), (2.0, 0.5), (4.0, 0.25)])
def test_the_share_that_holds_is_recovered_without_knowing_anyone(twice, expected):
    found = [trust(*halves(60, 6, twice, seed)) for seed in range(4)]
    assert np.mean(found) == pytest.approx(expected, rel=0.15)


def test_where_scores_are_taken_does_not_matter_to_a_model_that_is_quadratic():
    mean, score, information = halves(40, 5, 2.0, 0)
    place = np.random.default_rng(1).normal(size=mean.shape)
    moved = score - (information @ place[None, ..., None])[..., 0]
    assert trust(place, moved, information) == trust(mean, score, information)


def test_few_makers_or_one_life_each_leave_the_models_own_word():
    mean, score, information = halves(5, 4, 4.0, 0)
    assert trust(mean, score, information) == 1.0
    mean, score, information = halves(50, 4, 4.0, 0)
    score[1], information[1] = 0.0, 0.0
    assert trust(mean, score, information) == 1.0
