"""Adjusted p-values against statsmodels."""

from typing import Literal

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from fairness.statistics.families import adjusted


@pytest.mark.parametrize(("ours", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_equals_statsmodels_and_leaves_out_what_is_no_test(
    ours: Literal["holm", "bh"], theirs: str
) -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 30):
        p = rng.random(size) ** 3
        expected = multipletests(p, method=theirs)[1]
        np.testing.assert_allclose(adjusted(p, ours), expected, atol=1e-12)
        with_gaps = np.insert(p, [0, size], np.nan)
        np.testing.assert_allclose(adjusted(with_gaps, ours)[1:-1], expected, atol=1e-12)
        assert np.isnan(adjusted(with_gaps, ours)[[0, -1]]).all()
    assert len(adjusted(np.array([]), ours)) == 0
