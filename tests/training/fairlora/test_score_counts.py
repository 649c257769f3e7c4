"""Counts of scores: the pooled AUC and threshold against those of the scores themselves."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairness.errors import DataError
from fairness.pooling.bins import BINS
from fairness.youden import youden_threshold
from training.fairlora.score_counts import Counts, count, pooled


def test_the_pooled_auc_and_threshold_are_those_of_all_scores() -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 900)
    score = 1 / (1 + np.exp(-rng.normal(target, 2.0)))
    parts = [count(target[i::3], score[i::3]) for i in range(3)]
    auc, threshold = pooled(parts)
    assert auc == pytest.approx(roc_auc_score(target, score), abs=1e-3)
    exact = youden_threshold(target, score)
    assert np.mean((score >= threshold) != (score >= exact)) <= 0.01


def test_scores_far_apart_give_the_auc_exactly() -> None:
    target = np.array([0, 1, 0, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.3, 1.0])
    auc, _ = pooled([count(target, score)])
    assert auc == roc_auc_score(target, score)


def test_every_score_is_counted_once_and_extremes_stay_inside() -> None:
    found = count(np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 1.0, 0.5]))
    assert found.bins == (0, BINS // 2, BINS - 1)
    assert (found.negatives, found.positives) == ((1, 0, 1), (0, 1, 1))


def test_one_class_everywhere_is_said() -> None:
    with pytest.raises(DataError, match="one class only"):
        pooled([count(np.array([1, 1]), np.array([0.2, 0.3]))])


@pytest.mark.parametrize(
    "parts", [((1,), (1, 2), (0,)), ((1,), (-1,), (0,)), ((BINS,), (1,), (1,))]
)
def test_impossible_counts_are_refused(
    parts: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(DataError, match="do not fit"):
        Counts(*parts)
