from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from audit.page.curves import calibration, histograms, roc
from fairness.attributes import Attribute
from fairness.curves import curves
from fairness.groups import plain
from fairness.outcomes import Curve, GroupReport, Outcomes
from fairness.statistics.settings import Settings


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    rng = np.random.default_rng(5)
    target = rng.integers(0, 2, 800)
    score = 1 / (1 + np.exp(-(2 * (target - 0.5) + rng.normal(size=800))))
    attribute = Attribute("site", ("A", "B"))
    ids = tuple(map(str, range(800)))
    return Outcomes(
        ids=ids, patients=ids, attributes=(attribute,), target=target, score=score, covariates={},
        codes={"site": (np.arange(800) % 2).astype(np.int64)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn_report(outcomes: Outcomes) -> GroupReport:
    settings = Settings(suppress_below=1, suppress_positives_below=0)  # ten bins of everybody
    grouping = plain(outcomes.attributes[0], outcomes.codes["site"])
    return GroupReport(rows=(), provenance={}, curves=curves(outcomes, [grouping], settings))


def test_roc_points_lie_on_the_roc_curve(outcomes: Outcomes, drawn_report: GroupReport) -> None:
    (everybody,) = roc(drawn_report, "overall")
    assert list(everybody.points[0]) == [0, 100]
    assert list(everybody.points[-1]) == [100, 0]
    fpr, tpr, _ = roc_curve(outcomes.target, outcomes.score, drop_intermediate=False)
    true = {(round(100 * x, 2), round(100 - 100 * y, 2)) for x, y in zip(fpr, tpr, strict=True)}
    assert len(everybody.points) == 11
    assert set(everybody.points) <= true


def test_a_calibration_point_is_a_bin(outcomes: Outcomes, drawn_report: GroupReport) -> None:
    (everybody,) = calibration(drawn_report, "overall")
    lowest = np.argsort(outcomes.score)[:80]
    assert everybody.points[0][0] == pytest.approx(100 * outcomes.score[lowest].mean(), abs=0.01)
    share = 100 - 100 * outcomes.target[lowest].mean()
    assert everybody.points[0][1] == pytest.approx(share, abs=0.01)


def test_groups_differ_in_dash_and_colour(drawn_report: GroupReport) -> None:
    a, b = calibration(drawn_report, "site")
    assert (a.group, b.group) == ("A", "B")
    assert a.dash != b.dash
    assert a.colour != b.colour


def test_areas_of_bars_are_shares_of_each_class(drawn_report: GroupReport) -> None:
    (everybody,) = histograms(drawn_report, "overall")
    positive = sum(bar.width * bar.positive for bar in everybody.bars)
    negative = sum(bar.width * bar.negative for bar in everybody.bars)
    assert positive == pytest.approx(negative, rel=0.01)
    assert max(max(bar.positive, bar.negative) for bar in everybody.bars) == 100
    assert sum(bar.width for bar in everybody.bars) == pytest.approx(100, abs=0.1)


def test_without_counts_there_is_neither_roc_nor_histogram(drawn_report: GroupReport) -> None:
    (curve, *_) = drawn_report.curves
    points = tuple(replace(point, n=None) for point in curve.points)
    withheld = replace(drawn_report, curves=(Curve("overall", "all", points),))
    assert roc(withheld, "overall") == []
    assert histograms(withheld, "overall") == []
    assert len(calibration(withheld, "overall")[0].points) == 10
