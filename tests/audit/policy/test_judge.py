"""Verdicts by hand-made intervals."""

from typing import Any

import pytest

from audit.policy.policy import Policy, Rule
from audit.policy.verdict import judge
from audit.report.layout import subject
from fairness.outcomes import Contrast, GroupReport, Row


def row(
    group: str, value: float | None, low: float | None, high: float | None, metric: str = "auc"
) -> Row:
    attribute = "overall" if group == "overall" else "race"
    name = "all" if group == "overall" else group
    reason = "no case" if value is None else None
    return Row("m", "d", "s", attribute, name, metric, value, low, high, "", 50, 20, reason)


def contrast(a: str, b: str, value: float, low: float, high: float) -> Contrast:
    return Contrast("race", "auc", a, b, value, low, high, None, None, None)


REPORT = GroupReport(
    rows=(
        row("overall", 0.85, 0.82, 0.88),
        row("A", 0.90, 0.86, 0.94),
        row("B", 0.80, 0.74, 0.86),
        row("C", 0.70, 0.60, 0.79),
        row("D", None, None, None),
        row("E", 0.95, None, None),
        row("unknown", 0.1, 0.05, 0.2),
        row("all", 0.85, 0.82, 0.88),
        row("all", 0.20, 0.05, 0.35, "auc_difference"),
    ),
    provenance={},
    contrasts=(contrast("A", "B", 0.10, 0.01, 0.19), contrast("B", "C - D", -0.3, -0.4, -0.2)),
)


def verdicts(**rule: Any) -> dict[str, str]:
    policy = Policy(name="p", rules=(Rule(metric="auc", attribute="race", **rule),))
    return {check.group: check.verdict for check in judge(policy, REPORT).checks}


def test_the_interval_decides() -> None:
    assert verdicts(min=0.8) == {
        "A": "PASS", "B": "INCONCLUSIVE", "C": "FAIL", "D": "INCONCLUSIVE", "E": "INCONCLUSIVE",
    }  # fmt: skip
    assert verdicts(max=0.8) == {
        "A": "FAIL", "B": "INCONCLUSIVE", "C": "PASS", "D": "INCONCLUSIVE", "E": "INCONCLUSIVE",
    }  # fmt: skip
    assert verdicts(min=0.6, max=0.79, groups=("C",)) == {"C": "PASS"}  # limits belong to it
    assert verdicts(min=0.79, groups=("C",)) == {"C": "INCONCLUSIVE"}  # a touch is no miss


def test_or_the_estimate_where_the_rule_says_so() -> None:
    found = verdicts(min=0.8, by="estimate")
    assert found == {"A": "PASS", "B": "PASS", "C": "FAIL", "D": "INCONCLUSIVE", "E": "PASS"}


def test_a_pair_may_differ_in_either_direction() -> None:
    policy = Policy(
        name="p", rules=(Rule(metric="auc", attribute="race", scope="pairs", max=0.15),)
    )
    checks = judge(policy, REPORT).checks
    assert [(subject(c), c.margin, c.verdict) for c in checks] == [
        ("A - B", "-0.15 to 0.15", "INCONCLUSIVE"),
        ('B - "C - D"', "-0.15 to 0.15", "FAIL"),
    ]


def test_no_pair_to_compare_is_inconclusive() -> None:
    rule = Rule(metric="auc", attribute="race", scope="pairs", max=0.15, groups=("A", "E"))
    (check,) = judge(Policy(name="p", rules=(rule,)), REPORT).checks
    assert check.verdict == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("verdicts_of", "expected"),
    [
        (("PASS", "PASS"), "PASS"),
        (("PASS", "INCONCLUSIVE"), "INCONCLUSIVE"),
        (("INCONCLUSIVE", "FAIL"), "FAIL"),
    ],
)
def test_the_worst_check_decides(verdicts_of: tuple[str, ...], expected: str) -> None:
    margins = {"PASS": 0.7, "INCONCLUSIVE": 0.85, "FAIL": 0.9}
    rules = tuple(Rule(metric="auc", min=margins[v]) for v in verdicts_of)
    assert judge(Policy(name="p", rules=rules), REPORT).verdict == expected


def test_changes_are_judged_by_their_own_interval() -> None:
    rule = Rule(metric="auc", attribute="race", change=True, min=-0.02)
    moved = [
        Contrast("race", "auc", group, "baseline", value, low, high, None, None, None)
        for group, value, low, high in (
            ("A", 0.0, -0.01, 0.01), ("B", -0.1, -0.15, -0.05), ("C", None, None, None),
        )
    ]  # fmt: skip
    checks = judge(Policy(name="p", rules=(rule,)), REPORT, moved).checks
    assert [(c.group, c.metric, c.verdict) for c in checks] == [
        ("A", "change of auc", "PASS"),
        ("B", "change of auc", "FAIL"),
        ("C", "change of auc", "INCONCLUSIVE"),
    ]
