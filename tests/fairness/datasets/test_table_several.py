"""Tables of several labels, in a column each or listed in one, and of classes."""

import csv
from pathlib import Path

import numpy as np
import pytest
from written_table import cohort_columns, write_rows

from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns, columns_of
from fairness.errors import DataError, UsageError
from fairness.samples import stack

NIH = Path(__file__).parents[4] / "shared" / "data" / "nih_chest_fairfedmed"
LABELS = ("Effusion", "Mass")
SEX = TableColumns(attributes=("sex",), id="id")


def table(tmp_path: Path, **more: list[object]) -> Path:
    columns = cohort_columns(tmp_path)
    return write_rows(tmp_path / "people.csv", {**columns, **more})


def labels_of_row(split: TableSplit) -> dict[str, list[int]]:
    assert split.labels is not None
    return dict(zip(split.ids, split.labels.tolist(), strict=True))


EFFUSION: list[object] = ["0", "1", "0.0", "", "TRUE", "-1"]
MASS: list[object] = ["1", "n/a", "1", "0", "-1", "false"]


def test_blank_is_unknown_and_uncertain_is_what_one_says(tmp_path: Path) -> None:
    path = table(tmp_path, Effusion=EFFUSION, Mass=MASS)
    split = TableSplit(path, "test", SEX, labels=LABELS)
    assert (split.target, split.label_names) == ("Effusion,Mass", LABELS)
    expected = {"s5": [1, -1], "s4": [0, 1], "s3": [-1, 0], "s2": [1, -1], "s1": [-1, 0]}
    assert labels_of_row(split) == expected
    for said, code in (("positive", 1), ("negative", 0)):
        columns = columns_of(path, {"attributes": "sex", "uncertain": said})
        found = labels_of_row(TableSplit(path, "test", columns, labels=LABELS))
        assert found == {**expected, "s2": [1, code], "s1": [code, 0]}
    samples = [split.read(index) for index in range(3)]
    assert stack(samples).targets.tolist() == [expected[s.id] for s in samples]
    assert "Effusion" not in split.covariates


def test_flags_or_data_yaml_name_other_columns_in_the_order_of_the_labels(tmp_path: Path) -> None:
    path = table(tmp_path, eff=EFFUSION, mass=MASS)
    (tmp_path / "data.yaml").write_text("target: [eff, mass]\nattributes: sex\n")
    split = TableSplit(path, "test", columns_of(path, {}), labels=LABELS)
    assert labels_of_row(split)["s4"] == [0, 1]
    other = TableSplit(path, "test", columns_of(path, {"target": "mass,eff"}), labels=LABELS)
    assert labels_of_row(other)["s4"] == [1, 0]
    assert other.fingerprint() != split.fingerprint()
    with pytest.raises(UsageError, match="1 columns for the 2 labels Effusion, Mass"):
        TableSplit(path, "test", columns_of(path, {"target": "mass"}), labels=LABELS)
    with pytest.raises(UsageError, match="no column 'Effusion'"):
        TableSplit(path, "test", SEX, labels=LABELS)


def test_a_column_may_list_labels(tmp_path: Path) -> None:
    words: list[object] = ["x", "Mass|Effusion", "No Finding", "", "Hernia|Mass", "Effusion"]
    path = table(tmp_path, findings=words)
    said = {"attributes": "sex", "target": "findings", "target_separator": "|"}
    split = TableSplit(path, "test", columns_of(path, said), labels=LABELS)
    assert labels_of_row(split) == {
        "s5": [1, 1], "s4": [0, 0], "s3": [-1, -1], "s2": [0, 1], "s1": [1, 0],
    }  # fmt: skip
    with pytest.raises(UsageError, match="never lists 'Nodule'.*it lists: .*Hernia"):
        TableSplit(path, "test", columns_of(path, said), labels=(*LABELS, "Nodule"))
    every = TableSplit(path, "test", columns_of(path, said), labels=())
    assert every.label_names == ("Effusion", "Hernia", "Mass", "x")


