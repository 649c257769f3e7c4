"""`fair-audit report` of several labels and of classes, held to scikit-learn and fairlearn."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from several_files import GRADES, LABELS, write_grades, write_labels
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, roc_auc_score

from audit.cli import run

QUICK = ["--attributes", "sex", "--replicates", "100"]
OF_LABELS = ["--target", ",".join(LABELS), "--score", "p_Effusion,p_Mass,p_Nodule"]
OF_GRADES = ["--target", "grade", "--score", "p_none,p_mild,p_severe"]


def report(source: Path, out: Path, *flags: str) -> int:
    return run(["report", "--from", str(source), "--out", str(out), *QUICK, *flags])


def refused(capsys: pytest.CaptureFixture[str], source: Path, out: Path, *flags: str) -> str:
    assert report(source, out, *flags) in (2, 3)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def numbers(out: Path, label: str, model: str = "predictions") -> dict[tuple[str, str, str], float]:
    with (out / "report" / "groups.csv").open() as file:
        return {
            (row["attribute"], row["group"], row["metric"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["label"] == label and row["model"] == model and row["value"]
        }


def contrasts(out: Path, metric: str) -> dict[str, dict[str, str]]:
    with (out / "report" / "contrasts.csv").open() as file:
        return {row["label"]: row for row in csv.DictReader(file) if row["metric"] == metric}


def test_every_label_agrees_with_scikit_learn_and_fairlearn_where_it_is_known(
    tmp_path: Path,
) -> None:
    made = write_labels(tmp_path)
    thresholds = dict(zip(LABELS, (0.5, 0.45, 0.5), strict=True))
    assert report(made.path, tmp_path / "out", *OF_LABELS, "--threshold", "0.5,Mass=0.45") == 0
    sex = np.array(made.sex)
    aucs = []
    for k, label in enumerate(LABELS):
        known, found = made.target[:, k] >= 0, numbers(tmp_path / "out", label)
        y, s, groups = made.target[known, k], made.score[known, k], sex[known]
        aucs.append(roc_auc_score(y, s))
        assert found["overall", "all", "auc"] == pytest.approx(aucs[-1], abs=1e-12)
        for group in ("Female", "Male"):
            inside = groups == group
            expected = roc_auc_score(y[inside], s[inside])
            assert found["sex", group, "auc"] == pytest.approx(expected, abs=1e-12)
        called = {"y_pred": s >= thresholds[label], "sensitive_features": groups}
        parity = demographic_parity_difference(y, **called)
        odds = equalized_odds_difference(y, **called)
        assert found["sex", "all", "demographic_parity_difference"] == pytest.approx(parity)
        assert found["sex", "all", "equalized_odds_difference"] == pytest.approx(odds)
    macro = numbers(tmp_path / "out", "")
    assert macro["overall", "all", "macro_auc"] == pytest.approx(np.mean(aucs), abs=1e-12)
    known = made.target >= 0
    micro = numbers(tmp_path / "out", "", "predictions, labels together (micro)")
    expected = roc_auc_score(made.target[known], made.score[known])
    assert micro["overall", "all", "auc"] == pytest.approx(expected, abs=1e-12)
    decided = made.score >= np.array([*thresholds.values()])
    right = (decided[known] == (made.target[known] == 1)).mean()
    assert micro["overall", "all", "accuracy"] == pytest.approx(right, abs=1e-12)


def test_classes_agree_with_scikit_learn_and_each_against_the_rest(tmp_path: Path) -> None:
    made = write_grades(tmp_path)
    flags = [*OF_GRADES, "--ordered", "--map", "grade:none=p_none,grade:mild=p_mild,"
             "grade:severe=p_severe"]  # fmt: skip
    assert report(made.path, tmp_path / "out", *flags) == 0
    found, called = numbers(tmp_path / "out", ""), made.score.argmax(1)
    where = ("overall", "all")
    expected = {
        "accuracy": (called == made.target).mean(),
        "balanced_accuracy": balanced_accuracy_score(made.target, called),
        "quadratic_weighted_kappa": cohen_kappa_score(made.target, called, weights="quadratic"),
    }
    assert {name: found[*where, name] for name in expected} == pytest.approx(expected, abs=1e-12)
    for k, grade in enumerate(GRADES):
        of_class = numbers(tmp_path / "out", f"p_{grade}")
        auc = roc_auc_score(made.target == k, made.score[:, k])
        assert of_class[*where, "auc"] == pytest.approx(auc, abs=1e-12)
        recall = (called[made.target == k] == k).mean()
        assert of_class[*where, "true_positive_rate"] == pytest.approx(recall, abs=1e-12)


def test_the_family_of_tests_spans_all_labels(tmp_path: Path) -> None:
    made = write_labels(tmp_path)
    assert report(made.path, tmp_path / "out", *OF_LABELS) == 0
    found = contrasts(tmp_path / "out", "auc_difference")
    p = sorted((float(found[label]["p"]), label) for label in LABELS)
    held = 0.0
    for rank, (value, label) in enumerate(p):  # Holm, written out
        held = min(1.0, max(held, value * (len(p) - rank)))
        assert float(found[label]["p_adjusted"]) == pytest.approx(held)
    families = json.loads((tmp_path / "out" / "report" / "report.json").read_text())["also"]
    assert any("each over 3 labels x sex (Holm)" in line
               for line in families[-1]["provenance"]["families"])  # fmt: skip


def test_the_report_leads_with_the_worst_group_of_each_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = write_labels(tmp_path)
    assert report(made.path, tmp_path / "out", *OF_LABELS) == 0
    shown = capsys.readouterr().out
    (line,) = [one for one in shown.splitlines() if one.strip().startswith("Mass ")]
    worst = numbers(tmp_path / "out", "Mass")["sex", "Female", "auc"]
    assert line.split()[2:4] == ["Female", f"{worst:.3f}"]
    assert shown.index("Mass ") < shown.index("macro AUC")
    text = (tmp_path / "out" / "report" / "report.md").read_text()
    assert text.index("## Worst group of each label") < text.index("# All together")
    assert text.index("# All together") < text.index("\n# Mass\n")


@pytest.mark.further
def test_our_own_file_gives_the_same_numbers_again_and_another_run_is_a_baseline(
    tmp_path: Path,
) -> None:
    made = write_labels(tmp_path)
    flags = ["--threshold", "0.5,Mass=0.45"]
    assert report(made.path, tmp_path / "one", *OF_LABELS, *flags) == 0
    own = tmp_path / "one" / "records" / "outcomes.parquet"
    assert report(own, tmp_path / "two", *flags) == 0
    one, two = ((tmp_path / run / "report" / "groups.csv").read_bytes() for run in ("one", "two"))
    assert one == two
    rule = "{metric: auc, label: Mass, change: true, min: -0.01, by: estimate}"
    (tmp_path / "policy.yaml").write_text(f"name: kept\nrules:\n  - {rule}\n")
    flags += ["--policy", str(tmp_path / "policy.yaml"), "--baseline", str(tmp_path / "one")]
    assert report(own, tmp_path / "three", *flags) == 0
    checks = json.loads((tmp_path / "three" / "report" / "report.json").read_text())["checks"]
    assert [(c["label"], c["metric"], c["value"]) for c in checks] == [("Mass", "change of auc", 0)]


def test_classes_come_back_from_our_own_file_in_order(tmp_path: Path) -> None:
    made = write_grades(tmp_path)
    codes = ["--map", "grade:none=0,grade:mild=1,grade:severe=2"]
    assert report(made.path, tmp_path / "one", *OF_GRADES, "--ordered", *codes) == 0
    own = tmp_path / "one" / "records" / "outcomes.parquet"
    assert pq.read_schema(own).metadata[b"ordered"] == b"yes"
    assert report(own, tmp_path / "two") == 0
    one, two = ((tmp_path / run / "report" / "groups.csv").read_bytes() for run in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("rule", "verdicts"),
    [
        ("{metric: macro_auc, min: 0.1}", [("", "PASS")]),
        ("{metric: auc, min: 0.1}", [("", "PASS")]),
        ("{metric: auc, label: Mass, min: 0.9}", [("Mass", "FAIL")]),
        (
            "{metric: auc, label: '*', min: 0.1}",
            [("Effusion", "PASS"), ("Mass", "PASS"), ("Nodule", "PASS")],
        ),
    ],
)
def test_rules_name_a_label_each_label_or_all_together(
    tmp_path: Path, rule: str, verdicts: list[tuple[str, str]]
) -> None:
    made = write_labels(tmp_path)
    (tmp_path / "policy.yaml").write_text(f"name: p\nrules:\n  - {rule}\n")
    code = report(
        made.path, tmp_path / "out", *OF_LABELS, "--policy", str(tmp_path / "policy.yaml")
    )
    checks = json.loads((tmp_path / "out" / "report" / "report.json").read_text())["checks"]
    assert [(check["label"], check["verdict"]) for check in checks] == verdicts
    assert code == (1 if "FAIL" in dict(verdicts).values() else 0)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--target", "Effusion,Mass", "--score", "p_Mass"], "2 columns of labels"),
        ([*OF_LABELS, "--threshold", "Mass=0.3"], "none for 'Effusion'"),
        ([*OF_LABELS, "--threshold", "0.5,Hernia=0.3"], "no label 'Hernia'; the labels are"),
        ([*OF_LABELS, "--threshold", "0.5,Mass=nan"], "none for 'Mass'"),
        ([*OF_LABELS, "--ordered"], "--ordered is of classes"),
        (["--target", "Mass", "--score", "p_Mass", "--uncertain", "positive"], "--uncertain is of"),
        (["--target", "Mass,Mass", "--score", "p_Mass,p_Nodule"], "names a column twice"),
        ([*OF_LABELS, "--positive", "yes"], "--positive is of one label"),
        ([*OF_LABELS, "--map", "Mass:1=seen"], "'Mass' is 'seen', expected 1, 0, -1 or blank"),
        (["--target", "Mass", "--score", "p_Mass,p_Effusion,p_Nodule"], "the scores of the class"),
        (["--target", "Mass", "--score", "p_Mass", "--threshold", "Mass=1"], "there is one label"),
    ],
)
def test_what_does_not_fit_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    made = write_labels(tmp_path, blank=0.0)
    assert said in refused(capsys, made.path, tmp_path / "out", *flags)
    assert not (tmp_path / "out" / "report").exists()


def test_thresholds_are_chosen_label_by_label_and_refused_on_the_same_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = write_labels(tmp_path)
    chosen = str(tmp_path / "t.json")
    flags = ["--from", str(made.path), *OF_LABELS, "--attributes", "sex", "--out", chosen]
    assert run(["threshold", *flags]) == 0
    found = json.loads(Path(chosen).read_text())["by_label"]
    for k, label in enumerate(LABELS):
        known = made.target[:, k] >= 0
        y, s = made.target[known, k] == 1, made.score[known, k]
        youden = [(s[y] >= t).mean() - (s[~y] >= t).mean() for t in np.unique(s)]
        at = (s[y] >= found[label]).mean() - (s[~y] >= found[label]).mean()
        assert at == pytest.approx(max(youden))
    capsys.readouterr()
    said = refused(capsys, made.path, tmp_path / "out", *OF_LABELS, "--threshold", chosen)
    assert "was tuned on the split that is audited" in said
    other = write_labels(tmp_path, seed=9)
    assert report(other.path, tmp_path / "out", *OF_LABELS, "--threshold", chosen) == 0
