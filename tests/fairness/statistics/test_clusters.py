"""Cases of one patient move together: against simulated samples of patients, and plain formulas."""

import numpy as np
import pytest

from fairness.statistics.clusters import effective_patients, mean_variances


def test_effective_patients_counts_equals_and_discounts_unequal() -> None:
    assert effective_patients(np.repeat(np.arange(7), 4)) == 7
    assert effective_patients(np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)
    assert effective_patients(np.array([], dtype=int)) == 0


def test_single_cases_have_the_variance_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=(2, 30))
    values[1, :20] = np.nan
    expected = [values[0].var(ddof=1) / 30, values[1, 20:].var(ddof=1) / 10]
    assert mean_variances(values, np.arange(30)) == pytest.approx(expected)
    assert np.isnan(mean_variances(values[:, 19:21], np.arange(2)))[1]
    thrice = mean_variances(np.repeat(values, 3, axis=1), np.repeat(np.arange(30), 3))
    assert thrice == pytest.approx(expected)


def test_the_variance_of_a_share_is_that_over_samples_of_patients() -> None:
    """A share of positives: patients have one to four cases, of which some are positives."""
    rng, shares, variances = np.random.default_rng(1), [], []
    for _ in range(1500):
        units = np.repeat(np.arange(60), rng.integers(1, 5, 60))
        liking = rng.normal(size=60)[units]
        hits = (liking + rng.normal(size=len(units)) > 0).astype(float)
        hits[rng.random(len(units)) < 0.4] = np.nan
        shares.append(np.nanmean(hits))
        variances.append(mean_variances(hits[None], units)[0])
    assert np.mean(variances) == pytest.approx(np.var(shares), rel=0.1)
