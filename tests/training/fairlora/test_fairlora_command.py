"""The command of FairLoRA: a whole run in one process, and mistakes."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from small_federation import write_hospitals

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from training.fairlora.__main__ import run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


def test_the_command_trains_in_process_and_says_what_comes_next(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [
        *("--preset", "tiny", "--engine", "in-process", "--dataset", "fairfedmed-chest"),
        *("--data", str(root), "--attribute", "gender", "--rounds", "1", "--squash", "24"),
    ]
    out = tmp_path / "run"
    assert run([*flags, "--out", str(out)]) == 0
    assert f"next: python -m export {out}" in capsys.readouterr().err
    record = json.loads((out / "best" / "checkpoint.json").read_text())["record"]
    assert (
        record["threshold"]["split_sha256"]
        == FairFedMedChest(root, "val", attribute="gender", shape=(24, 24)).fingerprint()
    )
    assert "sent" in (out / "train.log").read_text()


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--method", "local"], 2, "name it with --sites"),
        (["--sites", "mayo"], 2, "no site 'mayo'"),
        (["--attribute", "rase"], 3, "no meta_*_rase_*.csv"),
        (["--rank", "3"], 2, "rank 3"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    common = ["--engine", "in-process", "--dataset", "fairfedmed-chest", "--preset", "tiny"]
    data = [] if "--data" in flags else ["--data", str(root)]
    assert run([*common, *data, "--out", str(tmp_path / "run"), *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last


def copy_with(root: Path, folder: Path, tables: str, column: str, value: str) -> list[str]:
    """Flags of a run on a copy of the data, in which a column of some csv files has one value."""
    data = folder / "data"
    shutil.copytree(root, data)
    for table in data.glob(tables):
        with table.open(newline="") as file:
            rows = [{**row, column: value} for row in csv.DictReader(file)]
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    flags = ["--engine", "in-process", "--dataset", "fairfedmed-chest", "--preset", "tiny"]
    return [*flags, "--data", str(data), "--attribute", "gender", "--squash", "24"]


@pytest.mark.parametrize("site", ["chexpert", "mimic"])
def test_a_site_whose_data_are_refused_ends_a_local_run_at_once(
    site: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = copy_with(root, tmp_path, f"meta_{site}_gender_train.csv", "gender_label", "-1")
    assert run([*asked, "--out", str(tmp_path / "run")]) == 3  # and not after 600 s
    last = capsys.readouterr().err.splitlines()[-1]
    start = f"training: {tmp_path / 'data'}: gender is unknown in all training samples of {site}"
    assert last.startswith(start)


def test_an_image_that_breaks_in_a_round_ends_a_local_run_or_is_left_out(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = copy_with(root, tmp_path, "none", "", "")
    for picture in sorted((tmp_path / "data" / "mimic").rglob("*.png"))[-10:]:
        picture.write_bytes(b"no picture")
    assert run([*asked, "--out", str(tmp_path / "run")]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert "no readable PNG or JPEG" in last
    assert "go on without it by --on-error skip" in last
    assert run([*asked, "--rounds", "1", "--on-error", "skip", "--out", str(tmp_path / "on")]) == 0
    said = (tmp_path / "on" / "train.log").read_text()
    assert "mimic trained" in said
    assert "left out: " in said


def test_validation_of_one_class_is_named_before_any_round(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = copy_with(root, tmp_path, "meta_*_gender*.csv", "disease_label", "1")
    assert run([*asked, "--out", str(tmp_path / "run")]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert "disease_label is 1 for all" in last
    assert "of the val split" in last


def test_one_group_only_is_said_in_the_log_and_so_is_what_was_learned(
    root: Path, tmp_path: Path
) -> None:
    asked = copy_with(root, tmp_path, "meta_*_gender*.csv", "gender_label", "1")
    assert run([*asked, "--rounds", "1", "--out", str(tmp_path / "run")]) == 0
    lines = (tmp_path / "run" / "train.log").read_text().splitlines()
    said = "WARNING all training samples that the sites report are gender Male: no groups"
    assert sum(said in line for line in lines) == 1
    assert "validation AUC" in lines[-1]
    assert "as the best of" not in lines[-1]  # of one
