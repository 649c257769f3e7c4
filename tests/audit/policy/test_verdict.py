"""Policies through the command line: exit codes, junit.xml, changes against a baseline."""

from pathlib import Path

import junitparser
import numpy as np
import pytest
from scored_files import cohort, document, report, rows, write_csv

pytest_plugins = ["scored_cohort"]

POLICY = """
name: {name}
rules:
  - {{metric: auc, attribute: race, min: {least}}}
  - {{metric: auc_difference, attribute: race, scope: gap, max: 1}}
"""


def policy(folder: Path, least: float, name: str = "test") -> Path:
    path = folder / "policy.yaml"
    path.write_text(POLICY.format(name=name, least=least))
    return path


@pytest.mark.parametrize(
    ("least", "strict", "code", "verdict"),
    [
        (0.5, True, 0, "PASS"),
        (0.99, False, 1, "FAIL"),
        (0.85, False, 0, "INCONCLUSIVE"),
        (0.85, True, 4, "INCONCLUSIVE"),
    ],
)
def test_exit_codes_follow_the_verdict(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    least: float,
    strict: bool,
    code: int,
    verdict: str,
) -> None:
    flags = ["--policy", policy(tmp_path, least), *(["--strict"] if strict else [])]
    assert report(source, tmp_path / "out", *flags) == code
    found = document(tmp_path / "out")
    assert found["verdict"] == verdict
    assert f"verdict by policy 'test': {verdict}" in capsys.readouterr().out
    if verdict == "FAIL":
        assert "Black" in [c["group"] for c in found["checks"] if c["verdict"] == "FAIL"]
        text = (tmp_path / "out/report/report.md").read_text()
        assert any("Black" in line and "FAIL" in line for line in text.splitlines())


def test_junit_says_what_the_checks_say(source: Path, tmp_path: Path) -> None:
    name = '"a & <b> ]]>"'
    report(source, tmp_path, "--policy", policy(tmp_path, 0.75, name))
    checks = document(tmp_path)["checks"]
    parsed = junitparser.JUnitXml.fromfile(str(tmp_path / "report/junit.xml"))
    (suite,) = parsed
    assert suite.name == "fair-audit: a & <b> ]]>"
    count = [sum(c["verdict"] == v for c in checks) for v in ("FAIL", "INCONCLUSIVE")]
    assert (suite.tests, suite.failures, suite.skipped) == (len(checks), *count)
    assert suite.errors == 0


def test_no_policy_is_no_verdict_and_leaves_no_old_one(source: Path, tmp_path: Path) -> None:
    report(source, tmp_path, "--policy", policy(tmp_path, 0.5))
    assert report(source, tmp_path) == 0
    assert document(tmp_path)["verdict"] is None
    assert not (tmp_path / "report/junit.xml").exists()
    assert "no margin was set" in (tmp_path / "report/report.md").read_text()


def shifted(columns: dict[str, list[object]], keep: int) -> dict[str, list[object]]:
    """The same samples, where all but the first `keep` Black ones score 0."""
    black = [i for i, race in enumerate(columns["race"]) if race == "Black"][keep:]
    score = [0.0 if i in set(black) else s for i, s in enumerate(columns["score"])]
    return columns | {"score": score}


def test_a_change_is_this_report_s_number_minus_the_earlier_one_s(
    source: Path, columns: dict[str, list[object]], tmp_path: Path
) -> None:
    rule = "name: c\nrules: [{metric: selection_rate, attribute: race, change: true, min: -0.1}]\n"
    (tmp_path / "policy.yaml").write_text(rule)
    worse = write_csv(tmp_path / "worse.csv", shifted(columns, 0))
    assert report(source, tmp_path / "before", "--threshold", 0.4) == 0
    flags = ("--policy", tmp_path / "policy.yaml", "--baseline", tmp_path / "before")
    assert report(worse, tmp_path / "after", *flags) == 1
    before, after = rows(tmp_path / "before"), rows(tmp_path / "after")
    for c in document(tmp_path / "after")["checks"]:
        key = ("race", c["group"], "selection_rate")
        assert c["value"] == pytest.approx(after[key]["value"] - before[key]["value"], abs=1e-12)
        if c["group"] == "Black":  # nobody is selected now: a change of -rate, as sure as the rate
            p, n = before[key]["value"], before[key]["n"]
            half = 1.96 * np.sqrt(p * (1 - p) / n)
            assert c["high"] - c["value"] == pytest.approx(half, rel=0.2)
            assert c["verdict"] == "FAIL"


@pytest.mark.further
def test_the_same_run_has_changed_by_zero_and_is_no_surer_for_it(
    source: Path, tmp_path: Path
) -> None:
    rule = "name: c\nrules: [{metric: auc, attribute: race, change: true, min: -0.1}]\n"
    (tmp_path / "policy.yaml").write_text(rule)
    assert report(source, tmp_path / "before") == 0
    flags = ("--policy", tmp_path / "policy.yaml", "--baseline", tmp_path / "before")
    assert report(source, tmp_path / "after", *flags, "--strict") == 0
    for c in document(tmp_path / "after")["checks"]:
        assert c["value"] == 0
        assert c["low"] < 0 < c["high"]


def test_a_baseline_of_another_split_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_csv(tmp_path / "other.csv", cohort(300, seed=9))
    assert report(other, tmp_path / "before") == 0
    flags = ("--policy", policy(tmp_path, 0.5), "--baseline", tmp_path / "before")
    assert report(source, tmp_path / "after", *flags) == 2
    assert "it scored other samples" in capsys.readouterr().err
