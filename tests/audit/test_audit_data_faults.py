"""What `fair-audit` does about data that are missing, broken or pointless; each is one line."""

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from served import BATCH_SIZE

from audit.cli import run
from audit.recheck import BATCHES
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.samples import cut

pytest_plugins = ["audit_fixtures"]


@pytest.fixture
def copy(split_root: Path, tmp_path: Path) -> Path:
    """A copy of the data that may be spoiled: its test split has 90 images."""
    shutil.copytree(split_root, tmp_path / "data")
    return tmp_path / "data"


def rewrite(file: Path, **changes: object) -> None:
    with np.load(file, allow_pickle=False) as npz:
        arrays = {**npz, **{key: np.asarray(value) for key, value in changes.items()}}
    np.savez(file, **arrays)


def files_of(data: Path) -> list[Path]:
    return sorted((data / "Test").glob("*.npz"))


def audit(endpoint: str, data: Path, *flags: str) -> int:
    out = str(data.parent / "run")
    return run(
        ["--endpoint", endpoint, "--model", "sound", "--data", str(data), "--out", out, *flags]
    )


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("fair-audit: ")
    return lines[0]


def test_missing_data_say_where_they_were_looked_for(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(endpoint, tmp_path / "nowhere") == 3
    assert str(tmp_path / "nowhere") in one_line(capsys)


def test_a_missing_split_says_what_is_there(
    endpoint: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(copy / "Test")
    (copy / "SYNTHETIC.json").unlink()
    assert audit(endpoint, copy) == 3
    assert "Training" in one_line(capsys)


def test_a_truncated_file_stops_and_is_named(
    endpoint: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = files_of(copy)[5]
    broken.write_bytes(broken.read_bytes()[:1000])
    assert audit(endpoint, copy) == 3
    line = one_line(capsys)
    assert broken.name in line
    assert "--on-error skip" in line


def test_a_skipped_file_is_counted_in_the_report_and_named_in_the_records(
    endpoint: str, copy: Path
) -> None:
    truncated, corrupt = files_of(copy)[5], files_of(copy)[40]
    truncated.write_bytes(truncated.read_bytes()[:1000])
    content = bytearray(corrupt.read_bytes())
    content[200_000:200_100] = bytes(100)  # inside the image: found when it is decoded
    corrupt.write_bytes(content)
    assert audit(endpoint, copy, "--on-error", "skip") == 0
    out = copy.parent / "run"
    data = json.loads((out / "report" / "report.json").read_text())["provenance"]["data"]
    assert (data["n"], data["n_skipped"]) == (88, 2)
    with (out / "records" / "skipped.csv").open() as file:
        assert {row["id"] for row in csv.DictReader(file)} == {truncated.stem, corrupt.stem}
    for shared in (out / "report").iterdir():
        assert truncated.stem not in shared.read_text()


def test_labels_of_one_class_are_refused_before_anything_is_sent(
    endpoint: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in files_of(copy):
        rewrite(file, glaucoma=1)
    assert audit(endpoint, copy) == 3
    line = one_line(capsys)
    assert "'glaucoma' is 1 for every image" in line
    assert "--target" in line
    assert not (copy.parent / "run" / "records" / "journal.sqlite").exists()


def test_an_attribute_that_nobody_recorded_is_shown_beside_others(
    endpoint: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in files_of(copy):
        rewrite(file, race=-1)
    assert audit(endpoint, copy, "--attributes", "race,gender") == 0
    assert "not recorded for any image" in capsys.readouterr().out


def test_only_unrecorded_attributes_leave_nothing_to_compare(
    endpoint: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in files_of(copy):
        rewrite(file, race=-1)
    assert audit(endpoint, copy, "--attributes", "race") == 3
    assert "race: not recorded for any image" in one_line(capsys)


def test_an_attribute_that_does_not_exist_is_named(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--endpoint", endpoint, "--model", "sound", "--data", str(split_root)]
    assert run([*flags, "--out", str(tmp_path / "run"), "--attributes", "rase"]) == 2
    assert "no attribute 'rase' (it has: race, gender" in one_line(capsys)


def test_images_of_several_shapes_are_all_audited(endpoint: str, copy: Path) -> None:
    for i, file in enumerate(files_of(copy)):
        if i % 3:
            size = (64, 48) if i % 3 == 1 else (48, 80)
            rewrite(file, slo_fundus=np.full(size, i, np.uint8))
    assert audit(endpoint, copy) == 0
    split = FairVLMed(copy, "test")
    expected = [sample.image.mean() / 255 for sample in samples(split)]
    table = pq.read_table(copy.parent / "run" / "records" / "outcomes.parquet")
    np.testing.assert_allclose(table["score"].to_numpy(), expected, atol=1e-6)


@pytest.mark.further
def test_a_resumed_run_decodes_only_batches_that_lack_an_answer(endpoint: str, copy: Path) -> None:
    assert audit(endpoint, copy) == 0
    journal = copy.parent / "run" / "records" / "journal.sqlite"
    before = (copy.parent / "run" / "report" / "groups.csv").read_bytes()
    last = FairVLMed(copy, "test").ids[-1]
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("DELETE FROM answers WHERE id = ?", (last,))
    cuts = cut(FairVLMed(copy, "test").shapes, BATCH_SIZE)
    asked_again = np.linspace(0, len(cuts) - 2, BATCHES).astype(int)  # of those without a gap
    other = min(set(range(len(cuts) - 1)) - set(asked_again.tolist()))
    first = files_of(copy)[cuts[other][0]]  # would stop the run if it were decoded
    content = bytearray(first.read_bytes())
    content[200_000:200_100] = bytes(100)
    first.write_bytes(content)
    assert audit(endpoint, copy, "--resume") == 0
    assert (copy.parent / "run" / "report" / "groups.csv").read_bytes() == before
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("DELETE FROM answers WHERE id = ?", (first.stem,))
    assert audit(endpoint, copy, "--resume") == 3  # now it is decoded
