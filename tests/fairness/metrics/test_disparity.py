"""Disparities against the golden file, fairlearn, and the figures published for COMPAS."""

import csv
import json
from pathlib import Path
from typing import Any

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.arrays import Array, FloatArray
from fairness.metrics import classification as c
from fairness.metrics import disparity as d

ROOT = Path(__file__).parents[3]
GOLDEN = json.loads((ROOT / "tests/golden/classification_metrics.json").read_text())
COMPAS = ROOT.parent / "shared/data/compas_scores/compas_two_years.csv"


def parity_ratio(y: Array, predicted: Array, codes: Array) -> float:
    return d.ratio(d.by_group(c.selection_rate, codes, codes.max() + 1, y, predicted))


def opportunity_difference(y: Array, predicted: Array, codes: Array, compat: bool = False) -> float:
    rates = d.by_group(c.true_positive_rate, codes, codes.max() + 1, y, predicted, compat)
    return d.difference(rates)


def number(value: float | None) -> float:
    return np.nan if value is None else value


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_golden_cases_of_the_original_evaluation(case: dict[str, Any]) -> None:
    y, p = np.array(case["y"]), np.array(case["p"])
    # The original counts -1 as one more group, hence new codes.
    groups, codes = np.unique(case["a"], return_inverse=True)
    predicted = (p >= 0.5).astype(int)

    def grouped(metric: d.Metric, other: Array) -> FloatArray:
        return d.by_group(metric, codes, len(groups), y, other, compat=metric is not c.auc)

    got: dict[str, Any] = {
        "acc": c.accuracy(y, predicted),
        "auc": c.auc(y, p),
        "group_auc": grouped(c.auc, p),
        "group_acc": grouped(c.accuracy, predicted),
        "es_auc": d.equity_scaled(c.auc(y, p), grouped(c.auc, p), compat=True),
        "es_acc": d.equity_scaled(c.accuracy(y, predicted), grouped(c.accuracy, predicted)),
        "selection_rate": grouped(c.selection_rate, predicted),
        "tpr": grouped(c.true_positive_rate, predicted),
        "fpr": grouped(c.false_positive_rate, predicted),
        "dpd": d.demographic_parity_difference(y, predicted, codes),
        "dpr": d.ratio(grouped(c.selection_rate, predicted)),
        "deodds": d.equalized_odds_difference(y, predicted, codes, compat=True),
    }
    for name, value in got.items():
        expected = case["expected"][name]
        expected = list(map(number, expected)) if isinstance(expected, list) else number(expected)
        np.testing.assert_allclose(value, expected, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("case", GOLDEN["aggregates"])
def test_equity_scaled_of_published_group_values(case: dict[str, Any]) -> None:
    assert d.equity_scaled(case["auc"], np.array(case["group_auc"])) == pytest.approx(
        case["es_auc"], abs=1e-11
    )


def test_four_attributes_of_the_original_evaluation() -> None:
    given_, expected = GOLDEN["four_attributes"]["input"], GOLDEN["four_attributes"]["expected"]
    y, p = np.array(given_["y"]), np.array(given_["p"])
    predicted = (p >= 0.5).astype(int)
    for i, codes in enumerate(map(np.array, given_["attrs"].values())):
        auc = d.by_group(c.auc, codes, codes.max() + 1, y, p)
        accuracy = d.by_group(c.accuracy, codes, codes.max() + 1, y, predicted)
        got: dict[str, Any] = {
            "auc_by_attr_and_group": auc,
            "es_auc_by_attr": d.equity_scaled(c.auc(y, p), auc),
            "es_acc_by_attr": d.equity_scaled(c.accuracy(y, predicted), accuracy),
            "dpd_by_attr": d.demographic_parity_difference(y, predicted, codes),
            "deodds_by_attr": d.equalized_odds_difference(y, predicted, codes, compat=True),
        }
        for name, value in got.items():
            np.testing.assert_allclose(value, expected[name][i], atol=1e-11, err_msg=name)


@pytest.mark.parametrize("seed", range(20))
def test_equals_fairlearn_on_random_data(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 200))
    y, predicted = rng.integers(0, 2, (2, n))
    codes = np.unique(rng.integers(0, 1 + seed % 5, n), return_inverse=True)[1]
    pairs = [
        (fl.demographic_parity_difference, d.demographic_parity_difference(y, predicted, codes)),
        (fl.demographic_parity_ratio, parity_ratio(y, predicted, codes)),
        (
            fl.equalized_odds_difference,
            d.equalized_odds_difference(y, predicted, codes, compat=True),
        ),
        (
            fl.equal_opportunity_difference,
            opportunity_difference(y, predicted, codes, compat=True),
        ),
    ]
    for oracle, value in pairs:
        assert value == pytest.approx(oracle(y, predicted, sensitive_features=codes), abs=1e-12)


