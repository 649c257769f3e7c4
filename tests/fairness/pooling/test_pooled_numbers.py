"""Pooled numbers against the analysis of all rows in one table."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from pooled_cohorts import everybody, summary_of, three_sites
from sklearn.metrics import roc_auc_score

from fairness.attributes import ALL, OVERALL
from fairness.metrics.classification import SHARES
from fairness.outcomes import Contrast, Estimate, Row
from fairness.pooling.pool import Pooled, pool
from fairness.pooling.refusals import check_together
from fairness.pooling.sums import BRIER, IN_THE_LARGE
from fairness.pooling.sums import pooled as pooled_sums
from fairness.statistics.analyse import Analysis, analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import mean_variances
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.settings import Settings

QUICK = Settings(replicates=100)
GROUPS = [
    (OVERALL, ALL),
    *(("race", group) for group in ("Asian", "Black", "White")),
    *(("sex", group) for group in ("Female", "Male")),
]


@cache
def of_files(least: int = 11, images: int = 1) -> Pooled:
    """Three sites, pooled."""
    return pool(three_sites(least, images)[1], {}, QUICK)


@cache
def of_rows(images: int = 1) -> Analysis:
    """The analysis of all rows in one table."""
    scored, groupings = everybody(three_sites(11, images)[0])
    measures = BinaryScores(scored.positive, scored.score, scored.threshold)
    return analyse(measures, scored.units, groupings, QUICK)


def row(rows: tuple[Row, ...] | tuple[Estimate, ...], *names: str) -> Estimate:
    return next(r for r in rows if (r.attribute, r.group, r.metric) == names)


def pair(contrasts: tuple[Contrast, ...], *names: str) -> Contrast:
    return next(c for c in contrasts if (c.attribute, c.metric, c.group_a, c.group_b) == names)


@pytest.mark.parametrize("least", [pytest.param(1, marks=pytest.mark.further), 11])
def test_counts_are_exact_and_the_auc_lies_within_what_the_cells_leave_open(least: int) -> None:
    pooled, whole = of_files(least), of_rows()
    assert not pooled.missing
    for names in GROUPS:
        for metric in (*SHARES, BRIER):
            ours = row(pooled.report.rows, *names, metric)
            exact = row(whole.estimates, *names, metric)
            found, wanted = (
                (one.value, one.low, one.high, one.n, one.n_positive) for one in (ours, exact)
            )
            assert found == pytest.approx(wanted, abs=1e-9), (names, metric)
        ours, exact = (row(rows, *names, "auc") for rows in (pooled.report.rows, whole.estimates))
        cells = next(b for b in pooled.binned if (b.attribute, b.group) == names)
        assert cells.lowest <= exact.value <= cells.highest  # type: ignore[operator]  # has one
        assert cells.cost < (0.002 if least == 1 else 0.2)
        assert ours.value == pytest.approx(exact.value, abs=0.0005 if least == 1 else 0.006)
        limits = (exact.low, exact.high)
        within = 0.001 if least == 1 else 0.01
        assert (ours.low, ours.high) == pytest.approx(limits, abs=within)


def test_gaps_and_their_p_are_those_of_all_rows() -> None:
    for metric, within in (("true_positive_rate", 1e-9), ("selection_rate", 1e-9), ("auc", 0.01)):
        for a, b in (("Asian", "Black"), ("Asian", "White"), ("Black", "White")):
            ours = pair(of_files().report.contrasts, "race", metric, a, b)
            exact = pair(of_rows().contrasts, "race", metric, a, b)
            for name in ("value", "low", "high"):
                assert getattr(ours, name) == pytest.approx(getattr(exact, name), abs=within)
            assert ours.p == pytest.approx(exact.p, abs=1e-6 if within < 0.01 else 0.1)


@pytest.mark.further
def test_several_images_of_a_patient_widen_intervals_as_in_all_rows() -> None:
    sites, files = three_sites(11, images=3)
    scored, groupings = everybody(sites)
    measures = BinaryScores(scored.positive, scored.score, scored.threshold)
    inside = np.flatnonzero(groupings[1].codes == 0)
    exact = mean_variances(measures.case_values(inside), scored.units[inside])
    summed = pooled_sums([file.attributes[1].parts[0].sums for file in files])
    for m, metric in enumerate(measures.metrics):
        if metric.name in (*SHARES, BRIER):
            assert summed[metric.name].variance == pytest.approx(exact[m], rel=1e-9), metric.name
    for name, within in (("true_positive_rate", 1e-9), ("auc", 0.012)):
        ours = row(of_files(images=3).report.rows, "sex", "Female", name)
        of_all = row(of_rows(images=3).estimates, "sex", "Female", name)
        assert (ours.low, ours.high) == pytest.approx((of_all.low, of_all.high), abs=within)
    y, score, units = sites[0][0].positive, sites[0][0].score, sites[0][0].units
    moved = influence(y, score)[1]
    ratio = variance_of(moved, y, units) / variance_of(moved, y, np.arange(len(y)))
    assert files[0].everybody.auc.design_effect == pytest.approx(ratio, rel=1e-12)
    assert ratio > 1.3


def test_numbers_of_one_site_are_exact_and_so_are_those_standardised_over_sites() -> None:
    sites, pooled = three_sites(11)[0], of_files()
    gaps, weights = [], []
    for (scored, groupings), name in zip(sites, "ABC", strict=True):
        y, score, sex = scored.positive, scored.score, groupings[1].codes
        aucs = [roc_auc_score(y[sex == k], score[sex == k]) for k in (0, 1)]
        for group, value in zip(("Female", "Male"), aucs, strict=True):
            ours = row(pooled.report.rows, f"sex | site {name}", group, "auc")
            assert ours.value == pytest.approx(value, abs=1e-12)
        gaps.append(aucs[0] - aucs[1])
        weights.append(y.sum())
    adjusted = next(a for a in pooled.beside.adjusted if (a.attribute, a.metric) == ("sex", "auc"))
    assert adjusted.value == pytest.approx(np.average(gaps, weights=weights), abs=1e-12)
    assert adjusted.strata == 3
    assert adjusted.heterogeneity_p is not None


def test_calibration_in_the_large_is_the_mean_score_minus_the_share_of_positives() -> None:
    scored, _ = everybody(three_sites(11)[0])
    ours = row(of_files().report.rows, OVERALL, ALL, IN_THE_LARGE)
    error = scored.score - scored.positive
    half = 1.96 * error.std(ddof=1) / np.sqrt(len(error))
    assert ours.value == pytest.approx(error.mean(), abs=1e-12)
    assert ours.high == pytest.approx(error.mean() + half, rel=0.01)


def test_the_same_file_under_two_names_is_taken_for_twice_the_people() -> None:
    """Nobody can tell, so a note says what it would mean (`refusals.py`)."""
    file = three_sites(11)[1][0]
    twin = replace(file, site="twin")
    rows = pool([file, twin], {}, QUICK).report.rows
    both, alone = (
        row(rows, *names, "true_positive_rate") for names in ((OVERALL, ALL), ("site", "A"))
    )
    assert both.value == alone.value
    assert width(both) == pytest.approx(width(alone) / np.sqrt(2), rel=0.01)
    (note,) = check_together({"a.json": file, "b.json": twin})
    assert note.startswith("b.json and a.json hold the same numbers")


def width(one: Estimate) -> float:
    """Of the interval."""
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def test_a_group_that_one_site_hides_is_pooled_over_the_others_and_named() -> None:
    sites, _ = three_sites(11)
    scored, groupings = sites[2]
    few = np.flatnonzero(groupings[0].codes != 0)
    few = np.concatenate([few, np.flatnonzero(groupings[0].codes == 0)[:5]])
    _, units = np.unique(scored.units[few], return_inverse=True)
    small = (
        replace(scored, positive=scored.positive[few], score=scored.score[few], units=units),
        [replace(g, codes=g.codes[few]) for g in groupings],
    )
    files = [summary_of(s, n, 11) for s, n in zip((*sites[:2], small), "ABC", strict=True)]
    pooled = pool(files, {}, QUICK)
    assert any("C does not show race" in line and "Asian" in line for line in pooled.missing)
    n = sum((one[1][0].codes == 0).sum() for one in sites[:2])
    assert row(pooled.report.rows, "race", "Asian", "auc").n == n
