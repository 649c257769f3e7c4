"""Validation over all sites without sending a score: each site counts its scores in bins.

A bin is 0.008 wide on the scale of log odds, so the pooled AUC differs from that of the scores
themselves only where two of them share a bin. Counts do not tell which patients were scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from fairness.metrics.classification import auc
from fairness.pooling.bins import BINS, place_of, score_at
from fairness.youden import youden_threshold


@dataclass(frozen=True)
class Counts:
    """Number of scores of each class by bin; empty bins are left out."""

    bins: tuple[int, ...]
    """In 0..BINS-1."""
    negatives: tuple[int, ...]
    positives: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raises DataError where the numbers cannot be counts of scores."""
        lengths = {len(self.bins), len(self.negatives), len(self.positives)}
        numbers = (*self.bins, *self.negatives, *self.positives, 0)
        if len(lengths) > 1 or min(numbers) < 0 or max((*self.bins, 0)) >= BINS:
            raise DataError("counts of validation scores do not fit each other; same version?")


def count(target: IntArray, score: FloatArray) -> Counts:
    """Count scores.

    Args:
        target: (n,) 0 or 1.
        score: (n,) P(positive) in [0, 1].
    """
    place = np.minimum(place_of(score), BINS - 1).astype(np.int64)
    bins = np.unique(place)
    of_class = [
        np.bincount(np.searchsorted(bins, place[target == c]), minlength=len(bins)) for c in (0, 1)
    ]
    return Counts(tuple(bins.tolist()), *(tuple(numbers.tolist()) for numbers in of_class))


def pooled(sites: Sequence[Counts]) -> tuple[float, float]:
    """AUC over all sites, and Youden's threshold for it.

    Raises:
        DataError: there are no counts, or one class is missing everywhere.
    """
    labels, scores = merged(sites)
    return float(auc(labels, scores)), youden_threshold(labels, scores)


def merged(sites: Sequence[Counts]) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of 0 and 1 and scores (n,) of all sites, each score in the middle of its bin.

    Raises:
        DataError: there are no counts, or one class is missing everywhere.
    """
    if not sites:
        raise DataError("no site has counted its scores")
    negatives = sum(sum(site.negatives) for site in sites)
    positives = sum(sum(site.positives) for site in sites)
    if not negatives or not positives:
        raise DataError(
            f"the val splits of the sites that answered have one class only: {negatives} images "
            f"of 0, {positives} of 1"
        )
    target, score = [], []
    for site in sites:
        middle = score_at(np.array(site.bins, dtype=np.float64) + 0.5)
        for label, numbers in ((0, site.negatives), (1, site.positives)):
            score.append(np.repeat(middle, numbers))
            target.append(np.full(sum(numbers), label))
    return np.concatenate(target), np.concatenate(score)
