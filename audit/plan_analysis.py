"""Plans what is made of outcomes: groupings, policy, baseline, original evaluation.

`fair-audit` and `fair-audit report` share it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit.design.plan_file import WrittenPlan, check_design_fits, read_plan
from audit.options import AnalysisOptions
from audit.policy.baseline import Baseline, read_baseline
from audit.policy.known_names import check_rules
from audit.policy.policy import Policy, read_policy
from audit.threshold_runs import Operating, redrawn_of
from audit.tracking import check_mlflow
from audit.tracking_wandb import check_wandb
from fairness.arrays import FloatArray
from fairness.decided import decided, decided_rows
from fairness.disclosure.labels import cut
from fairness.errors import DataError, UsageError
from fairness.groups import Grouping, binned, intersection, known_ages, recorded, strata
from fairness.outcomes import Answered, Cases, Names
from fairness.statistics.measures import Measures
from fairness.statistics.redrawn import Redrawn
from fairness.suppression import reported
from fairness.tables.reader_labels import FLAG
from fairness.tasks.binary import BinaryTask
from fairness.tasks.catalogue import TASKS
from fairness.tasks.measured import Measured
from fairness.tasks.task import Task


@dataclass(frozen=True)
class AnalysisPlan:
    """What to make of outcomes, read and checked."""

    options: AnalysisOptions
    task: Task
    names: Names
    policy: Policy | None
    baseline: Baseline | None
    before: WrittenPlan | None = None
    """A plan that was written before."""
    remarks: tuple[str, ...] = ()
    """What the verdict says about that plan."""
    redrawn: Redrawn | None = None
    """What the threshold's rule gives on redrawn validation patients."""
    range_said: str = ""
    """Where the range of decision curves comes from, if the policy names one."""


def plan_analysis(
    options: AnalysisOptions,
    task: Task,
    expected: Answered,
    names: Names,
    at: Operating,
    *,
    complete: bool,
) -> AnalysisPlan:
    """Read policy and baseline, and check every name against what will be reported.

    Args:
        options: the flags.
        task: what is measured.
        expected: the samples; of their values only the names count.
        names: what the report calls model, dataset and split.
        at: the threshold, with its rule, and the model's digest.
        complete: whether every one of the samples will be scored, or some may be skipped.

    Raises:
        UsageError: a flag, a rule or the baseline does not fit the samples.
        DataError: a file cannot be read.
        ServerError: results cannot be logged where they should be.
    """
    check_readers(options, task, expected)
    _, divisions, stratum = groupings_of_decided(expected, options)
    groupings, expected = reported(divisions, stratum), decided(expected)
    check_compat(options, task, expected)
    policy = read_policy(options.policy) if options.policy else None
    options, said = with_range(options, policy, task)
    options.beside.asked(task, groupings, expected.cases)
    runs = options.beside.threshold_runs
    redrawn = redrawn_of(runs, at, names, expected.cases, options.settings)
    if policy is not None:
        measured = task.measured(expected, names, options.settings)
        against = options.baseline is not None
        check_policy(policy, task, measured, groupings, with_baseline=against)
    before = None
    if policy is not None and options.plan is not None:
        before = read_plan(options.plan, policy, options.settings)
        check_design_fits(before.design, groupings)
    baseline = None
    if options.baseline is not None:
        baseline = read_baseline(
            options.baseline, task, expected.cases.attributes, options.settings
        )
        baseline.check(expected, complete=complete)
    if options.mlflow is not None:
        check_mlflow(options.mlflow)
    if options.wandb is not None:
        check_wandb(options.wandb)
    files = (policy, baseline, before)
    return AnalysisPlan(options, task, names, *files, redrawn=redrawn, range_said=said)


def with_range(
    options: AnalysisOptions, policy: Policy | None, task: Task
) -> tuple[AnalysisOptions, str]:
    """The options with the range of decision curves that the policy names, and what is said of it.

    `--decision-range` goes before it.

    Raises:
        UsageError: the policy names one, and these are results of another kind of model.
    """
    if policy is None or policy.decision_range is None:
        return options, ""
    if task.kind != BinaryTask.kind:
        raise UsageError(
            f"--policy {options.policy}: decision_range is for classifiers of two classes; these "
            f"are results of {task.kind}"
        )
    stated = ",".join(f"{end:g}" for end in policy.decision_range)
    if (given := options.beside.decision_range) is not None:
        return options, f"decision range {given} by --decision-range, not {stated} of the policy"
    beside = replace(options.beside, decision_range=stated)
    return replace(options, beside=beside), f"decision range {stated} of the policy"


