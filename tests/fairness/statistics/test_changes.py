"""Changes against an earlier run: paired, signed, and nothing where nothing changed."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from fairness.arrays import IntArray
from fairness.attributes import GENDER
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=400)


def runs(shift: float = 0.0, n: int = 300) -> tuple[IntArray, IntArray, BinaryScores, BinaryScores]:
    """Truth, codes, an old score, and a new one that differs from it a little."""
    rng = np.random.default_rng(0)
    y, codes = rng.integers(0, 2, n), rng.integers(0, 2, n)
    old = y + rng.normal(size=n)
    new = old + shift * (y - 0.5) + 0.1 * rng.normal(size=n)
    after, before = (BinaryScores(y, norm.cdf(score - 0.5), 0.5) for score in (new, old))
    return y, codes, after, before


def test_an_unchanged_run_keeps_the_doubt_of_its_cases() -> None:
    """No bounded number has an interval of no width; one without a bound has none."""
    y, codes, _, old = runs()
    found: list[Any] = changes(
        old, old, tuple(map(str, range(300))), [plain(GENDER, codes)], SETTINGS
    )
    assert len(found) == 3 * (len(METRICS) - 1)  # overall and two groups; no calibration error
    assert all(c.value == 0 for c in found)
    with_limits = {c.metric for c in found if c.low is not None}
    shares = {m.name for m in METRICS if m.kind in ("share", "auc")}
    assert with_limits == {*shares, "brier_score"}
    assert all(c.low < 0 < c.high and c.p == 1 for c in found if c.metric in with_limits)
    assert all("no bound" in c.reason for c in found if c.metric not in with_limits)
    women = int((codes == 0).sum())
    (brier,) = [c for c in found if (c.group_a, c.metric) == ("Female", "brier_score")]
    assert brier.high == -brier.low == pytest.approx(1 - 0.025 ** (1 / women), abs=1e-12)
    assert brier.high_adjusted == pytest.approx(1 - (0.025 / 2) ** (1 / women), rel=0.01)  # Sidak
    assert brier.method == "exact share of patients"
    limit = next(c.high for c in found if (c.group_a, c.metric) == ("Female", "true_positive_rate"))
    n = int(((codes == 0) & (y == 1)).sum())
    assert limit == pytest.approx(1.96**2 / (n + 1.96**2), abs=1e-3)


def test_a_change_is_the_difference_of_the_estimates_and_far_surer_than_they_are() -> None:
    _, codes, new, old = runs(shift=0.5)
    patients = tuple(map(str, range(300)))
    groupings = [plain(GENDER, codes)]
    found: dict[Any, Any] = {
        (c.group_a, c.metric): c for c in changes(new, old, patients, groupings, SETTINGS)
    }
    tables: list[dict[Any, Any]] = [
        {
            (e.group, e.metric): e
            for e in analyse(m, np.array(patients), groupings, SETTINGS).estimates
        }
        for m in (new, old)
    ]
    for key in (("Male", "auc"), ("Female", "accuracy"), ("Male", "brier_score")):
        values = [table[key].value for table in tables]
        assert found[key].value == pytest.approx(values[0] - values[1], abs=1e-12)
        width = tables[0][key].high - tables[0][key].low
        assert found[key].high - found[key].low < 0.7 * width
    assert found["Male", "auc"].low > 0
