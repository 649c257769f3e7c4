"""Adjusted p-values against statsmodels."""

from typing import Literal

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from fairness.outcomes import Contrast
from fairness.statistics.binary import SUMMARIES
from fairness.statistics.families import adjusted, adjusted_over_labels, families_of_gaps
from fairness.statistics.settings import Settings


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


def gap(label: str, attribute: str, p: float | None, metric: str = "auc_difference") -> Contrast:
    return Contrast(attribute, metric, "a", "b", 0.1, 0.0, 0.2, p, label=label)


def test_gaps_of_all_labels_are_one_family_and_pairs_stay_as_they_are() -> None:
    p = [0.01, 0.2, 0.004, 0.03]
    names = [(label, name) for label in ("edema", "mass") for name in ("race", "gender")]
    gaps = [gap(*name, value) for name, value in zip(names, p, strict=True)]
    pair = gap("mass", "race", 0.001, "auc")
    other = gap("mass", "race", 0.02, "accuracy_difference")
    found = adjusted_over_labels([pair, *gaps, other], SUMMARIES, Settings())
    assert found[0] == pair
    expected = multipletests(p, method="holm")[1]
    assert [c.p_adjusted for c in found[1:5]] == pytest.approx(expected)
    assert found[5].p_adjusted == 0.02  # a family of its own
    assert [c.label for c in found] == ["mass", "edema", "edema", "mass", "mass", "mass"]


def test_families_name_how_many_labels_and_which_attributes() -> None:
    gaps = [gap(str(k), name, 0.5) for k in range(14) for name in ("race", "gender")]
    assert families_of_gaps(gaps, Settings()) == [
        "auc_difference: each over 14 labels x race, gender (Holm)"
    ]
    untested = [*gaps[:-1], gap("13", "gender", None)]
    assert families_of_gaps(untested, Settings(adjust="bh")) == [
        "auc_difference: each over 27 gaps of 14 labels in race, gender (Benjamini-Hochberg)"
    ]


def test_families_without_labels_name_attributes_alone() -> None:
    gaps = [gap("", name, 0.5) for name in ("race", "gender")]
    assert families_of_gaps(gaps, Settings()) == ["auc_difference: each over race, gender (Holm)"]
