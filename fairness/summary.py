"""Outcomes > GroupReport: the analysis under the names of what was audited, small groups hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from fairness.arrays import FloatArray
from fairness.attributes import UNKNOWN_LABEL
from fairness.curves import curves
from fairness.groups import Grouping
from fairness.outcomes import Cases, Contrast, GroupReport, Outcomes, Row
from fairness.statistics.analyse import analyse
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.suppression import hidden_of, judged

NEED_PROBABILITIES = (
    "brier_score",
    "calibration_slope",
    "calibration_intercept",
    "calibration_error",
)
HIDDEN = "fewer than {least} people, or needed to hide such a group"


@dataclass(frozen=True)
class Names:
    """What every row of one report shares."""

    model: str
    dataset: str
    split: str


def summarise(
    cases: Cases,
    measures: Measures,
    groupings: Sequence[Grouping],
    names: Names,
    provenance: Mapping[str, Any],
    settings: Settings,
) -> GroupReport:
    """Rows over the whole split, then grouping by grouping; contrasts between groups.

    Args:
        cases: whom the samples belong to.
        measures: what is measured of them, e.g. `BinaryScores`.
        groupings: how to divide the samples (`fairness/groups.py`).
        names: what every row shares.
        provenance: what was measured, on what, with what.
        settings: of the statistics; kept in the provenance.
    """
    patients = np.array(cases.patients)
    groupings = judged(groupings, patients, settings.suppress_below)
    analysis = analyse(measures, patients, groupings, settings)
    hidden = hidden_groups(cases, groupings, settings.suppress_below)
    binary = cases if isinstance(cases, Outcomes) else None
    meaningless = NEED_PROBABILITIES if binary and not are_probabilities(binary.score) else ()
    rows = []
    for estimate in analysis.estimates:
        row = Row(**asdict(names), **asdict(estimate))
        if (row.attribute, row.group) in hidden:
            row = hide(row, settings.suppress_below)
        elif row.metric in meaningless:
            row = without_number(row, "the scores are no probabilities")
        rows.append(row)
    return GroupReport(
        rows=tuple(rows),
        contrasts=tuple(
            c for c in analysis.contrasts if not involves(c, hidden) and c.metric not in meaningless
        ),
        curves=curves(binary, groupings, settings) if binary and not meaningless else (),
        provenance={
            **provenance,
            "statistics": asdict(settings),
            "families": dict(analysis.families),
        },
    )


def hidden_groups(cases: Cases, groupings: Sequence[Grouping], least: int) -> set[tuple[str, str]]:
    """(attribute, group) of every group that a shared report must not show."""
    patients = np.array(cases.patients)
    return {(g.attribute.name, name) for g in groupings for name in hidden_of(g, patients, least)}


def hide(row: Row, least: int) -> Row:
    """The row without its numbers; the number of unknown samples stays, they share no trait."""
    n = row.n if row.group == UNKNOWN_LABEL else None
    return replace(without_number(row, HIDDEN.format(least=least)), n=n, n_positive=None)


def without_number(row: Row, reason: str) -> Row:
    """The row without value and interval."""
    return replace(row, value=None, low=None, high=None, method=None, reason=reason)


def are_probabilities(score: FloatArray) -> bool:
    """Whether all scores lie in [0, 1]."""
    return bool(((score >= 0) & (score <= 1)).all())


def involves(contrast: Contrast, hidden: set[tuple[str, str]]) -> bool:
    """Whether one side of the contrast is hidden."""
    sides = (contrast.group_a, contrast.group_b)
    return any((contrast.attribute, side) in hidden for side in sides)
