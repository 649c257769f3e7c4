"""From outcomes to a finished report: groupings, statistics, files, verdict, exit code.

`fair-audit` and `fair-audit report` share it: served answers and anybody's predictions are treated
alike.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import tyro
from rich.console import Console

from fairness.tasks.measured import Audited
from audit.policy.baseline import before
from audit.policy.policy import Policy, read_policy
from audit.report.files import write_report
from audit.report.terminal import print_report
from audit.policy.verdict import Check, judge, overall_verdict
from fairness.arrays import FloatArray
from fairness.compat.fairclip import Compared, compat_fairclip
from fairness.compat.fairfedmed import compat_fairfedmed
from fairness.compat.fairseg import compat_fairseg
from fairness.errors import UsageError
from fairness.groups import (
    Grouping,
    binned,
    intersection,
    recorded,
    strata,
)
from fairness.mask_scores import empty_counts
from fairness.outcomes import CaseOutcomes, Cases, GroupReport, Outcomes
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings
from fairness.summary import hidden_groups, summarise
from fairness.suppression import protected

Compat: TypeAlias = Literal["fairclip", "fairseg", "fairfedmed"]


@dataclass(frozen=True)
class AnalysisOptions:
    """The flags that decide what is made of the outcomes."""

    intersect: str = ""
    """Crossed attributes, e.g. race*gender; several separated by commas."""
    age_bins: str = ""
    """Report by age: fairfedmed (< 60, >= 60), decades, quantile:4, or edges such as 40,60,80."""
    control: str = ""
    """Compare groups inside strata of a covariate: md, site, or with bins md=-12,-6."""
    policy: Path | None = None
    """policy.yaml with margins; without it there is no verdict."""
    strict: bool = False
    """Exit with 4 where the verdict is INCONCLUSIVE."""
    baseline: Path | None = None
    """Folder of an earlier run on the same split, for rules on the change."""
    compat: Annotated[Compat | None, tyro.conf.arg(metavar="fairclip|fairseg|fairfedmed")] = None
    """Print the original evaluation's numbers, quirks included, beside ours."""
    confidence: float = 0.95
    """Of every interval."""
    replicates: int = 1000
    """Of the bootstrap."""
    permutations: int = 1000
    """Of the test of the largest gap."""
    seed: int = 0
    """Of the bootstrap and the permutations."""
    adjust: Literal["holm", "bh"] = "holm"
    """Adjustment of p-values within a family: Holm, or Benjamini-Hochberg."""
    suppress_below: int = 11
    """Hide groups of fewer people in everything under report/."""
    inferential_from: int = 10
    """Positives, and negatives, that a group needs before its gaps are tested."""

    def settings(self) -> Settings:
        """The settings of the statistics.

        Raises:
            UsageError: a number is out of range.
        """
        if not 0.5 <= self.confidence < 1:
            raise UsageError("--confidence must lie in [0.5, 1)")
        if self.replicates < 100:
            raise UsageError("--replicates must be at least 100")
        if min(self.permutations, self.suppress_below, self.inferential_from, self.seed) < 0:
            raise UsageError("counts, such as --permutations or --seed, must not be negative")
        return Settings(
            confidence=self.confidence,
            replicates=self.replicates,
            permutations=self.permutations,
            seed=self.seed,
            adjust=self.adjust,
            suppress_below=self.suppress_below,
            inferential_from=self.inferential_from,
        )


def finish(
    audited: Sequence[Audited],
    provenance: Mapping[str, Any],
    options: AnalysisOptions,
    out: Path,
    console: Console,
) -> int:
    """Analyse, write `out/report`, print the tables, judge the first; the exit code."""
    if options.policy is None and (options.strict or options.baseline):
        flag = "--strict" if options.strict else "--baseline"
        raise UsageError(f"{flag} does nothing without margins; give them with --policy")
    policy = read_policy(options.policy) if options.policy else None
    main, *others = audited
    if isinstance(main.cases, CaseOutcomes):
        provenance = {**provenance, "empty_masks": empty_counts(main.cases.scores)}
    groupings = groupings_of(main.cases, options)
    report = replace(
        reported(main, groupings, provenance, options),
        also=tuple(reported(other, groupings, provenance, options) for other in others),
    )
    checks = verdicts(policy, report, main, groupings, options) if policy else None
    compared = compared_with(options.compat, main, options.suppress_below)
    write_report(out / "report", report, policy, checks, compared)
    print_report(report, policy, checks, compared, console)
    if checks is None:
        return 0
    verdict = overall_verdict(checks)
    return {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}[verdict]


