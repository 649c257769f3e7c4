"""Several labels, and ordered classes, of models on the real server, held to ONNX Runtime."""

import csv
import json
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow
from served_several import FINDINGS, GRADES, LABELS, ORDERED, SEVERAL, STEPS, write_pictures

from audit.cli import run
from fairness.arrays import FloatArray

pytest_plugins = ["audit_fixtures"]

PEOPLE = 160


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv of grey PNG files of two sizes, some of whose labels are uncertain or blank."""
    return write_pictures(tmp_path_factory.mktemp("findings"), PEOPLE)


def answers(model: bytes, table: Path) -> FloatArray:
    """What ONNX Runtime answers about the pictures, in the order of their names."""
    pixels = []
    for path in sorted(table.parent.glob("*.png")):
        with Pillow.open(path) as picture:
            pixels.append(np.asarray(picture.resize((16, 16), Pillow.Resampling.BILINEAR)) / 255)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found: FloatArray = session.run(None, {"x": np.array(pixels, np.float32)[:, None]})[0]
    return found.astype(np.float64)


def served(endpoint: str, table: Path, folder: Path, model: str, spec: str, *more: str) -> Path:
    (folder / "model.yaml").write_text(spec)
    flags = ("--data", table, "--attributes", "sex", "--replicates", 100, "--out", folder / "run")
    model_flags = ("--model", model, "--spec", folder / "model.yaml")
    assert audit(endpoint, *model_flags, *flags, *more) == 0
    return folder / "run"


def outcomes(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    return found


def groups(out: Path) -> str:
    return (out / "report" / "groups.csv").read_text()


def test_labels_are_audited_as_onnx_runtime_scores_them_and_reported_again_from_the_file(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    out = served(endpoint, table, tmp_path, "foreign_findings", SEVERAL)
    found, expected = outcomes(out), 1 / (1 + np.exp(-answers(FINDINGS, table)))
    for label, column in zip(LABELS, (3, 0, 1), strict=True):
        np.testing.assert_allclose(found[f"score:{label}"], expected[:, column], atol=1e-4)
    with table.open() as file:
        said = [row["Mass"] for row in csv.DictReader(file)]
    assert found["target:Mass"] == [{"1": 1, "0": 0}.get(word) for word in said]
    source = str(out / "records" / "outcomes.parquet")
    page = (out / "records" / "cases.html").read_text()
    assert re.findall(r'class="chapter">([^:]+):', page) == list(LABELS)
    assert page.count("<img") == len(set(re.findall(r'alt="case ([^"]+)"', page))) > 6
    flags = ["--threshold", "0.5,Mass=0.4", "--replicates", "100", "--out", str(tmp_path / "re")]
    assert run(["report", "--from", source, "--attributes", "sex", *flags]) == 0
    assert groups(tmp_path / "re") == groups(out)


def test_ordered_classes_are_audited_as_onnx_runtime_scores_them(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    out = served(endpoint, table, tmp_path, "foreign_steps", ORDERED)
    raised = np.exp(answers(STEPS, table))
    found = outcomes(out)
    for grade, column in zip(GRADES, (raised / raised.sum(1, keepdims=True)).T, strict=True):
        np.testing.assert_allclose(found[f"score:{grade}"], column, atol=1e-4)
    with table.open() as file:
        assert found["target"] == [row["grade"] for row in csv.DictReader(file)]
    page = (out / "records" / "cases.html").read_text()
    assert re.findall(r'class="chapter">truth ([^<]+)<', page) == list(GRADES)
    source = str(out / "records" / "outcomes.parquet")
    flags = ["--replicates", "100", "--out", str(tmp_path / "re")]
    assert run(["report", "--from", source, "--attributes", "sex", *flags]) == 0
    assert groups(tmp_path / "re") == groups(out)


@pytest.mark.parametrize(
    ("spec", "flags", "said"),
    [
        (SEVERAL.replace("Effusion: 3", "Effusion: 4"), (), "output.labels: .* no column 4"),
        (SEVERAL, ("--target", "Mass"), "1 columns for the 3 labels"),
        (SEVERAL, ("--threshold", "Effusion=0.3"), "none for 'Mass'"),
        (SEVERAL, ("--threshold", "0.5,Hernia=0.3"), "no label 'Hernia'; the labels are"),
        (SEVERAL.replace("{Mass", "{Hernia"), (), "line 4, thresholds: 'Hernia' is none of"),
        (
            SEVERAL.replace("Nodule: 1", "Hernia: 1"),
            (),
            "no column 'Hernia' .*line 8, output.labels",
        ),
        (SEVERAL.replace("Nodule: 1", "Nodule: 0"), (), "line 8, output.labels: names something"),
        (SEVERAL.replace("holds: logit", "holds: logits"), (), "line 8, output.holds: logits go"),
        (ORDERED, ("--threshold", "youden", "--threshold-split", "val"), "likeliest class"),
        (ORDERED.replace("grade", "grades"), (), "no column 'grades' .* line 3, target"),
        (SEVERAL, ("--data", "data/chest"), "come as a table of images"),
        (ORDERED, ("--threshold", "0.5"), "chooses the likeliest class"),
        (ORDERED.replace(", proliferative", ""), (), "5 columns for 4 classes"),
        (ORDERED.replace("mild", "slight"), (), "'grade' is 'mild', known are none, slight"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    endpoint: str,
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spec: str,
    flags: tuple[str, ...],
    said: str,
) -> None:
    model = "foreign_findings" if "multilabel" in spec else "foreign_steps"
    (tmp_path / "model.yaml").write_text(spec)
    common = ("--model", model, "--spec", tmp_path / "model.yaml", "--out", tmp_path / "run")
    data = () if "--data" in flags else ("--data", table, "--attributes", "sex")
    line = failure(capsys, 2 if "known are" not in said else 3, endpoint, *common, *data, *flags)
    assert re.search(said, line), line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("model", "target", "drafted"),
    [
        ("foreign_findings", ",".join(LABELS), "labels: {Effusion: 0, Mass: 1, Nodule: 2}"),
        ("foreign_steps", "grade", f"classes: [{', '.join(sorted(GRADES))}]"),
    ],
)
def test_a_draft_of_several_is_audited_as_it_is_and_verified_by_its_probes(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, target: str, drafted: str,
) -> None:  # fmt: skip
    spec = tmp_path / "model.yaml"
    words = ["--endpoint", endpoint, "--model", model, "--data", str(table)]
    words += ["--target", target, "--attributes", "sex"]
    assert run(["init", *words, "--probes", "8", "--out", str(spec)]) == 0
    assert f"{drafted}  # GUESS" in spec.read_text()
    printed = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert printed == ["fair-audit", *words, "--spec", str(spec)]
    out = tmp_path / "run"
    assert run([*printed[1:], "--replicates", "100", "--out", str(out)]) == 0
    assert "(verified against 20" in (out / "report" / "report.md").read_text()


@pytest.mark.further
def test_a_threshold_of_each_label_is_chosen_on_another_split(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with table.open() as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row |= {"part": ("val", "test")[number % 2]}
    both, none = tmp_path / "both.csv", tmp_path / "none.csv"
    for path in (both, none):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*rows[0]])
            writer.writeheader()
            writer.writerows(rows)
        rows = [row | {"Mass": "0" if row["part"] == "val" else row["Mass"]} for row in rows]
    part = ("--split-column", "part", "--images", str(table.parent))
    rule = ("--threshold", "youden", "--threshold-split", "val", *part)
    out = served(endpoint, both, tmp_path, "foreign_findings", SEVERAL, *rule)
    by_hand = tmp_path / "by_hand"
    by_hand.mkdir()
    val = served(endpoint, both, by_hand, "foreign_findings", SEVERAL, "--split", "val", *part)
    chosen = str(tmp_path / "chosen.json")
    source = str(val / "records" / "outcomes.parquet")
    assert run(["threshold", "--from", source, "--attributes", "sex", "--out", chosen]) == 0
    found = json.loads((out / "records" / "threshold.json").read_text())["by_label"]
    assert found == json.loads(Path(chosen).read_text())["by_label"]
    assert len(set(found.values())) == 3
    (tmp_path / "third").mkdir()
    flags = ("--threshold", chosen, *part)
    third = served(endpoint, both, tmp_path / "third", "foreign_findings", SEVERAL, *flags)
    before = groups(out)
    assert groups(third) == before
    served(endpoint, both, tmp_path, "foreign_findings", SEVERAL, *rule, "--resume")
    assert groups(out) == before
    spec = ("--model", "foreign_findings", "--spec", tmp_path / "model.yaml")
    said = failure(
        capsys, 2, endpoint, *spec, "--data", none, "--attributes", "sex", *rule, "--out", val / "x"
    )
    assert "--threshold-split val: 'Mass' has not both values there" in said
    assert not (val / "x").exists()


@pytest.mark.further
def test_a_run_of_labels_is_resumed_and_judged_by_label(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    rules = "[{metric: auc, label: '*', min: 0.0}, {metric: macro_auc, min: 0.0}]"
    (tmp_path / "policy.yaml").write_text(f"name: p\nrules: {rules}\n")
    policy = ("--policy", str(tmp_path / "policy.yaml"))
    out = served(endpoint, table, tmp_path, "foreign_findings", SEVERAL, *policy)
    before = groups(out)
    with closing(sqlite3.connect(out / "records" / "journal.sqlite")) as database, database:
        database.execute("DELETE FROM answers WHERE id < 'p040'")
    served(endpoint, table, tmp_path, "foreign_findings", SEVERAL, *policy, "--resume")
    assert groups(out) == before
    checks = json.loads((out / "report" / "report.json").read_text())["checks"]
    assert [check["label"] for check in checks] == [*LABELS, ""]
    assert {check["verdict"] for check in checks} == {"PASS"}
