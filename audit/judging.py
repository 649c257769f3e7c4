"""The verdict on a finished report: rules of a policy, alone or as a family, beside the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.design.beside import planned_beside
from audit.plan_analysis import AnalysisPlan
from audit.policy.family import judge_together
from audit.policy.policy import Policy
from audit.policy.shared_bootstrap import shared_error_of
from audit.policy.verdict import Judgement
from fairness.groups import Grouping
from fairness.outcomes import Answered, Contrast, GroupReport
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings
from fairness.summary import shared_changes, summarise_all
from fairness.tasks.measured import Measured


def judged(
    policy: Policy,
    plan: AnalysisPlan,
    answered: Answered,
    measured: Sequence[Measured],
    groupings: Sequence[list[Grouping]],
    report: GroupReport,
) -> Judgement:
    """The judgement of a report; intervals of other confidences are made where a family needs them.

    Args:
        policy: its rules.
        plan: of the analysis, with its settings, baseline and expectations.
        answered: all samples.
        measured: the reports' cases.
        groupings: of each, with what may be shown.
        report: made of these.

    Raises:
        UsageError: the baseline has other samples than those that were scored.
    """
    settings = plan.options.settings
    made: dict[float, tuple[GroupReport, Sequence[Contrast]]] = {}

    def at(confidence: float) -> tuple[GroupReport, Sequence[Contrast]]:
        if confidence not in made:
            own = replace(settings, confidence=confidence)
            as_shown = confidence == settings.confidence
            about: Mapping[str, Any] = report.provenance
            again = report if as_shown else summarise_all(measured, groupings, about, own)
            made[confidence] = again, changed(plan, answered, measured, groupings, own)
        return made[confidence]

    def shared() -> float:
        return shared_error_of(policy, measured, groupings, settings)

    found = judge_together(policy, at, settings.confidence, shared)
    if plan.before is None:
        return found
    return replace(found, planned=planned_beside(plan.before, found, report, plan.remarks))


def changed(
    plan: AnalysisPlan,
    answered: Answered,
    measured: Sequence[Measured],
    groupings: Sequence[list[Grouping]],
    settings: Settings,
) -> list[Contrast]:
    """Changes against the baseline, as they may be shown; none without it.

    Of every report that the earlier run has, too.
    """
    if plan.baseline is None:
        return []
    plan.baseline.check(answered, complete=True)
    found = []
    for now, of_one, old in zip(measured, groupings, plan.baseline.measures, strict=False):
        moved = changes(now.measures, old, now.cases.patients, of_one, settings)
        shown = shared_changes(moved, of_one, now, settings)
        found += [replace(change, label=now.names.label) for change in shown]
    return found
