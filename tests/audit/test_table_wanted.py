"""Data that are pictures alone: the refusal shows the table that is needed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from audit.cli import run
from audit.table_wanted import check_no_pictures, table_in


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "scans").mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Pillow.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "scans" / name)
    return tmp_path


def test_a_folder_of_pictures_shows_its_table(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(pictures)]) == 2
    line = capsys.readouterr().err
    assert "holds pictures alone" in line
    assert "'file,target,sex' and 'scans/a.png,1,M' and 'scans/b.png,0,F'" in line
    assert str(pictures / "table.csv") in line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.png", "a.png is one image; a table must say"),
        ("a.DCM", "a.DCM is one image; a table must say"),
        ("scans.zip", "scans.zip is an archive; unpack it"),
        ("scans.tar.gz", "scans.tar.gz is an archive; unpack it"),
    ],
)
def test_a_picture_and_an_archive_are_no_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    (tmp_path / name).write_bytes(b"whatever")
    assert run(["inspect", str(tmp_path / name)]) == 2
    line = capsys.readouterr().err
    assert message in line
    assert "'file,target,sex'" in line


def test_a_folder_that_a_reader_may_know_is_left_to_it(pictures: Path) -> None:
    (pictures / "sites.csv").write_text("x")
    check_no_pictures(pictures)
    assert table_in(pictures) == f"name its table: --data {pictures / 'sites.csv'}"
    (pictures / "sites.csv").rename(pictures / "scans" / "one.npz")
    check_no_pictures(pictures)
    check_no_pictures(pictures / "absent")
    assert "nothing is there" in table_in(pictures / "absent")
