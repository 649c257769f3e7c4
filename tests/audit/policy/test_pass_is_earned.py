"""No PASS without an interval of positive width from enough cases, whatever the table and rules."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.policy.policy import Policy, Rule
from audit.policy.verdict import judge
from fairness.attributes import UNKNOWN, Attribute
from fairness.groups import plain
from fairness.outcomes import GroupReport, Names, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.measured import Measured

QUICK = Settings(replicates=100)


@st.composite
def reports(draw: st.DrawFn) -> tuple[GroupReport, Outcomes]:
    """Reports of groups of any size, some empty, of one class, unknown, or perfectly separated."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = draw(st.lists(st.sampled_from([0, 5, 12, 25, 60, 200]), min_size=2, max_size=4))
    unknown = draw(st.sampled_from([0, 3, 40]))
    codes = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(unknown, UNKNOWN)])
    shares = rng.choice([0.0, 0.1, 0.5, 1.0], len(sizes) + 1)
    y = (rng.random(len(codes)) < shares[codes]).astype(np.int64)
    apart = draw(st.sampled_from([0.0, 1.0, 20.0]))
    score = 1 / (1 + np.exp(-(y - 0.5) * apart - rng.normal(size=len(y))))
    attribute = Attribute("site", tuple("ABCD"[: len(sizes)]))
    ids = tuple(map(str, range(len(y))))
    outcomes = Outcomes(
        ids=ids,
        patients=ids,
        attributes=(attribute,),
        codes={"site": codes},
        covariates={},
        target=y,
        score=score,
    )
    threshold = draw(st.sampled_from([0.0, 0.5, 2.0]))
    names = Names("m", "d", "s")
    measured = Measured(names, outcomes, BinaryScores(y, score, threshold), "classification")
    return summarise(measured, [plain(attribute, codes)], {}, QUICK), outcomes


RULES = (
    {"metric": "auc", "min": 0.3},
    {"metric": "true_positive_rate", "attribute": "site", "min": 0.0},
    {"metric": "auc", "attribute": "site", "min": 0.0, "by": "estimate"},
    {"metric": "auc", "attribute": "site", "scope": "pairs", "max": 1.0},
    {"metric": "false_positive_rate", "attribute": "site", "scope": "pairs", "max": 1.0},
    {"metric": "equalized_odds_difference", "attribute": "site", "scope": "gap", "max": 1.0},
    {"metric": "es_auc", "attribute": "site", "scope": "gap", "min": 0.0},
    {"metric": "demographic_parity_ratio", "attribute": "site", "scope": "gap", "min": 0.0},
)


@pytest.mark.further
@given(reports(), st.sampled_from(RULES))
@settings(max_examples=120, deadline=None)
def test_a_pass_has_width_and_cases_and_leaves_nobody_out(
    made: tuple[GroupReport, Outcomes], rule: dict[str, Any]
) -> None:
    report, outcomes = made
    judgement = judge(Policy(name="p", rules=(Rule(**rule),)), report)
    codes, y = outcomes.codes["site"], outcomes.target
    smallest = {
        name: min(np.sum(y[codes == g] == k) for k in (0, 1))
        for g, name in enumerate(outcomes.attributes[0].groups)
        if (codes == g).any()
    }
    smallest["all"] = min((y == k).sum() for k in (0, 1))
    for check in judgement.checks:
        passed = check.verdict == "PASS"
        width = (check.high or 0.0) - (check.low or 0.0)
        assert not passed or width > 0, check
        named = [check.group, check.against or check.group]
        if rule.get("scope") == "gap":
            named = list(smallest)
        assert not passed or min(smallest[name] for name in named) >= 10, check
    if rule.get("scope") == "pairs" and judgement.verdict == "PASS":
        assert set(smallest) - {"all"} <= {
            group for c in judgement.checks for group in (c.group, c.against)
        }
