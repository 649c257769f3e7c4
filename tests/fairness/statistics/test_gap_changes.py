"""The change of a gap: of groups apart by both intervals, of groups that share patients surer."""

import numpy as np
import pytest
from scipy.stats import norm

from fairness.outcomes import Contrast
from fairness.statistics.binary import BinaryScores
from fairness.statistics.gap_changes import gap_change
from fairness.statistics.settings import Settings

NAMES = ("eye", "auc", "left", "right")


def changed_gap(patients: tuple[str, ...], gain: float) -> Contrast:
    """Two eyes of 150 people, alike but for a little noise; one side gains."""
    rng = np.random.default_rng(3)
    y = np.tile(rng.integers(0, 2, 150), 2)
    left = np.arange(300) < 150
    old = y + np.tile(rng.normal(size=150), 2)
    new = old + np.tile(rng.normal(size=150), 2) + 0.05 * rng.normal(size=300)
    new += gain * (y - 0.5) * left
    after, before = (BinaryScores(y, norm.cdf(score - 0.5), 0.5) for score in (new, old))
    rows = (np.flatnonzero(left), np.flatnonzero(~left))
    return gap_change(after, before, patients, NAMES, rows, Settings(replicates=300))


def test_groups_that_share_patients_move_together() -> None:
    apart = changed_gap(tuple(map(str, range(300))), 0.3)
    shared = changed_gap(tuple(map(str, np.tile(np.arange(150), 2))), 0.3)
    assert apart.low is not None
    assert apart.high is not None
    assert shared.low is not None
    assert shared.high is not None
    assert shared.value == apart.value
    assert shared.high - shared.low < 0.5 * (apart.high - apart.low)
    assert shared.low > 0
    assert shared.p is not None
    assert shared.p < 0.05


def test_p_is_below_five_per_cent_exactly_where_the_interval_excludes_zero() -> None:
    for gain in (0.2, 0.6, 1.5):
        one = changed_gap(tuple(map(str, range(300))), gain)
        assert one.low is not None
        assert one.p is not None
        assert (one.p < 0.05) == (one.low > 0)
        assert one.p_adjusted == pytest.approx(one.p, abs=1e-12)  # alone
