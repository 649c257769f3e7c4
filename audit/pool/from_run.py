"""A finished run > what its site hands over."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from audit.compare.runs import read_run
from audit.report.document import read_document
from audit.report.meanings import partial_line
from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.errors import DataError, UsageError
from fairness.groups import recorded
from fairness.outcomes import GroupReport
from fairness.pooling.site import About, Scored, site_summary
from fairness.pooling.summary import Model, SiteSummary
from fairness.statistics.clusters import units_of
from fairness.tasks.binary import BinaryTask, outcomes_of
from fairness.text import one_line


def summary_of_run(
    folder: Path, site: str, *, label: str | None, weights: str | None, least: int | None
) -> SiteSummary:
    """What a site hands over of one run.

    Args:
        folder: of the run.
        site: its name in the file.
        label: what a positive case has; None: as the model says.
        weights: SHA-256 of the model; None: as the report says.
        least: fewest people of a group and of a cell; None: as in the report.

    Raises:
        UsageError: the run is of no binary classifier, or a flag is needed, or wrong.
        DataError: the run cannot be read, is not complete, or holds too few people.
    """
    report = read_document(folder / "report" / "report.json").report()
    if partial_line(report.provenance):
        raise UsageError(f"{folder}: the run is not complete; finish it with --resume")
    run, model = read_run(folder), report.provenance["model"]
    if not isinstance(run.task, BinaryTask) or run.threshold is None:
        raise UsageError(f"{folder}: it holds a {run.task.kind}; only one label can be pooled")
    outcomes = outcomes_of(run.answered)
    if outcomes.score.min() < 0 or outcomes.score.max() > 1:
        raise UsageError(f"{folder}: its scores lie outside 0..1, where the bins of the file end")
    stated = report.provenance["statistics"]["suppress_below"]
    named = label or model.get("target")
    if not named:
        raise UsageError(f"{folder}: it does not say what a positive case has; name it by --label")
    if not site or site != one_line(site):
        raise UsageError("--site: give the site's name in one line")
    about = About(
        site=site,
        model=Model(run.name, weights or model.get("model_sha256")),
        label=named,
        dataset=report.provenance["data"]["dataset"],
        split=report.provenance["data"]["split"],
    )
    units = units_of(np.array(outcomes.patients))
    scored = Scored(outcomes.target, outcomes.score.astype(np.float64), units, run.threshold)
    hidden = hidden_in(report)
    try:
        return site_summary(
            scored, recorded(outcomes), about, stated if least is None else least, hidden
        )
    except DataError as error:
        raise DataError(f"{folder}: {error}") from None


def hidden_in(report: GroupReport) -> dict[str, frozenset[str]]:
    """By attribute, groups of which the report shows no counts: the file shows them neither."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in report.rows:
        if row.suppressed is not None and row.group not in (ALL, UNKNOWN_LABEL):
            found[row.attribute].add(row.group)
    return {name: frozenset(groups) for name, groups in found.items()}
