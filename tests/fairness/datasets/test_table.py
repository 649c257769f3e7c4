"""A table of pictures, column by column, against what was written."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from written_table import cohort_columns, noise, write_rows

from fairness.attributes import UNKNOWN, Attribute
from fairness.datasets.squash import squash
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns, columns_of
from fairness.errors import DataError, UsageError

SEX = TableColumns(attributes=("sex", "scanner"))


def words(split: TableSplit, attribute: str) -> list[str]:
    found = {a.name: a for a in split.attributes}[attribute]
    return [found.label(code) for code in split.codes[attribute]]


def opened(tmp_path: Path, said: TableColumns = SEX, **options: Any) -> TableSplit:
    path = write_rows(tmp_path / "t.csv", cohort_columns(tmp_path))
    return TableSplit(path, "test", said, **options)


def test_every_column_is_what_was_written(tmp_path: Path) -> None:
    split = opened(tmp_path)
    # Rows 2 to 6, sorted by id, which counts down.
    assert split.ids == ("s1", "s2", "s3", "s4", "s5")
    assert split.labels is not None
    assert split.labels.tolist() == [1, 0, 1, 0, 1]
    assert words(split, "sex") == ["unknown", "Female", "Male", "Female", "Male"]
    assert words(split, "scanner") == ["Siemens", "GE", "Siemens", "Siemens", "GE"]
    assert split.patients == ("p2", "p2", "p1", "p1", "p0")
    assert split.covariates["age"].tolist() == [45, 44, 43, 42, 41]
    assert set(split.shapes) == {(10, 8)}
    assert (split.name, split.target, split.split) == ("t.csv", "target", "test")
    for index in range(len(split)):
        sample = split.read(index)
        np.testing.assert_array_equal(sample.image, noise(5 - index))
        assert sample.target == split.labels[index]
        assert sample.attributes == {name: c[index] for name, c in split.codes.items()}


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    split = opened(tmp_path)
    pq.write_table(pa.table(cohort_columns(tmp_path)), tmp_path / "t.parquet")
    other = TableSplit(tmp_path / "t.parquet", "test", SEX)
    assert other.ids == split.ids
    assert words(other, "sex") == words(split, "sex")
    assert other.fingerprint() == split.fingerprint()


@pytest.mark.parametrize("change", ["image", "label", "group", "rows"])
def test_the_fingerprint_changes_with_the_data(tmp_path: Path, change: str) -> None:
    before = opened(tmp_path).fingerprint()
    assert opened(tmp_path).fingerprint() == before
    columns = cohort_columns(tmp_path)
    if change == "image":
        columns["file"][1], columns["file"][2] = columns["file"][2], columns["file"][1]
    elif change == "label":
        columns["target"][1] = 0
    elif change == "group":
        columns["sex"][1] = "Female"
    else:
        columns["split"][1] = "train"
    path = write_rows(tmp_path / "t.csv", columns)
    assert TableSplit(path, "test", SEX).fingerprint() != before


def test_the_fingerprint_changes_with_the_way_of_decoding(tmp_path: Path) -> None:
    ways = (SEX, replace(SEX, window=(40, 400)), replace(SEX, image_key="x"),
            replace(SEX, mask_values={7: "lung"}))  # fmt: skip
    assert len({opened(tmp_path, said).fingerprint() for said in ways}) == 4


def test_a_file_beside_the_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("attributes: sex\n")
    said = columns_of(tmp_path / "t.csv", {})
    assert [a.name for a in opened(tmp_path, said).attributes] == ["sex"]
    assert any("data.yaml says what columns are" in note for note in opened(tmp_path, said).notes)


def test_image_and_mask_may_lie_in_one_npz(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["file"] = [f"{i}.npz" for i in range(6)]
    for i, name in enumerate(columns["file"]):
        np.savez(tmp_path / name, image=noise(i), drawn=noise(i) % 3)
    path = write_rows(tmp_path / "t.csv", columns)
    said = TableColumns(attributes=("sex",), mask="file", image_key="image", mask_key="drawn")
    sample = TableSplit(path, "test", said, masks=True).read(0)
    np.testing.assert_array_equal(sample.image, noise(5))
    np.testing.assert_array_equal(sample.target, noise(5) % 3)


def test_a_split_is_a_value_of_a_column_in_any_spelling(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["use"] = ["Training", "Testing", "TEST", "fold 3", "validation", "test"]
    path = write_rows(tmp_path / "t.csv", columns)
    said = TableColumns(attributes=("sex",), split_column="use")
    ids = {name: TableSplit(path, name, said).ids for name in ("train", "val", "test", "fold 3")}
    assert ids == {"train": ("s6",), "val": ("s2",), "test": ("s1", "s4", "s5"), "fold 3": ("s3",)}
    with pytest.raises(DataError, match=r"no row of the fold 4 split in column 'use' \(it has: "):
        TableSplit(path, "fold 4", said)


def test_without_a_column_of_splits_all_rows_are_read_and_it_is_said(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    del columns["split"], columns["id"], columns["patient"]
    path = write_rows(tmp_path / "t.csv", columns)
    split = TableSplit(path, "test", SEX)
    assert split.ids == tuple(columns["file"])
    assert split.patients == split.ids
    assert any("all 6 rows are read" in note for note in split.notes)
    with pytest.raises(UsageError, match="no column 'split', so no val split"):
        TableSplit(path, "val", SEX)


def test_labels_are_words_and_groups_are_mapped(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["finding"] = ["healthy", "glaucoma"] * 3
    columns["sex"] = ["F", "M", "U", "F", "female", "Female"]
    path = write_rows(tmp_path / "t.csv", columns)
    said = columns_of(
        path,
        {
            "target": "finding", "positive": "glaucoma", "attributes": "sex", "unknown": "U",
            "map": "sex:F=Female,sex:female=Female", "covariates": "age",
        },
    )  # fmt: skip
    split = TableSplit(path, "test", said)
    assert split.labels is not None
    assert split.labels.tolist() == [1, 0, 1, 0, 1]
    assert words(split, "sex") == ["Female", "Female", "Female", "unknown", "M"]
    assert list(split.covariates) == ["age"]


def test_groups_that_a_model_takes_keep_their_order(tmp_path: Path) -> None:
    takes = Attribute("sex", ("Male", "Female", "Other"))
    split = opened(tmp_path, known=[takes])
    assert split.attributes[0] == takes
    assert split.codes["sex"].tolist() == [UNKNOWN, 1, 0, 1, 0]


def test_the_usual_target_is_the_one_that_a_reader_is_told(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["glaucoma"] = [1 - label for label in columns["target"]]
    path = write_rows(tmp_path / "t.csv", columns)
    told = TableSplit(path, "test", SEX, target="glaucoma")
    assert (told.target, told.read(0).target) == ("glaucoma", 0)
    other = TableSplit(path, "test", SEX, target="edema")
    assert (other.target, other.read(0).target) == ("target", 1)
    named = TableSplit(path, "test", TableColumns(attributes=("sex",), target="target"),
                       target="glaucoma")  # fmt: skip
    assert named.target == "target"


def test_another_folder_may_hold_the_files(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path / "elsewhere")
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(DataError, match=r"t\.csv row 2: no file .*name the folder.*--images"):
        TableSplit(path, "test", SEX)
    said = TableColumns(attributes=("sex",), images=tmp_path / "elsewhere")
    assert len(TableSplit(path, "test", said)) == 5
    columns["file"] = [str(tmp_path / "elsewhere" / name) for name in columns["file"]]
    write_rows(tmp_path / "t.csv", columns)
    assert len(TableSplit(path, "test", said)) == 5


def test_blanks_in_the_name_of_a_file_count(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    (tmp_path / "images" / "001.png").rename(tmp_path / "images" / "scan  1 é.png")
    columns["file"][1] = " images/scan  1 é.png "
    split = TableSplit(write_rows(tmp_path / "t.csv", columns), "test", SEX)
    np.testing.assert_array_equal(split.read(split.ids.index("s5")).image, noise(1))


def test_images_of_any_size_are_squashed_where_asked(tmp_path: Path) -> None:
    split = opened(tmp_path, fit=partial(squash, size=(5, 4)), shape=(5, 4))
    assert set(split.shapes) == {(5, 4)}
    assert split.read(0).image.shape == (5, 4)
    split = opened(tmp_path, shape=(5, 4))
    with pytest.raises(DataError, match=r"t\.csv row 6: s1: an image of \(10, 8\), where \(5, 4\)"):
        split.read(0)


def test_spellings_and_unused_patients_are_pointed_out(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    columns["patient_id"] = columns.pop("patient")
    columns["sex"] = ["F", "Female", "Male", "male", "Male", "Female"]
    notes = TableSplit(write_rows(tmp_path / "t.csv", columns), "test", SEX).notes
    assert any("F / Female" in note and "--map" in note for note in notes)
    assert any("'patient_id' looks like a patient's id" in note for note in notes)
