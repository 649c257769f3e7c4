"""Calibration curves: scikit-learn's points, and no bin of few people."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from fairness.attributes import RACE
from fairness.curves import curves
from fairness.groups import plain
from fairness.outcomes import Answered, Cases, GroupReport, Names, Outcomes
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.binary import SCORE, BinaryTask


def outcomes(n: int, seed: int = 0, images: int = 1, codes: list[int] | None = None) -> Outcomes:
    rng = np.random.default_rng(seed)
    score = rng.uniform(size=n)
    return Outcomes(
        ids=tuple(map(str, range(n))),
        patients=tuple(str(i // images) for i in range(n)),
        target=(rng.uniform(size=n) < score).astype(np.int64),
        score=score,
        attributes=(RACE,),
        codes={"race": np.array(codes) if codes else rng.integers(-1, 3, n)},
        covariates={},
    )


def report(data: Outcomes) -> GroupReport:
    fields = {f.name: getattr(data, f.name) for f in dataclasses.fields(Cases)}
    answered = Answered(cases=Cases(**fields), labels=data.target, values={SCORE: data.score})
    quick = Settings(replicates=100)
    (measured,) = BinaryTask(0.5).measured(answered, Names("m", "d", "s"), quick)
    return summarise(measured, [plain(RACE, data.codes["race"])], {}, quick)


def test_points_equal_scikit_learn_s() -> None:
    data, any_class = outcomes(1200), Settings(suppress_positives_below=0)
    found = {
        (c.attribute, c.group): c.points
        for c in curves(data, [plain(RACE, data.codes["race"])], any_class)
    }
    assert set(found) == {
        ("overall", "all"), *(("race", g) for g in (*RACE.groups, "unknown")),
    }  # fmt: skip
    for code, group in enumerate(RACE.groups):
        inside = data.codes["race"] == code
        observed, score = calibration_curve(
            data.target[inside], data.score[inside], n_bins=10, strategy="quantile"
        )
        points = found["race", group]
        np.testing.assert_allclose([p.observed for p in points], observed, atol=1e-12)
        np.testing.assert_allclose([p.score for p in points], score, atol=1e-12)
        assert sum(p.n or 0 for p in points) == inside.sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(11, 150), st.integers(1, 3), st.integers(0, 1000))
def test_no_bin_holds_few_people(n: int, images: int, seed: int) -> None:
    data = outcomes(n, seed, images)
    for curve in curves(data, [plain(RACE, data.codes["race"])], Settings()):
        sizes = [p.n or 0 for p in curve.points]
        assert all(size >= 11 for size in sizes)
        positives = [round(p.observed * m) for p, m in zip(curve.points, sizes, strict=True)]
        assert all(k == 0 or k >= 11 for k in positives)
        assert all(m == k or m - k >= 11 for m, k in zip(sizes, positives, strict=True))
        assert curve.points or images > 1 or curve.group != "all" or n < 60


def test_equal_scores_share_one_point() -> None:
    data = outcomes(60)
    data.score[:] = 0.25
    (curve,) = curves(data, [], Settings())
    (point,) = curve.points
    assert (point.n, point.score) == (60, 0.25)
    assert point.observed == pytest.approx(data.target.mean())


def test_the_report_holds_curves_of_probabilities_and_hides_small_groups() -> None:
    data = outcomes(305, codes=[0] * 5 + [1] * 100 + [2] * 200)
    shown = [(c["attribute"], c["group"]) for c in report(data).document()["curves"]]
    assert shown == [("overall", "all"), ("race", "White")]  # Black follows from Asian
    data.score[0] = 1.5
    assert not report(data).curves
