"""Rules about numbers that no report will have."""

from typing import Any

import numpy as np
import pytest

from audit.policy.known_names import check_rules
from audit.policy.policy import Policy, Rule
from fairness.attributes import Attribute
from fairness.errors import UsageError
from fairness.groups import plain
from fairness.statistics.binary import BinaryScores

LABELS = np.array([0, 1, 0, 1])
MEASURES = BinaryScores(LABELS, np.zeros(4), 0.5)
GROUPINGS = [plain(Attribute("race", ("A", "B")), LABELS)]


def check(rule: dict[str, Any], *, with_baseline: bool = False) -> None:
    fields = {"metric": "auc", "attribute": "race", "min": 0.5} | rule
    policy = Policy(name="p", rules=(Rule.model_validate(fields),))
    check_rules(policy, {"": [MEASURES]}, GROUPINGS, with_baseline=with_baseline)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"metric": "auk"}, "auk of race: no such number"),
        ({"attribute": "sex"}, "no such attribute .the report has: overall, race"),
        ({"groups": ("A", "Blak")}, "no group Blak"),
        ({"metric": "auc_difference"}, "its scope must be gap"),
        ({"metric": "auc_difference", "attribute": None}, "auc_difference of overall: no such"),
        ({"scope": "gap"}, "its scope must be groups, or pairs"),
        ({"change": True}, "needs --baseline"),
    ],
)
def test_a_rule_that_would_check_nothing_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(rule)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"attribute": None},
        {"groups": ("A", "unknown")},
        {"scope": "pairs", "min": None, "max": 0.1},
        {"metric": "auc_difference", "scope": "gap"},
        {"metric": "equalized_odds_difference", "scope": "gap", "min": None, "max": 0.1},
    ],
)
def test_a_rule_about_a_number_of_the_report_is_taken(rule: dict[str, Any]) -> None:
    check(rule)


def test_a_rule_on_a_change_is_taken_with_a_baseline() -> None:
    check({"change": True}, with_baseline=True)