@pytest.mark.parametrize("word", ["2", "maybe", "0.5"])
def test_any_other_text_is_a_fault_of_its_row(tmp_path: Path, word: str) -> None:
    path = table(tmp_path, Effusion=[*EFFUSION[:2], word, *EFFUSION[3:]], Mass=MASS)
    with pytest.raises(DataError, match=f"row 3: 'Effusion' is '{word}', expected 1, 0, -1 or bl"):
        TableSplit(path, "test", SEX, labels=LABELS)
    split = TableSplit(path, "test", SEX, labels=LABELS, on_error="skip")
    assert [id_ for id_, _ in split.skipped] == ["s4"]
    assert len(split) == 4


@pytest.mark.parametrize(
    "grades", [["a", "mild", "none", "severe", "mild", "none"], ["9", "1", "0", "2", "1", "0"]]
)
def test_classes_are_names_or_numbers(tmp_path: Path, grades: list[object]) -> None:
    path = table(tmp_path, grade=grades)
    columns = TableColumns(attributes=("sex",), target="grade")
    split = TableSplit(path, "test", columns, classes=("none", "mild", "severe"), on_error="skip")
    assert split.labels is not None
    assert dict(zip(split.ids, split.labels.tolist(), strict=True)) == {
        "s5": 1, "s4": 0, "s3": 2, "s2": 1, "s1": 0,
    }  # fmt: skip
    assert split.read(0).target == split.labels[0]


def test_a_class_that_is_blank_or_none_of_those_known_names_its_row(tmp_path: Path) -> None:
    columns = TableColumns(attributes=("sex",), target="grade")
    for bad, said in (("", "'grade' is blank"), ("5", "'grade' is '5', known are none, mild")):
        words = ["none", "mild", "none", bad, "mild", "none"]
        path = table(tmp_path, grade=list[object](words))
        with pytest.raises(DataError, match=f"row 4: {said}"):
            TableSplit(path, "test", columns, classes=("none", "mild", "severe"))


def test_other_labels_are_another_split(tmp_path: Path) -> None:
    digests = set()
    for k in ("0", "1", ""):
        path = table(tmp_path, Effusion=[*EFFUSION[:5], k], Mass=MASS)
        digests.add(TableSplit(path, "test", SEX, labels=LABELS).fingerprint())
    assert len(digests) == 3
    assert np.unique([len(digest) for digest in digests]).tolist() == [64]


def test_what_is_of_several_labels_is_refused_elsewhere(tmp_path: Path) -> None:
    path = table(tmp_path)
    for said in ({"uncertain": "positive"}, {"target_separator": "|"}):
        columns = columns_of(path, {"attributes": "sex", **said})
        with pytest.raises(UsageError, match="are of several labels"):
            TableSplit(path, "test", columns)
    with pytest.raises(UsageError, match="--uncertain maybe: use ignore, positive or negative"):
        columns_of(path, {"uncertain": "maybe"})


@pytest.mark.realdata
@pytest.mark.skipif(not NIH.is_dir(), reason="needs the NIH pack")
def test_findings_of_nih_chest_x_rays_are_read_as_they_are_listed() -> None:
    said = {
        "file": "image", "images": str(NIH / "images"), "target": "findings",
        "target_separator": "|", "attributes": "gender,view", "patient": "patient",
        "split_column": "use",
    }  # fmt: skip
    names = ("Effusion", "Mass", "Nodule")
    found = np.zeros(3, dtype=np.int64)
    for split in ("train", "val", "test"):
        columns = columns_of(NIH / "data_summary.csv", said)
        labels = TableSplit(NIH / "data_summary.csv", split, columns, labels=names).labels
        assert labels is not None
        found += labels.sum(axis=0)
    with (NIH / "data_summary.csv").open() as file:
        lists = [row["findings"].split("|") for row in csv.DictReader(file)]
    assert found.tolist() == [sum(name in one for one in lists) for name in names]
    assert found[0] == 170
