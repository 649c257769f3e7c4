"""The example of DICOM files: its commands, its scores against pydicom's reading, its groups."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
from readme_commands import copied, group_rows, guesses, reported, run_readme

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder after the commands of the README, and what they printed."""
    example = copied("dicom", tmp_path_factory.mktemp("dicom"))
    return example, run_readme(example)


def test_served_scores_are_those_of_the_files_as_pydicom_reads_them(ran: tuple[Path, str]) -> None:
    example, _ = ran
    with (example / "predictions.csv").open(newline="") as file:
        own = {row["file"]: float(row["nodule"]) for row in csv.DictReader(file)}
    rows = pq.read_table(example / "reports/first/records/outcomes.parquet").to_pydict()
    assert sorted(rows["id"]) == sorted(own)
    np.testing.assert_allclose(rows["score"], [own[id_] for id_ in rows["id"]], atol=1e-4)
    assert np.std(rows["score"]) > 0.2


def test_the_files_are_of_the_kinds_that_the_readme_names(ran: tuple[Path, str]) -> None:
    scans = [pydicom.dcmread(path) for path in sorted((ran[0] / "scans").glob("*.dcm"))]
    assert {scan.BitsStored for scan in scans} == {12}
    kinds = [scan.PhotometricInterpretation for scan in scans]
    assert kinds.count("MONOCHROME1") > 20
    assert kinds.count("MONOCHROME2") > 20
    assert {scan.RescaleSlope for scan in scans} == {0.5, 1}
    assert all(scan.PatientID.startswith("PAINTED-") for scan in scans)


def test_false_alarms_of_one_maker_are_found_and_the_sexes_do_not_differ(
    ran: tuple[Path, str],
) -> None:
    out = ran[0] / "reports/first"
    gap = reported(out, "Manufacturer", "all", "equalized_odds_difference")
    assert float(gap["low"]) > 0.3
    assert float(reported(out, "PatientSex", "all", "equalized_odds_difference")["low"]) == 0
    assert reported(out, "age", ">= 55", "auc")["n"] == "60"
    assert reported(out, "PatientSex", "unknown", "auc")["suppressed"] != ""
    shown = [("PatientSex", "Female"), ("PatientSex", "Male"), ("Manufacturer", "Aster Imaging")]
    assert [reported(out, *group, "auc")["suppressed"] for group in shown] == [""] * 3


def test_no_id_of_a_patient_reaches_the_report(ran: tuple[Path, str]) -> None:
    files = [path for path in (ran[0] / "reports/first/report").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if b"PAINTED" in path.read_bytes()] == []
    assert "PAINTED" not in ran[1]


def test_the_draft_guesses_what_the_readme_says(ran: tuple[Path, str]) -> None:
    example, printed = ran
    draft = (example / "guessed.yaml").read_text()
    named = guesses((example / "README.md").read_text())
    assert len(named) == 5
    assert [line for line in named if f"{line}  # GUESS" not in draft] == []
    assert draft.count("# GUESS:") == 5
    assert "8 samples (4 positive, 4 negative)" in printed


def test_the_numbers_of_the_readme_are_those_of_the_run(ran: tuple[Path, str]) -> None:
    example, printed = ran
    found, shown = group_rows(printed), group_rows((example / "README.md").read_text())
    assert len(shown) == 4
    for group, (n, auc) in shown.items():
        assert found[group][0] == n, group
        assert found[group][1] == pytest.approx(auc, abs=0.02), group
