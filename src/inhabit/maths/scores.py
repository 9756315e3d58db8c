"""Scores: how well predictions meet what happened. Plain NumPy, for the end of an experiment."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy import stats

Labels: TypeAlias = Sequence | np.ndarray


def accuracy(true: Labels, predicted: Labels) -> float:
    """Share of predictions that are right."""
    return float(np.mean(np.asarray(true) == np.asarray(predicted)))


def recalls(true: Labels, predicted: Labels, classes: Labels) -> np.ndarray:
    """Recall of each class; 0 for a class that never occurs."""
    t, p = np.asarray(true), np.asarray(predicted)
    return np.array([np.mean(p[t == c] == c) if np.any(t == c) else 0.0 for c in classes])


def unweighted_recall(true: Labels, predicted: Labels, classes: Labels) -> float:
    """UAR: mean recall over all `classes`, an absent one counting 0."""
    return float(recalls(true, predicted, classes).mean())


def f1(true: Labels, predicted: Labels) -> float:
    """F1 of the positive class; 0 when nothing is positive."""
    t, p = np.asarray(true, bool), np.asarray(predicted, bool)
    denominator = t.sum() + p.sum()
    return float(2 * np.sum(t & p) / denominator) if denominator else 0.0


def macro_f1(true: Labels, predicted: Labels) -> float:
    """Mean F1 over the classes that occur in either; scikit-learn's convention."""
    t, p = np.asarray(true), np.asarray(predicted)
    return float(np.mean([f1(t == c, p == c) for c in np.unique(np.concatenate([t, p]))]))


def kappa(true: Labels, predicted: Labels) -> float:
    """Cohen's kappa, unweighted; 0 when chance already agrees everywhere."""
    t, p = np.asarray(true), np.asarray(predicted)
    chance = sum(np.mean(t == c) * np.mean(p == c) for c in np.unique(np.concatenate([t, p])))
    return float((np.mean(t == p) - chance) / (1 - chance)) if chance < 1 else 0.0


def rank_correlation(true: Labels, predicted: Labels) -> float:
    """Spearman's rho corrected for ties (Pearson on mid-ranks); 0 when either side is constant."""
    t, p = stats.rankdata(true), stats.rankdata(predicted)
    if t.std() == 0 or p.std() == 0:
        return 0.0
    return float(np.corrcoef(t, p)[0, 1])


def r_squared(true: Labels, predicted: Labels) -> float:
    """Share of variance explained, against the mean of `true`; negative when worse than it."""
    t, p = np.asarray(true, float), np.asarray(predicted, float)
    return float(1 - np.sum((t - p) ** 2) / np.sum((t - t.mean()) ** 2))


def ndcg(order: Sequence, gains: dict, *, top: int) -> float:
    """Discounted gain of the first `top` of `order`, divided by the best attainable.

    Args:
        order: Items, best first, as predicted.
        gains: What each item is worth; an item left out is worth 0.
        top: How many positions count.

    Source:
        Järvelin & Kekäläinen (2002).
    """
    discounts = 1 / np.log2(np.arange(2, top + 2))
    got = [gains.get(item, 0.0) for item in list(order)[:top]]
    best = sorted(gains.values(), reverse=True)[:top]
    return float(np.dot(got, discounts[: len(got)]) / np.dot(best, discounts[: len(best)]))


def area_under_curve(true: Labels, score: Labels) -> float:
    """Area under the ROC curve: the chance that a positive outscores a negative, ties counting half."""
    t, ranks = np.asarray(true, bool), stats.rankdata(score)
    positives, negatives = t.sum(), (~t).sum()
    return float((ranks[t].sum() - positives * (positives + 1) / 2) / (positives * negatives))
