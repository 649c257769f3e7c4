"""What must not change any number of an analysis, whatever the metric."""

import dataclasses
from typing import Any, TypeAlias

import numpy as np
import pytest
from cohorts import SETTINGS, analysed, cohort, table
from scipy.stats import norm

from fairness.attributes import LANGUAGE, RACE, Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, SUMMARIES, BinaryScores

Numbers: TypeAlias = dict[Any, Any]


def numbers(analysis: Any) -> Numbers:
    """Every number of both tables under its name."""
    rows: Numbers = {
        (e.attribute, e.group, e.metric): dataclasses.astuple(e)[3:] for e in analysis.estimates
    }
    pairs: Numbers = {
        (k.attribute, k.metric, k.group_a, k.group_b): dataclasses.astuple(k)[4:]
        for k in analysis.contrasts
    }
    return rows | pairs


def assert_same(one: Numbers, other: Numbers, tolerance: float = 1e-9) -> None:
    assert one.keys() == other.keys()
    for name, expected in one.items():
        for a, b in zip(expected, other[name], strict=True):
            if isinstance(a, float):
                assert b == pytest.approx(a, abs=tolerance), name
            else:
                assert a == b, name


@pytest.mark.parametrize("images", [1, 2])
def test_order_of_the_cases_changes_no_number(images: int) -> None:
    y, score, codes, patients = cohort(images=images)
    order = np.random.default_rng(9).permutation(len(y))
    shuffled = analysed(y[order], score[order], codes[order], patients[order])
    # Means and variances are summed in another order, and replicates are float32.
    assert_same(numbers(analysed(y, score, codes, patients)), numbers(shuffled), 2e-3)
    again = analysed(y, score, codes, patients)
    assert_same(numbers(analysed(y, score, codes, patients)), numbers(again), 0)


def test_relabelled_groups_keep_every_estimate_and_flip_signs() -> None:
    y, score, codes, _ = cohort()
    renamed = Attribute("race", RACE.groups[::-1])
    flipped = np.where(codes >= 0, 2 - codes, codes)
    one, other = analysed(y, score, codes), analysed(y, score, flipped, attribute=renamed)
    rows, same = table(one), table(other)
    for name, row in rows.items():
        assert same[name].value == pytest.approx(row.value, abs=1e-9), name
    closed = [n for n, row in rows.items() if row.method in ("wilson", "delong-score", "student")]
    assert {metric for _, metric in closed} >= {"accuracy", "auc", "brier_score"}
    for name in closed:
        limits = (rows[name].low, rows[name].high)
        assert (same[name].low, same[name].high) == pytest.approx(limits)
    signed = {(k.metric, k.group_a, k.group_b): k for k in other.contrasts}
    pairs = [k for k in one.contrasts if k.metric in {m.name for m in METRICS}]
    assert pairs
    for k in pairs:
        assert signed[k.metric, k.group_b, k.group_a].value == pytest.approx(-k.value)


def test_images_that_repeat_a_patient_add_no_certainty() -> None:
    """Tripled under the same patient, nothing is better known; under new patients all is."""
    y, score, codes, patients = cohort(200)
    thrice: Any = [np.repeat(x, 3) for x in (y, score, codes, patients)]
    once = table(analysed(y, score, codes))
    same = table(analysed(*thrice))
    new = table(analysed(*thrice[:3]))
    for name in ("auc", "true_positive_rate", "accuracy", "brier_score", "selection_rate"):
        for group in ("Black", "White"):
            row = once[group, name]
            width = row.high - row.low
            clustered, naive = same[group, name], new[group, name]
            assert clustered.value == pytest.approx(row.value, abs=1e-9)
            assert clustered.high - clustered.low == pytest.approx(width, rel=0.2)
            expected = {"auc": "delong-score", "brier_score": "student"}.get(name, "wilson")
            assert clustered.method == f"{expected} of patients"
            assert naive.high - naive.low < 0.7 * width


def test_a_single_group_has_estimates_but_no_gap() -> None:
    y, score, _, _ = cohort(100)
    analysis = analysed(y, score, np.zeros(100, dtype=int))
    rows = table(analysis)
    for metric in METRICS:
        assert rows["Asian", metric.name].value == rows["all", metric.name].value
    for summary in SUMMARIES:
        assert rows["all", summary.name].value is None
        assert rows["all", summary.name].reason == "fewer than two groups to compare"
    assert not analysis.contrasts
    assert rows["White", "auc"].reason == "no case"


def test_patients_who_change_groups_are_compared_as_dependent() -> None:
    """Two eyes of each patient, left against right: what they share cancels in the difference."""
    rng = np.random.default_rng(5)
    y = np.repeat(rng.integers(0, 2, 150), 2)
    shared = np.repeat(rng.normal(size=150), 2)
    score = norm.cdf(y - 0.5 + shared + 0.1 * rng.normal(size=300))
    eyes = Attribute("eye", ("left", "right"))
    patients, codes = np.repeat(np.arange(150), 2), np.tile([0, 1], 150)
    paired = analysed(y, score, codes, patients, eyes)
    unpaired = analysed(y, score, codes, None, eyes)

    def auc_pair(analysis: Any) -> Any:
        return next(k for k in analysis.contrasts if k.metric == "auc")

    assert auc_pair(paired).high - auc_pair(paired).low < 0.5 * (
        auc_pair(unpaired).high - auc_pair(unpaired).low
    )
    assert auc_pair(paired).mde < 0.5 * auc_pair(unpaired).mde
    largest = next(k for k in paired.contrasts if k.metric == "auc_difference")
    assert largest.p == pytest.approx(auc_pair(paired).p)


def test_an_attribute_does_not_depend_on_what_else_is_audited() -> None:
    y, score, codes, patients = cohort()
    alone = analysed(y, score, codes)
    language = plain(LANGUAGE, np.random.default_rng(7).integers(0, 3, len(y)))
    beside = analyse(
        BinaryScores(y, score, 0.5), patients, [language, plain(RACE, codes)], SETTINGS
    )
    one, other = table(alone), table(beside)
    assert one.keys() == other.keys()
    assert all(one[name] == other[name] for name in one)