def check_readers(options: AnalysisOptions, task: Task, expected: Answered) -> None:
    """Refuse labels of several readers with which no report can be made.

    Raises:
        UsageError: a flag does not go with them, or a reader has read nothing.
        DataError: the majority has found only positives, or only negatives.
    """
    if not expected.reader_labels:
        return
    if options.beside.weight is not None:
        raise UsageError(f"--weight and {FLAG} cannot be had together; leave one out")
    for name, labels in expected.reader_labels.items():
        if (labels < 0).all():
            raise UsageError(f"{FLAG}: '{name}' has no label in these cases; leave that reader out")
    truth = decided(expected).labels
    if truth is None or len(np.unique(truth)) < 2:
        raise DataError(
            f"{FLAG}: the majority of {', '.join(expected.reader_labels)} calls no case positive, "
            "or none negative, so there is nothing to measure; correct --positive"
        )


def check_policy(
    policy: Policy,
    task: Task,
    measured: Sequence[Measured],
    groupings: Sequence[Grouping],
    *,
    with_baseline: bool,
) -> None:
    """Refuse rules on numbers that the reports will not have.

    Raises:
        UsageError: there is one.
    """
    measures: dict[str, list[Measures]] = {}
    for one in measured if task.names else measured[:1]:
        measures.setdefault(one.names.label, []).append(one.measures)
    check_rules(policy, measures, groupings, with_baseline=with_baseline)


def check_compat(options: AnalysisOptions, task: Task, expected: Answered) -> None:
    """Refuse an original evaluation of another task, or one that these samples cannot have.

    Raises:
        UsageError: it cannot be computed.
    """
    if options.compat is None:
        return
    if options.compat not in task.originals:
        kind = next(k for k, other in TASKS.items() if options.compat in other.originals)
        raise UsageError(
            f"--compat {options.compat} evaluates {kind}, these are results of {task.kind}"
        )
    task.originals[options.compat](expected, options.settings.suppress_below)


def groupings_of(cases: Cases, options: AnalysisOptions) -> tuple[list[Grouping], Grouping | None]:
    """Recorded attributes, age bins and intersections; the strata of the control.

    Raises:
        UsageError: a name in the options is no attribute or covariate of the data.
    """
    groupings = recorded(cases)
    if options.age_bins:
        groupings.append(binned("age", covariate(cases, "age"), options.age_bins))
    by_name = {grouping.attribute.name: grouping for grouping in groupings}
    for crossed in options.intersect:
        parts = [part.strip() for part in crossed.split("*")]
        if len(set(parts)) < max(2, len(parts)) or not set(parts) <= set(by_name):
            raise UsageError(
                f"--intersect {crossed}: cross two or more of {', '.join(by_name)} with *"
            )
        groupings.append(intersection([by_name[part] for part in parts]))
    stratum = None
    if options.control:
        name, _, bins = options.control.partition("=")
        if name in by_name and not bins:
            stratum = by_name[name]
        else:
            stratum = strata(name, covariate(cases, name), bins or None)
    names = Counter(g.attribute.name for g in reported(groupings, stratum))
    if twice := [name for name, n in names.items() if n > 1]:
        raise UsageError(f"'{twice[0]}' would be reported twice; rename one, or name it once")
    return groupings, stratum


def groupings_of_decided(
    answered: Answered, options: AnalysisOptions
) -> tuple[list[Grouping], list[Grouping], Grouping | None]:
    """Groupings of all samples; the same, and strata, of those whose label is decided.

    Bins by quantiles are those of all samples in both.
    """
    rows = decided_rows(answered)
    groupings, stratum = groupings_of(answered.cases, options)
    within = None if stratum is None else cut(stratum, rows)
    return groupings, [cut(one, rows) for one in groupings], within


def covariate(cases: Cases, name: str) -> FloatArray:
    """Values (n,) of a covariate; impossible ages are NaN.

    Raises:
        UsageError: the data have no such covariate.
    """
    if name not in cases.covariates:
        known = ", ".join(cases.covariates) or "none"
        raise UsageError(f"the data have no covariate '{name}' (they have: {known})")
    values = cases.covariates[name]
    return known_ages(values) if name == "age" else values
