"""Numbers at a tuned threshold whose intervals know of the tuning, beside those at a fixed one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL
from fairness.beside.chosen_gaps import Gaps, gaps_of, joined, largest_of
from fairness.beside.chosen_lines import largest_line, line_of, pair_of
from fairness.beside.chosen_tables import AtChosen, Chosen, GapAtChosen, LargestAtChosen
from fairness.beside.sets import CaseSet, sets_of
from fairness.beside.shown import Shown
from fairness.beside.stratify import share_masks
from fairness.groups import Grouping
from fairness.outcomes import GroupReport
from fairness.statistics.binary import BinaryScores
from fairness.statistics.class_parts import Part, share_part
from fairness.statistics.clusters import units_of
from fairness.statistics.differences import contrast_of
from fairness.statistics.estimates import number
from fairness.statistics.intervals import wilson
from fairness.statistics.redrawn import RATES, Redrawn, moved_by, rates_at, trials_with
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured

METHOD = "wilson, threshold redrawn"
MISSING = "no interval: undefined at many of the redrawn thresholds"


def at_chosen(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    report: GroupReport,
    redrawn: Redrawn,
    settings: Settings,
) -> Chosen:
    """Every rate of every group, of every pair the difference, of every attribute the largest.

    Args:
        measured: the cases of a binary classifier.
        scores: of them, at the chosen threshold.
        groupings: judged, of the same cases.
        report: of them, with the intervals at the fixed threshold.
        redrawn: what the same rule gives on redrawn validation patients.
        settings: of the report.
    """
    shown = Shown.of(measured, groupings, settings)
    patients = units_of(np.array(measured.cases.patients))
    rows: list[AtChosen] = []
    pairs: list[GapAtChosen] = []
    largest: list[LargestAtChosen] = []
    for sets in sets_of(groupings, shown.sizes, settings):
        if not sets:
            continue
        at = [
            rates_at(scores.positive[one.rows], scores.score[one.rows], redrawn.thresholds)
            for one in sets
        ]
        gaps: dict[str, Gaps] = {}
        for metric in RATES:
            parts = parts_of(scores, metric, sets, patients)
            replicates = [rates[metric] for rates in at]
            rows += lines_of(metric, sets, parts, replicates, shown, report, settings)
            gaps[metric] = gaps_of(sets, metric, parts, replicates, patients)
            pairs += pairs_of(gaps[metric], shown, report, settings)
        largest += largest_gaps(sets[0].attribute, scores, gaps, shown, report, settings)
    said = redrawn.said(settings.suppress_below)
    return Chosen(said, tuple(rows), tuple(pairs), tuple(largest))


def parts_of(
    scores: BinaryScores, metric: str, sets: Sequence[CaseSet], patients: IntArray
) -> list[Part]:
    """The share of each set at the chosen threshold."""
    counted, among = share_masks(scores, metric)
    return [
        share_part(counted[one.rows], among[one.rows], units_of(patients[one.rows])) for one in sets
    ]


def lines_of(
    metric: str,
    sets: Sequence[CaseSet],
    parts: Sequence[Part],
    replicates: Sequence[FloatArray],
    shown: Shown,
    report: GroupReport,
    settings: Settings,
) -> list[AtChosen]:
    """One number of every set with both intervals."""
    fixed = {(row.attribute, row.group): row for row in report.rows if row.metric == metric}
    found = []
    for one, part, at in zip(sets, parts, replicates, strict=True):
        low, high = widened(part, moved_by(at, part.value), settings.quantile)
        old = fixed[one.attribute, one.group]
        reason = old.reason if np.isfinite(low) or old.value is None else MISSING
        told = shown.row(one, metric, (part.value, low, high), METHOD, reason)
        found.append(line_of(old, told))
    return found


def widened(part: Part, moved: float, q: float) -> tuple[float, float]:
    """Limits of a share with what the choice of the threshold adds; NaN where undefined."""
    if not np.isfinite(part.value + moved):
        return np.nan, np.nan
    value, trials = np.array(part.value), np.array(part.trials)
    low, high = wilson(value, trials_with(value, trials, np.array(moved)), q)
    return float(low), float(high)


def pairs_of(
    gaps: Gaps, shown: Shown, report: GroupReport, settings: Settings
) -> list[GapAtChosen]:
    """The pairs of one number, jointly by Sidak."""
    fixed = {(c.attribute, c.metric, c.group_a, c.group_b): c for c in report.contrasts}
    columns, found = gaps.columns(settings), []
    for k, names in enumerate(gaps.names):
        told = shown.contrast(contrast_of(names, columns, k, METHOD))
        if told is not None:
            found.append(pair_of(told, fixed.get(names)))
    return found


def largest_gaps(
    attribute: str,
    scores: BinaryScores,
    gaps: Mapping[str, Gaps],
    shown: Shown,
    report: GroupReport,
    settings: Settings,
) -> list[LargestAtChosen]:
    """The largest gaps of one attribute that the report has, where they are of `RATES`."""
    rows = {
        row.metric: row for row in report.rows if (row.attribute, row.group) == (attribute, ALL)
    }
    tests = {c.metric: c for c in report.contrasts if c.attribute == attribute}
    found = []
    for summary in scores.summaries:
        old = rows.get(summary.name)
        if summary.kind != "difference" or not set(summary.metrics) <= set(gaps):
            continue
        if old is None or old.value is None or not gaps[summary.metrics[0]].names:
            continue
        low, high, p = largest_of(joined([gaps[name] for name in summary.metrics]), settings)
        told = shown.sharing[attribute].row(replace(old, low=number(low), high=number(high)))
        fixed, of_wider = tests.get(summary.name), None
        if fixed is not None:
            of_wider = shown.contrast(replace(fixed, low=told.low, high=told.high, p=number(p)))
        found.append(largest_line(old, told, fixed, of_wider))
    return found
