"""Measured cases > GroupReport: the analysis under the report's names, small groups hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from fairness.attributes import UNKNOWN_LABEL
from fairness.curves import curves
from fairness.groups import Grouping
from fairness.outcomes import Cases, GroupReport, Row
from fairness.statistics.analyse import analyse
from fairness.statistics.settings import Settings
from fairness.suppression import hidden_of, judged
from fairness.tasks.measured import Measured


def summarise(
    measured: Measured,
    groupings: Sequence[Grouping],
    provenance: Mapping[str, Any],
    settings: Settings,
) -> GroupReport:
    """Rows over the whole split, then grouping by grouping; contrasts between groups.

    `provenance` says what was measured, on what, with what; the settings are added to it.
    """
    cases, least = measured.cases, settings.suppress_below
    patients = np.array(cases.patients)
    groupings = judged(groupings, patients, least)
    analysis = analyse(measured.measures, patients, groupings, settings)
    hidden = hidden_groups(cases, groupings, least)
    rows = []
    for estimate in analysis.estimates:
        row = Row(**asdict(measured.names), **asdict(estimate))
        if (row.attribute, row.group) in hidden:
            row = hide(row, least)
        elif row.metric in measured.meaningless:
            row = without_number(row, measured.meaningless[row.metric])
        rows.append(row)
    drawn = measured.probabilities
    statistics = {"statistics": asdict(settings), "families": dict(analysis.families)}
    return GroupReport(
        rows=tuple(rows),
        contrasts=tuple(
            c
            for c in analysis.contrasts
            if hidden.isdisjoint({(c.attribute, c.group_a), (c.attribute, c.group_b)})
            and c.metric not in measured.meaningless
        ),
        curves=() if drawn is None else curves(drawn, groupings, settings),
        provenance={**provenance, **statistics},
        kind=measured.kind,
    )


def hidden_groups(cases: Cases, groupings: Sequence[Grouping], least: int) -> set[tuple[str, str]]:
    """(attribute, group) of every group that a shared report must not show."""
    patients = np.array(cases.patients)
    return {(g.attribute.name, name) for g in groupings for name in hidden_of(g, patients, least)}


def hide(row: Row, least: int) -> Row:
    """The row without its numbers; the number of unknown samples stays, they share no trait."""
    n = row.n if row.group == UNKNOWN_LABEL else None
    reason = f"fewer than {least} people, or needed to hide such a group"
    return replace(without_number(row, reason), n=n, n_positive=None)


def without_number(row: Row, reason: str) -> Row:
    """The row without value and interval."""
    return replace(row, value=None, low=None, high=None, method=None, reason=reason)
