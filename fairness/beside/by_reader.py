"""Numbers of groups against the labels of each reader, as a report on that reader alone has them.

Readers are treated as labels of the same people are (`fairness/disclosure/labels.py`): what the
report hides is hidden of every reader, and what a reader's labels make few is hidden of that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, OVERALL
from fairness.beside.tables import ByReader, ReaderGap
from fairness.disclosure.labels import of_label
from fairness.groups import Grouping
from fairness.outcomes import Answered, GroupReport
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.over_readers import METRICS
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tables.reader_labels import MAJORITY
from fairness.tasks.binary import SCORE
from fairness.tasks.measured import Measured
from fairness.tasks.one_label import one_label

LARGEST = ("auc_difference", "equal_opportunity_difference", "false_positive_rate_difference")
"""Largest gaps, which the means over readers have not: a mean of largest gaps is too large."""


@dataclass(frozen=True)
class Against:
    """All cases with their readers' labels, and the report against the majority."""

    everything: Answered
    measured: Measured
    """The cases with a majority."""
    groupings: Sequence[Grouping]
    """Judged, of these."""
    whole: Sequence[Grouping]
    """Of all cases, not judged."""
    report: GroupReport

    @property
    def threshold(self) -> float:
        """From which on a score is a positive prediction."""
        measures = self.measured.measures
        assert isinstance(measures, BinaryScores)
        return measures.threshold

    @property
    def score(self) -> FloatArray:
        """(n,) of all cases."""
        return self.everything.values[SCORE]

    @property
    def stacked(self) -> IntArray:
        """(R, n) labels of all readers, -1 where not read."""
        return np.stack(list(self.everything.reader_labels.values()))

    @property
    def units(self) -> IntArray:
        """(n,) patients of all cases."""
        return units_of(np.array(self.everything.cases.patients))

    def judged(self, labels: IntArray, settings: Settings) -> tuple[Measured, list[Grouping]]:
        """The cases with a label in labels (n,), and their groupings as they may be shown."""
        cases, names = self.everything.cases, self.measured.names
        measured = one_label(cases, names, labels, self.score, self.threshold, settings)
        of_all = [grouping for grouping in self.groupings if grouping.primary]
        return measured, of_label(measured, len(cases), of_all, self.whole, None, settings)


@dataclass(frozen=True)
class OneReader:
    """What a report on the labels of one reader would say."""

    name: str
    groupings: Sequence[Grouping]
    report: GroupReport


def each_reader(against: Against, settings: Settings) -> list[OneReader]:
    """The report of each reader, of those cases that the reader has read."""
    found = []
    for name, labels in against.everything.reader_labels.items():
        if (labels >= 0).any():
            measured, groupings = against.judged(labels, settings)
            report = summarise(measured, groupings, {}, settings)
            found.append(OneReader(name, groupings, report))
    return found


def lines_by_reader(
    against: Against, readers: Sequence[OneReader]
) -> tuple[list[ByReader], list[ReaderGap]]:
    """Numbers and pairs of groups against the majority, then against every reader."""
    reports = [(MAJORITY, against.report), *((one.name, one.report) for one in readers)]
    groups = {g.attribute.name: (*g.attribute.groups, ALL) for g in against.whole}
    groups[OVERALL] = (ALL,)
    lines: list[ByReader] = []
    gaps: list[ReaderGap] = []
    for name, report in reports:
        for row in report.rows:
            of_all = row.group == ALL and row.attribute != OVERALL
            wanted = LARGEST if of_all else METRICS
            if row.metric in wanted and row.group in groups.get(row.attribute, ()):
                lines.append(
                    ByReader(name, **{f.name: getattr(row, f.name) for f in fields(ByReader)[1:]})
                )
        for contrast in report.contrasts:
            if contrast.metric in METRICS and contrast.attribute in groups:
                found = {f.name: getattr(contrast, f.name) for f in fields(ReaderGap)[1:]}
                gaps.append(ReaderGap(name, **found))
    return lines, gaps
