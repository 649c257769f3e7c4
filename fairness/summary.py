"""Measured cases > GroupReport: the analysis under the report's names, small groups hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from fairness.arrays import BoolArray
from fairness.attributes import ALL, OVERALL, UNKNOWN, UNKNOWN_LABEL, Attribute
from fairness.curves import curves
from fairness.disclosure.rounding import without_numbers
from fairness.disclosure.sharing import Sharing, sharing
from fairness.disclosure.sizes import FEW, Sizes, sizes_of
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast, Estimate, GroupReport, Row
from fairness.statistics.analyse import analyse
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.suppression import judged
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
    sizes = sizes_of(measured.cases, measured.measures.positive, settings)
    groupings = judged(groupings, sizes)
    analysis = analyse(measured.measures, sizes.patients, groupings, settings)
    shared = shared_by(groupings, measured.measures, sizes, settings)
    rows = []
    for estimate in once(analysis.estimates, groupings, measured.measures):
        row = Row(**asdict(measured.names), **asdict(estimate))
        if row.metric in measured.meaningless:
            reason = measured.meaningless[row.metric]
            row = replace(without_numbers(row), method=None, reason=reason)
        rows.append(shared[row.attribute].row(row))
    contrasts = [
        shared[contrast.attribute].contrast(contrast)
        for contrast in analysis.contrasts
        if contrast.metric not in measured.meaningless
    ]
    drawn = measured.probabilities
    statistics = {"statistics": asdict(settings), "families": list(analysis.families)}
    if sizes.few(sizes.everybody) == FEW and "data" in provenance:
        statistics["data"] = {**provenance["data"], "n": None}
    return GroupReport(
        rows=tuple(rows),
        contrasts=tuple(contrast for contrast in contrasts if contrast is not None),
        curves=() if drawn is None else curves(drawn, groupings, settings),
        provenance={**provenance, **statistics},
        kind=measured.kind,
    )


def shared_by(
    groupings: Sequence[Grouping], measures: Measures, sizes: Sizes, settings: Settings
) -> dict[str, Sharing]:
    """What may be shown of each judged grouping, and of the whole split, by attribute."""
    few = sizes.few(sizes.everybody)
    overall = replace(
        plain(Attribute(OVERALL, ()), np.zeros(len(sizes.patients), dtype=np.int64)),
        hidden=frozenset([ALL] if few else []),
        reasons={ALL: few} if few else {},
    )
    return {
        grouping.attribute.name: sharing(grouping, measures, sizes, 1 - settings.confidence)
        for grouping in (overall, *groupings)
    }


def once(
    estimates: Sequence[Estimate], groupings: Sequence[Grouping], measures: Measures
) -> list[Estimate]:
    """The estimates, those of the same cases the same: intervals differ by chance between runs."""
    metrics = {metric.name for metric in measures.metrics}
    n = max((estimate.n or 0 for estimate in estimates), default=0)
    cases = {(OVERALL, ALL): digest(np.ones(n, dtype=bool))}
    for grouping in groupings:
        codes, name = grouping.codes, grouping.attribute.name
        cases[name, UNKNOWN_LABEL] = digest(codes == UNKNOWN)
        cases[name, ALL] = digest(codes >= 0)
        for code, group in enumerate(grouping.attribute.groups):
            cases[name, group] = digest(codes == code)
    first: dict[tuple[bytes, str], Estimate] = {}
    found = []
    for one in estimates:
        if one.metric in metrics:
            same = first.setdefault((cases[one.attribute, one.group], one.metric), one)
            one = replace(same, attribute=one.attribute, group=one.group)
        found.append(one)
    return found


def digest(inside: BoolArray) -> bytes:
    """What tells sets of cases (n,) apart."""
    return blake2b(np.packbits(inside).tobytes(), digest_size=16).digest()


def shared_changes(
    changes: Sequence[Contrast],
    groupings: Sequence[Grouping],
    measured: Measured,
    settings: Settings,
) -> list[Contrast]:
    """Changes against an earlier run as they may be shown, those of hidden groups without numbers.

    `groupings` are judged, as `fairness.suppression.protected` gives them.
    """
    sizes = sizes_of(measured.cases, measured.measures.positive, settings)
    shared = shared_by(groupings, measured.measures, sizes, settings)
    return [shared[change.attribute].change(change) for change in changes]
