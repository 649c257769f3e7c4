"""What is wrong with a table: one line that names file and row; a row can be skipped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from written_table import cohort_columns, write_rows

from fairness.datasets.stream import samples
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError, FairAuditError, UsageError

Columns = dict[str, list[Any]]
SEX = TableColumns(attributes=("sex",), covariates=("age",))


def put(name: str, value: object) -> Callable[[Columns], None]:
    """Puts a value into the third row, whose id is s4."""

    def change(columns: Columns) -> None:
        columns[name][2] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("file", "images/none.png"), "no file .*images/none.png; fetch it"),
        (put("file", ""), "column 'file' names no file"),
        (put("file", "../../etc/passwd"), "lies outside"),
        (put("file", "/etc/passwd"), "lies outside"),
        (put("file", "images"), "no file"),
        (put("file", "images\\002.png"), "write / between folders"),
        (put("file", "x" * 5000), "'x{80}' is no name of a file"),
        (put("target", ""), "'target' is blank"),
        (put("target", "not stated"), r"'target' is blank \('not stated'\)"),
        (put("age", "old"), "'age' is 'old', expected a number"),
    ],
)
def test_a_row_at_fault_is_named_and_can_be_skipped(
    tmp_path: Path, change: Callable[[Columns], None], message: str
) -> None:
    columns = cohort_columns(tmp_path)
    change(columns)
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(DataError, match=rf"t\.csv row 3: .*{message}") as caught:
        TableSplit(path, "test", SEX)
    assert "\n" not in str(caught.value)
    split = TableSplit(path, "test", SEX, on_error="skip")
    assert split.ids == ("s1", "s2", "s3", "s5")
    ((id_, reason),) = split.skipped
    assert id_ == "s4"
    assert "row 3" in reason


def test_a_fault_in_a_row_of_another_split_does_not_count(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["file"][0], columns["target"][0] = "none.png", ""
    split = TableSplit(write_rows(tmp_path / "t.csv", columns), "test", SEX)
    assert len(split) == 5


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_broken_image_is_named_when_it_is_read(tmp_path: Path, content: bytes) -> None:
    path = write_rows(tmp_path / "t.csv", cohort_columns(tmp_path))
    (tmp_path / "images" / "002.png").write_bytes(content)
    with pytest.raises(DataError, match=r"t\.csv row 3: .*002\.png: no readable PNG or JPEG"):
        list(samples(TableSplit(path, "test", SEX)))
    split = TableSplit(path, "test", SEX, on_error="skip")
    assert split.shapes[split.ids.index("s4")] == ()
    assert [sample.id for sample in samples(split)] == ["s1", "s2", "s3", "s5"]
    ((id_, reason),) = split.skipped
    assert (id_, "row 3" in reason) == ("s4", True)


def test_a_deep_or_unknown_picture_is_named(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    Pillow.fromarray(np.full((10, 8), 40_000, np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "scan.bmp").write_bytes(b"BM")
    for name, message in (("deep.png", "more than 8 bits"), ("scan.bmp", "no known image format")):
        columns["file"][2] = name
        split = TableSplit(write_rows(tmp_path / "t.csv", columns), "test", SEX)
        with pytest.raises(DataError, match=rf"t\.csv row 3: .*{name}: .*{message}"):
            split.read(split.ids.index("s4"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (TableColumns(attributes=("rase",)), "no column 'rase'"),
        (TableColumns(), "name the columns of the groups with --attributes"),
        (TableColumns(attributes=("sex",), file="picture"), "no column 'picture'"),
        (TableColumns(attributes=("sex",), id="key"), "no column 'key'"),
        (TableColumns(attributes=("sex",), target="dx"), "no column 'dx'"),
        (TableColumns(attributes=("sex",), patient="who"), "no column 'who'"),
        (TableColumns(attributes=("sex",), split_column="use"), "no column 'use'"),
        (TableColumns(attributes=("sex",), covariates=("weight",)), "no column 'weight'"),
        (TableColumns(attributes=("sex",), covariates=("sex",)), "'sex' cannot be a covariate"),
        (TableColumns(attributes=("sex",), site="hospital"), "no column 'hospital'"),
        (TableColumns(attributes=("target",)), "'target' cannot be an attribute"),
        (TableColumns(attributes=("file",)), "'file' cannot be an attribute"),
        (TableColumns(attributes=("PatientSex",)), "no column 'PatientSex'"),
    ],
)
def test_a_name_that_cannot_be_followed_is_refused(
    tmp_path: Path, said: TableColumns, message: str
) -> None:
    path = write_rows(tmp_path / "t.csv", cohort_columns(tmp_path))
    with pytest.raises(UsageError, match=message):
        TableSplit(path, "test", said, on_error="skip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("id", "s6"), r"repeats ids \('s6' in rows 1 and 3\)"),
        (put("id", ""), "blank id in row 3"),
        (put("target", 2), "'target' must have two values"),
        (put("sex", "all"), "has a group 'all' in row 3"),
    ],
)
def test_what_makes_the_whole_table_doubtful_is_never_skipped(
    tmp_path: Path, change: Callable[[Columns], None], message: str
) -> None:
    columns = cohort_columns(tmp_path)
    change(columns)
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(FairAuditError, match=message):
        TableSplit(path, "test", SEX, on_error="skip")


def test_a_label_that_counts_as_not_recorded_is_named(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["target"] = ["none", "glaucoma"] * 3
    path = write_rows(tmp_path / "t.csv", columns)
    said = TableColumns(attributes=("sex",), positive="glaucoma")
    with pytest.raises(DataError, match="'none' counts as not recorded: rename it with --map"):
        TableSplit(path, "test", said)


def test_two_rows_of_one_file_need_ids(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["file"][2] = columns["file"][1]
    assert len(TableSplit(write_rows(tmp_path / "t.csv", columns), "test", SEX)) == 5
    del columns["id"]
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(DataError, match="rows 2 and 3 name one file"):
        TableSplit(path, "test", SEX)


def test_tables_that_are_none_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t\.csv: no such file"):
        TableSplit(tmp_path / "t.csv", "test", SEX)
    (tmp_path / "t.csv").write_text("file,sex\n")
    with pytest.raises(DataError, match="it has no rows"):
        TableSplit(tmp_path / "t.csv", "test", SEX)
    (tmp_path / "t.csv").write_text("picture,sex\na.png,F\n")
    with pytest.raises(UsageError, match=r"no column 'file' \(it has: picture, sex\).*--file"):
        TableSplit(tmp_path / "t.csv", "test", SEX)
