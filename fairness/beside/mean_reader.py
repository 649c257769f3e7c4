"""Numbers of groups, and gaps, as means over readers who are a sample of readers."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from fairness.arrays import BoolArray, IntArray
from fairness.attributes import OVERALL
from fairness.beside.by_reader import Against
from fairness.beside.sets import CaseSet, share_patients
from fairness.beside.tables import ByReader, ReaderGap
from fairness.disclosure.rounding import coarse
from fairness.groups import Grouping
from fairness.statistics.binary import BinaryScores
from fairness.statistics.differences import contrast_of, differences
from fairness.statistics.estimates import number
from fairness.statistics.over_readers import METRICS, Read, mean_limits, pair_sides, read_by_all
from fairness.statistics.settings import Settings
from fairness.tables.reader_labels import MEAN

METHOD = "bootstrap of patients and readers"
UNDEFINED = "not defined against the labels of every reader"


def means(
    against: Against,
    judged: Sequence[Grouping],
    sets: Sequence[Sequence[CaseSet]],
    hidden: str,
    settings: Settings,
) -> tuple[list[ByReader], list[ReaderGap]]:
    """Every number of everybody and of every group, and every pair of groups, rounded where due.

    Args:
        against: the cases.
        judged: their groupings, with what any reader's labels hide.
        sets: of these.
        hidden: why a set is.
        settings: of the report.
    """
    lines: list[ByReader] = []
    gaps: list[ReaderGap] = []
    codes = {grouping.attribute.name: grouping for grouping in judged}
    for of_one in sets:
        if not of_one:
            continue
        name = of_one[0].attribute
        lines += [
            ByReader(MEAN, name, one.group, metric, None, None, None, None, None, None, hidden)
            for metric in METRICS
            for one in of_one
            if one.hidden
        ]
        shown = [one for one in of_one if not one.hidden]
        if not shown:
            continue
        n = len(against.units)
        strata = np.zeros(n, np.int64) if name == OVERALL else codes[name].codes
        found, apart = of_sets(against, shown, strata, settings)
        if name != OVERALL and codes[name].withheld & set(codes[name].attribute.groups):
            found = [coarse(line, 1, 0.0) for line in found]
            apart = [coarse(gap, 1, 1 - settings.confidence) for gap in apart]
        lines, gaps = [*lines, *found], [*gaps, *apart]
    return lines, gaps


def of_sets(
    against: Against, shown: Sequence[CaseSet], strata: IntArray, settings: Settings
) -> tuple[list[ByReader], list[ReaderGap]]:
    """Of sets that may be shown."""
    labels, dependent = against.stacked, share_patients(shown, against.units)
    scores = [BinaryScores(one, against.score, against.threshold) for one in labels]
    cells = [one.rows for one in shown]
    reads = read_by_all(scores, labels >= 0, cells, against.units, strata, settings)
    lines: list[ByReader] = []
    gaps: list[ReaderGap] = []
    for metric in METRICS:
        known = np.isfinite(reads[metric].values).all(axis=0)
        read, defined = (
            reads[metric].take(known),
            [one for one, k in zip(shown, known, strict=True) if k],
        )
        low, high = mean_limits(read, settings.quantile)
        limits = dict(
            zip(
                (one.group for one in defined), zip(read.value, low, high, strict=True), strict=True
            )
        )
        for one in shown:
            value, bottom, top = map(number, limits.get(one.group, (np.nan,) * 3))
            names = (MEAN, one.attribute, one.group, metric)
            reason = UNDEFINED if value is None else None
            method = METHOD if bottom is not None else None
            lines.append(ByReader(*names, value, bottom, top, method, None, None, reason))
        gaps += pairs_of(read, defined, dependent, settings)
    return lines, gaps


def pairs_of(
    read: Read, sets: Sequence[CaseSet], dependent: bool, settings: Settings
) -> list[ReaderGap]:
    """Every pair of the sets, in one number."""
    a, b = np.triu_indices(len(sets), k=1)
    if not len(a):
        return []
    tested: BoolArray = np.array(
        [sets[i].tested and sets[j].tested for i, j in zip(a, b, strict=True)]
    )
    first, second, correlation = pair_sides(read, a, b, dependent=dependent)
    columns = differences(first, second, correlation, tested, settings)
    found = []
    for k, (i, j) in enumerate(zip(a, b, strict=True)):
        names = (sets[i].attribute, read.metric, sets[i].group, sets[j].group)
        contrast = contrast_of(names, columns, k, METHOD)
        found.append(
            ReaderGap(MEAN, **{f.name: getattr(contrast, f.name) for f in fields(ReaderGap)[1:]})
        )
    return found
