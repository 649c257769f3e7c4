"""`fair-audit` against the real server: what it reports, what it refuses, what survives a kill."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import answered, audit, failure

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.metrics.classification import auc

pytest_plugins = ["audit_fixtures"]


@pytest.fixture(scope="module")
def finished(endpoint: str, split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("audit") / "run"
    assert audit(endpoint, "--model", "sound", "--data", split_root, "--out", out) == 0
    return out


def report_of(out: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((out / "report" / "report.json").read_text())
    return document


def value_of(out: Path, attribute: str, group: str, metric: str) -> object:
    rows = report_of(out)["rows"]
    assert isinstance(rows, list)
    (row,) = [
        r for r in rows if (r["attribute"], r["group"], r["metric"]) == (attribute, group, metric)
    ]
    return row["value"]


def test_the_report_equals_what_numpy_says_of_the_same_images(
    finished: Path, split_root: Path
) -> None:
    split = FairVLMed(split_root, "test")
    scores = np.array([s.image.mean() / 255 for s in samples(split)])
    expected = auc(split.labels, scores)
    assert value_of(finished, "overall", "all", "auc") == pytest.approx(expected, abs=1e-6)
    white = split.codes["race"] == 2
    assert value_of(finished, "race", "White", "auc") == pytest.approx(
        auc(split.labels[white], scores[white]), abs=1e-6
    )


def test_the_report_says_what_the_epoch_was_selected_on(finished: Path) -> None:
    text = (finished / "report" / "report.md").read_text()
    assert "- selected on test: epoch 3 had the highest auc, 0.900" in text
    assert "WARNING: the epoch was chosen on this very split" in text


def test_records_hold_every_sample_and_are_private(finished: Path, split_root: Path) -> None:
    table = pq.read_table(finished / "records" / "outcomes.parquet")
    split = FairVLMed(split_root, "test")
    assert table["id"].to_pylist() == list(split.ids)
    np.testing.assert_array_equal(table["target"].to_numpy(), split.labels)
    races = [("Asian", "Black", "White")[code] for code in split.codes["race"]]
    assert table["race"].to_pylist() == races
    assert (finished / "records").stat().st_mode & 0o777 == 0o700
    files = list((finished / "records").iterdir())
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in files} == dict.fromkeys(
        ("outcomes.parquet", "journal.sqlite", "skipped.csv", "cases.html", "lock"), "0o600"
    )


def test_the_worst_and_the_borderline_cases_are_shown(finished: Path, split_root: Path) -> None:
    split = FairVLMed(split_root, "test")
    scores = np.array([s.image.mean() / 255 for s in samples(split)])
    page = (finished / "records" / "cases.html").read_text()
    for code, race in enumerate(("Asian", "Black", "White")):
        rows = np.flatnonzero(split.codes["race"] == code)
        for distance in (-np.abs(split.labels - scores), np.abs(scores - 0.25)):
            wanted = split.ids[rows[np.argsort(distance[rows], kind="stable")][0]]
            assert f'alt="case {wanted}"' in page, (race, wanted)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_shared_part_names_no_sample(finished: Path, split_root: Path) -> None:
    for file in (finished / "report").iterdir():
        text = file.read_text()
        assert not any(id_ in text for id_ in FairVLMed(split_root, "test").ids), file


def test_provenance_says_what_answered_what(finished: Path, split_root: Path) -> None:
    about = report_of(finished)["provenance"]
    assert isinstance(about, dict)
    assert about["model"]["identity"] == "verified"
    assert about["server"]["name"] == "triton 2.51.0"
    assert about["data"]["n"] == 90
    assert about["data"]["split_sha256"] == FairVLMed(split_root, "test").fingerprint()
    assert "planted effect" in about["data"]["statement"]
    assert about["speed"]["images"] == 90
    rate = about["speed"]["images_per_second"]
    assert rate == pytest.approx(90 / about["speed"]["seconds"], rel=0.2)
    assert f"--data {split_root}" in about["command"]


def test_a_killed_run_resumed_is_byte_for_byte_the_undisturbed_one(
    endpoint: str, split_root: Path, tmp_path: Path, finished: Path
) -> None:
    out = tmp_path / "run"
    flags = ["--endpoint", endpoint, "--model", "sound", "--data", str(split_root)]
    code = "import sys; from audit.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *flags, "--out", str(out), "--in-flight", "1"],
        stdout=subprocess.DEVNULL,
    )
    journal = out / "records" / "journal.sqlite"
    while answered(journal) == 0:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = answered(journal)
    assert 0 < before < 90
    assert audit(endpoint, *flags[2:], "--out", out, "--resume") == 0
    assert answered(journal) == 90
    ours, theirs = out / "report" / "groups.csv", finished / "report" / "groups.csv"
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_finished_run_reports_again_from_its_journal(
    endpoint: str, split_root: Path, finished: Path
) -> None:
    before = (finished / "report" / "groups.csv").read_bytes()
    flags = ("--model", "sound", "--data", split_root, "--out", finished)
    assert audit(endpoint, *flags, "--resume") == 0
    assert (finished / "report" / "groups.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("absent", "'absent' is not ready .*float_input.*check --model"),
        ("without_description", "no 'fair_audit' self-description; export it .* --spec model.yaml"),
        ("not_the_exported_one", r"is not the exported one: its probes differ by 0\.1"),
        ("float_input", r"input 'image' is FP32 \[-1, -1, -1\], fair-audit needs UINT8"),
        ("infinite", "answered inf for sample data_"),
        ("beyond_one", "answered .* for sample data_.*no probability"),
    ],
)
def test_a_faulty_model_is_one_line(
    endpoint: str,
    split_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    model: str,
    message: str,
) -> None:
    line = failure(
        capsys, 3, endpoint, "--model", model, "--data", split_root, "--out", tmp_path / "run"
    )
    assert re.search(message, line), line


def test_without_probes_the_report_says_declared(
    endpoint: str, split_root: Path, tmp_path: Path
) -> None:
    flags = ("--model", "not_the_exported_one", "--data", split_root, "--no-probes")
    assert audit(endpoint, *flags, "--out", tmp_path / "run") == 0
    about = report_of(tmp_path / "run")["provenance"]
    assert isinstance(about, dict)
    assert about["model"]["identity"] == "declared"


def test_no_server_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(capsys, 3, "127.0.0.1:9")
    assert "no server answers at 127.0.0.1:9" in line
    assert "tritonserver --model-repository" in line


def test_an_existing_run_is_kept(
    endpoint: str, split_root: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--model", "sound", "--data", split_root, "--out", finished)
    assert "already holds a run" in failure(capsys, 2, endpoint, *flags)
