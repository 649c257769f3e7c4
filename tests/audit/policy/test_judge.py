"""Verdicts by hand-made intervals."""

from dataclasses import replace
from typing import Any

import pytest

from audit.policy.policy import Policy, Rule
from audit.policy.verdict import Check, judge
from audit.report.layout import subject
from fairness.outcomes import Contrast, GroupReport, Row


def row(
    group: str,
    value: float | None,
    low: float | None,
    high: float | None,
    metric: str = "auc",
    **more: Any,
) -> Row:
    attribute = "overall" if group == "overall" else "race"
    name = "all" if group == "overall" else group
    more.setdefault("reason", "only one class" if value is None else None)
    n = 0 if group == "unknown" else 50
    names = ("m", "d", "s", attribute, name, metric)
    found = Row(*names, value, low, high, "", n, 20, None)
    return replace(found, **more)


def contrast(a: str, b: str, value: float, low: float, high: float) -> Contrast:
    return Contrast("race", "auc", a, b, value, low, high, None, low - 0.01, high + 0.01)


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
    contrasts=(contrast("A", "B", 0.10, 0.02, 0.13), contrast("B", "C", -0.3, -0.4, -0.2)),
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
    passed = {"A": "PASS", "B": "PASS"}
    assert found == {**passed, "C": "FAIL", "D": "INCONCLUSIVE", "E": "INCONCLUSIVE"}


def pairs(report: GroupReport, **rule: Any) -> list[Check]:
    rules = (Rule(metric="auc", attribute="race", scope="pairs", **rule),)
    return list(judge(Policy(name="p", rules=rules), report).checks)


def test_a_pair_may_differ_in_either_direction_by_its_joint_interval() -> None:
    checks = pairs(REPORT, max=0.15)
    assert [(subject(c), c.margin, c.verdict) for c in checks[:2]] == [
        ("A - B", "-0.15 to 0.15", "PASS"),
        ("B - C", "-0.15 to 0.15", "FAIL"),
    ]
    assert (checks[0].low, checks[0].high) == pytest.approx((0.01, 0.14))
    assert pairs(REPORT, max=0.135)[0].verdict == "INCONCLUSIVE"


def test_a_rule_on_pairs_names_the_groups_that_it_does_not_see() -> None:
    (_, _, missing) = pairs(REPORT, max=0.15)
    assert missing.verdict == "INCONCLUSIVE"
    assert missing.reason == "not compared: D (only one class), E (hidden)"
    assert [c.verdict for c in pairs(REPORT, max=0.15, groups=("A", "B"))] == ["PASS"]


def test_a_group_too_small_to_infer_from_passes_nothing() -> None:
    small = row("A", 0.90, 0.86, 0.94, reason="too small to infer from")
    report = replace(REPORT, rows=(small, *REPORT.rows[2:]))
    policy = Policy(name="p", rules=(Rule(metric="auc", attribute="race", min=0.8, groups=("A",)),))
    (check,) = judge(policy, report).checks
    assert (check.verdict, check.reason) == ("INCONCLUSIVE", "too small to infer from")
    pair = pairs(report, max=0.15)[0]
    assert (pair.verdict, pair.reason) == ("INCONCLUSIVE", "A: too small to infer from")
    failing = Policy(
        name="p", rules=(Rule(metric="auc", attribute="race", max=0.5, groups=("A",)),)
    )
    assert judge(failing, report).verdict == "FAIL"


def gap(max_: float, unknown: int | None, **more: Any) -> Check:
    rows = (
        replace(row("unknown", 0.1, 0.05, 0.2), n=unknown),
        replace(row("all", 0.05, 0.0, 0.09, "auc_difference"), **more),
    )
    rule = Rule(metric="auc_difference", attribute="race", scope="gap", max=max_)
    (check,) = judge(Policy(name="p", rules=(rule,)), replace(REPORT, rows=rows)).checks
    return check


def test_a_gap_that_leaves_out_a_group_does_not_pass() -> None:
    assert gap(0.1, 0).verdict == "PASS"
    check = gap(0.1, 0, reason="without C (hidden)")
    assert (check.verdict, check.reason) == ("INCONCLUSIVE", "without C (hidden)")
    assert gap(0.01, 0, low=0.02, reason="without C (hidden)").verdict == "FAIL"


def test_people_of_unknown_group_must_not_be_able_to_break_the_margin() -> None:
    check = gap(0.1, 40, unknown_low=0.0, unknown_high=0.3)
    assert check.verdict == "INCONCLUSIVE"
    assert check.reason == "0.300 at worst, wherever the 40 of unknown group belong"
    assert gap(0.1, 40, unknown_low=0.0, unknown_high=0.1).verdict == "PASS"
    assert gap(0.1, None, unknown_low=0.0, unknown_high=0.1).verdict == "PASS"
    assert "is not known" in gap(0.1, 40).reason


def test_an_interval_of_no_width_does_not_pass() -> None:
    assert gap(0.1, 0, value=0.0, low=0.0, high=0.0).verdict == "INCONCLUSIVE"
    assert gap(0.1, 0, low=None, high=None).verdict == "INCONCLUSIVE"


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
        Contrast("race", "auc", group, "baseline", value, low, high, None)
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
