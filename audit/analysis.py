"""From outcomes to a finished report: groupings, statistics, files, verdict, exit code.

`fair-audit` and `fair-audit report` share it: served answers and anybody's predictions are treated
alike.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console

from audit.policy import Policy, read_policy
from audit.predictions import Columns, read_predictions
from audit.report.files import write_report
from audit.report.terminal import print_report
from audit.verdict import Check, judge, overall_verdict
from fairness.arrays import FloatArray
from fairness.compat import compat_fairclip
from fairness.errors import DataError, UsageError
from fairness.groups import (
    Grouping,
    binned,
    intersection,
    recorded,
    strata,
)
from fairness.outcomes import GroupReport, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings
from fairness.summary import Names, hidden_groups, summarise
from fairness.suppression import protected


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
    compat: Annotated[Literal["fairclip"] | None, tyro.conf.arg(metavar="fairclip")] = None
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
    outcomes: Outcomes,
    threshold: float,
    names: Names,
    provenance: Mapping[str, Any],
    options: AnalysisOptions,
    out: Path,
    console: Console,
) -> int:
    """Analyse, write `out/report`, print the table, judge; the exit code."""
    if options.policy is None and (options.strict or options.baseline):
        flag = "--strict" if options.strict else "--baseline"
        raise UsageError(f"{flag} does nothing without margins; give them with --policy")
    policy = read_policy(options.policy) if options.policy else None
    groupings = groupings_of(outcomes, options)
    settings = options.settings()
    report = summarise(outcomes, threshold, groupings, names, provenance, settings)
    checks = verdicts(policy, report, outcomes, threshold, groupings, options) if policy else None
    compared = (
        compat_fairclip(outcomes, options.suppress_below) if options.compat == "fairclip" else ()
    )
    write_report(out / "report", report, policy, checks, compared)
    print_report(report, policy, checks, compared, console)
    if checks is None:
        return 0
    verdict = overall_verdict(checks)
    return {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}[verdict]


def groupings_of(outcomes: Outcomes, options: AnalysisOptions) -> list[Grouping]:
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


def covariate(outcomes: Outcomes, name: str) -> FloatArray:
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
    outcomes: Outcomes,
    threshold: float,
    groupings: list[Grouping],
    options: AnalysisOptions,
) -> list[Check]:
    """Judge the report, with the changes against the baseline where there is one."""
    if options.baseline is None:
        return judge(policy, report)
    settings = options.settings()
    earlier, threshold_then = run_before(options.baseline, outcomes)
    new = BinaryScores(outcomes.target, outcomes.score, threshold, settings.calibration_bins)
    old = replace(new, score=earlier.score, threshold=threshold_then)
    hidden = hidden_groups(outcomes, groupings, settings.suppress_below)
    changed = [
        replace(c, value=None, low=None, high=None) if (c.attribute, c.group_a) in hidden else c
        for c in changes(new, old, outcomes.patients, groupings, settings)
    ]
    return judge(policy, report, changed)


def run_before(folder: Path, now: Outcomes) -> tuple[Outcomes, float]:
    """What an earlier run answered for the same samples, and the threshold it was judged at.

    Raises:
        DataError: the folder holds no outcomes, or no report.
        UsageError: the run is about other samples.
    """
    columns = Columns(attributes=tuple(a.name for a in now.attributes))
    earlier = read_predictions(folder / "records" / "outcomes.parquet", columns).outcomes
    if earlier.ids != now.ids or not np.array_equal(earlier.target, now.target):
        raise UsageError(
            f"--baseline {folder}: it scored other samples or other labels; a change needs the "
            "same split in both runs"
        )
    path = folder / "report" / "report.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return earlier, float(document["provenance"]["threshold"]["value"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no report of fair-audit"
        raise DataError(f"--baseline: {path}: {reason}") from None
