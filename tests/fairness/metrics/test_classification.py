"""Each metric against scikit-learn, also of resampled cases; undefined is NaN."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from fairness.arrays import Array, FloatArray, IntArray
from fairness.errors import DataError
from fairness.metrics import classification as c

OF_SCORES: dict[Any, Any] = {
    c.auc: sk.roc_auc_score,
    c.average_precision: sk.average_precision_score,
    c.brier_score: sk.brier_score_loss,
}
OF_PREDICTIONS: dict[Any, Any] = {
    c.accuracy: sk.accuracy_score,
    c.true_positive_rate: sk.recall_score,
    c.SHARES["positive_predictive_value"]: sk.precision_score,
    c.selection_rate: lambda y, p, sample_weight: np.average(p, weights=sample_weight),
    c.SHARES["prevalence"]: lambda y, p, sample_weight: np.average(y, weights=sample_weight),
    c.SHARES["true_negative_rate"]: lambda y, p, sample_weight: sk.recall_score(
        y, p, pos_label=0, sample_weight=sample_weight
    ),
    c.SHARES["negative_predictive_value"]: lambda y, p, sample_weight: sk.precision_score(
        y, p, pos_label=0, sample_weight=sample_weight
    ),
    c.false_positive_rate: lambda y, p, sample_weight: (
        1 - sk.recall_score(y, p, pos_label=0, sample_weight=sample_weight)
    ),
    c.SHARES["false_negative_rate"]: lambda y, p, sample_weight: (
        1 - sk.recall_score(y, p, sample_weight=sample_weight)
    ),
}
ALL = [*OF_SCORES, *OF_PREDICTIONS]


def name_of(metric: Any) -> str | None:
    names = {share: name for name, share in c.SHARES.items()}
    return names[metric] if isinstance(metric, c.Share) else getattr(metric, "__name__", None)


def data(n: int = 300, seed: int = 0) -> tuple[IntArray, FloatArray, IntArray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    score = np.clip(np.round(rng.normal(0.4 + 0.2 * y, 0.2), 2), 0, 1)  # rounded: many ties
    return y, score, rng.integers(0, 4, (5, n))


def second(metric: Any, score: FloatArray) -> Array:
    return score if metric in OF_SCORES else (score >= 0.5).astype(int)


@pytest.mark.parametrize("metric", ALL, ids=name_of)
def test_equals_scikit_learn_also_where_cases_repeat(metric: Any) -> None:
    y, score, weights = data()
    other = second(metric, score)
    oracle = (OF_SCORES | OF_PREDICTIONS)[metric]
    for row in (np.ones(len(y), dtype=int), *weights):
        expected = oracle(y, other, sample_weight=row)
        found = metric(np.repeat(y, row), np.repeat(other, row))
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ALL, ids=name_of)
def test_no_case_is_undefined(metric: Any) -> None:
    y, score, _ = data(20)
    assert np.isnan(metric(y[:0], second(metric, score)[:0]))


@pytest.mark.parametrize(
    ("metric", "undefined_where"),
    [
        (c.auc, {"truth": (0, 1)}),
        (c.average_precision, {"truth": (0,)}),
        (c.true_positive_rate, {"truth": (0,)}),
        (c.SHARES["false_negative_rate"], {"truth": (0,)}),
        (c.false_positive_rate, {"truth": (1,)}),
        (c.SHARES["true_negative_rate"], {"truth": (1,)}),
        (c.SHARES["positive_predictive_value"], {"prediction": (0,)}),
        (c.SHARES["negative_predictive_value"], {"prediction": (1,)}),
        (c.accuracy, {}),
        (c.selection_rate, {}),
        (c.SHARES["prevalence"], {}),
        (c.brier_score, {}),
    ],
    ids=name_of,
)
def test_undefined_exactly_where_its_denominator_is_empty(
    metric: Any, undefined_where: dict[str, tuple[int, ...]]
) -> None:
    mixed = np.array([0, 1, 1, 0])
    for constant in (0, 1):
        one = np.full(4, constant)
        assert np.isnan(metric(one, mixed)) == (constant in undefined_where.get("truth", ()))
        assert np.isnan(metric(mixed, one)) == (constant in undefined_where.get("prediction", ()))


@given(st.permutations(range(40)), st.integers(2, 4))
def test_order_and_duplication_change_no_metric(order: list[int], copies: int) -> None:
    y, score, _ = data(40)
    for metric in ALL:
        other = second(metric, score)
        value = metric(y, other)
        assert metric(y[order], other[order]) == pytest.approx(value, abs=1e-12)
        assert metric(np.tile(y, copies), np.tile(other, copies)) == pytest.approx(value, abs=1e-12)


def test_auc_sees_only_the_order_of_the_scores_and_flips_with_it() -> None:
    y, score, _ = data()
    assert c.auc(y, np.exp(3 * score)) == pytest.approx(c.auc(y, score), abs=1e-12)
    assert c.auc(y, -score) == pytest.approx(1 - c.auc(y, score), abs=1e-12)
    assert c.auc(y, np.zeros(len(y))) == 0.5


@pytest.mark.parametrize("metric", ALL, ids=name_of)
@pytest.mark.parametrize("side", [0, 1])
def test_a_nan_is_refused_and_its_case_named(metric: Any, side: int) -> None:
    columns = [np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0])]
    columns[side][2] = np.nan
    with pytest.raises(DataError, match="NaN in case 2"):
        metric(*columns)
