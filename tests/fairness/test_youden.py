"""Youden's threshold against a search over every cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.arrays import Array
from fairness.errors import DataError
from fairness.youden import youden_threshold

LABELLED = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 9).map(lambda s: s / 10)), min_size=2, max_size=20
).filter(lambda cases: len({label for label, _ in cases}) == 2)


def youden(y: Array, score: Array, threshold: float) -> float:
    positive = score >= threshold
    return float(positive[y == 1].mean() - positive[y == 0].mean())


@given(LABELLED)
def test_no_other_threshold_is_better(cases: list[tuple[int, float]]) -> None:
    y, score = (np.array(column) for column in zip(*cases, strict=True))
    best = max(youden(y, score, threshold) for threshold in [*score, score.max() + 1])
    assert youden(y, score, youden_threshold(y, score)) == pytest.approx(best)


def test_the_threshold_lies_half_way_between_two_scores() -> None:
    y, score = np.array([0, 1, 0, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    assert youden_threshold(y, score) == 0.5


def test_of_equally_good_thresholds_it_is_the_highest() -> None:
    y, score = np.array([1, 0, 1, 0]), np.array([0.8, 0.6, 0.4, 0.2])
    assert youden_threshold(y, score) == pytest.approx(0.7)


def test_where_all_scores_are_one_everything_is_positive() -> None:
    assert youden_threshold(np.array([0, 1]), np.array([0.5, 0.5])) == 0.5


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_threshold(label: int) -> None:
    with pytest.raises(DataError, match="one class"):
        youden_threshold(np.full(3, label), np.array([0.1, 0.2, 0.3]))
