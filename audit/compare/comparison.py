"""One run held against another: changes of every number, flips, levelling down."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from audit.compare.flips import Flips, PairedTest, delong, flips
from audit.compare.levelling import Levelling, levelling
from audit.compare.runs import Run
from audit.compare.sets import shown_sets, told
from audit.options import AnalysisOptions
from audit.plan_analysis import groupings_of
from audit.policy.verdict import Judgement
from fairness.disclosure.labels import divided
from fairness.disclosure.sizes import sizes_of
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport, Names
from fairness.statistics.changes import changes
from fairness.statistics.gap_changes import gap_change
from fairness.statistics.replicated import said_of_bins
from fairness.statistics.settings import Settings
from fairness.summary import shared_changes, summarise_all
from fairness.tasks.measured import Measured

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Side:
    """One run, measured in every part of its report: all labels together, then each."""

    run: Run
    measured: tuple[Measured, ...]
    report: GroupReport
    groupings: tuple[list[Grouping], ...]
    """Of the cases of each part, judged."""


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
    judgement: Judgement | None = None
    """Of the rules on a change; None without a policy."""
    not_judged: tuple[str, ...] = ()
    """The other rules of the policy."""

    def document(self) -> dict[str, Any]:
        """What compare.json holds."""
        judgement = self.judgement
        return {
            "schema_version": SCHEMA_VERSION,
            "about": dict(self.about),
            "verdict": judgement.verdict if judgement else None,
            "policy": judgement.policy.model_dump(mode="json") if judgement else None,
            "checks": [asdict(one) for one in judgement.checks] if judgement else [],
            "not_judged": list(self.not_judged),
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
    one, other = sides_of((first, second), options)
    return held(one, other, options.settings, note)


def sides_of(runs: Sequence[Run], options: AnalysisOptions) -> list[Side]:
    """Each of the paired runs, measured and summarised, in the groups of the first.

    Raises:
        UsageError: a name in the options is no attribute or covariate of the data.
    """
    settings, first = options.settings, runs[0]
    whole = groupings_of(first.answered.cases, options)
    each = [parts_of(run, settings) for run in runs]
    groupings = divided(first.task, first.answered, each[0], *whole, settings)
    return [
        Side(
            run,
            measured,
            summarise_all(measured, groupings, about(run), settings),
            tuple(groupings),
        )
        for run, measured in zip(runs, each, strict=True)
    ]


def parts_of(run: Run, settings: Settings) -> tuple[Measured, ...]:
    """All labels together and each; of one label, the first way in which the model was asked."""
    found = run.task.measured(run.answered, names(run), settings)
    return tuple(found if run.task.names else found[:1])


def held(one: Side, other: Side, settings: Settings, note: str, alike: int = 1) -> Comparison:
    """Hold a side against another; `alike` sides are held against the first in the same way.

    Joint intervals hold for all groups of an attribute, all labels and all these sides together.
    """
    alike *= max(1, sum(bool(part.names.label) for part in one.measured))
    moved: list[Contrast] = []
    of_gaps: list[Levelling] = []
    turned: list[Flips] = []
    tests: list[PairedTest] = []
    reports = (one.report, *one.report.also)
    parts = zip(one.measured, other.measured, one.groupings, reports, strict=True)
    for old, new, groupings, report in parts:
        shown = changes_of(new, old, groupings, settings, alike)
        of_gap = partial(gap_of, (new, old), groupings, settings, alike)
        moved += shown
        if old.names.label or report is one.report:  # not of another average of the same labels
            of_gaps += levelling(report, shown, of_gap)
        sets = shown_sets(groupings, sizes_of(old.cases, old.measures.positive, settings))
        turned += flips(old, new, sets)
        tests += delong(old, new, sets)
    cases = one.run.answered.cases
    n = told(len(cases), sizes_of(cases, None, settings))
    bins = said_of_bins(one.measured[0].measures, len(cases), settings)
    said = {
        "first": side_in_words(one.run),
        "second": side_in_words(other.run),
        "n": n,
        "note": note if n is not None or not note else "samples that not all have are left out",
        "statistics": settings.document(binned=bool(bins)),
    }
    return Comparison(
        one.report, other.report, tuple(moved), tuple(turned), tuple(tests), tuple(of_gaps), said
    )


def changes_of(
    new: Measured, old: Measured, groupings: Sequence[Grouping], settings: Settings, alike: int
) -> list[Contrast]:
    """Changes of one part as they may be shown, under its label; none that make no sense."""
    patients = old.cases.patients
    moved = changes(new.measures, old.measures, patients, groupings, settings, alike)
    odd = {**old.meaningless, **new.meaningless}
    shown = shared_changes(moved, groupings, new, settings)
    return [replace(c, label=old.names.label) for c in shown if c.metric not in odd]


def gap_of(
    pair: tuple[Measured, Measured],
    groupings: Sequence[Grouping],
    settings: Settings,
    alike: int,
    names: tuple[str, str, str, str],
) -> Contrast:
    """By how much two groups moved apart, as it may be shown.

    Args:
        pair: the second run, then the first.
        groupings: of the cases.
        settings: of the statistics.
        alike: gaps of the same attribute, of other labels and runs, that its interval holds for.
        names: attribute, metric, best and worst group.
    """
    new, old = pair
    grouping = next(g for g in groupings if g.attribute.name == names[0])
    codes = [grouping.attribute.groups.index(group) for group in names[2:]]
    rows = tuple(np.flatnonzero(grouping.codes == code) for code in codes)
    found = gap_change(
        new.measures, old.measures, old.cases.patients, names, (rows[0], rows[1]), settings, alike
    )
    (shown,) = shared_changes([found], groupings, new, settings)
    return replace(shown, label=old.names.label)


def names(run: Run) -> Names:
    """What the reports of a run are called."""
    return Names(run.name, "stored run", run.folder.name)


def about(run: Run) -> dict[str, Any]:
    """The provenance of a stored run, as far as a comparison needs it."""
    return {"model": {"name": run.name}, "folder": str(run.folder)}


def side_in_words(run: Run) -> dict[str, Any]:
    """A run as the page and compare.json name it."""
    found: dict[str, Any] = {"name": run.name, "folder": str(run.folder)}
    found["threshold"] = run.threshold
    return {**found, "by_label": dict(run.by_label)} if run.by_label else found
