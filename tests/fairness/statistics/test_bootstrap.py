"""The weights are those of a stratified, clustered bootstrap; their variance is the right one."""

import numpy as np
import pytest

from fairness.statistics.bootstrap import (
    resample,
    resampled_variance,
)
from fairness.statistics.clusters import units_of


def test_draws_keep_strata_and_patients() -> None:
    patients = np.array(["b", "a", "a", "c", "d", "d", "d", "e"])
    strata = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    units = units_of(patients)
    weights = resample(units, strata, 500, np.random.default_rng(0))
    assert weights.shape == (8, 500)
    for unit in np.unique(units):  # cases of one patient weigh the same
        assert np.ptp(weights[units == unit], axis=0).max() == 0
    first = np.unique(units, return_index=True)[1]
    for stratum, size in ((0, 3), (1, 2)):  # as many patients as there are
        drawn = weights[first[strata[first] == stratum]].sum(0)
        assert set(drawn) == {size}


def test_weights_are_multinomial() -> None:
    weights = resample(np.arange(30), np.zeros(30, dtype=int), 20_000, np.random.default_rng(1))
    assert weights.mean() == 1
    np.testing.assert_allclose(weights.var(1), 1 - 1 / 30, rtol=0.05)
    assert np.cov(weights)[0, 1] == pytest.approx(-1 / 30, abs=0.03)


@pytest.mark.parametrize("images", [1, 3])
def test_variance_of_a_mean_is_the_textbook_one(images: int) -> None:
    """Between-patient variance over the number of patients, for one or several images each."""
    rng = np.random.default_rng(2)
    of_patient = rng.normal(size=25)
    units = np.repeat(np.arange(25), images)
    values = np.repeat(of_patient, images)
    weights = resample(units, np.zeros(len(units), dtype=int), 20_000, rng)
    means = (values @ weights / weights.sum(0))[None]
    variance = resampled_variance(means, np.array([25.0]))
    assert variance[0] == pytest.approx(of_patient.var(ddof=1) / 25, rel=0.04)


def test_variance_is_unknown_where_many_replicates_are_undefined_or_one_patient_is_drawn_from() -> (
    None
):
    replicates = np.random.default_rng(3).normal(size=(3, 100)).astype(np.float32)
    replicates[0, :4] = np.nan
    replicates[1, :6] = np.nan
    variance = resampled_variance(replicates, np.array([9.0, 9.0, 1.0]))
    assert np.isfinite(variance).tolist() == [True, False, False]
    assert variance[0] == pytest.approx(replicates[0, 4:].var(ddof=1) * 9 / 8, rel=1e-5)
