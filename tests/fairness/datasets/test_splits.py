from pathlib import Path

import pytest
from fairvlmed_files import write_npz, write_split

from fairness.datasets.splits import find_files
from fairness.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("Training", "train"),
        ("Validation", "val"),
        ("Test", "test"),
        ("Testing", "test"),
        ("train", "train"),
        ("val", "val"),
        ("test", "test"),
        ("training", "train"),
        ("validation", "val"),
        ("testing", "test"),
        ("TEST", "test"),
    ],
)
def test_every_spelling_of_a_split_folder(tmp_path: Path, folder: str, split: str) -> None:
    write_split(tmp_path / folder, count=2)
    write_split(tmp_path / "Elsewhere", count=1, first=9)
    files = find_files(tmp_path, split)
    assert files == [tmp_path / folder / f"data_0000{i}.npz" for i in (1, 2)]


@pytest.mark.parametrize(
    ("words", "split"),
    [
        (("training", "validation", "test"), "train"),
        (("train", "val", "test"), "val"),
        (("Training", "Validation", "Testing"), "test"),
    ],
)
def test_column_use_divides_files_in_one_folder(
    tmp_path: Path, words: tuple[str, str, str], split: str
) -> None:
    write_split(tmp_path, count=6)
    rows = [f"data_{i:05d}.npz,{words[i % 3]}" for i in range(1, 7)]
    (tmp_path / "data_summary.csv").write_text("\n".join(["filename,use", *reversed(rows)]) + "\n")
    place = ("train", "val", "test").index(split)
    expected = [f"data_{i:05d}.npz" for i in range(1, 7) if i % 3 == place]
    assert [path.name for path in find_files(tmp_path, split)] == expected


def test_a_byte_order_mark_and_spaces_in_the_table_do_no_harm(tmp_path: Path) -> None:
    write_split(tmp_path, count=1)
    (tmp_path / "data_summary.csv").write_text(
        "\ufeffFilename , Use\n\n data_00001.npz , train \n", encoding="utf-8"
    )
    assert [p.name for p in find_files(tmp_path, "train")] == ["data_00001.npz"]


def test_split_folders_count_before_the_table(tmp_path: Path) -> None:
    write_split(tmp_path / "Training", count=1)
    (tmp_path / "data_summary.csv").write_text("filename,use\ndata_00001.npz,test\n")
    assert len(find_files(tmp_path, "train")) == 1
    with pytest.raises(DataError, match="no test split"):
        find_files(tmp_path, "test")


def test_hidden_files_are_no_samples(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1)
    write_npz(tmp_path / "Test" / "._data_00001.npz")
    assert [p.name for p in find_files(tmp_path, "test")] == ["data_00001.npz"]


def test_a_missing_split_lists_what_is_there(tmp_path: Path) -> None:
    write_split(tmp_path / "Training", count=1)
    write_split(tmp_path / "Extra", count=1)
    with pytest.raises(DataError, match=r"no test split \(folders: Extra, Training; npz files.*0"):
        find_files(tmp_path, "test")


def test_a_missing_root_and_an_unknown_split_name_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such folder; docs/data\.md"):
        find_files(tmp_path / "nowhere", "test")
    with pytest.raises(UsageError, match="unknown split 'dev'; use one of train, val, test"):
        find_files(tmp_path, "dev")


def test_a_split_without_files_and_a_split_given_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Test").mkdir()
    with pytest.raises(DataError, match="no npz files in the test split"):
        find_files(tmp_path, "test")
    (tmp_path / "Testing").mkdir()
    with pytest.raises(DataError, match="Test and Testing are both the test split"):
        find_files(tmp_path, "test")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("filename,use\ndata_00001.npz,tset\n", "row 1: use is 'tset', expected train, val or"),
        ("filename,age\ndata_00001.npz,44\n", "row 1: use is '', expected"),
        ("filename,use\n../data_00001.npz,test\n", r"row 1: '\.\./data_00001.npz' is not the name"),
        ("filename,use\n,test\n", "row 1: '' is not the name"),
        ("filename,use\ndata_00001.npz,test\ndata_00001.npz,train\n", "row 2: .* comes twice"),
        ("filename,use\ndata_00001.npz,train\n", "no npz files in the test split"),
        ("", "no npz files in the test split"),
    ],
)
def test_a_faulty_table_is_named_with_its_row(tmp_path: Path, table: str, message: str) -> None:
    write_split(tmp_path, count=1)
    (tmp_path / "data_summary.csv").write_text(table)
    with pytest.raises(DataError, match=message) as caught:
        find_files(tmp_path, "test")
    assert str(tmp_path / "data_summary.csv") in str(caught.value)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_split(tmp_path, count=1)
    (tmp_path / "data_summary.csv").write_bytes(b"filename,use\n\xff\xfe\x00\n")
    with pytest.raises(DataError, match="not readable as UTF-8 csv"):
        find_files(tmp_path, "test")
