"""Flags that ask for numbers beside those of a report."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from audit.flags import CommaNames
from fairness.beside.adjustment import adjustment_of
from fairness.beside.asked import Asked
from fairness.beside.model_terms import terms_of
from fairness.beside.prevalences import check_groups, prevalences_in
from fairness.beside.weigh import weights_in
from fairness.errors import UsageError
from fairness.groups import Grouping, known_ages
from fairness.outcomes import Cases
from fairness.tasks.binary import BinaryTask
from fairness.tasks.task import Task

POINTS = 21
"""Of a decision curve."""


@dataclass(frozen=True)
class BesideFlags:
    """Flags of `fair-audit` and `fair-audit report`; without any the report stays as it is."""

    target_prevalence: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="SHARE")
    ] = ()
    """Also show what depends on prevalence at that of the patients to come: 0.08, or by group
    race=Black:0.1,White:0.05; several times for both."""

    adjust_for: CommaNames = ()
    """Also show gaps between groups that are alike in these attributes or covariates, separated by
    commas: site,age,md. Covariates are cut in thirds, or as age=quantile:4, md=-12/-6 say."""

    adjust_by: Literal["strata", "model"] = "strata"
    """Adjust in strata, or rates by a logistic model in which covariates stay uncut."""

    decision_range: Annotated[str | None, tyro.conf.arg(metavar="LOW,HIGH")] = None
    """Also show net benefit at thresholds in this range, by group, the spread of scores, and what
    a recalibration for all, or one a group, would change: 0.05,0.4."""

    threshold_runs: CommaNames = ()
    """Also show intervals that know that the threshold was tuned: folders of the runs on validation
    by which it was chosen, separated by commas."""

    weight: Annotated[str | None, tyro.conf.arg(metavar="COLUMN")] = None
    """Column of design weights: how many patients each case stands for. Weighs the whole report."""

    def asked(self, task: Task, groupings: list[Grouping], cases: Cases) -> Asked:
        """What the flags say, checked against the groups and covariates of the data.

        Raises:
            UsageError: a flag cannot be read, or does not fit the task or the groups.
        """
        flag = next((name for name, given in self.given().items() if given), None)
        if self.weight is not None:
            flag = "--weight"
            refused = {n: given for n, given in self.given().items() if n != "--decision-range"}
            if other := next((name for name, given in refused.items() if given), None):
                raise UsageError(f"--weight and {other} cannot be had together; leave one out")
            weights_in(cases, self.weight)
            if isinstance(task, BinaryTask) and task.takes is not None:
                raise UsageError("--weight: not offered for a model that takes the group")
        if flag is not None and task.kind != BinaryTask.kind:
            raise UsageError(
                f"{flag} is for classifiers of two classes; these are results of {task.kind}"
            )
        prevalences = None
        if self.target_prevalence:
            prevalences = prevalences_in(self.target_prevalence)
            check_groups(prevalences, [grouping.attribute for grouping in groupings])
        adjustment, terms = None, None
        if self.adjust_by == "model" and not self.adjust_for:
            raise UsageError("--adjust-by model: name what to adjust for with --adjust-for")
        if self.adjust_for:
            covariates = dict(cases.covariates)
            if "age" in covariates:
                covariates["age"] = known_ages(covariates["age"])
            if self.adjust_by == "model":
                terms = terms_of(self.adjust_for, groupings, covariates)
            else:
                adjustment = adjustment_of(self.adjust_for, groupings, covariates)
        thresholds = thresholds_in(self.decision_range) if self.decision_range else ()
        return Asked(prevalences, adjustment, terms, thresholds)

    def given(self) -> dict[str, bool]:
        """Flag to whether it was given."""
        return {
            "--target-prevalence": bool(self.target_prevalence),
            "--adjust-for": bool(self.adjust_for),
            "--decision-range": self.decision_range is not None,
            "--threshold-runs": bool(self.threshold_runs),
        }


def thresholds_in(text: str) -> tuple[float, ...]:
    """Thresholds of `0.05,0.4`, evenly from the one to the other.

    Raises:
        UsageError: these are no two ascending numbers above 0 and below 1.
    """
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 < low < high < 1:
        raise UsageError(
            f"--decision-range: '{text}' is not LOW,HIGH, ascending, above 0 and below 1, as in "
            "0.05,0.4"
        )
    return tuple(round(low + (high - low) * k / (POINTS - 1), 6) for k in range(POINTS))
