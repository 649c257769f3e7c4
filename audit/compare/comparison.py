"""One run held against another: changes of every number, flips, levelling down."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from audit.compare.flips import Flips, flips
from audit.compare.levelling import Levelling, levelling
from audit.compare.runs import Run
from audit.options import AnalysisOptions
from audit.plan_analysis import groupings_of
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.disclosure.sizes import sizes_of
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport, Names
from fairness.statistics.changes import changes
from fairness.statistics.clusters import units_of
from fairness.statistics.paired_tests import delong_p
from fairness.summary import shared_changes, summarise
from fairness.suppression import protected
from fairness.tasks.binary import SCORE
from fairness.tasks.catalogue import tables_of
from fairness.tasks.measured import Measured

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PairedTest:
    """DeLong's paired test of the AUC of one group."""

    attribute: str
    group: str
    p: float


@dataclass(frozen=True)
class Comparison:
    """The second run against the first: aggregates only, may be shared."""

    first: GroupReport
    second: GroupReport
    changes: tuple[Contrast, ...]
    """Second minus first; `group_b` is `baseline`."""
    flips: tuple[Flips, ...] = ()
    delong: tuple[PairedTest, ...] = ()
    levelling: tuple[Levelling, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """What compare.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "about": dict(self.about),
            "changes": [asdict(one) for one in self.changes],
            "flips": [asdict(one) for one in self.flips],
            "delong": [asdict(one) for one in self.delong],
            "levelling": [asdict(one) for one in self.levelling],
            "first": self.first.document(),
            "second": self.second.document(),
        }


def compared(first: Run, second: Run, options: AnalysisOptions, note: str) -> Comparison:
    """Hold a run against another on the same samples.

    Args:
        first: paired with `second` (`runs.paired`), whose groups count.
        second: the later run.
        options: groupings and statistics.
        note: how many samples were left out.

    Raises:
        UsageError: a name in the options is no attribute or covariate of the data.
    """
    settings, cases = options.settings, first.answered.cases
    sizes = sizes_of(cases, first.answered.labels, settings)
    groupings = protected(*groupings_of(cases, options), sizes)
    pair = [measured(run, options) for run in (first, second)]
    reports = [
        summarise(one, groupings, about(run), settings)
        for one, run in zip(pair, (first, second), strict=True)
    ]
    moved = changes(pair[1].measures, pair[0].measures, cases.patients, groupings, settings)
    shown = shared_changes(moved, groupings, pair[1], settings)
    metric = next(iter(tables_of(reports[0]).groups.values()))
    plain = plain_attributes(reports[0])
    before = {
        (row.attribute, row.group): row.value
        for row in reports[0].rows
        if row.metric == metric and row.value is not None and row.attribute in plain
        if row.group not in (ALL, UNKNOWN_LABEL)
    }
    return Comparison(
        reports[0],
        reports[1],
        tuple(shown),
        tuple(flips(first, second, groupings)),
        tuple(delong(first, second, groupings)),
        tuple(levelling(metric, before, shown)),
        {
            "first": {"folder": str(first.folder), "threshold": first.threshold},
            "second": {"folder": str(second.folder), "threshold": second.threshold},
            "n": len(cases),
            "note": note,
            "statistics": asdict(settings),
        },
    )


def measured(run: Run, options: AnalysisOptions) -> Measured:
    """What is compared of a run: the first way in which its model was asked."""
    names = Names(run.name, "stored run", run.folder.name)
    return run.task.measured(run.answered, names, options.settings)[0]


def about(run: Run) -> dict[str, Any]:
    """The provenance of a stored run, as far as a comparison needs it."""
    return {"model": {"name": run.name}, "folder": str(run.folder)}


def delong(first: Run, second: Run, groupings: Sequence[Grouping]) -> list[PairedTest]:
    """DeLong's paired test overall and of every group that may be shown."""
    labels = first.answered.labels
    if labels is None:
        return []
    units = units_of(np.array(first.answered.cases.patients))
    new, old = (run.answered.values[SCORE] for run in (second, first))
    found = [PairedTest(OVERALL, ALL, delong_p(labels, new, old, units))]
    for grouping in groupings:
        for code, group in enumerate(grouping.attribute.groups):
            rows = np.flatnonzero(grouping.codes == code)
            if group in (grouping.hidden or ()) or group in grouping.withheld:
                continue
            p = delong_p(labels[rows], new[rows], old[rows], units[rows])
            if np.isfinite(p):
                found.append(PairedTest(grouping.attribute.name, group, p))
    return found
