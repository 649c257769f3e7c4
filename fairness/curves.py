"""Calibration curves for a shared report, in bins of equal mass without bins of few people."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import BoolArray, FloatArray
from fairness.attributes import ALL, OVERALL, UNKNOWN, UNKNOWN_LABEL
from fairness.disclosure.rounding import coarse
from fairness.disclosure.sizes import Sizes, sizes_of
from fairness.groups import Grouping
from fairness.outcomes import Curve, Outcomes
from fairness.statistics.calibration import calibration_curve, equal_mass_bins
from fairness.statistics.settings import Settings
from fairness.suppression import judged


def curves(
    outcomes: Outcomes, groupings: Sequence[Grouping], settings: Settings
) -> tuple[Curve, ...]:
    """Calibration curve overall, and of every group of a primary grouping that may be shown.

    Of a group whose counts are withheld the points have no counts and one decimal: the mean of the
    observed shares would tell how many are positive.
    """
    sizes = sizes_of(outcomes, outcomes.target, settings)
    found = []
    for attribute, group, inside, withheld in shown_sets(groupings, sizes):
        rows = np.flatnonzero(inside)
        y, score = outcomes.target[rows], outcomes.score[rows]
        bins = bins_for(score, sizes.take(rows), settings.calibration_bins)
        points = calibration_curve(y, score, bins, settings.quantile) if bins else ()
        if withheld:
            points = tuple(replace(coarse(point, 1, 0.0), n=None) for point in points)
        found.append(Curve(attribute, group, points))
    return tuple(found)


def shown_sets(
    groupings: Sequence[Grouping], sizes: Sizes
) -> Iterator[tuple[str, str, BoolArray, bool]]:
    """Attribute, group, who (n,) is in it, and whether its counts are withheld.

    Everybody first, then every group of a primary grouping that may be shown, and the unknown.
    """
    yield OVERALL, ALL, sizes.everybody, False
    for grouping in (g for g in judged(groupings, sizes) if g.primary):
        for code, group in [*enumerate(grouping.attribute.groups), (UNKNOWN, UNKNOWN_LABEL)]:
            inside = grouping.codes == code
            if inside.any() and group not in (grouping.hidden or ()):
                yield grouping.attribute.name, group, inside, group in grouping.withheld


def bins_for(score: FloatArray, sizes: Sizes, most: int) -> int:
    """Largest number of bins, up to `most`, of which none holds too few people of a class.

    0 where even all cases together are too few.
    """
    if not len(score):
        return 0
    for bins in range(most, 0, -1):
        bin_of = equal_mass_bins(score, bins)
        if not any(sizes.few(bin_of == b) for b in np.unique(bin_of)):
            return bins
    return 0
