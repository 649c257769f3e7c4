"""Pairwise tests against statsmodels and scipy."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportions_ztest

from fairness.statistics.contrasts import pooled_variance, two_sided_p


def test_pooled_test_equals_statsmodels() -> None:
    hits, n = np.array([[30.0, 20], [9, 9], [50, 1]]), np.array([[50.0, 60], [9, 30], [80, 7]])
    shares = hits / n
    variance = pooled_variance(shares[:, 0], n[:, 0], shares[:, 1], n[:, 1])
    got = two_sided_p(shares[:, 0] - shares[:, 1], variance)
    expected = [proportions_ztest(h, m)[1] for h, m in zip(hits, n, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_p_of_a_normal_difference() -> None:
    p = two_sided_p(np.array([0.1, -0.1, 0.2, 0.0]), np.array([0.01, 0.01, 0.0, np.nan]))
    assert p[:2] == pytest.approx([2 * norm.sf(1.0)] * 2)
    assert np.isnan(p[2:]).all()
