"""Metrics of several classes against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score

from fairness.metrics.multiclass import balanced_accuracy, quadratic_weighted_kappa


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_values_are_scikit_learns(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, 60)])
    called = np.clip(y + rng.integers(-1, 2, len(y)), 0, classes - 1)
    assert balanced_accuracy(y, called, classes) == pytest.approx(
        balanced_accuracy_score(y, called), abs=1e-12
    )
    assert quadratic_weighted_kappa(y, called, classes) == pytest.approx(
        cohen_kappa_score(y, called, weights="quadratic"), abs=1e-12
    )


def test_a_class_without_a_case_leaves_the_balanced_accuracy_undefined() -> None:
    y, called = np.array([0, 0, 1]), np.array([0, 2, 1])
    assert np.isnan(balanced_accuracy(y, called, 3))
    assert balanced_accuracy(y, np.array([0, 1, 1]), 2) == 0.75
    # All classes count in the distance, whether they have cases or not, as with labels=[0, 1, 2].
    assert quadratic_weighted_kappa(y, called, 3) == pytest.approx(
        cohen_kappa_score(y, called, weights="quadratic", labels=[0, 1, 2])
    )


@pytest.mark.parametrize(("called", "expected"), [(1, np.nan), (2, 0.0)])
def test_kappa_of_constant_truth_and_decision(called: int, expected: float) -> None:
    found = quadratic_weighted_kappa(np.ones(4), np.full(4, called), 3)
    assert found == pytest.approx(expected, nan_ok=True)


def test_no_case_is_undefined() -> None:
    nothing = np.array([], dtype=np.int64)
    assert np.isnan(balanced_accuracy(nothing, nothing, 3))
    assert np.isnan(quadratic_weighted_kappa(nothing, nothing, 3))
