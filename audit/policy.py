"""policy.yaml > verdict: margins that somebody set in advance, held against the report's intervals.

PASS: the whole interval lies inside the margin. FAIL: the whole interval lies outside. Otherwise
INCONCLUSIVE: the data cannot tell. Without a policy there is no verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fairness.errors import UsageError
from fairness.outcomes import Contrast, GroupReport, Row

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]


class Rule(BaseModel):
    """One margin: which numbers of the report must lie between `min` and `max`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    """A metric of the report, e.g. `auc`, `equalized_odds_difference`."""
    attribute: str | None = None
    """None: the number over the whole split."""
    scope: Literal["groups", "gap", "pairs"] = "groups"
    """Each group, the one number over all groups, or the difference of each pair, either sign."""
    groups: tuple[str, ...] | None = None
    """Only these groups; None: all but the unknown."""
    change: bool = False
    """Hold the change against the baseline run to the margin, not the number itself."""
    min: float | None = None
    max: float | None = None
    on: Literal["interval", "estimate"] = "interval"
    """Judge the whole interval, or the estimate alone."""

    @model_validator(mode="after")
    def _has_a_margin(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a rule needs min or max")
        if self.attribute is None and self.scope != "groups":
            raise ValueError(f"scope '{self.scope}' needs an attribute")
        if self.scope == "pairs" and self.min is not None:
            raise ValueError("pairs take max only: the largest difference in either direction")
        if self.change and self.scope != "groups":
            raise ValueError("a change is that of a group or of the whole split: use scope groups")
        return self


class Policy(BaseModel):
    """The rules of one policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    rules: tuple[Rule, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Check:
    """One number held against one rule."""

    attribute: str
    group: str
    """A group, `all`, or `A - B` for a pair."""
    metric: str
    margin: str
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str
    """Empty for PASS and FAIL by the interval."""


def read_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises:
        UsageError: it is absent, no YAML, or has an unknown key or an impossible rule.
    """
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"--policy {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"--policy {path}: no YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"--policy {path}: {where}: {first['msg']}") from None


def judge(
    policy: Policy, report: GroupReport, changes: Sequence[Contrast] | None = None
) -> list[Check]:
    """Hold every number that a rule names against its margin.

    Args:
        policy: the rules.
        report: the numbers.
        changes: differences to a baseline run (`fairness/statistics/changes.py`), which rules with
            `change` need.

    Raises:
        UsageError: a rule names a number that the report does not have.
    """
    checks: list[Check] = []
    for rule in policy.rules:
        if rule.change and changes is None:
            raise UsageError(f"policy '{policy.name}': a rule on the change needs --baseline RUN")
        found = list(numbers_of(rule, report, changes or ()))
        if not found:
            raise UsageError(
                f"policy '{policy.name}': the report has no {rule.metric} for "
                f"{rule.attribute or 'the whole split'}"
                f"{' and ' + ', '.join(rule.groups) if rule.groups else ''}; correct the rule"
            )
        checks += found
    return checks


def overall_verdict(checks: Sequence[Check]) -> Verdict:
    """FAIL if anything fails, else INCONCLUSIVE if anything is, else PASS."""
    verdicts = {check.verdict for check in checks}
    if "FAIL" in verdicts:
        return "FAIL"
    return "INCONCLUSIVE" if "INCONCLUSIVE" in verdicts else "PASS"


def numbers_of(rule: Rule, report: GroupReport, changes: Sequence[Contrast]) -> Iterator[Check]:
    """The checks that one rule makes."""
    if rule.change:
        for change in changes:
            named = rule.groups is None or change.group_a in rule.groups
            place = (rule.metric, rule.attribute or "overall")
            if named and (change.metric, change.attribute) == place:
                yield check(rule, change.attribute, change.group_a, change)
        return
    if rule.scope == "pairs":
        for contrast in report.contrasts:
            if contrast.metric == rule.metric and contrast.attribute == rule.attribute:
                pair = (contrast.group_a, contrast.group_b)
                if rule.groups is None or set(pair) <= set(rule.groups):
                    yield check(rule, contrast.attribute, " - ".join(pair), contrast)
        return
    for row in report.rows:
        if row.metric == rule.metric and row.attribute == (rule.attribute or "overall"):
            if rule.attribute is None or rule.scope == "gap":
                wanted = row.group == "all"
            elif rule.groups is not None:
                wanted = row.group in rule.groups
            else:
                wanted = row.group not in ("all", "unknown")
            if wanted:
                yield check(rule, row.attribute, row.group, row)


def check(rule: Rule, attribute: str, group: str, number: Row | Contrast) -> Check:
    """Hold one number against the margin of one rule."""
    least = -rule.max if rule.scope == "pairs" and rule.max is not None else rule.min
    verdict, reason = verdict_of(rule, least, rule.max, number)
    return Check(
        attribute=attribute,
        group=group,
        metric=f"change of {rule.metric}" if rule.change else rule.metric,
        margin=margin_text(least, rule.max),
        value=number.value,
        low=number.low,
        high=number.high,
        verdict=verdict,
        reason=reason,
    )


def verdict_of(
    rule: Rule, least: float | None, most: float | None, number: Row | Contrast
) -> tuple[Verdict, str]:
    """The verdict on one number, and the reason where it is not the interval's."""
    if number.value is None:
        return "INCONCLUSIVE", getattr(number, "reason", None) or "undefined"
    lower = float("-inf") if least is None else least
    upper = float("inf") if most is None else most
    if rule.on == "estimate":
        return ("PASS" if lower <= number.value <= upper else "FAIL"), "on the estimate alone"
    if number.low is None or number.high is None:
        return "INCONCLUSIVE", "no interval: too few cases"
    if lower <= number.low and number.high <= upper:
        return "PASS", ""
    if number.high < lower or number.low > upper:
        return "FAIL", ""
    return "INCONCLUSIVE", "the interval crosses the margin"


def margin_text(least: float | None, most: float | None) -> str:
    """`>= 0.8`, `<= 0.1`, or `-0.05 to 0.05`."""
    if least is None:
        return f"<= {most:g}"
    return f">= {least:g}" if most is None else f"{least:g} to {most:g}"
