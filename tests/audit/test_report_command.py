"""`fair-audit report`: every number against a loop over rows, every exit code, every file."""

import csv
import json
import re
from pathlib import Path

import junitparser
import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from scored_files import cohort, document, report, rows, write_csv
from sklearn.metrics import recall_score, roc_auc_score

from audit.cli import run

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/classification_metrics.json").read_text())


@pytest.fixture(scope="module")
def columns() -> dict[str, list[object]]:
    return cohort()


@pytest.fixture(scope="module")
def source(columns: dict[str, list[object]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("scores") / "scores.csv", columns)


@pytest.fixture(scope="module")
def full(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("full") / "run"
    flags = ("--intersect", "race*gender", "--age-bins", "40,60,80", "--control", "site")
    assert report(source, out, *flags) == 0
    return out


def test_attributes_intersections_bins_and_unknown_equal_a_loop_over_the_rows(
    full: Path, columns: dict[str, list[object]]
) -> None:
    found = rows(full)
    y, score = np.array(columns["target"]), np.array(columns["score"])
    race, gender = np.array(columns["race"]), np.array(columns["gender"])
    age = np.array(columns["age"])
    inside = {
        ("race", "Black"): race == "Black",
        ("race", "unknown"): race == "",
        ("race", "all"): race != "",
        ("race*gender", "White * Male"): (race == "White") & (gender == "Male"),
        ("race*gender", "unknown"): race == "",
        ("age", "< 40"): age < 40,
        ("age", "40 to < 60"): (age >= 40) & (age < 60),
        ("age", ">= 80"): age >= 80,
        ("race (unknown as a group)", "not recorded"): race == "",
        ("race | site = 2", "Asian"): (race == "Asian") & (np.array(columns["site"]) == 2),
    }
    for (attribute, group), mask in inside.items():
        row = found[attribute, group, "auc"]
        assert (row["n"], row["n_positive"]) == (mask.sum(), y[mask].sum())
        assert row["value"] == pytest.approx(roc_auc_score(y[mask], score[mask]), abs=1e-12)


def test_control_strata_equal_fairlearn_s_control_features(
    full: Path, columns: dict[str, list[object]]
) -> None:
    predicted = (np.array(columns["score"]) >= 0.5).astype(int)
    race = np.array(columns["race"])
    frame = MetricFrame(
        metrics=recall_score,
        y_true=np.array(columns["target"])[race != ""],
        y_pred=predicted[race != ""],
        sensitive_features=race[race != ""],
        control_features=np.array(columns["site"])[race != ""],
    )
    found = rows(full)
    for (site, group), expected in frame.by_group.items():
        row = found[f"race | site = {site}", group, "true_positive_rate"]
        assert row["value"] == pytest.approx(expected, abs=1e-12)
    for site, expected in frame.difference().items():
        row = found[f"race | site = {site}", "all", "equal_opportunity_difference"]
        assert row["value"] == pytest.approx(expected, abs=1e-12)


def test_a_second_look_costs_no_test_of_the_first(full: Path, source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path, "--intersect", "race*gender", "--age-bins", "40,60,80") == 0
    with_strata, without = document(full), document(tmp_path)
    family = "auc_difference over all attributes"
    assert with_strata["provenance"]["families"][family] == 4  # race, gender, age, race*gender
    tests = {
        (c["attribute"], c["metric"]): (c["p"], c["p_adjusted"])
        for c in with_strata["contrasts"]
        if c["metric"].endswith("difference")
    }
    for c in without["contrasts"]:
        if c["metric"].endswith("difference"):
            assert tests[c["attribute"], c["metric"]] == (c["p"], c["p_adjusted"])
    assert tests["race | site = 1", "auc_difference"] == (None, None)
    assert tests["race (unknown as a group)", "auc_difference"] == (None, None)


def test_parquet_of_records_makes_the_same_report(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path / "one") == 0
    assert report(tmp_path / "one/records/outcomes.parquet", tmp_path / "two") == 0
    for name in ("groups.csv", "contrasts.csv"):
        files = [(tmp_path / run_ / "report" / name).read_bytes() for run_ in ("one", "two")]
        assert files[0] == files[1]
    shas = [document(tmp_path / r)["provenance"]["data"]["split_sha256"] for r in ("one", "two")]
    assert shas[0] == shas[1]
    assert (tmp_path / "one" / "records").stat().st_mode & 0o777 == 0o700


def test_compat_is_the_original_s_numbers(tmp_path: Path) -> None:
    given, expected = GOLDEN["four_attributes"]["input"], GOLDEN["four_attributes"]["expected"]
    groups = {
        "race": ("Asian", "Black", "White"),
        "gender": ("Female", "Male"),
        "ethnicity": ("Non-Hispanic", "Hispanic"),
        "language": ("English", "Spanish", "Other"),
    }
    columns = {"target": given["y"], "score": given["p"]} | {
        name: ["" if code < 0 else groups[name][code] for code in codes]
        for name, codes in given["attrs"].items()
    }
    source = write_csv(tmp_path / "mini.csv", columns)
    assert report(source, tmp_path, "--compat", "fairclip", "--suppress-below", 0) == 0
    lines = document(tmp_path)["compat"]
    found = {(x["attribute"], x["group"], x["metric"]): x["original"] for x in lines}
    golden = {("overall", "all", "auc"): expected["auc"]}
    golden["overall", "all", "accuracy"] = expected["acc"]
    for i, (name, labels) in enumerate(groups.items()):
        for label, value in zip(labels, expected["auc_by_attr_and_group"][i], strict=True):
            golden[name, label, "auc"] = value
        golden[name, "all", "es_auc"] = expected["es_auc_by_attr"][i]
        golden[name, "all", "es_accuracy"] = expected["es_acc_by_attr"][i]
        golden[name, "all", "demographic_parity_difference"] = expected["dpd_by_attr"][i]
        golden[name, "all", "equalized_odds_difference"] = expected["deodds_by_attr"][i]
        std, widest = expected["std_max_disparity_by_attr"][i]
        golden[name, "all", "std_auc_disparity"] = std
        golden[name, "all", "max_auc_disparity"] = widest
    assert found == {key: f"{value:.4f}" for key, value in golden.items()}


@pytest.fixture(scope="module")
def with_few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of everything on a file where one race has 7 people, named Zyzzyva."""
    folder = tmp_path_factory.mktemp("few")
    columns = cohort(400, seed=5)
    few = [i for i, race in enumerate(columns["race"]) if race == "Asian"]
    for i in few:
        columns["race"][i] = "White"
    for i in few[:7]:
        columns["race"][i], columns["score"][i] = "Zyzzyva", 0.0001 * i
    rest = [i for i, race in enumerate(columns["race"]) if race == "White"][:20]
    for i in rest:
        columns["race"][i] = "Yellowhammer"
    source = write_csv(folder / "few.csv", columns)
    policy = folder / "policy.yaml"
    policy.write_text(
        "name: few\nrules:\n"
        "  - {metric: auc, attribute: race, min: 0.5}\n"
        "  - {metric: accuracy, attribute: race, change: true, min: -0.1}\n"
        "  - {metric: selection_rate, attribute: race, scope: pairs, max: 0.5}\n"
    )
    assert report(source, folder / "before") == 0
    flags = ["--intersect", "race*gender", "--control", "site", "--compat", "fairclip"]
    flags += ["--policy", str(policy), "--baseline", str(folder / "before")]
    report(source, folder / "run", *flags)
    return folder / "run"


def test_no_file_of_the_report_shows_a_number_of_a_small_group(with_few: Path) -> None:
    names = ("Zyzzyva", "Yellowhammer")  # the second follows from the first and the total
    shown = document(with_few)
    for row in shown["rows"]:
        if any(name in row["group"] for name in names) and row["n"] != 0:
            assert [row[k] for k in ("value", "low", "high", "n", "n_positive")] == [None] * 5
    for c in shown["contrasts"]:
        assert not any(name in c["group_a"] + c["group_b"] for name in names)
    for curve in shown["curves"]:
        assert not any(name in curve["group"] for name in names)
    checks = [c for c in shown["checks"] if c["group"] in names]
    assert len(checks) == 4
    for c in checks:
        assert (c["value"], c["low"], c["high"], c["verdict"]) == (None, None, None, "INCONCLUSIVE")
    for line in shown["compat"]:
        if line["attribute"] == "race":
            hidden = line["group"] in (*names, "all")
            assert (line["original"] == "hidden") == hidden
    assert not any(name in family for family in shown["provenance"]["families"] for name in names)


def test_the_texts_of_the_report_show_no_number_of_a_small_group(with_few: Path) -> None:
    folder = with_few / "report"
    assert {f.name for f in folder.iterdir()} == {
        "report.json", "groups.csv", "contrasts.csv", "report.md", "junit.xml",
    }  # fmt: skip
    with (folder / "groups.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if "Zyzzyva" in row["group"]:
                assert row["value"] == row["low"] == row["high"] == ""
                assert row["n"] == row["n_positive"]
                assert row["n"] in ("", "0")
    lines = (folder / "report.md").read_text().splitlines()
    of_group = [re.split(r"(?<!\\)\|", line) for line in lines if "Zyzzyva" in line]
    assert len(of_group) >= 3
    for cells in of_group:
        assert not [cell for cell in cells if re.search(r"\d\.\d{3}", cell)], cells
    for line in (folder / "junit.xml").read_text().splitlines():
        assert "Zyzzyva" not in line or "undefined" in line or "<testcase" in line


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


def test_the_same_run_has_changed_by_zero(source: Path, tmp_path: Path) -> None:
    rule = "name: c\nrules: [{metric: auc, attribute: race, change: true, min: -0.01}]\n"
    (tmp_path / "policy.yaml").write_text(rule)
    assert report(source, tmp_path / "before") == 0
    flags = ("--policy", tmp_path / "policy.yaml", "--baseline", tmp_path / "before")
    assert report(source, tmp_path / "after", *flags, "--strict") == 0
    for c in document(tmp_path / "after")["checks"]:
        assert c["value"] == 0
        assert c["low"] <= 0 <= c["high"]


def test_a_baseline_of_another_split_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_csv(tmp_path / "other.csv", cohort(300, seed=9))
    assert report(other, tmp_path / "before") == 0
    flags = ("--policy", policy(tmp_path, 0.5), "--baseline", tmp_path / "before")
    assert report(source, tmp_path / "after", *flags) == 2
    assert "it scored other samples" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--strict"], "--strict does nothing without margins"),
        (["--baseline", "."], "--baseline does nothing without margins"),
        (["--intersect", "race*race"], "cross two or more of race, gender"),
        (["--intersect", "race*gender,race*gender"], "'race\\*gender' would be reported twice"),
        (["--attributes", "race,race"], "'race' would be reported twice"),
        (["--control", "iop"], "no covariate 'iop'"),
        (["--age-bins", "60,40"], "give ascending edges"),
        (["--confidence", "95"], "--confidence must lie in"),
        (["--compat", "fairclip", "--attributes", "site"], "--compat fairclip needs samples"),
    ],
)
def test_impossible_flags_are_one_line(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    message: str,
) -> None:
    assert report(source, tmp_path / "out", *flags) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message.replace("\\", "") in lines[0]


def test_a_served_run_is_not_overwritten(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records/journal.sqlite").touch()
    assert report(source, tmp_path) == 2
    assert "holds the run of a served model" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["report"], ["threshold"], ["inspect"]])
def test_help_is_no_error(command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run([*command, "--help"])
    assert ended.value.code == 0
