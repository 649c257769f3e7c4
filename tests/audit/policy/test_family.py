"""All rules as one family: a FAIL must hold against chance, a PASS needs nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from scored_files import document, report
from statsmodels.stats.multitest import multipletests

from audit.policy.family import judge_together
from audit.policy.joint_level import FamilyMethod
from audit.policy.policy import Policy, Rule
from fairness.attributes import ALL
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings
from fairness.statistics.shared_level import Held, shared_error, smallest_p

pytest_plugins = ["scored_cohort"]


def judged(z: Sequence[float], family: FamilyMethod, error: float = 0.05) -> list[str]:
    """Verdicts on normal numbers of deviation 1, each to lie at 0 or above."""
    groups = tuple(map(str, range(len(z))))

    def at(confidence: float) -> tuple[GroupReport, Sequence[Contrast]]:
        q = norm.ppf(0.5 + confidence / 2)
        rows = [
            Row("m", "d", "s", "race", name, "auc", x, x - q, x + q, "w", 50, 20, None)
            for name, x in zip(groups, z, strict=True)
        ]
        rows.append(Row("m", "d", "s", "race", ALL, "auc", 0, -1, 1, "w", 500, 200, None))
        return GroupReport(rows=tuple(rows), provenance={}), ()

    policy = Policy(name="p", family=family, rules=(Rule(metric="auc", attribute="race", min=0),))
    found = judge_together(policy, at, 0.95, lambda: error)
    assert found.level is not None
    assert found.level.numbers == len(z)
    return [check.verdict for check in found.checks]


@pytest.mark.parametrize("seed", range(8))
def test_holm_in_steps_is_holm_of_p_values(seed: int) -> None:
    z = np.random.default_rng(seed).normal(-1.5, 1.5, size=9)
    p = np.where(z < 0, 2 * norm.cdf(z), 1.0)  # above 0 nothing fails, but it counts
    rejected = multipletests(p, alpha=0.05, method="holm")[0]
    assert [verdict == "FAIL" for verdict in judged(z.tolist(), "holm")] == rejected.tolist()


def test_a_family_keeps_passes_and_weakens_fails() -> None:
    z = [3.0, -2.2, -5.0]
    assert judged(z, "none") == ["PASS", "FAIL", "FAIL"]
    assert judged(z, "max-t", error=0.01) == ["PASS", "INCONCLUSIVE", "FAIL"]
    assert judged(z, "holm") == ["PASS", "INCONCLUSIVE", "FAIL"]
    assert judged([3.0, -2.5, -5.0], "holm") == ["PASS", "FAIL", "FAIL"]  # 0.0124 <= 0.05 / 2


def test_one_number_is_judged_as_without_a_family() -> None:
    assert judged([-2.0], "holm") == judged([-2.0], "max-t", error=0.001) == ["FAIL"]


def scores(n: int = 4000) -> BinaryScores:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    return BinaryScores(y, norm.cdf(rng.normal(size=n) + y), 0.5)


def test_the_shared_error_is_that_of_one_number_where_all_are_the_same() -> None:
    measures, everybody = scores(), np.arange(4000)
    held = [Held(("auc",), (everybody,))] * 5
    smallest = smallest_p(measures, everybody, held, Settings(replicates=200))
    assert shared_error([smallest], 5, 0.95) == pytest.approx(0.05, abs=0.004)


def test_the_shared_error_is_that_of_sidak_where_numbers_are_independent() -> None:
    measures, everybody = scores(), np.arange(4000)
    held = [Held(("auc",), (part,)) for part in np.array_split(everybody, 5)]
    smallest = smallest_p(measures, everybody, held, Settings(replicates=1000))
    assert shared_error([smallest], 5, 0.95) == pytest.approx(1 - 0.95**0.2, rel=0.12)
    apart = [
        smallest_p(measures, everybody, [one], Settings(replicates=100), seed=k)
        for k, one in enumerate(held)
    ]
    assert shared_error(apart, 5, 0.95) == pytest.approx(1 - 0.95**0.2, rel=0.12)


def test_differences_of_several_sets_are_one_number() -> None:
    measures, everybody = scores(), np.arange(4000)
    gap = Held(("auc",), tuple(np.array_split(everybody, 4)))
    smallest = smallest_p(measures, everybody, [gap], Settings(replicates=200))
    assert shared_error([smallest], 1, 0.95) == pytest.approx(0.05)
    assert np.quantile(smallest, 0.05) == pytest.approx(0.05, abs=0.002)


def test_what_has_no_replicates_counts_as_independent() -> None:
    measures, everybody = scores(), np.arange(4000)
    perfect = BinaryScores(measures.positive, measures.positive.astype(float), 0.5)
    held = [Held(("auc",), (everybody,)), Held(("auc",), ())]
    smallest = smallest_p(perfect, everybody, held, Settings(replicates=100))
    assert shared_error([smallest], 2, 0.95) == pytest.approx(1 - 0.95**0.5, rel=0.1)


FAMILY = """
name: together
family: {family}
rules:
  - {{metric: auc, attribute: race, min: 0.99}}
  - {{metric: auc, attribute: gender, min: 0.5}}
  - {{metric: accuracy, min: {least}}}
  - {{metric: auc_difference, attribute: race, scope: gap, max: 1}}
  - {{metric: selection_rate, attribute: race, scope: pairs, max: 1}}
  - {{metric: brier_score, by: estimate, max: 1}}
"""


@pytest.mark.parametrize("family", ["none", "holm", "max-t"])
def test_the_report_says_how_a_fail_is_guarded(
    family: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = tmp_path / "rates"
    assert report(source, rates) == 0
    overall = next(
        r
        for r in document(rates)["rows"]
        if (r["attribute"], r["metric"]) == ("overall", "accuracy")
    )
    # Outside its margin by so little that it is not outside jointly.
    path = tmp_path / "policy.yaml"
    path.write_text(FAMILY.format(family=family, least=overall["high"] + 0.001))
    assert report(source, tmp_path / "out", "--policy", path) == 1
    found = document(tmp_path / "out")
    by_metric = {(c["metric"], c["rule"]): c for c in found["checks"]}
    expected = {"none": "FAIL", "holm": "INCONCLUSIVE", "max-t": "INCONCLUSIVE"}[family]
    assert by_metric["accuracy", 2]["verdict"] == expected
    assert found["verdict"] == "FAIL"
    assert found["level"]["numbers"] == 8
    said = (tmp_path / "out" / "report" / "report.md").read_text()
    page = (tmp_path / "out" / "report" / "report.html").read_text()
    shown = capsys.readouterr().out
    for text in (said, page, shown):
        assert "intersection-union test" in text
        assert "estimates alone" in text
        assert ("together (Holm)" in text) == (family == "holm")
        assert ("together (max-T on shared" in text) == (family == "max-t")
