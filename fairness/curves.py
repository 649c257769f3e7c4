"""Calibration curves for a shared report, in bins of equal mass without bins of few people."""

from collections.abc import Sequence

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.attributes import ALL, OVERALL, UNKNOWN, UNKNOWN_LABEL
from fairness.groups import Grouping
from fairness.outcomes import Curve, Outcomes
from fairness.statistics.calibration import calibration_curve, equal_mass_bins
from fairness.statistics.settings import Settings
from fairness.suppression import hidden_of


def curves(
    outcomes: Outcomes, groupings: Sequence[Grouping], settings: Settings
) -> tuple[Curve, ...]:
    """Calibration curve overall, and of every group of a primary grouping that may be shown."""
    patients = np.array(outcomes.patients)
    sets = [(OVERALL, ALL, np.arange(len(outcomes)))]
    for grouping in (g for g in groupings if g.primary):
        hidden = hidden_of(grouping, patients, settings.suppress_below)
        for code, group in [*enumerate(grouping.attribute.groups), (UNKNOWN, UNKNOWN_LABEL)]:
            rows = np.flatnonzero(grouping.codes == code)
            if rows.size and group not in hidden:
                sets.append((grouping.attribute.name, group, rows))
    found = []
    for attribute, group, rows in sets:
        y, score = outcomes.target[rows], outcomes.score[rows]
        bins = bins_for(score, patients[rows], settings)
        points = calibration_curve(y, score, bins, settings.quantile) if bins else ()
        found.append(Curve(attribute, group, points))
    return tuple(found)


def bins_for(score: FloatArray, patients: Array, settings: Settings) -> int:
    """Largest number of bins, up to `calibration_bins`, of which none holds too few people.

    0 where even all cases together are too few.
    """
    for bins in range(settings.calibration_bins, 0, -1):
        bin_of = equal_mass_bins(score, bins)
        people = [np.unique(patients[bin_of == b]).size for b in np.unique(bin_of)]
        if min(people, default=0) >= max(1, settings.suppress_below):
            return bins
    return 0