def reported(
    audited: Audited,
    groupings: list[Grouping],
    provenance: Mapping[str, Any],
    options: AnalysisOptions,
) -> GroupReport:
    """The report of one way of asking."""
    return summarise(
        audited.cases, audited.measures, groupings, audited.names, provenance, options.settings()
    )


COMPAT_TASKS = {
    "fairclip": "classification",
    "fairseg": "segmentation",
    "fairfedmed": "classification",
}


def check_compat(compat: Compat | None, task: str) -> None:
    """Refuse a `--compat` that evaluates another task, before anything is computed.

    Raises:
        UsageError: it does.
    """
    if compat is not None and COMPAT_TASKS[compat] != task:
        raise UsageError(
            f"--compat {compat} evaluates {COMPAT_TASKS[compat]}, these are results of {task}"
        )


def compared_with(compat: Compat | None, audited: Audited, least: int) -> Sequence[Compared]:
    """The numbers of the original evaluation that `--compat` names; none without it."""
    cases = audited.cases
    if isinstance(cases, CaseOutcomes):
        check_compat(compat, "segmentation")
        patients = np.array(cases.patients)
        of_cases = (cases.scores, cases.attributes, cases.codes, patients, least)
        return compat_fairseg(*of_cases) if compat else ()
    check_compat(compat, "classification")
    assert isinstance(cases, Outcomes)  # there is no third kind
    if compat == "fairclip":
        return compat_fairclip(cases, least)
    return compat_fairfedmed(cases, least) if compat else ()


def groupings_of(outcomes: Cases, options: AnalysisOptions) -> list[Grouping]:
    """Recorded attributes, age bins, intersections, unknown as a group, control strata.

    Raises:
        UsageError: a name in the options is no attribute or covariate of the data.
    """
    groupings = recorded(outcomes)
    if options.age_bins:
        groupings.append(binned("age", covariate(outcomes, "age"), options.age_bins))
    by_name = {grouping.attribute.name: grouping for grouping in groupings}
    for crossed in filter(None, options.intersect.split(",")):
        parts = [part.strip() for part in crossed.split("*")]
        if len(set(parts)) < max(2, len(parts)) or not set(parts) <= set(by_name):
            raise UsageError(
                f"--intersect {crossed}: cross two or more of {', '.join(by_name)} with *"
            )
        groupings.append(intersection([by_name[part] for part in parts]))
    stratum = None
    if options.control:
        name, _, bins = options.control.partition("=")
        stratum = strata(name, covariate(outcomes, name), bins or None)
    found = protected(groupings, stratum, np.array(outcomes.patients), options.suppress_below)
    twice = [name for name, n in Counter(g.attribute.name for g in found).items() if n > 1]
    if twice:
        raise UsageError(f"'{twice[0]}' would be reported twice; rename one, or name it once")
    return found


def covariate(outcomes: Cases, name: str) -> FloatArray:
    """Values (n,) of a covariate.

    Raises:
        UsageError: the data have no such covariate.
    """
    if name not in outcomes.covariates:
        known = ", ".join(outcomes.covariates) or "none"
        raise UsageError(f"the data have no covariate '{name}' (they have: {known})")
    return outcomes.covariates[name]


def verdicts(
    policy: Policy,
    report: GroupReport,
    audited: Audited,
    groupings: list[Grouping],
    options: AnalysisOptions,
) -> list[Check]:
    """Judge the report, with the changes against the baseline where there is one."""
    if options.baseline is None:
        return judge(policy, report)
    settings = options.settings()
    cases, earlier = audited.cases, before(options.baseline, audited)
    hidden = hidden_groups(cases, groupings, settings.suppress_below)
    changed = [
        replace(c, value=None, low=None, high=None) if (c.attribute, c.group_a) in hidden else c
        for c in changes(audited.measures, earlier, cases.patients, groupings, settings)
    ]
    return judge(policy, report, changed)