def test_a_group_of_one_class_is_left_out() -> None:
    y = np.array([1, 0, 1, 0, 0, 0])
    predicted = np.array([1, 0, 0, 0, 1, 0])
    codes = np.array([0, 0, 0, 0, 1, 1])
    rates = d.by_group(c.true_positive_rate, codes, 2, y, predicted)
    assert np.isnan(rates).tolist() == [False, True]
    assert opportunity_difference(y, predicted, codes) == 0.0  # one group is left
    assert opportunity_difference(y, predicted, codes, compat=True) == 0.5  # 0.5 against 0
    assert d.equity_scaled(0.8, np.array([0.7, np.nan])) == pytest.approx(0.8 / 1.1)
    assert np.isnan(d.equity_scaled(0.8, np.array([0.7, np.nan]), compat=True))


def test_no_defined_group_is_undefined_not_fair() -> None:
    nothing = np.full(3, np.nan)
    assert all(
        np.isnan(value)
        for value in (d.difference(nothing), d.ratio(nothing), d.equity_scaled(0.8, nothing))
    )
    assert np.isnan(d.ratio(np.zeros(2)))
    unknown = np.full(4, -1)
    assert np.isnan(d.demographic_parity_difference(unknown + 1, unknown + 2, unknown))


@given(st.permutations(range(3)), st.permutations(range(50)))
def test_relabelled_groups_shuffled_rows_and_unknown_change_no_disparity(
    labels: list[int], order: list[int]
) -> None:
    rng = np.random.default_rng(7)
    y, predicted = rng.integers(0, 2, (2, 50))
    codes = rng.integers(0, 3, 50)
    relabelled = np.array(labels)[codes][order]
    with_unknown = np.append(relabelled, [-1, -1])
    for disparity in (
        d.demographic_parity_difference,
        parity_ratio,
        opportunity_difference,
        d.equalized_odds_difference,
    ):
        value = disparity(y, predicted, codes)
        assert disparity(y[order], predicted[order], relabelled) == pytest.approx(value)
        assert disparity(
            np.append(y[order], [0, 1]), np.append(predicted[order], [1, 0]), with_unknown
        ) == pytest.approx(value)


def test_a_single_group_has_no_gap() -> None:
    y, predicted, codes = np.array([[0, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]])
    assert d.demographic_parity_difference(y, predicted, codes) == 0
    assert parity_ratio(y, predicted, codes) == 1
    assert d.equalized_odds_difference(y, predicted, codes) == 0
    assert d.equity_scaled(0.7, np.array([0.7])) == 0.7


@pytest.mark.realdata
def test_compas_figures_as_published() -> None:
    """The table of ProPublica's analysis, 2016: race against two-year recidivism."""
    if not COMPAS.exists():
        pytest.skip(f"no {COMPAS}")
    with COMPAS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    races = ("African-American", "Caucasian")
    codes = np.array([races.index(r["race"]) if r["race"] in races else -1 for r in rows])
    y = np.array([int(r["two_year_recid"]) for r in rows])
    predicted = np.array([int(r["score_text"] != "Low") for r in rows])
    fpr = d.by_group(c.false_positive_rate, codes, 2, y, predicted)
    fnr = d.by_group(c.SHARES["false_negative_rate"], codes, 2, y, predicted)
    np.testing.assert_allclose(fpr, [0.4485, 0.2345], atol=5e-5)
    np.testing.assert_allclose(fnr, [0.2799, 0.4772], atol=5e-5)
    dpd = d.demographic_parity_difference(y, predicted, codes)
    assert dpd == pytest.approx(0.2402, abs=5e-5)
    eod = d.equalized_odds_difference(y, predicted, codes)
    assert eod == pytest.approx(0.2139, abs=5e-5)
